# SPDX-License-Identifier: Apache-2.0
"""The workers of predict_async(): a fixed number of threads, each call on a clone that no other call has."""
from __future__ import annotations

import ctypes
import os
import queue
from typing import TYPE_CHECKING, Any, Dict, Optional

from . import _abi
from ._errors import InvalidArgumentError
from ._library import lib

if TYPE_CHECKING:
    import concurrent.futures


def processors() -> int:
    """Processors that this process may keep busy: affinity, cpuset and quota of its control group considered."""
    host = _abi.Host()
    lib.ramet_host_get(ctypes.byref(host))
    return int(host.processors)


class Crew:
    """Workers for one model and its settings as they are now."""

    def __init__(self, model: Any, workers: Optional[int], version: int) -> None:
        import concurrent.futures  # late: it is not needed by most programs, and slow to import

        count = workers if workers is not None else processors()
        if count < 1:
            raise InvalidArgumentError(f"async_workers is {count}; it must be at least 1")
        self._version, self._process = version, os.getpid()
        self._clones: "queue.SimpleQueue[Any]" = queue.SimpleQueue()
        for _ in range(count):
            self._clones.put(model.clone())
        self._threads = concurrent.futures.ThreadPoolExecutor(count, thread_name_prefix="ramet")

    def serves(self, version: int) -> bool:
        """Whether these are still the settings, and the process whose threads these are."""
        return version == self._version and os.getpid() == self._process

    def _work(self, image: Any, keywords: Dict[str, Any]) -> Any:
        clone = self._clones.get()
        try:
            return clone.predict(image, **keywords)
        finally:
            self._clones.put(clone)

    def submit(self, image: Any, keywords: Dict[str, Any]) -> "concurrent.futures.Future[Any]":
        """A future for the result of one image."""
        return self._threads.submit(self._work, image, keywords)

    def dismiss(self) -> None:
        """Lets the threads end once what was submitted is done."""
        if os.getpid() == self._process:
            self._threads.shutdown(wait=False)
