# SPDX-License-Identifier: Apache-2.0
"""Image classification: models exported by PaddleClas."""
from __future__ import annotations

import ctypes
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from .. import _abi
from .._absent import SERIES, refuse
from .._enums import ModelFormat
from .._errors import InvalidArgumentError, raise_status
from .._images import ImageLike, Images
from .._library import Handle, call, lib, path_bytes, text
from .._model import Model, PathLike, Postprocessor, Preprocessor, model_files
from .._options import RuntimeOption
from .._results import ClassifyResult
from .._tensors import FDTensor, Tensors, to_array


def read_result(given: _abi.ClassifyResult) -> ClassifyResult:
    """Python's form of a result of the library."""
    result = ClassifyResult()
    result.label_ids = given.label_ids[:given.count]
    result.scores = given.scores[:given.count]
    if given.label_names:
        result.label_names = [text(name) for name in given.label_names[:given.count]]
    if given.attributes:
        result.attributes = [text(name) for name in given.attributes[:given.attribute_count]]
    if given.feature:
        result.feature = given.feature[:given.feature_count]
    return result


class PaddleClasPreprocessor(Preprocessor):
    """Images to the input of a classifier, as its configuration says."""

    _prefix = "ramet_classify_preprocessor"

    def __init__(self, config_file: PathLike) -> None:
        super().__init__(config_file=str(config_file))

    def _create(self, values: Dict[str, Any]) -> Handle:
        return self._make(path_bytes(values["config_file"]))

    def initial_resize_on_cpu(self, v: bool) -> None:
        """Accepted: everything runs on the CPU."""

    def run(self, input_ims: Sequence[ImageLike]) -> List[FDTensor]:
        """Images -> [float32 [count, 3, height, width]]. All must become the same size."""
        tensor = _abi.Tensor()
        with Images(input_ims) as images, self._use() as address:
            call(lib.ramet_classify_preprocessor_run, address, images.array, images.count, ctypes.byref(tensor))
            return [FDTensor(to_array(tensor))]


class PaddleClasPostprocessor(Postprocessor):
    """Scores of classes to results."""

    _prefix = "ramet_classify_postprocessor"

    def __init__(self, topk: int = 1, config_file: PathLike = "") -> None:
        super().__init__(topk=topk, config_file=str(config_file))

    def _create(self, values: Dict[str, Any]) -> Handle:
        handle = self._make(path_bytes(values["config_file"]))
        with handle.use() as address:
            set_topk(address, values["topk"])
        return handle

    @property
    def topk(self) -> int:
        """How many classes a result lists at most."""
        return int(self._values["topk"])

    @topk.setter
    def topk(self, topk: int) -> None:
        if not isinstance(topk, (int, np.integer)):
            raise InvalidArgumentError(f"topk is {topk!r}; it must be a whole number")
        self._change(topk=int(topk))

    def run(self, runtime_results: Sequence[Any]) -> List[ClassifyResult]:
        """[float32 [count, classes]] -> a result for each row."""
        tensors = Tensors(runtime_results[:1])
        count = tensors.array[0].dims[0] if tensors.count else 0
        results = (_abi.ClassifyResult * max(count, 1))()
        with self._use() as address:
            call(lib.ramet_classify_postprocessor_run, address, tensors.array, results, count)
        try:
            return [read_result(results[i]) for i in range(count)]
        finally:
            for result in results:
                lib.ramet_classify_result_clear(ctypes.byref(result))


def set_topk(postprocessor: Any, topk: int) -> None:
    """Sets the number of classes; raises where it cannot be."""
    status = lib.ramet_classify_postprocessor_set_topk(postprocessor, topk)
    if status == _abi.RAMET_STATUS_INVALID_ARGUMENT:
        raise InvalidArgumentError(f"topk is {topk}; it must be at least 1")
    if status != _abi.RAMET_STATUS_OK:
        raise_status(status, _abi.Error())


class PaddleClasModel(Model[ClassifyResult]):
    """A classifier: program, parameters and configuration as PaddleClas exports them."""

    _kind = "classify"
    _model_name = "PaddleClas/Model"
    _defaults = {"topk": 1}
    _result = _abi.ClassifyResult

    def __init__(self, model_file: PathLike, params_file: Optional[PathLike] = "", config_file: Optional[PathLike] = "",
                 runtime_option: Optional[RuntimeOption] = None, model_format: ModelFormat = ModelFormat.PADDLE) -> None:
        self._open(model_files(model_file, params_file, config_file), runtime_option, model_format)

    def _apply(self, address: int, values: Dict[str, Any]) -> None:
        set_topk(lib.ramet_classify_model_postprocessor(address), values["topk"])

    def _read(self, result: Any) -> ClassifyResult:
        return read_result(result)

    def _clear(self, result: Any) -> None:
        lib.ramet_classify_result_clear(result)

    def predict(self, im: ImageLike, topk: int = 1) -> ClassifyResult:
        """The best `topk` classes of an image. As in FastDeploy this sets postprocessor.topk, also for batch_predict()."""
        self.postprocessor.topk = topk
        return super().predict(im)

    @property
    def preprocessor(self) -> PaddleClasPreprocessor:
        """The stage before the runtime."""
        return PaddleClasPreprocessor._of(self)

    @property
    def postprocessor(self) -> PaddleClasPostprocessor:
        """The stage after the runtime."""
        return PaddleClasPostprocessor._of(self)


#: FastDeploy's names for single architectures; all are PaddleClasModel.
PPLCNet = PPLCNetv2 = EfficientNet = GhostNet = MobileNetv1 = MobileNetv2 = MobileNetv3 = PaddleClasModel
ShuffleNetv2 = SqueezeNet = Inceptionv3 = PPHGNet = ResNet50vd = SwinTransformer = PaddleClasModel

__getattr__ = refuse("ramet.vision.classification", {
    "ResNet YOLOv5Cls": f"{SERIES}; PaddleClasModel is its classifier, of any architecture",
    "PPShiTuV2Detector PPShiTuV2Recognizer PPShiTuV2RecognizerPreprocessor PPShiTuV2RecognizerPostprocessor":
        "the detector of PP-ShiTu is a PicoDet for ramet.vision.detection, its recogniser a PaddleClasModel with features",
})
