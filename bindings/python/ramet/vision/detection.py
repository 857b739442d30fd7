# SPDX-License-Identifier: Apache-2.0
"""Object detection: models exported by PaddleDetection, all architectures.

FastDeploy has a class for each architecture. Here they are one model under many names: how the outputs are read follows from
their shapes, and overlapping boxes are suppressed where the model has not done it.
"""
from __future__ import annotations

import ctypes
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .. import _abi
from .._absent import SERIES, refuse
from .._enums import ModelFormat
from .._errors import InvalidArgumentError
from .._images import ImageLike, Images
from .._library import Handle, call, lib, path_bytes, text
from .._model import Model, PathLike, Postprocessor, Preprocessor, model_files
from .._options import RuntimeOption
from .._origin import make_option, set_field
from .._results import DetectionResult, Mask
from .._tensors import FDTensor, Tensors, to_array


def _read_mask(given: _abi.DetectMask) -> Mask:
    mask = Mask()
    mask.left, mask.top, mask.shape = given.x, given.y, [given.height, given.width]
    if given.height and given.width:
        mask.data = np.ctypeslib.as_array(given.data, (given.height * given.width,)).copy()
    return mask


def read_result(given: _abi.DetectResult) -> DetectionResult:
    """Python's form of a result of the library."""
    result = DetectionResult()
    count = given.count
    result.contain_masks = bool(given.contain_masks)
    if count == 0:
        return result
    result.boxes = [list(box) for box in given.boxes[:count]]
    result.scores = given.scores[:count]
    result.label_ids = given.label_ids[:count]
    if given.rotated_boxes:
        result.rotated_boxes = [list(box) for box in given.rotated_boxes[:count]]
    if given.label_names:
        result.label_names = [text(name) for name in given.label_names[:count]]
    if given.masks:
        result.masks = [_read_mask(given.masks[i]) for i in range(count)]
    return result


class NMSOption:
    """Suppression of overlapping boxes, where the model leaves it to the postprocessor."""

    def __init__(self) -> None:
        #: A class that is no object; -1: there is none.
        self.background_label = -1
        #: Boxes of an image that are kept; -1: all.
        self.keep_top_k = 100
        #: Below 1 the threshold shrinks by it with each box that is kept.
        self.nms_eta = 1.0
        #: Of two boxes that overlap by more, the one with the lower score goes.
        self.nms_threshold = 0.5
        #: Boxes of a class that take part; -1: all.
        self.nms_top_k = 1000
        #: False: the last row and column belong to a box.
        self.normalized = True
        #: Boxes with a score above take part.
        self.score_threshold = 0.3

    def _fields(self) -> Tuple[Tuple[str, Any], ...]:
        return (("background_label", self.background_label), ("keep_top_k", self.keep_top_k), ("nms_eta", self.nms_eta),
                ("nms_threshold", self.nms_threshold), ("nms_top_k", self.nms_top_k),
                ("score_threshold", self.score_threshold), ("pixel_boxes", int(not self.normalized)))


class NMSRotatedOption(NMSOption):
    """The same for rotated boxes."""

    def __init__(self) -> None:
        super().__init__()
        self.keep_top_k, self.nms_threshold, self.nms_top_k = -1, 0.1, 2000
        self.normalized, self.score_threshold = False, 0.1


class Geometry(NamedTuple):
    """How an image became an input; PaddleDetPreprocessor.run_with_geometry() gives it, the postprocessor takes it."""

    image_width: int
    image_height: int
    input_width: int
    input_height: int
    left: int
    top: int
    im_shape: Tuple[float, float]
    scale_factor: Tuple[float, float]

    @classmethod
    def _read(cls, given: _abi.DetectGeometry) -> "Geometry":
        return cls(given.image_width, given.image_height, given.input_width, given.input_height, given.left, given.top,
                   tuple(given.im_shape), tuple(given.scale_factor))

    def _write(self, into: _abi.DetectGeometry) -> None:
        for name in self._fields:
            set_field(into, name, getattr(self, name))


class PaddleDetPreprocessor(Preprocessor):
    """Images to the inputs of a detector, as its configuration says."""

    _prefix = "ramet_detect_preprocessor"

    def __init__(self, config_file: PathLike) -> None:
        super().__init__(config_file=str(config_file))

    def _create(self, values: Dict[str, Any]) -> Handle:
        return self._make(path_bytes(values["config_file"]), None)

    def run_with_geometry(self, input_ims: Sequence[ImageLike]) -> Tuple[FDTensor, List[Geometry]]:
        """Images -> float32 [count, 3, height, width], and what happened to each. All must become the same size."""
        tensor = _abi.Tensor()
        with Images(input_ims) as images, self._use() as address:
            geometries = (_abi.DetectGeometry * max(images.count, 1))()
            call(lib.ramet_detect_preprocessor_run, address, images.array, images.count, ctypes.byref(tensor), geometries)
            return FDTensor(to_array(tensor), "image"), [Geometry._read(geometries[i]) for i in range(images.count)]

    def run(self, input_ims: Sequence[ImageLike]) -> List[FDTensor]:
        """Images -> [image [count, 3, height, width], scale_factor [count, 2], im_shape [count, 2]], all float32."""
        image, geometries = self.run_with_geometry(input_ims)
        scale_factor = np.array([geometry.scale_factor for geometry in geometries], np.float32)
        im_shape = np.array([geometry.im_shape for geometry in geometries], np.float32)
        return [image, FDTensor(scale_factor, "scale_factor"), FDTensor(im_shape, "im_shape")]


class PaddleDetPostprocessor(Postprocessor):
    """Outputs of a detector to objects."""

    _prefix = "ramet_detect_postprocessor"
    _defaults = {"score_threshold": 0.0, "nms": None}

    def __init__(self, config_file: PathLike = "") -> None:
        super().__init__(config_file=str(config_file))

    def _create(self, values: Dict[str, Any]) -> Handle:
        handle = self._make(path_bytes(values["config_file"]), None)
        with handle.use() as address:
            push_settings(address, values)
        return handle

    @property
    def score_threshold(self) -> float:
        """Objects that do not score above this are left out; 0.0: none is."""
        return float(self._values["score_threshold"])

    @score_threshold.setter
    def score_threshold(self, threshold: float) -> None:
        self._change(score_threshold=float(threshold))

    def apply_nms(self) -> None:
        """Accepted: overlapping boxes are suppressed wherever the model has not done it."""

    def set_nms_option(self, nms_option: Optional[NMSOption] = None) -> None:
        """How overlapping boxes are suppressed from now on; None: by the defaults of NMSOption."""
        self._change(nms=(nms_option if nms_option is not None else NMSOption())._fields())

    def set_nms_rotated_option(self, nms_rotated_option: Optional[NMSRotatedOption] = None) -> None:
        """The same for models of rotated boxes."""
        self.set_nms_option(nms_rotated_option if nms_rotated_option is not None else NMSRotatedOption())

    def run(self, runtime_results: Sequence[Any], geometries: Optional[Sequence[Geometry]] = None) -> List[DetectionResult]:
        """Outputs of a run, in the program's order -> a result for each image.

        geometries: from PaddleDetPreprocessor.run_with_geometry(). Without them the boxes of the model are taken as they are,
        and the number of images from its count of boxes.
        """
        tensors = Tensors(runtime_results)
        if not tensors.count:
            raise InvalidArgumentError("there are no outputs to read")
        if geometries is None:
            geometries = [_plain_geometry(runtime_results)] * _image_count(runtime_results)
        given = (_abi.DetectGeometry * max(len(geometries), 1))()
        for geometry, into in zip(geometries, given):
            geometry._write(into)
        results = (_abi.DetectResult * max(len(geometries), 1))()
        with self._use() as address:
            call(lib.ramet_detect_postprocessor_run, address, tensors.array, tensors.count, given, results, len(geometries))
        try:
            return [read_result(results[i]) for i in range(len(geometries))]
        finally:
            for result in results:
                lib.ramet_detect_result_clear(ctypes.byref(result))


def _image_count(outputs: Sequence[Any]) -> int:
    """Rows of objects come with a count for each image; anything before suppression has the images in front."""
    first = np.asarray(outputs[0])
    if first.ndim != 2:
        return int(first.shape[0]) if first.ndim else 1
    return len(np.asarray(outputs[1])) if len(outputs) > 1 and np.asarray(outputs[1]).ndim == 1 else 1


def _plain_geometry(outputs: Sequence[Any]) -> Geometry:
    """An image that is its own input: as large as the masks, or without end."""
    masks = [np.asarray(output) for output in outputs if np.asarray(output).ndim == 3]
    height, width = masks[0].shape[1:] if masks and np.asarray(outputs[0]).ndim < 3 else (1 << 20, 1 << 20)
    return Geometry(width, height, width, height, 0, 0, (float(height), float(width)), (1.0, 1.0))


def push_settings(postprocessor: Any, values: Dict[str, Any]) -> None:
    """Sets threshold and suppression of a postprocessor of the library."""
    threshold = values["score_threshold"]
    if lib.ramet_detect_postprocessor_set_score_threshold(postprocessor, threshold) != _abi.RAMET_STATUS_OK:
        raise InvalidArgumentError(f"score_threshold is {threshold}; it must be 0..1")
    if values["nms"] is not None:
        nms = _abi.DetectNmsOption()
        for field, value in values["nms"]:
            set_field(nms, field, value)
        call(lib.ramet_detect_postprocessor_set_nms, postprocessor, ctypes.byref(nms))


class PPDetBase(Model[DetectionResult]):
    """A detector: program, parameters and configuration as PaddleDetection exports them.

    detect_option: fields of the C library's ramet_detect_option for what the configuration does not say, such as
    `{"label_file": "names.txt"}`, `{"batch_size": 4}` or, for a model without a configuration, `{"input_width": 416}`.
    """

    _kind = "detect"
    _model_name = "PaddleDetection/BaseModel"
    _defaults = {"score_threshold": 0.0, "nms": None}
    _result = _abi.DetectResult

    def __init__(self, model_file: PathLike, params_file: Optional[PathLike] = "", config_file: Optional[PathLike] = "",
                 runtime_option: Optional[RuntimeOption] = None, model_format: ModelFormat = ModelFormat.PADDLE,
                 detect_option: Optional[Dict[str, Any]] = None) -> None:
        opening = tuple(sorted((name, tuple(value) if isinstance(value, list) else value)
                               for name, value in (detect_option or {}).items()))
        make_option("detect", opening)
        self._open(model_files(model_file, params_file, config_file), runtime_option, model_format, opening)

    def _apply(self, address: int, values: Dict[str, Any]) -> None:
        push_settings(lib.ramet_detect_model_postprocessor(address), values)

    def _read(self, result: Any) -> DetectionResult:
        return read_result(result)

    def _clear(self, result: Any) -> None:
        lib.ramet_detect_result_clear(result)

    @property
    def preprocessor(self) -> PaddleDetPreprocessor:
        """The stage before the runtime."""
        return PaddleDetPreprocessor._of(self)

    @property
    def postprocessor(self) -> PaddleDetPostprocessor:
        """The stage after the runtime."""
        return PaddleDetPostprocessor._of(self)


class PaddleDetectionModel(PPDetBase):
    """A model of any architecture."""

    _model_name = "PaddleDetectionModel"


class PPYOLOE(PPDetBase):
    """PP-YOLOE and PP-YOLOE+."""

    _model_name = "PPYOLOE"


class PPYOLOER(PPDetBase):
    """PP-YOLOE-R: rotated boxes."""

    _model_name = "PPYOLOER"


class PPYOLOESOD(PPDetBase):
    """PP-YOLOE-SOD: small objects."""

    _model_name = "PPYOLOESOD"


class PicoDet(PPDetBase):
    """PicoDet."""

    _model_name = "PicoDet"


class PPYOLO(PPDetBase):
    """PP-YOLO and PP-YOLOv2."""

    _model_name = "PaddleDetection/PPYOLO"


class YOLOv3(PPDetBase):
    """YOLOv3."""

    _model_name = "PaddleDetection/YOLOv3"


class PaddleYOLOX(PPDetBase):
    """YOLOX of PaddleYOLO."""

    _model_name = "PaddleDetection/YOLOX"


class PaddleYOLOv5(PPDetBase):
    """YOLOv5 of PaddleYOLO."""

    _model_name = "PaddleDetection/YOLOv5"


class PaddleYOLOv6(PPDetBase):
    """YOLOv6 of PaddleYOLO."""

    _model_name = "PaddleDetection/YOLOv6"


class PaddleYOLOv7(PPDetBase):
    """YOLOv7 of PaddleYOLO."""

    _model_name = "PaddleDetection/YOLOv7"


class PaddleYOLOv8(PPDetBase):
    """YOLOv8 of PaddleYOLO."""

    _model_name = "PaddleDetection/YOLOv8"


class RTMDet(PPDetBase):
    """RTMDet."""

    _model_name = "PaddleDetection/RTMDet"


class FasterRCNN(PPDetBase):
    """Faster R-CNN."""

    _model_name = "PaddleDetection/FasterRCNN"


class MaskRCNN(PPDetBase):
    """Mask R-CNN: objects with masks."""

    _model_name = "PaddleDetection/MaskRCNN"


class CascadeRCNN(PPDetBase):
    """Cascade R-CNN."""

    _model_name = "PaddleDetection/CascadeRCNN"


class PSSDet(PPDetBase):
    """PSS-DET."""

    _model_name = "PaddleDetection/PSSDet"


class SSD(PPDetBase):
    """SSD."""

    _model_name = "PaddleDetection/SSD"


class RetinaNet(PPDetBase):
    """RetinaNet."""

    _model_name = "PaddleDetection/RetinaNet"


class FCOS(PPDetBase):
    """FCOS."""

    _model_name = "PaddleDetection/FCOS"


class TTFNet(PPDetBase):
    """TTFNet."""

    _model_name = "PaddleDetection/TTFNet"


class TOOD(PPDetBase):
    """TOOD."""

    _model_name = "PaddleDetection/TOOD"


class GFL(PPDetBase):
    """GFL."""

    _model_name = "PaddleDetection/GFL"


class SOLOv2(PPDetBase):
    """SOLOv2: objects with masks."""

    _model_name = "PaddleDetection/SOLOv2"


__getattr__ = refuse("ramet.vision.detection", {
    "YOLOv5 YOLOv6 YOLOv7 YOLOv8 YOLOX": f"{SERIES}; take the model that PaddleYOLO exports, and PaddleYOLOv5 and its like",
    "FastestDet NanoDetPlus RKYOLOV5 RKYOLOV7 RKYOLOX ScaledYOLOv4 YOLOR YOLOv5Lite YOLOv5Seg YOLOv7End2EndORT "
    "YOLOv7End2EndTRT": SERIES,
})
