# SPDX-License-Identifier: Apache-2.0
"""Models of the four series, drawing of results, and their JSON: FastDeploy's `vision`."""
from __future__ import annotations

from .._results import ClassifyResult, DetectionResult, Mask, OCRResult, SegmentationResult
from . import classification, detection, ocr, segmentation, utils, visualize
from .utils import fd_result_to_json
from .visualize import (swap_background, vis_detection, vis_face_alignment, vis_face_detection, vis_headpose,
                        vis_keypoint_detection, vis_matting, vis_matting_alpha, vis_mot, vis_perception, vis_ppocr,
                        vis_segmentation)

__all__ = [
    "ClassifyResult", "DetectionResult", "Mask", "OCRResult", "SegmentationResult", "classification", "detection", "ocr",
    "segmentation", "utils", "visualize", "fd_result_to_json", "swap_background", "vis_detection", "vis_face_alignment",
    "vis_face_detection", "vis_headpose", "vis_keypoint_detection", "vis_matting", "vis_matting_alpha", "vis_mot",
    "vis_perception", "vis_ppocr", "vis_segmentation",
]
