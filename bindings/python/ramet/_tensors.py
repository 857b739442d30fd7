# SPDX-License-Identifier: Apache-2.0
"""Tensors between numpy and the library."""
from __future__ import annotations

import ctypes
from typing import Any, List, Sequence

import numpy as np

from . import _abi
from ._enums import FDDataType, dtype_code, fd_dtype, numpy_dtype
from ._errors import InvalidArgumentError
from ._library import text

Array = Any  # numpy.ndarray; spelt so because its parameters differ between the versions of numpy that are supported


class TensorInfo:
    """Name, declared shape (-1: any size) and type of an input or output."""

    def __init__(self, name: str, shape: List[int], dtype: FDDataType) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype

    def __repr__(self) -> str:
        return f"TensorInfo(name : '{self.name}', dtype : '{self.dtype}', shape : '{self.shape}')"


class FDTensor:
    """A named array, as preprocessors give it and Runtime takes it. numpy.asarray() gives the array."""

    def __init__(self, array: Array, name: str = "") -> None:
        self._array = np.asarray(array)
        self.name = name

    @staticmethod
    def from_numpy(array: Array, name: str = "") -> "FDTensor":
        """A tensor of the array's elements."""
        return FDTensor(array, name)

    @property
    def shape(self) -> List[int]:
        """Sizes of its dimensions."""
        return list(self._array.shape)

    @property
    def dtype(self) -> FDDataType:
        """Type of its elements."""
        return fd_dtype(self._array.dtype)

    def numpy(self) -> Array:
        """The array."""
        return self._array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return self._array if dtype is None else self._array.astype(dtype)

    def __repr__(self) -> str:
        return f"FDTensor(name={self.name!r}, shape={self.shape}, dtype={self.dtype})"


def info_of(tensor: _abi.Tensor) -> TensorInfo:
    """What the library says about an input or output."""
    return TensorInfo(text(tensor.name), list(tensor.dims[:tensor.rank]), fd_dtype(numpy_dtype(tensor.dtype)))


def to_array(tensor: _abi.Tensor) -> Array:
    """A copy of a tensor's elements."""
    shape = tuple(tensor.dims[:tensor.rank])
    array = np.empty(shape, numpy_dtype(tensor.dtype))
    if array.nbytes:
        ctypes.memmove(array.ctypes.data, tensor.data or 0, array.nbytes)
    return array


class Tensors:
    """Arrays as C structs; they are kept as long as this object."""

    def __init__(self, arrays: Sequence[Any], names: Sequence[str] = ()) -> None:
        self.count = len(arrays)
        self.array = (_abi.Tensor * max(self.count, 1))()
        self._kept: List[Array] = []
        for i, given in enumerate(arrays):
            array = np.asarray(given, order="C")
            if not array.flags.c_contiguous:  # order="C" leaves objects with __array__ alone
                array = np.ascontiguousarray(array)
            self._fill(self.array[i], array)
            if i < len(names) and names[i]:
                self.array[i].name = names[i].encode()

    def _fill(self, tensor: _abi.Tensor, array: Array) -> None:
        code = dtype_code(array.dtype)
        if code < 0:
            raise InvalidArgumentError(f"arrays of {array.dtype} are not supported; convert with astype()")
        if array.ndim > _abi.RAMET_MAX_RANK:
            raise InvalidArgumentError(f"an array has {array.ndim} dimensions; {_abi.RAMET_MAX_RANK} are the most")
        self._kept.append(array)
        tensor.dtype, tensor.rank, tensor.data = code, array.ndim, array.ctypes.data
        for k, size in enumerate(array.shape):
            tensor.dims[k] = size
