# SPDX-License-Identifier: Apache-2.0
"""Models that are open: each is opened once a process, is never run, and is what all handles are cloned from.

Two objects made of the same files and options thus share their weights, as do clones, and what a forked process inherits
is still here for it. An origin is closed with the last object that was cloned from it; those that came by unpickling are
kept a little longer, so that a worker that gets its model with every task opens it once.
"""
from __future__ import annotations

import collections
import ctypes
import os
import threading
import weakref
from typing import Any, Deque, List, NamedTuple, Optional, Tuple

from . import _abi
from ._library import Handle, create, lib
from ._options import ModelFiles, RuntimeSettings, check_engine, make_runtime_option

UNPICKLED_ORIGINS = 4  # kept beyond their last user
MODEL_SUFFIXES = (".pdmodel", ".json", ".onnx", ".pdiparams", ".yml", ".yaml", ".txt")


class Kind(NamedTuple):
    """A family of calls of the library: <prefix>_open, <prefix>_clone, ...; option: what open takes besides, if any."""

    prefix: str
    option: Optional[str] = None


KINDS = {
    "runtime": Kind("ramet_runtime"),
    "classify": Kind("ramet_classify_model"),
    "detect": Kind("ramet_detect_model", "detect"),
    "segment": Kind("ramet_segment_model"),
    "det": Kind("ramet_det_model", "det"),
    "cls": Kind("ramet_cls_model", "cls"),
    "rec": Kind("ramet_rec_model", "rec"),
}


class Spec(NamedTuple):
    """All that opening a model depends on."""

    kind: str
    files: ModelFiles
    settings: RuntimeSettings
    #: Fields of the task's option that are fixed at opening: names and values.
    opening: Tuple[Tuple[str, Any], ...] = ()


def function(kind: str, verb: str) -> Any:
    """A call of the library by its parts."""
    return getattr(lib, f"{KINDS[kind].prefix}_{verb}")


def set_field(struct: Any, name: str, value: Any) -> None:
    """Sets one field of an option struct from a Python value; a dot leads into a struct within."""
    first, _, rest = name.partition(".")
    if rest:
        set_field(getattr(struct, first), rest, value)
    elif isinstance(value, (tuple, list)):
        for i, item in enumerate(value):
            getattr(struct, first)[i] = item
    else:
        setattr(struct, first, os.fsencode(value) if isinstance(value, str) else value)


def make_option(name: str, values: Any) -> Any:
    """An option struct, ramet_<name>_option, with these fields set."""
    struct = getattr(_abi, f"{name.capitalize()}Option")()
    getattr(lib, f"ramet_{name}_option_init")(ctypes.byref(struct))
    for field, value in values:
        set_field(struct, field, value)
    return struct


class Origin:
    """A model that is open."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._open()

    def _open(self) -> None:
        spec, self._process = self.spec, os.getpid()
        option, kept = make_runtime_option(spec.settings, spec.files)
        if spec.settings.engine != "native":
            check_engine(option)
        arguments: List[Any] = [os.fsencode(spec.files.model), ctypes.byref(option)]
        task = KINDS[spec.kind].option
        if task is not None:
            arguments.append(ctypes.byref(make_option(task, spec.opening)))
        self._handle = create(function(spec.kind, "open"), function(spec.kind, "close"), *arguments)
        del kept

    def clone(self) -> Handle:
        """A handle for one thread."""
        with _lock:
            if self.spec.settings.engine != "native" and os.getpid() != self._process:
                self._open()  # OpenVINO's threads do not survive a fork
            with self._handle.use() as address:
                return create(function(self.spec.kind, "clone"), function(self.spec.kind, "close"), address)


def _stamp(path: str) -> Tuple[Any, ...]:
    """Changes when a model's file does, or one beside it."""
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, entry.stat().st_mtime_ns, entry.stat().st_size) for entry in entries
                     if entry.name.endswith(MODEL_SUFFIXES) or entry.path == path]
    except OSError:
        found = []
    return os.path.realpath(path), tuple(sorted(found))


_opening = threading.RLock()  # held while a model is opened
_lock = threading.RLock()  # held while one is cloned
_origins: "weakref.WeakValueDictionary[Any, Origin]" = weakref.WeakValueDictionary()
_unpickled: Deque[Origin] = collections.deque(maxlen=UNPICKLED_ORIGINS)


def obtain(spec: Spec) -> Origin:
    """The open model of these files and options; opens it if it is not."""
    paths = [*spec.files[:3], *(value for name, value in spec.opening if isinstance(value, str))]
    key = (spec, tuple(_stamp(path) for path in paths if path))
    with _opening:
        origin = _origins.get(key)
        if origin is None:
            origin = _origins[key] = Origin(spec)
        return origin


def keep(origin: Origin) -> None:
    """Keeps an origin beyond its last user, until others have taken its place."""
    with _opening:
        if origin not in _unpickled:
            _unpickled.append(origin)


def _before_fork() -> None:
    _opening.acquire()
    _lock.acquire()


def _after_fork() -> None:
    _lock.release()
    _opening.release()


# A child must not inherit a lock that a thread of its parent held.
os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
