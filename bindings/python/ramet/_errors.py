# SPDX-License-Identifier: Apache-2.0
"""Exceptions: one class for each status of the C library, below RametError.

Each is also the built-in exception that a Python programmer would look for (FileNotFoundError, ValueError, ...).
"""
from __future__ import annotations

import sys
import warnings
from typing import Any, Dict, Set, Tuple, Type

from . import _abi


class RametError(Exception):
    """A call that failed. `message` says what is wrong and what to do next, `place` where (file and offset, operator)."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message, place)
        self.message = message
        self.place = place

    def __str__(self) -> str:
        return f"{self.message} ({self.place})" if self.place else self.message

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self.message, self.place)


class InvalidArgumentError(RametError, ValueError):
    """The call itself is wrong: a size, an option or an array that cannot be."""


class NotFoundError(RametError, FileNotFoundError):
    """No such file, folder, tensor or label."""


class AccessError(RametError, OSError):
    """The system refused to read, write or map."""


class BadFormatError(RametError, ValueError):
    """The bytes are not what they claim to be: a damaged or foreign file."""


class UnsupportedError(RametError, NotImplementedError):
    """Understood, but ramet cannot do it: an unknown operator, absent hardware."""


class AbsentNameError(UnsupportedError, AttributeError):
    """A name of FastDeploy's that is not in ramet: models of other series, other hardware."""


class BadShapeError(RametError, ValueError):
    """Tensors or images whose sizes do not fit together."""


class OutOfMemoryError(RametError, MemoryError):
    """The system has no memory left."""


class OverBudgetError(RametError, MemoryError):
    """Refused before allocating: over a limit that was set, or the default one."""


class BusyError(RametError, RuntimeError):
    """One model used by two threads at once: give each thread a clone()."""


class ClosedError(RametError, ValueError):
    """The model was closed."""


class InternalError(RametError):
    """A defect in ramet; please report it."""


class WorkerError(RametError, RuntimeError):
    """A worker process died over an input (ramet.parallel)."""


class RametWarning(UserWarning):
    """Something that is accepted because FastDeploy has it, and has no effect here. Said once a process."""


_CLASSES: Dict[int, Type[RametError]] = {
    _abi.RAMET_STATUS_INVALID_ARGUMENT: InvalidArgumentError,
    _abi.RAMET_STATUS_NOT_FOUND: NotFoundError,
    _abi.RAMET_STATUS_IO: AccessError,
    _abi.RAMET_STATUS_BAD_FORMAT: BadFormatError,
    _abi.RAMET_STATUS_UNSUPPORTED: UnsupportedError,
    _abi.RAMET_STATUS_BAD_SHAPE: BadShapeError,
    _abi.RAMET_STATUS_OUT_OF_MEMORY: OutOfMemoryError,
    _abi.RAMET_STATUS_OVER_BUDGET: OverBudgetError,
    _abi.RAMET_STATUS_BUSY: BusyError,
    _abi.RAMET_STATUS_INTERNAL: InternalError,
}


def raise_status(status: int, error: _abi.Error) -> None:
    """Raises the exception of a status that is not OK."""
    message = error.message.decode("utf-8", "replace") or f"failed with status {status}"
    raise _CLASSES.get(status, InternalError)(message, error.place.decode("utf-8", "replace"))


_warned: Set[str] = set()


def warn_once(name: str, text: str) -> None:
    """Warns the first time that `name` is met in this process; the line blamed is the first one outside of ramet."""
    if name in _warned:
        return
    _warned.add(name)
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == __name__.split(".")[0]:
        level, frame = level + 1, frame.f_back
    warnings.warn(f"{name}: {text}", RametWarning, stacklevel=level)
