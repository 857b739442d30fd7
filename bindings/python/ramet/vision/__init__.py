# SPDX-License-Identifier: Apache-2.0
"""Models of the four series, drawing of results, and their JSON: FastDeploy's `vision`."""
from __future__ import annotations

from .._absent import SERIES, refuse
from .._errors import warn_once
from .._results import ClassifyResult, DetectionResult, Mask, OCRResult, SegmentationResult
from . import classification, detection, ocr, segmentation, utils, visualize
from .utils import fd_result_to_json
from .visualize import (swap_background, vis_detection, vis_face_alignment, vis_face_detection, vis_headpose,
                        vis_keypoint_detection, vis_matting, vis_matting_alpha, vis_mot, vis_perception, vis_ppocr,
                        vis_segmentation)


def enable_flycv() -> None:
    """No effect: images are processed by ramet's own code."""
    warn_once("ramet.vision.enable_flycv()", "no effect: images are processed by ramet's own code")


def disable_flycv() -> None:
    """No effect: images are processed by ramet's own code."""
    warn_once("ramet.vision.disable_flycv()", "no effect: images are processed by ramet's own code")


__getattr__ = refuse("ramet.vision", {
    "evaluation": "PaddleDetection, PaddleClas and PaddleSeg evaluate their models",
    "facealign facedet faceid generation headpose keypointdetection matting perception sr tracking": SERIES,
    "FaceAlignmentResult FaceDetectionResult FaceRecognitionResult HeadPoseResult KeyPointDetectionResult MOTResult "
    "MattingResult PerceptionResult": SERIES,
    "common processors FDMat FDMatBatch": "the preprocessor of a model does all of its steps in one run(); single steps are "
                                          "numpy's and cv2's",
})

__all__ = [
    "ClassifyResult", "DetectionResult", "Mask", "OCRResult", "SegmentationResult", "classification", "detection", "ocr",
    "segmentation", "utils", "visualize", "disable_flycv", "enable_flycv", "fd_result_to_json", "swap_background", "vis_detection", "vis_face_alignment",
    "vis_face_detection", "vis_headpose", "vis_keypoint_detection", "vis_matting", "vis_matting_alpha", "vis_mot",
    "vis_perception", "vis_ppocr", "vis_segmentation",
]
