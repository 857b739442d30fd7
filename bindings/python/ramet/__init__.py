# SPDX-License-Identifier: Apache-2.0
"""ramet: models of PaddleClas, PaddleDetection, PaddleSeg and PaddleOCR on CPUs, many threads from one copy of the weights.

    import ramet as fd

runs programs that were written for FastDeploy 1.x: the names and shapes of its four series are here. Beyond them there are
load(), parallel.map(), predict_async(), and models and results that pickle.
"""
from __future__ import annotations

from . import c_lib_wrap, model, parallel, runtime, utils, vision
from ._absent import SERIES as _SERIES
from ._absent import refuse as _refuse
from ._crew import processors
from ._enums import Backend, Device, FDDataType, ModelFormat
from ._errors import (AbsentNameError, AccessError, BadFormatError, BadShapeError, BusyError, ClosedError, InternalError, InvalidArgumentError,
                      NotFoundError, OutOfMemoryError, OverBudgetError, RametError, RametWarning, UnsupportedError, WorkerError)
from ._extras import (download, download_and_decompress, download_model, get_model_list, is_built_with_gpu, is_built_with_ort,
                      is_built_with_paddle, is_built_with_trt, set_logger)
from ._images import to_array as imread
from ._library import lib as _lib
from ._load import load
from ._model import Model as FastDeployModel
from ._options import RuntimeOption
from ._runtime import Runtime
from ._tensors import FDTensor, TensorInfo

__version__: str = _lib.ramet_version().decode()

#: FastDeploy's name of its compiled part.
C = c_lib_wrap

__getattr__ = _refuse("ramet", {"text pipeline": _SERIES, "serving": "ramet.ray serves models",
                                "encryption": "encrypted models are not read"})

__all__ = [
    "AbsentNameError", "AccessError", "Backend", "BadFormatError", "BadShapeError", "BusyError", "C", "ClosedError", "Device",
    "FDDataType", "FDTensor", "FastDeployModel", "InternalError", "InvalidArgumentError", "ModelFormat", "NotFoundError",
    "OutOfMemoryError", "OverBudgetError", "RametError", "RametWarning", "Runtime", "RuntimeOption", "TensorInfo",
    "UnsupportedError", "WorkerError", "c_lib_wrap", "download", "download_and_decompress", "download_model",
    "get_model_list", "imread", "is_built_with_gpu", "is_built_with_ort", "is_built_with_paddle", "is_built_with_trt", "load",
    "model", "parallel", "processors", "runtime", "set_logger", "utils", "vision",
]
