# SPDX-License-Identifier: Apache-2.0
"""OCR: text detection, text direction, text recognition, and the pipeline of the three; models exported by PaddleOCR.

Defaults are FastDeploy's. One of them differs from PaddleOCR's, and from the command's: det_db_score_mode is "slow".
"""
from __future__ import annotations

import contextlib
import ctypes
from typing import Any, Dict, List, Optional, Sequence, Tuple, Type, TypeVar, cast

from .. import _abi
from .._absent import SERIES, refuse
from .._enums import ModelFormat
from .._errors import ClosedError, InvalidArgumentError, UnsupportedError
from .._images import ImageLike, Images, as_batch
from .._library import Handle, call, create, lib, text
from .._model import Model, PathLike, Postprocessor, Predictor, Preprocessor, model_files, read_memory
from .._options import RuntimeOption
from .._origin import function, make_option
from .._results import OCRResult
from .._tensors import FDTensor, TensorInfo, Tensors, to_array

SCORE_MODES = {"fast": _abi.RAMET_DET_SCORE_MODE_FAST, "slow": _abi.RAMET_DET_SCORE_MODE_SLOW}
LIMIT_TYPES = {"max": _abi.RAMET_LIMIT_TYPE_MAX, "min": _abi.RAMET_LIMIT_TYPE_MIN,
               "resize_long": _abi.RAMET_LIMIT_TYPE_RESIZE_LONG}

DET_DEFAULTS: Dict[str, Any] = {
    "max_side_len": 960, "limit_type": "max", "det_db_thresh": 0.3, "det_db_box_thresh": 0.6, "det_db_unclip_ratio": 1.5,
    "det_db_score_mode": "slow", "use_dilation": 0, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
CLS_DEFAULTS: Dict[str, Any] = {"cls_image_shape": (3, 48, 192), "cls_thresh": 0.9, "batch_size": 6}
REC_DEFAULTS: Dict[str, Any] = {"rec_image_shape": (3, 48, 320), "static_shape_infer": False, "batch_size": 6}

P = TypeVar("P", bound="PPOCRBase")


def _chosen(values: Dict[str, Any], name: str, choices: Dict[str, int]) -> int:
    if values[name] not in choices:
        raise InvalidArgumentError(f"{name} is {values[name]!r}; it must be one of {', '.join(choices)}")
    return choices[values[name]]


def _det_option(values: Dict[str, Any]) -> Any:
    return make_option("det", (
        ("limit_side_len", values["max_side_len"]), ("limit_type", _chosen(values, "limit_type", LIMIT_TYPES)),
        ("db_thresh", values["det_db_thresh"]), ("db_box_thresh", values["det_db_box_thresh"]),
        ("db_unclip_ratio", values["det_db_unclip_ratio"]),
        ("db_score_mode", _chosen(values, "det_db_score_mode", SCORE_MODES)), ("use_dilation", int(values["use_dilation"])),
        ("mean", values["mean"]), ("std", values["std"])))


def _cls_option(values: Dict[str, Any]) -> Any:
    _, height, width = values["cls_image_shape"]
    return make_option("cls", (("image_height", height), ("image_width", width), ("thresh", values["cls_thresh"]),
                               ("batch_size", values["batch_size"])))


def _rec_option(values: Dict[str, Any]) -> Any:
    _, height, width = values["rec_image_shape"]
    option = make_option("rec", (("image_height", height), ("image_width", width), ("batch_size", values["batch_size"])))
    if values["static_shape_infer"]:
        option.max_image_width = width
    return option


def _shape(value: Sequence[int]) -> Tuple[int, int, int]:
    if len(value) != 3 or value[0] != 3:
        raise InvalidArgumentError(f"an image shape is [3, height, width], not {list(value)}")
    return 3, int(value[1]), int(value[2])


def read_quad(quad: _abi.Quad) -> List[int]:
    """x, y of four corners."""
    return [int(value) for point in quad.points for value in point]


# ---- text detection ------------------------------------------------------------------------------------------------


class _DetProperties:
    """What DBDetector and its stages have in common."""

    _values: Any  # a dictionary of settings: an attribute of models, a property of stages

    def _set(self, **changes: Any) -> None:
        raise NotImplementedError

    @property
    def max_side_len(self) -> int:
        """Pixels that the longer side of an image has at most; larger images are shrunk."""
        return int(self._values["max_side_len"])

    @max_side_len.setter
    def max_side_len(self, value: int) -> None:
        self._set(max_side_len=int(value))

    @property
    def det_db_thresh(self) -> float:
        """A pixel is text above this probability."""
        return float(self._values["det_db_thresh"])

    @det_db_thresh.setter
    def det_db_thresh(self, value: float) -> None:
        self._set(det_db_thresh=float(value))

    @property
    def det_db_box_thresh(self) -> float:
        """A box counts from this score on."""
        return float(self._values["det_db_box_thresh"])

    @det_db_box_thresh.setter
    def det_db_box_thresh(self, value: float) -> None:
        self._set(det_db_box_thresh=float(value))

    @property
    def det_db_unclip_ratio(self) -> float:
        """How far a box grows that was found."""
        return float(self._values["det_db_unclip_ratio"])

    @det_db_unclip_ratio.setter
    def det_db_unclip_ratio(self, value: float) -> None:
        self._set(det_db_unclip_ratio=float(value))

    @property
    def det_db_score_mode(self) -> str:
        """Score of a box: "slow", the mean within its outline (FastDeploy), or "fast", within the box (PaddleOCR)."""
        return str(self._values["det_db_score_mode"])

    @det_db_score_mode.setter
    def det_db_score_mode(self, value: str) -> None:
        self._set(det_db_score_mode=value)

    @property
    def use_dilation(self) -> int:
        """Whether the pixels found are thickened before outlining."""
        return int(self._values["use_dilation"])

    @use_dilation.setter
    def use_dilation(self, value: int) -> None:
        self._set(use_dilation=int(bool(value)))


class DBDetectorPreprocessor(Preprocessor, _DetProperties):
    """An image to the input of a text detector."""

    _prefix = "ramet_det_preprocessor"
    _defaults = DET_DEFAULTS

    def _create(self, values: Dict[str, Any]) -> Handle:
        return self._make(ctypes.byref(_det_option(values)))

    def _set(self, **changes: Any) -> None:
        self._change(**changes)

    @property
    def static_shape_infer(self) -> bool:
        """False: the input is as large as the image asks for."""
        return False

    @static_shape_infer.setter
    def static_shape_infer(self, value: bool) -> None:
        if value:
            raise UnsupportedError("DBDetector.preprocessor.static_shape_infer: the input is as large as the image asks for; "
                                   "leave it at False")

    def set_normalize(self, mean: Sequence[float], std: Sequence[float], is_scale: bool) -> None:
        """Normalisation of B, G, R; is_scale: of pixel / 255 instead of pixel."""
        self._change(mean=_normal(mean, is_scale), std=_normal(std, is_scale))

    def run(self, input_ims: Sequence[ImageLike]) -> Tuple[List[FDTensor], List[List[int]]]:
        """One image -> ([float32 [1, 3, h, w]], [[columns, rows, resized columns, resized rows]])."""
        if len(input_ims) != 1:
            raise InvalidArgumentError("a text detector takes one image a run, because each has a size of its own")
        tensor, geometry = _abi.Tensor(), _abi.DetGeometry()
        with Images(input_ims) as images, self._use() as address:
            call(lib.ramet_det_preprocessor_run, address, images.array, ctypes.byref(tensor), ctypes.byref(geometry))
            return [FDTensor(to_array(tensor))], [[geometry.image_width, geometry.image_height, geometry.resized_width,
                                                   geometry.resized_height]]


class DBDetectorPostprocessor(Postprocessor, _DetProperties):
    """A map of probabilities to boxes of text."""

    _prefix = "ramet_det_postprocessor"
    _defaults = DET_DEFAULTS

    def _create(self, values: Dict[str, Any]) -> Handle:
        return self._make(ctypes.byref(_det_option(values)))

    def _set(self, **changes: Any) -> None:
        self._change(**changes)

    def run(self, runtime_results: Sequence[Any], batch_det_img_info: Sequence[Sequence[int]]) -> List[List[List[int]]]:
        """[float32 [1, 1, h, w]], and what DBDetectorPreprocessor.run() says of the image -> boxes of each image."""
        tensors = Tensors(runtime_results[:1])
        if tensors.count != 1 or len(batch_det_img_info) != 1:
            raise InvalidArgumentError("one map and the sizes of its image are wanted")
        geometry, result = _abi.DetGeometry(*batch_det_img_info[0]), _abi.DetResult()
        with self._use() as address:
            call(lib.ramet_det_postprocessor_run, address, tensors.array, ctypes.byref(geometry), ctypes.byref(result))
        try:
            return [[read_quad(quad) for quad in result.boxes[:result.count]]]
        finally:
            lib.ramet_det_result_clear(ctypes.byref(result))


def _normal(values: Sequence[float], is_scale: bool) -> Tuple[float, ...]:
    return tuple(float(value) / (1.0 if is_scale else 255.0) for value in values)


class DBDetector(Model[OCRResult], _DetProperties):
    """A text detector: differentiable binarisation."""

    _kind = "det"
    _model_name = "ppocr/ocr_det"
    _defaults = DET_DEFAULTS
    _result = _abi.DetResult

    def __init__(self, model_file: PathLike = "", params_file: Optional[PathLike] = "",
                 runtime_option: Optional[RuntimeOption] = None, model_format: ModelFormat = ModelFormat.PADDLE) -> None:
        self._open(model_files(model_file, params_file), runtime_option, model_format)

    def _set(self, **changes: Any) -> None:
        self._change(changes)

    def _apply(self, address: int, values: Dict[str, Any]) -> None:
        call(lib.ramet_det_model_set_option, address, ctypes.byref(_det_option(values)))

    def predict(self, input_image: ImageLike) -> OCRResult:
        """Boxes of the texts in one image."""
        return super().predict(input_image)

    def _read(self, result: Any) -> OCRResult:
        made = OCRResult()
        made.boxes = [read_quad(quad) for quad in result.boxes[:result.count]]
        return made

    def _clear(self, result: Any) -> None:
        lib.ramet_det_result_clear(result)

    @property
    def preprocessor(self) -> DBDetectorPreprocessor:
        """The stage before the runtime."""
        return DBDetectorPreprocessor._of(self)

    @property
    def postprocessor(self) -> DBDetectorPostprocessor:
        """The stage after the runtime."""
        return DBDetectorPostprocessor._of(self)


# ---- text direction ------------------------------------------------------------------------------------------------


class ClassifierPreprocessor(Preprocessor):
    """Images of lines to the input of a direction classifier."""

    _prefix = "ramet_cls_preprocessor"
    _defaults = CLS_DEFAULTS

    def _create(self, values: Dict[str, Any]) -> Handle:
        return self._make(ctypes.byref(_cls_option(values)))

    @property
    def cls_image_shape(self) -> List[int]:
        """[3, height, width] of the input."""
        return list(self._values["cls_image_shape"])

    @cls_image_shape.setter
    def cls_image_shape(self, value: Sequence[int]) -> None:
        self._change(cls_image_shape=_shape(value))

    def set_normalize(self, mean: Sequence[float], std: Sequence[float], is_scale: bool) -> None:
        """(pixel / 255 - 0.5) / 0.5 is what these models take; anything else raises."""
        _check_line_normalization(mean, std, is_scale)

    def run(self, input_ims: Sequence[ImageLike]) -> List[FDTensor]:
        """Images -> [float32 [count, 3, height, width]]."""
        tensor = _abi.Tensor()
        with Images(input_ims) as images, self._use() as address:
            call(lib.ramet_cls_preprocessor_run, address, images.array, images.count, ctypes.byref(tensor))
            return [FDTensor(to_array(tensor))]


def _check_line_normalization(mean: Sequence[float], std: Sequence[float], is_scale: bool) -> None:
    if not is_scale or any(value != 0.5 for value in (*mean, *std)):
        raise UnsupportedError("set_normalize(): lines of text are normalised as (pixel / 255 - 0.5) / 0.5")


class ClassifierPostprocessor(Postprocessor):
    """Scores of directions to labels."""

    _prefix = "ramet_cls_postprocessor"
    _defaults = CLS_DEFAULTS

    def _create(self, values: Dict[str, Any]) -> Handle:
        return self._make(ctypes.byref(_cls_option(values)))

    @property
    def cls_thresh(self) -> float:
        """A pipeline turns a text by 180 degrees above this score."""
        return float(self._values["cls_thresh"])

    @cls_thresh.setter
    def cls_thresh(self, value: float) -> None:
        self._change(cls_thresh=float(value))

    def run(self, runtime_results: Sequence[Any]) -> Tuple[List[int], List[float]]:
        """[float32 [count, 2]] -> (labels, scores)."""
        tensors = Tensors(runtime_results[:1])
        count = int(tensors.array[0].dims[0]) if tensors.count else 0
        results = (_abi.ClsResult * max(count, 1))()
        with self._use() as address:
            call(lib.ramet_cls_postprocessor_run, address, tensors.array, results, count)
        return [results[i].label for i in range(count)], [results[i].score for i in range(count)]


class Classifier(Model[OCRResult]):
    """A direction classifier: is a text upside down?"""

    _kind = "cls"
    _model_name = "ppocr/ocr_cls"
    _defaults = CLS_DEFAULTS
    _result = _abi.ClsResult

    def __init__(self, model_file: PathLike = "", params_file: Optional[PathLike] = "",
                 runtime_option: Optional[RuntimeOption] = None, model_format: ModelFormat = ModelFormat.PADDLE) -> None:
        self._open(model_files(model_file, params_file), runtime_option, model_format)

    def _apply(self, address: int, values: Dict[str, Any]) -> None:
        call(lib.ramet_cls_model_set_option, address, ctypes.byref(_cls_option(values)))

    def _read(self, result: Any) -> OCRResult:
        made = OCRResult()
        made.cls_labels, made.cls_scores = [result.label], [result.score]
        return made

    def _clear(self, result: Any) -> None:
        """Nothing is owned by such a result."""

    def batch_predict(self, images: Sequence[ImageLike]) -> Any:
        """As in FastDeploy: one result with a label and a score for each image."""
        return _merged(super().batch_predict(images))

    def predict(self, input_image: ImageLike) -> OCRResult:
        """Label and score of one image."""
        return cast(OCRResult, self.batch_predict([input_image]))

    @property
    def cls_image_shape(self) -> List[int]:
        """[3, height, width] of the input."""
        return self.preprocessor.cls_image_shape

    @cls_image_shape.setter
    def cls_image_shape(self, value: Sequence[int]) -> None:
        self.preprocessor.cls_image_shape = list(value)

    @property
    def cls_thresh(self) -> float:
        """A pipeline turns a text by 180 degrees above this score."""
        return self.postprocessor.cls_thresh

    @cls_thresh.setter
    def cls_thresh(self, value: float) -> None:
        self.postprocessor.cls_thresh = value

    @property
    def preprocessor(self) -> ClassifierPreprocessor:
        """The stage before the runtime."""
        return ClassifierPreprocessor._of(self)

    @property
    def postprocessor(self) -> ClassifierPostprocessor:
        """The stage after the runtime."""
        return ClassifierPostprocessor._of(self)


def _merged(results: Sequence[OCRResult]) -> OCRResult:
    """One result of many."""
    made = OCRResult()
    for result in results:
        for name in OCRResult.__slots__:
            getattr(made, name).extend(getattr(result, name))
    return made


# ---- text recognition ----------------------------------------------------------------------------------------------


class RecognizerPreprocessor(Preprocessor):
    """Images of lines to the input of a recogniser."""

    _prefix = "ramet_rec_preprocessor"
    _defaults = REC_DEFAULTS

    def _create(self, values: Dict[str, Any]) -> Handle:
        return self._make(ctypes.byref(_rec_option(values)))

    @property
    def rec_image_shape(self) -> List[int]:
        """[3, height, least width] of the input."""
        return list(self._values["rec_image_shape"])

    @rec_image_shape.setter
    def rec_image_shape(self, value: Sequence[int]) -> None:
        self._change(rec_image_shape=_shape(value))

    @property
    def static_shape_infer(self) -> bool:
        """True: longer texts are squeezed to the least width, so that all inputs are of one size."""
        return bool(self._values["static_shape_infer"])

    @static_shape_infer.setter
    def static_shape_infer(self, value: bool) -> None:
        self._change(static_shape_infer=bool(value))

    def set_normalize(self, mean: Sequence[float], std: Sequence[float], is_scale: bool) -> None:
        """(pixel / 255 - 0.5) / 0.5 is what these models take; anything else raises."""
        _check_line_normalization(mean, std, is_scale)

    def run(self, input_ims: Sequence[ImageLike]) -> List[FDTensor]:
        """Images of one width of input -> [float32 [count, 3, height, width]]."""
        tensor = _abi.Tensor()
        with Images(input_ims) as images, self._use() as address:
            call(lib.ramet_rec_preprocessor_run, address, images.array, images.count, ctypes.byref(tensor))
            return [FDTensor(to_array(tensor))]


def _read_texts(results: Any, count: int) -> Tuple[List[str], List[float]]:
    return [text(results[i].text) for i in range(count)], [results[i].score for i in range(count)]


class RecognizerPostprocessor(Postprocessor):
    """Probabilities of characters to texts."""

    _prefix = "ramet_rec_postprocessor"
    _defaults = REC_DEFAULTS

    def __init__(self, label_path: PathLike) -> None:
        super().__init__(label_path=str(label_path))

    def _create(self, values: Dict[str, Any]) -> Handle:
        option = make_option("rec", (("dictionary", values["label_path"]),))
        return self._make(None, ctypes.byref(option))

    def run(self, runtime_results: Sequence[Any]) -> Tuple[List[str], List[float]]:
        """[float32 [count, steps, classes]] -> (texts, scores)."""
        tensors = Tensors(runtime_results[:1])
        count = int(tensors.array[0].dims[0]) if tensors.count else 0
        results = (_abi.RecResult * max(count, 1))()
        with self._use() as address:
            call(lib.ramet_rec_postprocessor_run, address, tensors.array, results, count)
        try:
            return _read_texts(results, count)
        finally:
            for result in results:
                lib.ramet_rec_result_clear(ctypes.byref(result))


class Recognizer(Model[OCRResult]):
    """A text recogniser (CTC). label_path: its dictionary, one character a line; "": from the model's inference.yml."""

    _kind = "rec"
    _model_name = "ppocr/ocr_rec"
    _defaults = REC_DEFAULTS
    _result = _abi.RecResult

    def __init__(self, model_file: PathLike = "", params_file: Optional[PathLike] = "", label_path: PathLike = "",
                 runtime_option: Optional[RuntimeOption] = None, model_format: ModelFormat = ModelFormat.PADDLE) -> None:
        opening = (("dictionary", str(label_path)),) if label_path else ()
        self._open(model_files(model_file, params_file), runtime_option, model_format, opening)

    def _apply(self, address: int, values: Dict[str, Any]) -> None:
        call(lib.ramet_rec_model_set_option, address, ctypes.byref(_rec_option(values)))

    def _read(self, result: Any) -> OCRResult:
        made = OCRResult()
        made.text, made.rec_scores = [text(result.text)], [result.score]
        return made

    def _clear(self, result: Any) -> None:
        lib.ramet_rec_result_clear(result)

    def batch_predict(self, images: Sequence[ImageLike]) -> Any:
        """As in FastDeploy: one result with a text and a score for each image."""
        return _merged(super().batch_predict(images))

    def predict(self, input_image: ImageLike) -> OCRResult:
        """Text and score of one image."""
        return cast(OCRResult, self.batch_predict([input_image]))

    @property
    def rec_image_shape(self) -> List[int]:
        """[3, height, least width] of the input."""
        return self.preprocessor.rec_image_shape

    @rec_image_shape.setter
    def rec_image_shape(self, value: Sequence[int]) -> None:
        self.preprocessor.rec_image_shape = list(value)

    @property
    def static_shape_infer(self) -> bool:
        """True: longer texts are squeezed to the least width, so that all inputs are of one size."""
        return self.preprocessor.static_shape_infer

    @static_shape_infer.setter
    def static_shape_infer(self, value: bool) -> None:
        self.preprocessor.static_shape_infer = value

    @property
    def preprocessor(self) -> RecognizerPreprocessor:
        """The stage before the runtime."""
        return RecognizerPreprocessor._of(self)

    @property
    def postprocessor(self) -> RecognizerPostprocessor:
        """The stage after the runtime."""
        return RecognizerPostprocessor._of(self)


# ---- the pipeline --------------------------------------------------------------------------------------------------


def read_result(given: _abi.OcrResult) -> OCRResult:
    """Python's form of a result of the library."""
    result = OCRResult()
    count = given.count
    if count == 0:
        return result
    if given.boxes:
        result.boxes = [read_quad(quad) for quad in given.boxes[:count]]
    result.text = [text(line) for line in given.texts[:count]]
    result.rec_scores = given.rec_scores[:count]
    if given.cls_labels:
        result.cls_labels, result.cls_scores = given.cls_labels[:count], given.cls_scores[:count]
    return result


class PPOCRBase(Predictor[OCRResult]):
    """Finds the texts of an image and reads them.

    The pipeline works on clones of the models it is given, and goes by the settings that they have at the time of a
    prediction. Without a detector an image is one text; without a classifier no text is turned. drop_score: texts below this
    score are left out; 0.0: none.
    """

    #: Rows of the recogniser's input that FastDeploy's constructor sets.
    _rec_height = 48

    def __init__(self, det_model: Optional[DBDetector] = None, cls_model: Optional[Classifier] = None,
                 rec_model: Optional[Recognizer] = None, drop_score: float = 0.0) -> None:
        super().__init__()
        if rec_model is None:
            raise InvalidArgumentError("reading needs a recogniser: rec_model")
        _check_kind("det_model", det_model, DBDetector)
        _check_kind("cls_model", cls_model, Classifier)
        _check_kind("rec_model", rec_model, Recognizer)
        self.det_model, self.cls_model, self.rec_model = det_model, cls_model, rec_model
        self.drop_score = drop_score
        shape = rec_model.rec_image_shape
        if shape[1] != self._rec_height:
            rec_model.rec_image_shape = [3, self._rec_height, shape[2]]
        self._cls_batch_size, self._rec_batch_size = 1, 6
        self._handle: Optional[Handle] = None
        self._joined: Any = None
        self._closed = False
        self._join()

    # ---- the joined handle ----

    def _models(self) -> List[Model[Any]]:
        return [model for model in (self.det_model, self.cls_model, self.rec_model) if model is not None]

    def _settings(self) -> Any:
        versions = tuple((id(model), model._version) for model in self._models())
        return versions, self._cls_batch_size, self._rec_batch_size, self.drop_score

    def _join(self) -> Handle:
        """A handle of the models as they are set now; the same one as long as nothing changes."""
        if self._closed:
            raise ClosedError("this pipeline was closed; make it again")
        settings = self._settings()
        if self._handle is None or settings != self._joined:
            with contextlib.ExitStack() as stack:
                addresses = [stack.enter_context(model._handle.use()) if model is not None else None
                             for model in (self.det_model, self.cls_model, self.rec_model)]
                handle = create(lib.ramet_ocr_join, lib.ramet_ocr_close, *addresses, self.drop_score)
            self._set_batches(handle)
            self._handle, self._joined = handle, settings
            self._version += 1
        return self._handle

    def _refresh(self) -> None:
        self._join()

    def _set_batches(self, handle: Handle) -> None:
        with handle.use() as address:
            if self.cls_model is not None:
                option = _cls_option({**self.cls_model._values, "batch_size": self._cls_batch_size})
                call(lib.ramet_cls_model_set_option, lib.ramet_ocr_cls_model(address), ctypes.byref(option))
            option = _rec_option({**self.rec_model._values, "batch_size": self._rec_batch_size})
            call(lib.ramet_rec_model_set_option, lib.ramet_ocr_rec_model(address), ctypes.byref(option))

    def clone(self: P) -> P:
        """Another pipeline for another thread, on clones of the models."""
        det, cls = (model.clone() if model is not None else None for model in (self.det_model, self.cls_model))
        made = type(self)(cast(Optional[DBDetector], det), cast(Optional[Classifier], cls), self.rec_model.clone(),
                          self.drop_score)
        made.cls_batch_size, made.rec_batch_size = self._cls_batch_size, self._rec_batch_size
        return made

    def __reduce__(self) -> Tuple[Any, ...]:
        return _remake, (type(self), self.det_model, self.cls_model, self.rec_model, self.drop_score, self._cls_batch_size,
                         self._rec_batch_size)

    def close(self) -> None:
        """Frees what the pipeline holds; the models it was made of stay open."""
        super().close()
        self._closed = True
        if self._handle is not None:
            self._handle.close()

    # ---- settings ----

    @property
    def cls_batch_size(self) -> int:
        """Texts that the classifier takes at a time; -1: all. Results do not depend on it."""
        return self._cls_batch_size

    @cls_batch_size.setter
    def cls_batch_size(self, value: int) -> None:
        self._cls_batch_size = _batch_size(value)

    @property
    def rec_batch_size(self) -> int:
        """Texts of one width that the recogniser takes at a time; -1: all. Results do not depend on it."""
        return self._rec_batch_size

    @rec_batch_size.setter
    def rec_batch_size(self, value: int) -> None:
        self._rec_batch_size = _batch_size(value)

    # ---- work ----

    def predict(self, input_image: ImageLike) -> OCRResult:
        """The texts of one image."""
        return super().predict(input_image)

    def batch_predict(self, images: Sequence[ImageLike]) -> List[OCRResult]:
        """The texts of each image; the answer for an image does not depend on the others."""
        images = as_batch(images)
        results = (_abi.OcrResult * max(len(images), 1))()
        handle = self._join()
        with Images(images) as given, handle.use() as address, self._timed(address):
            call(lib.ramet_ocr_predict, address, given.array, given.count, results)
        try:
            return [read_result(results[i]) for i in range(len(images))]
        finally:
            for result in results:
                lib.ramet_ocr_result_clear(ctypes.byref(result))

    # ---- about it ----

    @property
    def initialized(self) -> bool:
        """True until close()."""
        return not self._closed

    @property
    def runtime_option(self) -> RuntimeOption:
        """The recogniser's; every model has its own."""
        return self.rec_model.runtime_option

    def model_name(self) -> str:
        """FastDeploy's name of this pipeline."""
        return type(self).__name__

    def _no_runtime(self) -> UnsupportedError:
        return UnsupportedError("a pipeline has no runtime of its own; ask det_model, cls_model or rec_model")

    def num_inputs_of_runtime(self) -> int:
        """Raises: ask one of the models."""
        raise self._no_runtime()

    def num_outputs_of_runtime(self) -> int:
        """Raises: ask one of the models."""
        raise self._no_runtime()

    def input_info_of_runtime(self, index: int) -> TensorInfo:
        """Raises: ask one of the models."""
        raise self._no_runtime()

    def output_info_of_runtime(self, index: int) -> TensorInfo:
        """Raises: ask one of the models."""
        raise self._no_runtime()

    def memory(self) -> Dict[str, int]:
        """Bytes that the pipeline holds: weights, program and plans (shared with its models and clones), and its arenas."""
        total: Dict[str, int] = {}
        with self._join().use() as address:
            for runtime in self._runtimes(address):
                for name, count in read_memory(runtime).items():
                    total[name] = total.get(name, 0) + count
        return total

    def _runtimes(self, address: int) -> List[int]:
        models = {kind: getattr(lib, f"ramet_ocr_{kind}_model")(address) for kind in ("det", "cls", "rec")}
        return [function(kind, "runtime")(model) for kind, model in models.items() if model is not None]


def _check_kind(name: str, model: Any, kind: Type[Any]) -> None:
    if not isinstance(model, (kind, type(None))):
        raise InvalidArgumentError(f"{name} must be a {kind.__name__}, not a {type(model).__name__}")


def _batch_size(value: int) -> int:
    if value != -1 and not 1 <= value <= 4096:
        raise InvalidArgumentError(f"a batch size is 1..4096, or -1 for all, not {value}")
    return int(value)


def _remake(kind: Any, det: Any, cls: Any, rec: Any, drop_score: float, cls_batch: int, rec_batch: int) -> Any:
    """The other end of pickling a pipeline."""
    made = kind(det, cls, rec, drop_score=drop_score)
    made.cls_batch_size, made.rec_batch_size = cls_batch, rec_batch
    return made


class PPOCRv4(PPOCRBase):
    """PP-OCRv4, and later ones with an input of 48 rows."""


class PPOCRv3(PPOCRBase):
    """PP-OCRv3."""


class PPOCRv2(PPOCRBase):
    """PP-OCRv2: an input of 32 rows."""

    _rec_height = 32


#: FastDeploy's older names.
PPOCRSystemv4, PPOCRSystemv3, PPOCRSystemv2 = PPOCRv4, PPOCRv3, PPOCRv2

__getattr__ = refuse("ramet.vision.ocr", {
    "StructureV2Layout StructureV2LayoutPreprocessor StructureV2LayoutPostprocessor StructureV2Table "
    "StructureV2TablePreprocessor StructureV2TablePostprocessor PPStructureV2Table PPStructureV2TableSystem":
        f"{SERIES}; of OCR detection, direction and recognition of text",
})
