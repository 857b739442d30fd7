# SPDX-License-Identifier: Apache-2.0
"""Drawing of results: FastDeploy's functions, its colours and its texts, in numpy.

All give a new image; the one passed in stays as it is. Text needs Pillow: where it cannot be imported labels are left out,
boxes are drawn all the same, and a warning says so once.
"""
from __future__ import annotations

from typing import Any, List, NoReturn, Optional, Sequence, Tuple, Type

import numpy as np

from .._errors import InvalidArgumentError, UnsupportedError, warn_once
from .._images import ImageLike, to_array
from .._results import DetectionResult, Mask, OCRResult, SegmentationResult

Array = Any
Point = Tuple[float, float]
Colour = Sequence[int]

LABEL_CHARACTERS = 16  # of a text with a label; FastDeploy cuts there
FONT_PIXELS = 30  # height of a line at font_size 1.0


def class_colours(count: int) -> Array:
    """uint8 [count, 3], B, G, R of each class; class 0 is black."""
    classes = np.arange(count)
    colours = np.zeros((count, 3), np.uint8)
    for place in range(7, -1, -1):
        for channel in range(3):
            colours[:, channel] |= (((classes >> channel) & 1) << place).astype(np.uint8)
        classes = classes >> 3
    return colours


# ---- lines and texts -----------------------------------------------------------------------------------------------


def _fill(image: Array, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
    """A filled rectangle, its last row and column included, cut to the image."""
    height, width = image.shape[:2]
    image[max(0, int(top)):max(0, min(height, int(bottom) + 1)),
          max(0, int(left)):max(0, min(width, int(right) + 1))] = colour


def _rectangle(image: Array, box: Sequence[float], colour: Colour, line: int) -> None:
    left, top, right, bottom = (int(round(value)) for value in box)
    before, after = (line - 1) // 2, line // 2
    for y in (top, bottom):
        _fill(image, left - before, y - before, right + after, y + after, colour)
    for x in (left, right):
        _fill(image, x - before, top - before, x + after, bottom + after, colour)


def _line(image: Array, start: Point, end: Point, colour: Colour, thickness: int) -> None:
    """Pixels whose centre lies within half the thickness of the stretch."""
    reach = thickness / 2
    height, width = image.shape[:2]
    left, right = max(0, int(min(start[0], end[0]) - reach)), min(width - 1, int(max(start[0], end[0]) + reach) + 1)
    top, bottom = max(0, int(min(start[1], end[1]) - reach)), min(height - 1, int(max(start[1], end[1]) + reach) + 1)
    if left > right or top > bottom:
        return
    ys, xs = np.mgrid[top:bottom + 1, left:right + 1].astype(np.float64)
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = np.clip(((xs - start[0]) * dx + (ys - start[1]) * dy) / length, 0, 1) if length else np.zeros_like(xs)
    distance = np.hypot(xs - start[0] - along * dx, ys - start[1] - along * dy)
    image[top:bottom + 1, left:right + 1][distance <= max(reach, 0.5)] = colour


def _polygon(image: Array, corners: Sequence[Point], colour: Colour, thickness: int) -> None:
    for start, end in zip(corners, [*corners[1:], corners[0]]):
        _line(image, start, end, colour, thickness)


class _Pen:
    """Writes texts, if Pillow is there."""

    def __init__(self, size: float, colour: Colour) -> None:
        self._colour = tuple(int(value) for value in colour)
        self._font = self._load(max(1, round(size * FONT_PIXELS)))

    @staticmethod
    def _load(pixels: int) -> Optional[Any]:
        try:
            from PIL import ImageFont
        except ImportError:
            warn_once("ramet.vision", "labels are left out of pictures because Pillow is not installed")
            return None
        try:
            return ImageFont.load_default(pixels)
        except TypeError:  # before Pillow 10.1 the font has one size
            return ImageFont.load_default()

    def write(self, image: Array, where: Point, words: str) -> None:
        """The text with its lower left corner there."""
        if self._font is None:
            return
        from PIL import Image, ImageDraw
        left, top, right, bottom = self._font.getbbox(words)
        size = (max(1, int(right - left) + 1), max(1, int(bottom - top) + 1))
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).text((-left, -top), words, fill=255, font=self._font)
        self._blend(image, round(where[0]), round(where[1]) - size[1], np.asarray(mask))

    def _blend(self, image: Array, x: int, y: int, mask: Array) -> None:
        height, width = image.shape[:2]
        x0, y0, x1, y1 = max(0, x), max(0, y), min(width, x + mask.shape[1]), min(height, y + mask.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        share = mask[y0 - y:y1 - y, x0 - x:x1 - x, np.newaxis].astype(np.float32) / 255
        part = image[y0:y1, x0:x1]
        part[:] = np.rint(part * (1 - share) + np.array(self._colour, np.float32) * share).astype(np.uint8)


def _check_kind(function: str, result: Any, kind: Type[Any]) -> None:
    if not isinstance(result, kind):
        raise InvalidArgumentError(f"{function}(): {kind.__name__} is wanted, not {type(result).__name__}")


# ---- results -------------------------------------------------------------------------------------------------------


def _paint_mask(image: Array, mask: Mask, colour: Array) -> None:
    """Half the image, half the colour, where the object is."""
    if not mask.data.size:
        return
    rows, columns = mask.shape
    part = image[mask.top:mask.top + rows, mask.left:mask.left + columns]
    inside = mask.data.reshape(rows, columns)[:part.shape[0], :part.shape[1]] > 0
    bright = np.maximum(255 - colour.astype(np.int32), 127)
    part[inside] = ((part[inside].astype(np.int32) + bright) // 2).astype(np.uint8)


def _label(result: DetectionResult, i: int, labels: Sequence[str]) -> str:
    score = f"{result.scores[i]:f}"[:4]
    if not labels:
        return f"{result.label_ids[i]}, {score}"
    name = labels[result.label_ids[i]] if 0 <= result.label_ids[i] < len(labels) else str(result.label_ids[i])
    return f"{name},{score}"[:LABEL_CHARACTERS]


def vis_detection(im_data: ImageLike, det_result: DetectionResult, labels: Sequence[str] = (), score_threshold: float = 0.0,
                  line_size: int = 1, font_size: float = 0.5, font_color: Colour = (255, 255, 255),
                  font_thickness: int = 1) -> Array:
    """Boxes, masks, classes and scores of the objects that do not score below the threshold, on a copy of the image."""
    _check_kind("vis_detection", det_result, DetectionResult)
    image = to_array(im_data)
    colours = class_colours(max([*det_result.label_ids, 9]) + 1)
    pen = _Pen(font_size, font_color)
    shown = [i for i, score in enumerate(det_result.scores) if score >= score_threshold]
    for i in shown:
        colour = colours[max(det_result.label_ids[i], 0)]
        if det_result.contain_masks:
            _paint_mask(image, det_result.masks[i], colour)
        if det_result.rotated_boxes:
            corners = det_result.rotated_boxes[i]
            _polygon(image, [(corners[k], corners[k + 1]) for k in range(0, 8, 2)], (255, 255, 255), 3)
        elif i < len(det_result.boxes):
            _rectangle(image, det_result.boxes[i], colour, max(1, line_size))
        if i < len(det_result.boxes):
            pen.write(image, (det_result.boxes[i][0], det_result.boxes[i][1]), _label(det_result, i, labels))
    return image


def _labels_of(im: Array, result: SegmentationResult) -> Array:
    if [*im.shape[:2]] != [*result.shape]:
        raise InvalidArgumentError(f"the image is {list(im.shape[:2])}, the result {list(result.shape)}: they do not belong "
                                   "together")
    return result.label_map.reshape(result.shape)


def vis_segmentation(im_data: ImageLike, seg_result: SegmentationResult, weight: float = 0.5) -> Array:
    """Pixels in the colours of their classes, mixed with the image; pixels of class 0 stay as they are."""
    _check_kind("vis_segmentation", seg_result, SegmentationResult)
    image = to_array(im_data)
    classes = _labels_of(image, seg_result)
    painted = class_colours(int(classes.max()) + 1 if classes.size else 1)[classes]
    mixed = np.rint(image * (1.0 - weight) + painted * float(weight))
    return np.where((classes > 0)[:, :, np.newaxis], np.clip(mixed, 0, 255), image).astype(np.uint8)


def vis_ppocr(im_data: ImageLike, det_result: OCRResult, score_threshold: float = 0.0) -> Array:
    """Outlines of the texts that do not score below the threshold."""
    _check_kind("vis_ppocr", det_result, OCRResult)
    image = to_array(im_data)
    for i, box in enumerate(det_result.boxes):
        if i >= len(det_result.rec_scores) or det_result.rec_scores[i] >= score_threshold:
            _polygon(image, [(box[k], box[k + 1]) for k in range(0, 8, 2)], (0, 255, 0), 2)
    return image


def swap_background(im_data: ImageLike, background: ImageLike, result: SegmentationResult,
                    remove_small_connected_area: bool = False, background_label: int = 0) -> Array:
    """The image where it is not `background_label`, the other picture where it is; both of one size."""
    if not isinstance(result, SegmentationResult):
        raise UnsupportedError("swap_background(): a SegmentationResult is wanted; matting models are not supported")
    if remove_small_connected_area:
        raise UnsupportedError("swap_background(): remove_small_connected_area is for matting models, which are not supported")
    image, behind = to_array(im_data), to_array(background)
    if image.shape != behind.shape:
        raise InvalidArgumentError(f"the background is {list(behind.shape[:2])}, the image {list(image.shape[:2])}; resize "
                                   "one of them")
    return np.where((_labels_of(image, result) == background_label)[:, :, np.newaxis], behind, image)


def _no_model(name: str, models: str) -> NoReturn:
    raise UnsupportedError(f"ramet.vision.{name}(): {models} are not among the models that ramet runs")


def vis_face_detection(im_data: Any, face_det_result: Any, line_size: int = 1, font_size: float = 0.5) -> NoReturn:
    """Raises: there are no face models."""
    _no_model("vis_face_detection", "face detectors")


def vis_face_alignment(im_data: Any, face_align_result: Any, line_size: int = 1) -> NoReturn:
    """Raises: there are no face models."""
    _no_model("vis_face_alignment", "face models")


def vis_keypoint_detection(im_data: Any, keypoint_det_result: Any, conf_threshold: float = 0.5) -> NoReturn:
    """Raises: there are no keypoint models."""
    _no_model("vis_keypoint_detection", "keypoint models")


def vis_matting(im_data: Any, matting_result: Any, transparent_background: bool = False, transparent_threshold: float = 0.99,
                remove_small_connected_area: bool = False) -> NoReturn:
    """Raises: there are no matting models."""
    _no_model("vis_matting", "matting models")


def vis_matting_alpha(im_data: Any, matting_result: Any, remove_small_connected_area: bool = False) -> NoReturn:
    """Raises: there are no matting models."""
    _no_model("vis_matting_alpha", "matting models")


def vis_headpose(im_data: Any, headpose_result: Any, size: int = 50, line_size: int = 1) -> NoReturn:
    """Raises: there are no head pose models."""
    _no_model("vis_headpose", "head pose models")


def vis_mot(im_data: Any, mot_result: Any, score_threshold: float = 0.0, records: Any = None) -> NoReturn:
    """Raises: there are no tracking models."""
    _no_model("vis_mot", "tracking models")


def vis_perception(im_data: Any, det_result: Any, config_file: Any, score_threshold: float = 0.0, line_size: int = 1,
                   font_size: float = 0.5) -> NoReturn:
    """Raises: there are no 3D models."""
    _no_model("vis_perception", "3D detectors")
