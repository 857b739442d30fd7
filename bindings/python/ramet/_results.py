# SPDX-License-Identifier: Apache-2.0
"""What models find: plain objects with FastDeploy's attributes and its printed text.

They compare by value, pickle, and turn into dictionaries and JSON. An image in which nothing is found gives a result with
empty lists, never None. Maps of pixels are flat numpy arrays; everything else is Python's own lists and numbers.
"""
from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple

import numpy as np

SHOWN_VALUES = 100  # of a feature or a map, in printed text


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return bool(a == b)


def _numbers(values: Any) -> str:
    return "".join(f"{value:f}, " for value in values)


class Result:
    """What all results can do."""

    __slots__: Tuple[str, ...] = ()
    #: Attributes that FastDeploy's results lack; they stand in dictionaries only where they hold something.
    _additions: Tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(_same(getattr(self, name), getattr(other, name)) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return repr(self)

    def to_dict(self) -> Dict[str, Any]:
        """The attributes as a dictionary of plain lists and numbers."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__
                if name not in self._additions or getattr(self, name)}

    def to_json(self) -> str:
        """to_dict() as one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


class ClassifyResult(Result):
    """The best classes of an image, by descending score."""

    __slots__ = ("label_ids", "scores", "feature", "label_names", "attributes")
    _additions = ("label_names", "attributes", "feature")

    def __init__(self) -> None:
        #: Numbers of the classes.
        self.label_ids: List[int] = []
        #: Their scores, as the model gives them.
        self.scores: List[float] = []
        #: Of a model that gives features; otherwise empty.
        self.feature: List[float] = []
        #: Names of the classes, where the configuration has them.
        self.label_names: List[str] = []
        #: Texts of an attribute model.
        self.attributes: List[str] = []

    def __repr__(self) -> str:
        lines = ["ClassifyResult(", "label_ids: " + "".join(f"{label}, " for label in self.label_ids),
                 "scores: " + _numbers(self.scores)]
        if self.feature:
            lines.append(f"feature: size ({len(self.feature)}), only show first {SHOWN_VALUES} values.")
            lines += [_numbers(self.feature[i:i + 10]) for i in range(0, min(len(self.feature), SHOWN_VALUES), 10)]
            if len(self.feature) > SHOWN_VALUES:
                lines.append("......")
        return "\n".join(lines) + "\n)"


class Mask(Result):
    """The pixels of an object within its box."""

    __slots__ = ("data", "shape", "left", "top")
    _additions = ("left", "top")

    def __init__(self) -> None:
        #: uint8, flat, row by row: 1 for the object, 0 beside it.
        self.data: "np.ndarray[Any, Any]" = np.zeros(0, np.uint8)
        #: [rows, columns]
        self.shape: List[int] = []
        #: Where the first pixel lies in the image.
        self.left = 0
        self.top = 0

    def __repr__(self) -> str:
        return f"Mask({','.join(map(str, self.shape))})\n"


class DetectionResult(Result):
    """The objects in an image."""

    __slots__ = ("boxes", "rotated_boxes", "scores", "label_ids", "masks", "contain_masks", "label_names")
    _additions = ("rotated_boxes", "masks", "contain_masks", "label_names")

    def __init__(self) -> None:
        #: [left, top, right, bottom] of each, in pixels of the image; may reach beyond it.
        self.boxes: List[List[float]] = []
        #: x, y of four corners of each, from models that give them.
        self.rotated_boxes: List[List[float]] = []
        #: One for each box.
        self.scores: List[float] = []
        #: One for each box.
        self.label_ids: List[int] = []
        #: One for each box, from models that give them.
        self.masks: List[Mask] = []
        #: The model gives masks.
        self.contain_masks = False
        #: Names of the classes, where the configuration has them.
        self.label_names: List[str] = []

    def __repr__(self) -> str:
        rotated = bool(self.rotated_boxes)
        corners = "x1, y1, x2, y2, x3, y3, x4, y4" if rotated else "xmin, ymin, xmax, ymax"
        end = ", mask_shape]" if self.contain_masks else "]"
        lines = [f"DetectionResult: [{corners}, score, label_id{end}\n"]
        for i, box in enumerate(self.rotated_boxes if rotated else self.boxes):
            sides = [f"{box[k]:f},{box[k + 1]:f}, {box[k + 2]:f}, {box[k + 3]:f}" for k in range(0, len(box), 4)]
            mask = f", {self.masks[i]!r}" if self.contain_masks else "\n"
            lines.append(", ".join(sides) + f", {self.scores[i]:f}, {self.label_ids[i]}{mask}")
        return "".join(lines)


class SegmentationResult(Result):
    """What each pixel of an image shows."""

    __slots__ = ("label_map", "score_map", "shape", "contain_score_map")
    _additions = ("score_map",)

    def __init__(self) -> None:
        #: Flat, row by row: uint8, or uint16 where a class is above 255. `label_map.reshape(shape)` is the picture.
        self.label_map: "np.ndarray[Any, Any]" = np.zeros(0, np.uint8)
        #: Flat float32, with postprocessor.store_score_map; otherwise empty.
        self.score_map: "np.ndarray[Any, Any]" = np.zeros(0, np.float32)
        #: [rows, columns]
        self.shape: List[int] = []
        #: Whether score_map holds something.
        self.contain_score_map = False

    def to_dict(self) -> Dict[str, Any]:
        """The attributes as a dictionary of plain lists and numbers; score_map only if it is contained."""
        made: Dict[str, Any] = {"label_map": self.label_map.tolist()}
        if self.contain_score_map:
            made["score_map"] = self.score_map.tolist()
        return {**made, "shape": list(self.shape), "contain_score_map": self.contain_score_map}

    @staticmethod
    def _corner(values: Any, form: str) -> str:
        """The first hundred values in rows of ten; fewer where there are fewer."""
        rows = [values[i:i + 10] for i in range(0, min(len(values), SHOWN_VALUES), 10)]
        return "".join("[" + "".join(f"{value:{form}}, " for value in row) + ".....]\n" for row in rows) + "...........\n"

    def __repr__(self) -> str:
        text = "SegmentationResult Image masks 10 rows x 10 cols: \n" + self._corner(self.label_map, "d")
        if self.contain_score_map:
            text += "SegmentationResult Score map 10 rows x 10 cols: \n" + self._corner(self.score_map, "f")
        return text + f"result shape is: [{' '.join(map(str, self.shape))}]"


class OCRResult(Result):
    """The texts in an image, in reading order."""

    __slots__ = ("boxes", "text", "rec_scores", "cls_scores", "cls_labels")

    def __init__(self) -> None:
        #: x, y of four corners of each, from the top left of the text, clockwise as it is read.
        self.boxes: List[List[int]] = []
        #: The texts.
        self.text: List[str] = []
        #: How sure the recogniser is of each.
        self.rec_scores: List[float] = []
        #: How sure the direction classifier is of each.
        self.cls_scores: List[float] = []
        #: 0: upright, 1: upside down.
        self.cls_labels: List[int] = []

    def _line(self, i: int) -> str:
        line = ""
        if self.boxes:
            box = self.boxes[i]
            line += "det boxes: [" + ",".join(f"[{box[k]},{box[k + 1]}]" for k in range(0, 8, 2)) + "]"
        if self.rec_scores:
            line += f"rec text: {self.text[i]} rec score:{self.rec_scores[i]:f} "
        if self.cls_labels:
            line += f"cls label: {self.cls_labels[i]} cls score: {self.cls_scores[i]:f}"
        return line + "\n"

    def __repr__(self) -> str:
        count = max(len(self.boxes), len(self.rec_scores), len(self.cls_scores))
        return "".join(self._line(i) for i in range(count)) or "No Results!"
