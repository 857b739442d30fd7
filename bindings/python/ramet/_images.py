# SPDX-License-Identifier: Apache-2.0
"""What may stand for an image, as the C library takes it.

An array of uint8: [height, width, 3] BGR as cv2.imread gives it, [height, width, 4] BGRA (alpha is dropped),
[height, width] or [height, width, 1] grey. Its strides may be anything, negative ones included; where the three bytes of
a pixel lie side by side nothing is copied. Or a picture of Pillow (converted from its own order of channels). Or an
encoded file: a path (str or os.PathLike), or its bytes.
"""
from __future__ import annotations

import ctypes
import os
from types import TracebackType
from typing import Any, Iterable, List, Optional, Sequence, Type, Union

import numpy as np

from . import _abi
from ._errors import InvalidArgumentError
from ._library import call, lib

ImageLike = Union["np.ndarray[Any, Any]", str, "os.PathLike[str]", bytes, bytearray, memoryview, Any]


def _is_pillow(image: Any) -> bool:
    return hasattr(image, "convert") and hasattr(image, "getbands")


def _pixels(image: Any) -> "np.ndarray[Any, Any]":
    """An array [height, width, 3] of uint8 BGR whose pixels lie together; a view of the caller's where that can be."""
    if _is_pillow(image):
        image = np.asarray(image.convert("RGB"))[:, :, ::-1]
    if image is None:
        raise InvalidArgumentError("an image must be an array of uint8, not None, which is what cv2.imread() gives for a file that "
                                   "it cannot read")
    array = np.asarray(image)
    if array.dtype != np.uint8:
        raise InvalidArgumentError(f"an image must be an array of uint8 (0 to 255), not of {array.dtype}; convert it with astype()")
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or array.size == 0:
        raise InvalidArgumentError(f"an image must be [height, width, 3] (BGR), [height, width, 4] (BGRA) or [height, width]"
                                   f" (grey), each at least 1, not {list(np.shape(image))}")
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    elif array.shape[2] == 4:
        array = array[:, :, :3]
    if array.strides[2] != 1 or array.strides[1] != 3:
        array = np.ascontiguousarray(array)
    return array


def _encoded(image: Any) -> bool:
    return isinstance(image, (str, bytes, bytearray, memoryview)) or hasattr(image, "__fspath__")


def as_batch(images: Any) -> Sequence[Any]:
    """Several images as a sequence; one image in their place is refused, for its rows would be taken for images."""
    if isinstance(images, (list, tuple)):
        return images
    is_one = _encoded(images) or _is_pillow(images) or (isinstance(images, np.ndarray) and images.ndim < 4)
    if is_one or not isinstance(images, Iterable):
        raise InvalidArgumentError(f"a list of images is wanted, not {'one image' if is_one else type(images).__name__}; "
                                   "predict() takes one")
    return list(images)


def load(image: Any, into: _abi.Image) -> None:
    """Decodes a file, by path or bytes; `into` owns its pixels afterwards."""
    if isinstance(image, (bytes, bytearray, memoryview)):
        data = bytes(image)
        call(lib.ramet_image_decode, data, len(data), None, ctypes.byref(into))
    else:
        call(lib.ramet_image_load, os.fsencode(image), None, ctypes.byref(into))


class Images:
    """Images as an array of C structs, valid inside a with statement."""

    def __init__(self, images: Any) -> None:
        images = as_batch(images)
        self.count = len(images)
        self.array = (_abi.Image * max(self.count, 1))()
        self._kept: List[Any] = []
        try:
            for i, image in enumerate(images):
                self._add(image, self.array[i])
        except BaseException:
            self.close()
            raise

    def _add(self, image: Any, into: _abi.Image) -> None:
        if _encoded(image):
            load(image, into)
            return
        pixels = _pixels(image)
        self._kept.append(pixels)
        into.data = ctypes.cast(pixels.ctypes.data, ctypes.POINTER(ctypes.c_uint8))
        into.height, into.width, into.pitch = pixels.shape[0], pixels.shape[1], pixels.strides[0]

    def __enter__(self) -> "Images":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """Frees what was decoded."""
        for image in self.array:
            lib.ramet_image_clear(ctypes.byref(image))
        self._kept.clear()


def to_array(image: Any) -> "np.ndarray[Any, Any]":
    """Any image as an array [height, width, 3] of uint8 BGR of its own."""
    if not _encoded(image):
        return np.array(_pixels(image), order="C")
    loaded = _abi.Image()
    load(image, loaded)
    try:
        row = np.ctypeslib.as_array(loaded.data, (loaded.height, loaded.pitch))
        return np.array(row[:, :3 * loaded.width]).reshape(loaded.height, loaded.width, 3)
    finally:
        lib.ramet_image_clear(ctypes.byref(loaded))
