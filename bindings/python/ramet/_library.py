# SPDX-License-Identifier: Apache-2.0
"""libramet, loaded; calls that raise; handles that one thread at a time may use.

Every call goes through ctypes.CDLL, which lets go of the interpreter lock for as long as the call lasts.
"""
from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from typing import Any, Callable, Iterator, Optional

from . import _abi
from ._errors import BusyError, ClosedError, raise_status


def _load() -> Any:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libramet.so")
    library = ctypes.CDLL(path)
    _abi.declare(library)
    return library


lib = _load()


def call(function: Callable[..., int], *arguments: Any) -> None:
    """Calls a fallible function of the library, with an error as its last argument; raises what it reports."""
    error = _abi.Error()
    status = function(*arguments, ctypes.byref(error))
    if status != _abi.RAMET_STATUS_OK:
        raise_status(status, error)


def text(value: Optional[bytes]) -> str:
    """A C string; NULL is empty."""
    return value.decode("utf-8", "replace") if value is not None else ""


def path_bytes(path: str) -> Optional[bytes]:
    """A path for C; an empty one is NULL."""
    return os.fsencode(path) if path else None


class Handle:
    """An object of the C library, closed with its last reference. use() keeps a second thread out."""

    __slots__ = ("_address", "_close", "_lock", "__weakref__")

    def __init__(self, address: Optional[int], close: Callable[[Optional[int]], None]) -> None:
        self._address = address
        self._close = close
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def use(self) -> Iterator[int]:
        """The address for the length of a with statement; BusyError when it is in use already."""
        if not self._lock.acquire(blocking=False):
            raise BusyError("this model is at work in another thread; give each thread a clone()")
        try:
            if self._address is None:
                raise ClosedError("this model was closed; open it again")
            yield self._address
        finally:
            self._lock.release()

    @property
    def is_open(self) -> bool:
        """Whether close() was not called yet."""
        return self._address is not None

    def close(self) -> None:
        """Frees the object; a second time does nothing. BusyError while it is at work."""
        if self._address is not None:
            with self.use() as address:
                self._address = None
                self._close(address)

    def __del__(self) -> None:
        address = getattr(self, "_address", None)
        if address is not None:
            self._close(address)


def create(function: Callable[..., int], close: Callable[[Optional[int]], None], *arguments: Any) -> Handle:
    """A handle from a call whose last argument but the error is the place for it."""
    address = ctypes.c_void_p()
    call(function, *arguments, ctypes.byref(address))
    return Handle(address.value, close)
