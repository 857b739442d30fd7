# SPDX-License-Identifier: Apache-2.0
"""Results as JSON, in FastDeploy's form: its keys, and masks as JSON texts within the JSON. to_json() of a result has ramet's."""
from __future__ import annotations

import json
from typing import Any, Callable, Dict

import numpy as np

from .._errors import InvalidArgumentError
from .._results import ClassifyResult, DetectionResult, Mask, OCRResult, SegmentationResult


def mask_to_json(result: Mask) -> str:
    """{"data", "shape"}"""
    return json.dumps({"data": result.data.tolist(), "shape": result.shape})


def detection_to_json(result: DetectionResult) -> str:
    """{"boxes", "scores", "label_ids", "masks", "contain_masks"}"""
    return json.dumps({"boxes": result.boxes, "scores": result.scores, "label_ids": result.label_ids,
                       "masks": [mask_to_json(mask) for mask in result.masks], "contain_masks": result.contain_masks})


def classify_to_json(result: ClassifyResult) -> str:
    """{"label_ids", "scores"}"""
    return json.dumps({"label_ids": result.label_ids, "scores": result.scores})


def segmentation_to_json(result: SegmentationResult) -> str:
    """{"label_map", "score_map", "shape", "contain_score_map"}"""
    return json.dumps({"label_map": result.label_map.tolist(), "score_map": result.score_map.tolist(), "shape": result.shape,
                       "contain_score_map": result.contain_score_map})


def ocr_to_json(result: OCRResult) -> str:
    """{"boxes", "text", "rec_scores", "cls_scores", "cls_labels"}"""
    return json.dumps({"boxes": result.boxes, "text": result.text, "rec_scores": result.rec_scores,
                       "cls_scores": result.cls_scores, "cls_labels": result.cls_labels})


def fd_result_to_json(result: Any) -> str:
    """The JSON of any result."""
    writers: Dict[Any, Callable[[Any], str]] = {
        DetectionResult: detection_to_json, ClassifyResult: classify_to_json, SegmentationResult: segmentation_to_json,
        OCRResult: ocr_to_json, Mask: mask_to_json}
    for kind, write in writers.items():
        if isinstance(result, kind):
            return write(result)
    raise InvalidArgumentError(f"{type(result).__name__} is no result of ramet")


def _filled(result: Any, text: str) -> Any:
    values: Dict[str, Any] = json.loads(text)
    for name, value in values.items():
        setattr(result, name, value)
    return result


def json_to_mask(result: str) -> Mask:
    """What mask_to_json() wrote."""
    mask: Mask = _filled(Mask(), result)
    mask.data = np.array(mask.data, np.uint8)
    return mask


def json_to_detection(result: str) -> DetectionResult:
    """What detection_to_json() wrote."""
    made: DetectionResult = _filled(DetectionResult(), result)
    made.masks = [json_to_mask(str(mask)) for mask in made.masks]
    return made


def json_to_classify(result: str) -> ClassifyResult:
    """What classify_to_json() wrote."""
    made: ClassifyResult = _filled(ClassifyResult(), result)
    return made


def json_to_segmentation(result: str) -> SegmentationResult:
    """What segmentation_to_json() wrote."""
    made: SegmentationResult = _filled(SegmentationResult(), result)
    labels = np.array(made.label_map, np.uint16)
    made.label_map = labels.astype(np.uint8) if not labels.size or labels.max() < 256 else labels
    made.score_map = np.array(made.score_map, np.float32)
    return made


def json_to_ocr(result: str) -> OCRResult:
    """What ocr_to_json() wrote."""
    made: OCRResult = _filled(OCRResult(), result)
    return made
