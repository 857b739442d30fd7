# SPDX-License-Identifier: Apache-2.0
"""`fd.C`: what programs take from FastDeploy's compiled part by name, such as `fd.C.vision.DetectionResult()`."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import vision
from ._absent import SERIES, refuse
from ._enums import Backend, Device, FDDataType, ModelFormat
from ._extras import (is_built_with_gpu, is_built_with_openvino, is_built_with_ort, is_built_with_paddle, is_built_with_poros,
                      is_built_with_trt, set_logger)
from ._options import RuntimeOption
from ._runtime import Runtime
from ._tensors import FDTensor as _FDTensor
from ._tensors import TensorInfo

__all__ = [
    "Backend", "Device", "FDDataType", "FDTensor", "ModelFormat", "Runtime", "RuntimeOption", "TensorInfo",
    "is_built_with_gpu", "is_built_with_openvino", "is_built_with_ort", "is_built_with_paddle", "is_built_with_poros",
    "is_built_with_trt", "set_logger", "vision",
]


class FDTensor(_FDTensor):
    """A tensor that is made empty and filled later, as FastDeploy's bind_input_tensor() takes it."""

    def __init__(self) -> None:
        super().__init__(np.zeros(0, np.float32))

    def from_numpy(self, array: Any, share_buffer: bool = False) -> None:  # type: ignore[override]
        """Takes over the elements: a copy, or with share_buffer the caller's own."""
        self._array = np.asarray(array) if share_buffer else np.array(array)

    def print_info(self, prefix: str = "FDTensor") -> None:
        """Prints name, shape and type, and the mean, largest and smallest element."""
        numbers = self._array.astype(np.float64) if self._array.size else np.zeros(1)
        print(f"{prefix}: name={self.name}, shape={self.shape}, dtype={self.dtype}, mean={numbers.mean():g}, "
              f"max={numbers.max():g}, min={numbers.min():g}")


__getattr__ = refuse("ramet.C", {"pipeline text": SERIES, "IpuOption CoreMask CpuName": "it is for hardware that is not served"})
