# SPDX-License-Identifier: Apache-2.0
"""ramet: models of PaddleClas, PaddleDetection, PaddleSeg and PaddleOCR on CPUs, many threads from one copy of the weights.

    import ramet as fd

runs programs that were written for FastDeploy 1.x: the names and shapes of its four series are here. Beyond them there are
load(), parallel.map(), predict_async(), and models and results that pickle.
"""
from __future__ import annotations

from . import parallel, vision
from ._crew import processors
from ._enums import Backend, Device, FDDataType, ModelFormat
from ._errors import (AccessError, BadFormatError, BadShapeError, BusyError, ClosedError, InternalError, InvalidArgumentError,
                      NotFoundError, OutOfMemoryError, OverBudgetError, RametError, RametWarning, UnsupportedError, WorkerError)
from ._images import to_array as imread
from ._library import lib as _lib
from ._load import load
from ._model import Model as FastDeployModel
from ._options import RuntimeOption
from ._runtime import Runtime
from ._tensors import FDTensor, TensorInfo

__version__: str = _lib.ramet_version().decode()

__all__ = [
    "AccessError", "Backend", "BadFormatError", "BadShapeError", "BusyError", "ClosedError", "Device", "FDDataType", "FDTensor",
    "FastDeployModel", "InternalError", "InvalidArgumentError", "ModelFormat", "NotFoundError", "OutOfMemoryError",
    "OverBudgetError", "RametError", "RametWarning", "Runtime", "RuntimeOption", "TensorInfo", "UnsupportedError",
    "WorkerError", "imread", "load", "parallel", "processors", "vision",
]
