# SPDX-License-Identifier: Apache-2.0
"""FastDeploy's enumerations, with its names and numbers."""
from __future__ import annotations

import enum
from typing import Any, Dict

import numpy as np

from . import _abi


class _Named(enum.Enum):
    def __str__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __int__(self) -> int:
        return int(self.value)


class Backend(_Named):
    """The engine that runs a model. NATIVE is ramet's own; of the others only OPENVINO is another engine here."""

    UNKOWN = 0
    ORT = 1
    TRT = 2
    PDINFER = 3
    POROS = 4
    OPENVINO = 5
    LITE = 6
    RKNPU2 = 7
    SOPHGOTPU = 8
    NATIVE = 100


class Device(_Named):
    """The processor that runs a model. ramet runs on CPU."""

    CPU = 0
    GPU = 1
    RKNPU = 2
    IPU = 3
    SOPHGOTPU = 7


class ModelFormat(_Named):
    """The form of a model's files. ramet finds it from the file itself; PADDLE and ONNX are what it reads."""

    PADDLE = 1
    ONNX = 2
    RKNN = 3
    TORCHSCRIPT = 4
    SOPHGO = 5


class FDDataType(_Named):
    """The type of a tensor's elements."""

    BOOL = 0
    INT16 = 1
    INT32 = 2
    INT64 = 3
    FP16 = 4
    FP32 = 5
    FP64 = 6
    UINT8 = 20
    INT8 = 21


_DTYPES: Dict[int, str] = {
    _abi.RAMET_DTYPE_FLOAT32: "float32", _abi.RAMET_DTYPE_FLOAT64: "float64", _abi.RAMET_DTYPE_FLOAT16: "float16",
    _abi.RAMET_DTYPE_INT8: "int8", _abi.RAMET_DTYPE_UINT8: "uint8", _abi.RAMET_DTYPE_INT16: "int16",
    _abi.RAMET_DTYPE_INT32: "int32", _abi.RAMET_DTYPE_INT64: "int64", _abi.RAMET_DTYPE_BOOL: "bool",
}
_CODES = {name: code for code, name in _DTYPES.items()}
_FD_TYPES = {
    "bool": FDDataType.BOOL, "int16": FDDataType.INT16, "int32": FDDataType.INT32, "int64": FDDataType.INT64,
    "float16": FDDataType.FP16, "float32": FDDataType.FP32, "float64": FDDataType.FP64, "uint8": FDDataType.UINT8,
    "int8": FDDataType.INT8,
}


def numpy_dtype(code: int) -> "np.dtype[Any]":
    """numpy's dtype for the library's; bfloat16, which numpy lacks, is the bits in uint16."""
    return np.dtype(_DTYPES.get(code, "uint16"))


def dtype_code(dtype: "np.dtype[Any]") -> int:
    """The library's dtype for numpy's, or -1."""
    return _CODES.get(dtype.name, -1)


def fd_dtype(dtype: "np.dtype[Any]") -> FDDataType:
    """FastDeploy's name for numpy's dtype; it has none for bfloat16, which comes here as uint16."""
    return _FD_TYPES.get(dtype.name, FDDataType.FP16)
