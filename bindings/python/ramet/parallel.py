# SPDX-License-Identifier: Apache-2.0
"""One model over many inputs, with threads or processes: results in the order of the inputs, none lost.

    for result in ramet.parallel.map(model, paths, threads=4):
        ...

Each worker has a clone. An input that fails gives a Failure in its place, and the others go on. Inputs may be any iterable;
they are taken as they are needed, so a generator of a million paths is fine.
"""
from __future__ import annotations

import collections
import queue
import sys
import time
from typing import TYPE_CHECKING, Any, Deque, Dict, Generic, Iterable, Iterator, List, Optional, Sized, TextIO, Tuple, TypeVar, Union

from ._errors import InvalidArgumentError, WorkerError
from ._model import Predictor

if TYPE_CHECKING:
    import concurrent.futures
    from multiprocessing.connection import Connection

R = TypeVar("R")

PROGRESS_SECONDS = 0.2  # between two looks at the line
ATTEMPTS = 2  # an input is given this often when workers die over it


class Failure:
    """Stands in the place of a result. False in a condition; `failure.raise_()` raises what went wrong."""

    def __init__(self, index: int, error: BaseException) -> None:
        self.index = index
        self.error = error

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"Failure({self.index}, {self.error!r})"

    def raise_(self) -> None:
        """Raises the error."""
        raise self.error


class _Progress:
    """A line on the standard error: what is done, the rate, and what failed."""

    def __init__(self, total: Optional[int], stream: TextIO) -> None:
        self._total, self._stream = total, stream
        self._start = self._shown = time.monotonic()
        self._done = self._failed = 0

    def _text(self, now: float) -> str:
        total = f"/{self._total}" if self._total is not None else ""
        rate = self._done / max(now - self._start, 1e-9)
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done}{total} images, {rate:.1f}/s{failed}"

    def count(self, result: Any) -> None:
        """One more is done."""
        self._done += 1
        self._failed += isinstance(result, Failure)
        now = time.monotonic()
        if self._stream.isatty() and now - self._shown >= PROGRESS_SECONDS:
            self._shown = now
            self._stream.write(f"\r{self._text(now)}\033[K")
            self._stream.flush()

    def end(self) -> None:
        """The last state, on a line of its own."""
        start = "\r" if self._stream.isatty() else ""
        self._stream.write(f"{start}{self._text(time.monotonic())}\n")
        self._stream.flush()


def map(model: Predictor[R], inputs: Iterable[Any], threads: Optional[int] = None, processes: Optional[int] = None,
        start_method: Optional[str] = None, window: Optional[int] = None, progress: Union[bool, TextIO] = False,
        **keywords: Any) -> Iterator[Union[R, Failure]]:
    """Yields model.predict(input, **keywords) for each input, in order.

    threads: workers in this process. They share everything but their working memory; predictions let go of the interpreter
    lock. Or processes: for what is limited by Python's own work on inputs or results. With start_method "fork" (the default
    where threads of others are no concern) they share the memory of the model that is open here; with "spawn" each opens the
    model's files, and maps the packed weights that the cache keeps. Neither: threads, one for each processor.

    window: inputs that may be under way or finished but not yielded yet; default 4 * workers + 16. progress: True for a line on
    the standard error, or a stream to write it to.

    A worker process that dies is replaced and its input given once more; if that worker dies as well, the input's Failure
    holds a WorkerError. Closing the iterator early ends all workers.
    """
    if threads is not None and processes is not None:
        raise InvalidArgumentError("either threads or processes can be given, not both")
    workers = processes if processes is not None else threads
    if workers is None:
        from ._crew import processors
        workers = processors()
    if workers < 1:
        raise InvalidArgumentError(f"the number of workers is {workers}; it must be at least 1")
    window = window if window is not None else 4 * workers + 16
    if window < 1:
        raise InvalidArgumentError(f"window is {window}; it must be at least 1")
    if processes is None:
        if start_method is not None:
            raise InvalidArgumentError("start_method is for processes; give processes=N")
        results = _map_threads(model, inputs, workers, window, keywords)
    else:
        if start_method not in (None, "fork", "spawn"):
            raise InvalidArgumentError(f"start_method is {start_method!r}; it must be 'fork' or 'spawn'")
        results = _map_processes(model, inputs, _Fleet(model, workers, start_method or "fork", keywords), window)
    if not progress:
        return results
    total = len(inputs) if isinstance(inputs, Sized) else None
    return _shown(results, _Progress(total, sys.stderr if progress is True else progress))


def _shown(results: Iterator[Any], line: _Progress) -> Iterator[Any]:
    try:
        for result in results:
            line.count(result)
            yield result
    finally:
        line.end()


# ---- threads -------------------------------------------------------------------------------------------------------


def _map_threads(model: Predictor[Any], inputs: Iterable[Any], threads: int, window: int,
                 keywords: Dict[str, Any]) -> Iterator[Any]:
    import concurrent.futures  # late: slow to import

    clones: "queue.SimpleQueue[Predictor[Any]]" = queue.SimpleQueue()
    for _ in range(threads):
        clones.put(model.clone())

    def work(index: int, given: Any) -> Any:
        clone = clones.get()
        try:
            return clone.predict(given, **keywords)
        except Exception as error:
            return Failure(index, error)
        finally:
            clones.put(clone)

    pending: Deque["concurrent.futures.Future[Any]"] = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="ramet") as pool:
        try:
            for index, given in enumerate(inputs):
                pending.append(pool.submit(work, index, given))
                if len(pending) >= window:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


# ---- processes -----------------------------------------------------------------------------------------------------


def _serve(model: Predictor[Any], connection: "Connection", keywords: Dict[str, Any]) -> None:
    """A worker process: takes (index, input) and gives (index, result) until there is no more."""
    with model.clone() as clone:
        while True:
            try:
                given = connection.recv()
            except (EOFError, OSError):
                return
            if given is None:
                return
            index, image = given
            try:
                answer: Any = clone.predict(image, **keywords)
            except Exception as error:
                answer = Failure(index, _portable(error))
            connection.send((index, answer))


def _portable(error: Exception) -> Exception:
    """The error, or one that says the same, where it cannot go to another process."""
    import pickle

    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return WorkerError(f"{type(error).__name__}: {error}")


class _Task:
    """An input on its way."""

    def __init__(self, index: int, given: Any) -> None:
        self.index, self.given, self.attempts = index, given, 0


class _Worker:
    """A process and what it is working on."""

    def __init__(self, context: Any, model: Predictor[Any], keywords: Dict[str, Any]) -> None:
        self.connection, other = context.Pipe()
        self.task: Optional[_Task] = None
        self.process = context.Process(target=_serve, args=(model, other, keywords), daemon=True)
        self.process.start()
        other.close()

    def give(self, task: _Task) -> None:
        """Starts an input; the worker must be idle."""
        self.task = task
        task.attempts += 1
        try:
            self.connection.send((task.index, task.given))
        except OSError:
            pass  # it died: its end of the pipe says so

    def end(self) -> None:
        """Lets an idle process end, and one at work at once."""
        if self.task is None and self.process.is_alive():
            try:
                self.connection.send(None)
            except OSError:
                pass
        else:
            self.process.terminate()
        self.process.join()
        self.connection.close()


class _Fleet:
    """Worker processes. An idle one is given the next input; what died is replaced."""

    def __init__(self, model: Predictor[Any], count: int, start_method: str, keywords: Dict[str, Any]) -> None:
        import multiprocessing

        self._context: Any = multiprocessing.get_context(start_method)
        self._model, self._keywords = model, keywords
        self._count = count
        self._workers: List[_Worker] = []

    def idle(self) -> Optional[_Worker]:
        """A worker without work; starts one while there are fewer than asked for."""
        for worker in self._workers:
            if worker.task is None:
                return worker
        if len(self._workers) < self._count:
            self._workers.append(_Worker(self._context, self._model, self._keywords))
            return self._workers[-1]
        return None

    def wait(self) -> Tuple[List[Tuple[int, Any]], List[_Task]]:
        """Waits until something is finished: (results by index, inputs that have to be given again)."""
        from multiprocessing.connection import wait

        finished: List[Tuple[int, Any]] = []
        again: List[_Task] = []
        busy: Dict[Any, _Worker] = {worker.connection: worker for worker in self._workers if worker.task is not None}
        for connection in wait(list(busy)):
            worker = busy[connection]
            task = worker.task
            assert task is not None
            try:
                finished.append(worker.connection.recv())
                worker.task = None
            except (EOFError, OSError):
                lost = self._bury(worker, task)
                if lost is None:
                    again.append(task)
                else:
                    finished.append((task.index, lost))
        return finished, again

    def _bury(self, worker: _Worker, task: _Task) -> Optional[Failure]:
        """Removes a dead worker; None while its input may be tried again."""
        self._workers.remove(worker)
        worker.process.join()
        worker.connection.close()
        if task.attempts < ATTEMPTS:
            return None
        return Failure(task.index, WorkerError(f"{task.attempts} worker processes died over this input, the last with exit "
                                               f"code {worker.process.exitcode}"))

    def end(self) -> None:
        """Ends all workers."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()


def _map_processes(model: Predictor[Any], inputs: Iterable[Any], fleet: _Fleet, window: int) -> Iterator[Any]:
    source = enumerate(inputs)
    again: Deque[_Task] = collections.deque()
    done: Dict[int, Any] = {}
    started = delivered = 0
    exhausted = False
    try:
        while True:
            worker = fleet.idle() if again or (not exhausted and started - delivered < window) else None
            if worker is not None:
                task = again.popleft() if again else None
                if task is None:
                    for index, given in source:
                        task, started = _Task(index, given), started + 1
                        break
                if task is not None:
                    worker.give(task)
                    continue
                exhausted = True
            while delivered in done:
                yield done.pop(delivered)
                delivered += 1
            if exhausted and delivered == started:
                return
            if started > delivered:
                finished, lost = fleet.wait()
                done.update(finished)
                again.extend(lost)
    finally:
        fleet.end()
