# SPDX-License-Identifier: Apache-2.0
"""Semantic segmentation: models exported by PaddleSeg."""
from __future__ import annotations

import ctypes
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from .. import _abi
from .._enums import ModelFormat
from .._errors import InvalidArgumentError
from .._images import ImageLike, Images
from .._library import Handle, call, lib, path_bytes
from .._model import Model, PathLike, Postprocessor, Preprocessor, Stage, model_files
from .._options import RuntimeOption
from .._origin import make_option
from .._results import SegmentationResult
from .._tensors import FDTensor, Tensors, to_array

DEFAULTS: Dict[str, Any] = {"is_vertical_screen": False, "apply_softmax": False, "store_score_map": False}


def read_result(given: _abi.SegmentResult) -> SegmentationResult:
    """Python's form of a result of the library."""
    result = SegmentationResult()
    count = given.height * given.width
    result.shape = [given.height, given.width]
    if count:
        labels = np.ctypeslib.as_array(given.label_map, (count,))
        result.label_map = labels.astype(np.uint8 if labels.max() < 256 else np.uint16)
        if given.contain_score_map:
            result.score_map = np.ctypeslib.as_array(given.score_map, (count,)).copy()
    result.contain_score_map = bool(given.contain_score_map)
    return result


def _option(values: Dict[str, Any]) -> Any:
    return ctypes.byref(make_option("segment", [(name, int(values[name])) for name in DEFAULTS]))


class _SegmentStage(Stage):
    """What both outer stages are made from: the configuration, and all of the option."""

    _defaults = DEFAULTS

    def __init__(self, config_file: PathLike) -> None:
        super().__init__(config_file=str(config_file))

    def _create(self, values: Dict[str, Any]) -> Handle:
        handle = self._make(path_bytes(values["config_file"]))
        with handle.use() as address:
            call(getattr(lib, f"{self._prefix}_set_option"), address, _option(values))
        return handle


class PaddleSegPreprocessor(_SegmentStage, Preprocessor):
    """Images to the input of a segmenter, as its configuration says."""

    _prefix = "ramet_segment_preprocessor"

    @property
    def is_vertical_screen(self) -> bool:
        """Upright pictures: the first Resize takes width for height where that is smaller."""
        return bool(self._values["is_vertical_screen"])

    @is_vertical_screen.setter
    def is_vertical_screen(self, value: bool) -> None:
        self._change(is_vertical_screen=bool(value))

    def run(self, input_ims: Sequence[ImageLike]) -> Tuple[List[FDTensor], Dict[str, List[List[int]]]]:
        """Images -> ([float32 [count, 3, height, width]], {"shape_info": [[rows, columns], ...]})."""
        tensor = _abi.Tensor()
        with Images(input_ims) as images, self._use() as address:
            call(lib.ramet_segment_preprocessor_run, address, images.array, images.count, ctypes.byref(tensor))
            shapes = [[images.array[i].height, images.array[i].width] for i in range(images.count)]
            return [FDTensor(to_array(tensor))], {"shape_info": shapes}


class PaddleSegPostprocessor(_SegmentStage, Postprocessor):
    """Scores or classes of pixels to results."""

    _prefix = "ramet_segment_postprocessor"

    @property
    def apply_softmax(self) -> bool:
        """Scores of a model that gives none of its own become probabilities."""
        return bool(self._values["apply_softmax"])

    @apply_softmax.setter
    def apply_softmax(self, value: bool) -> None:
        self._change(apply_softmax=bool(value))

    @property
    def store_score_map(self) -> bool:
        """Results hold the score of each pixel's class."""
        return bool(self._values["store_score_map"])

    @store_score_map.setter
    def store_score_map(self, value: bool) -> None:
        self._change(store_score_map=bool(value))

    def run(self, runtime_results: Sequence[Any], imgs_info: Dict[str, List[List[int]]]) -> List[SegmentationResult]:
        """Output of a run, and what PaddleSegPreprocessor.run() says of the images -> a result for each image."""
        tensors, shapes = Tensors(runtime_results[:1]), imgs_info["shape_info"]
        count = int(tensors.array[0].dims[0]) if tensors.count else 0
        if count != len(shapes):
            raise InvalidArgumentError(f"shape_info is of {len(shapes)} images, the output of {count}")
        images = (_abi.Image * max(count, 1))()
        for image, (height, width) in zip(images, shapes):
            image.height, image.width = height, width
        results = (_abi.SegmentResult * max(count, 1))()
        with self._use() as address:
            call(lib.ramet_segment_postprocessor_run, address, tensors.array, images, results, count)
        try:
            return [read_result(results[i]) for i in range(count)]
        finally:
            for result in results:
                lib.ramet_segment_result_clear(ctypes.byref(result))


class PaddleSegModel(Model[SegmentationResult]):
    """A segmenter: program, parameters and configuration as PaddleSeg exports them."""

    _kind = "segment"
    _model_name = "PaddleSeg"
    _defaults = DEFAULTS
    _result = _abi.SegmentResult

    def __init__(self, model_file: PathLike, params_file: Optional[PathLike] = "", config_file: Optional[PathLike] = "",
                 runtime_option: Optional[RuntimeOption] = None, model_format: ModelFormat = ModelFormat.PADDLE) -> None:
        self._open(model_files(model_file, params_file, config_file), runtime_option, model_format)

    def _apply(self, address: int, values: Dict[str, Any]) -> None:
        call(lib.ramet_segment_model_set_option, address, _option(values))

    def predict(self, image: ImageLike) -> SegmentationResult:
        """What each pixel of an image shows."""
        return super().predict(image)

    def batch_predict(self, image_list: Sequence[ImageLike]) -> List[SegmentationResult]:
        """The same of each image; the answer for an image does not depend on the others."""
        return super().batch_predict(image_list)

    def _read(self, result: Any) -> SegmentationResult:
        return read_result(result)

    def _clear(self, result: Any) -> None:
        lib.ramet_segment_result_clear(result)

    @property
    def preprocessor(self) -> PaddleSegPreprocessor:
        """The stage before the runtime."""
        return PaddleSegPreprocessor._of(self)

    @property
    def postprocessor(self) -> PaddleSegPostprocessor:
        """The stage after the runtime."""
        return PaddleSegPostprocessor._of(self)
