# SPDX-License-Identifier: Apache-2.0
"""What all models can do, and the two stages around a runtime.

A model holds one handle of the library and is used by one thread at a time. Its settings live in a dictionary here and are
pushed into the library when they change, so that a clone, or a copy in another process, can be given the same.
"""
from __future__ import annotations

import contextlib
import copy
import ctypes
import os
from types import TracebackType
from typing import (Any, Awaitable, ClassVar, Dict, Generic, Iterator, List, Optional, Sequence, Tuple, Type, TypeVar, Union,
                    cast)

from . import _abi
from ._enums import ModelFormat
from ._errors import InvalidArgumentError, UnsupportedError
from ._images import ImageLike, Images, as_batch
from ._library import Handle, call, create, lib
from ._options import ModelFiles, RuntimeOption, _check_format
from ._origin import Origin, Spec, function, keep, obtain
from ._tensors import TensorInfo, info_of

R = TypeVar("R")
Self = TypeVar("Self", bound="Predictor[Any]")
PathLike = Union[str, "os.PathLike[str]"]

#: Settings that take steps out of a preprocessor.
STEPS = {"disable_normalize": _abi.RAMET_PREPROCESS_STEP_NORMALIZE, "disable_permute": _abi.RAMET_PREPROCESS_STEP_PERMUTE}

MAX_RECORDS = 50000  # of times, per model
WARMUP_SHARE = 0.2  # of the records, left out of the average


class Predictor(Generic[R]):
    """Images in, results out. Use it as a context manager to free its memory at a known moment."""

    #: Workers of predict_async(), each with a clone of its own; None: one for each processor that may be used.
    async_workers: Optional[int] = None

    def __init__(self) -> None:
        self._version = 0
        self._records: List[float] = []
        self._recording = False
        self._crew: Any = None

    def predict(self, im: ImageLike) -> R:
        """What one image shows."""
        return self.batch_predict([im])[0]

    def batch_predict(self, images: Sequence[ImageLike]) -> List[R]:
        """What each of the images shows; the answer for an image does not depend on the others."""
        raise NotImplementedError

    def clone(self: Self) -> Self:
        """Another handle for another thread: shares the weights, takes over the settings, costs next to nothing."""
        raise NotImplementedError

    def close(self) -> None:
        """Frees what the model holds; clones and results stay valid. A second time does nothing."""
        self._dismiss()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()

    # ---- asyncio ----

    def predict_async(self, im: ImageLike, **keywords: Any) -> Awaitable[R]:
        """predict() for asyncio: `result = await model.predict_async(im)`.

        A fixed number of threads (async_workers) serve all requests, each on a clone; further requests wait their turn.
        The model itself stays free.
        """
        import asyncio  # late: it takes longer to import than all of ramet

        from ._crew import Crew
        self._refresh()
        if self._crew is None or not self._crew.serves(self._version):
            self._dismiss()
            self._crew = Crew(self, self.async_workers, self._version)
        return cast(Awaitable[R], asyncio.wrap_future(self._crew.submit(im, keywords)))

    def _refresh(self) -> None:
        """Brings _version up to date, where it does not follow from changes of the object itself."""

    def _dismiss(self) -> None:
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.dismiss()

    # ---- time ----

    def enable_record_time_of_runtime(self) -> None:
        """From now on it is recorded how long the runtime is at work in each prediction: a pipeline's runtimes together."""
        self._records, self._recording = [], True

    def disable_record_time_of_runtime(self) -> None:
        """Ends recording."""
        self._recording = False

    def _runtimes(self, address: int) -> List[int]:
        """The runtimes of the library that the handle at this address runs."""
        raise NotImplementedError

    @contextlib.contextmanager
    def _timed(self, address: int) -> Iterator[None]:
        if not self._recording or len(self._records) >= MAX_RECORDS:
            yield
            return
        before = self._run_seconds(address)
        yield
        self._records.append(self._run_seconds(address) - before)

    def _run_seconds(self, address: int) -> float:
        """Of all runs so far."""
        times, total = _abi.RunTimes(), 0
        for runtime in self._runtimes(address):
            lib.ramet_runtime_run_times(runtime, ctypes.byref(times))
            total += times.total_ns
        return total * 1e-9

    def print_statis_info_of_runtime(self) -> Dict[str, float]:
        """Prints and returns what was recorded, in seconds; needs ten records at least."""
        count = len(self._records)
        if count < 10:
            raise InvalidArgumentError(f"{count} predictions were recorded; statistics need 10: call "
                                       "enable_record_time_of_runtime() before predicting")
        warm = int(count * WARMUP_SHARE)
        total, warmup = sum(self._records), sum(self._records[:warm])
        average = (total - warmup) / (count - warm)
        print(f"============= Runtime Statis Info({self.model_name()}) =============\n"
              f"Total iterations: {count}\nTotal time of runtime: {total:g}s.\nWarmup iterations: {warm}\n"
              f"Total time of runtime in warmup step: {warmup:g}s.\n"
              f"Average time of runtime exclude warmup step: {average * 1000:g}ms.")
        return {"avg_time": average, "iterations": float(count), "remain_time": total - warmup, "total_time": total,
                "warmup_iter": float(warm), "warmup_time": warmup}

    def get_profile_time(self) -> float:
        """Mean seconds of the runtime in the predictions that were recorded; 0.0 without any.

        enable_record_time_of_runtime() and RuntimeOption.enable_profiling() have them recorded.
        """
        return sum(self._records) / len(self._records) if self._records else 0.0

    def model_name(self) -> str:
        """FastDeploy's name of this kind of model."""
        raise NotImplementedError


class Model(Predictor[R]):
    """A model of one runtime, with a Preprocessor before and a Postprocessor after it."""

    _kind: ClassVar[str]
    _model_name: ClassVar[str]
    _defaults: ClassVar[Dict[str, Any]] = {}
    _result: ClassVar[Any]

    _origin: Origin
    _handle: Handle
    _values: Dict[str, Any]
    _option: RuntimeOption

    # ---- opening ----

    def _open(self, files: ModelFiles, runtime_option: Optional[RuntimeOption], model_format: ModelFormat,
              opening: Tuple[Tuple[str, Any], ...] = ()) -> None:
        """Opens the model; to be called by constructors."""
        if not isinstance(runtime_option, (RuntimeOption, type(None))):
            raise InvalidArgumentError(f"runtime_option must be a RuntimeOption, not {type(runtime_option).__name__}")
        option = copy.copy(runtime_option) if runtime_option is not None else RuntimeOption()
        option.model_format = _check_format(model_format)
        if option.model_from_memory:
            files = files._replace(model=files.model or "a model in memory", params="", program_bytes=option.model_buffer,
                                   params_bytes=option.params_buffer)
        else:
            option.model_file, option.params_file = files.model, files.params
            if not files.model:
                raise InvalidArgumentError("no model file was given")
        self._start(obtain(Spec(self._kind, files, option.settings(), opening)), dict(self._defaults), option)

    def _start(self, origin: Origin, values: Dict[str, Any], option: RuntimeOption) -> None:
        Predictor.__init__(self)
        self._origin, self._option, self._values = origin, option, {}
        self._recording = option._profiling
        self._handle = origin.clone()
        self._change(values)

    def clone(self: Self) -> Self:
        """Another handle for another thread: shares the weights, takes over the settings, costs next to nothing."""
        model = cast("Model[Any]", self)
        if not model._handle.is_open:
            with model._handle.use():  # says that it was closed
                pass
        made = cast("Model[Any]", object.__new__(type(self)))
        made._start(model._origin, model._values, model._option)
        return cast(Self, made)

    def __reduce__(self) -> Tuple[Any, ...]:
        return _reopen, (type(self), self._origin.spec, self._values, self._option)

    def close(self) -> None:
        """Frees what the model holds; clones and results stay valid. A second time does nothing."""
        super().close()
        self._handle.close()

    # ---- settings ----

    def _change(self, changes: Dict[str, Any]) -> None:
        """Takes over these settings, or raises and leaves all as they were."""
        values = {**self._values, **changes}
        if values != self._values:
            with self._handle.use() as address:
                self._apply(address, values)
                if self._kind != "runtime":
                    _disable_steps(f"ramet_{self._kind}_preprocessor", function(self._kind, "preprocessor")(address), values)
            self._values = values
            self._version += 1

    def _apply(self, address: int, values: Dict[str, Any]) -> None:
        """Pushes all settings into the library."""
        raise NotImplementedError

    # ---- work ----

    def _run(self, images: Sequence[Any]) -> Any:
        """The library's results; they are to be cleared."""
        results = (self._result * max(len(images), 1))()
        with Images(images) as given, self._handle.use() as address, self._timed(address):
            call(function(self._kind, "predict"), address, given.array, given.count, results)
        return results

    def batch_predict(self, images: Sequence[ImageLike]) -> List[R]:
        """What each of the images shows; the answer for an image does not depend on the others."""
        images = as_batch(images)
        results = self._run(images)
        try:
            return [self._read(results[i]) for i in range(len(images))]
        finally:
            for result in results:
                self._clear(ctypes.byref(result))

    def _read(self, result: Any) -> R:
        """Python's form of one result of the library."""
        raise NotImplementedError

    def _clear(self, result: Any) -> None:
        """Frees one result of the library."""
        raise NotImplementedError

    # ---- about it ----

    @property
    def initialized(self) -> bool:
        """True until close(): a model that cannot be opened raises instead."""
        return self._handle.is_open

    @property
    def runtime_option(self) -> RuntimeOption:
        """The option that the model was opened with, its files filled in."""
        return self._option

    def model_name(self) -> str:
        """FastDeploy's name of this kind of model."""
        return self._model_name

    def _runtimes(self, address: int) -> List[int]:
        return [address if self._kind == "runtime" else function(self._kind, "runtime")(address)]

    @contextlib.contextmanager
    def _runtime(self) -> Iterator[int]:
        with self._handle.use() as address:
            yield self._runtimes(address)[0]

    def num_inputs_of_runtime(self) -> int:
        """How many inputs the program has."""
        with self._runtime() as runtime:
            return int(lib.ramet_runtime_input_count(runtime))

    def num_outputs_of_runtime(self) -> int:
        """How many outputs the program has."""
        with self._runtime() as runtime:
            return int(lib.ramet_runtime_output_count(runtime))

    def input_info_of_runtime(self, index: int) -> TensorInfo:
        """Name, declared shape and type of an input."""
        return self._info(lib.ramet_runtime_input_info, index, self.num_inputs_of_runtime(), "input")

    def output_info_of_runtime(self, index: int) -> TensorInfo:
        """Name, declared shape and type of an output."""
        return self._info(lib.ramet_runtime_output_info, index, self.num_outputs_of_runtime(), "output")

    def _info(self, get: Any, index: int, count: int, what: str) -> TensorInfo:
        if not 0 <= index < count:
            raise InvalidArgumentError(f"there is no {what} {index}; the model has {count}")
        tensor = _abi.Tensor()
        with self._runtime() as runtime:
            get(runtime, index, ctypes.byref(tensor))
            return info_of(tensor)

    def memory(self) -> Dict[str, int]:
        """Bytes that the model holds: weights, program and plans (shared with its clones), and its own arena.

        shared_bytes: that part of the weights which exists once for all processes.
        """
        with self._runtime() as runtime:
            return read_memory(runtime)


def _reopen(kind: Type[Model[Any]], spec: Spec, values: Dict[str, Any], option: RuntimeOption) -> Model[Any]:
    """The other end of pickling a model: opens it, or clones it where it is open already."""
    origin = obtain(spec)
    keep(origin)
    model = object.__new__(kind)
    model._start(origin, values, option)
    return model


def read_memory(runtime: int) -> Dict[str, int]:
    """What a runtime of the library and its origin hold, in bytes."""
    memory = _abi.Memory()
    lib.ramet_runtime_memory(runtime, ctypes.byref(memory))
    names = [field[0] for field in _abi.Memory._fields_]
    return {name: getattr(memory, name) for name in names if name.endswith("_bytes")}


def model_files(model_file: PathLike, params_file: Optional[PathLike], config_file: Optional[PathLike] = None) -> ModelFiles:
    """Paths as a constructor gets them; None and "" mean: beside the program."""
    return ModelFiles(os.fspath(model_file or ""), os.fspath(params_file or ""), os.fspath(config_file or ""))


def _disable_steps(prefix: str, preprocessor: int, values: Dict[str, Any]) -> None:
    steps = sum(step for name, step in STEPS.items() if values.get(name))
    if steps:
        call(getattr(lib, f"{prefix}_disable"), preprocessor, steps)


class Stage:
    """One of the outer parts of a model: of a model, or made alone from a configuration."""

    #: "preprocessor" or "postprocessor", and the prefix of its calls.
    _part: ClassVar[str]
    _prefix: ClassVar[str]
    _defaults: ClassVar[Dict[str, Any]] = {}

    def __init__(self, **values: Any) -> None:
        self._owner: Optional[Model[Any]] = None
        self._own = {**self._defaults, **values}
        self._handle: Optional[Handle] = self._build(self._own)

    @classmethod
    def _of(cls: "Type[S]", owner: Model[Any]) -> "S":
        """The part of a model."""
        made = object.__new__(cls)
        made._owner, made._own, made._handle = owner, {}, None
        return made

    def _create(self, values: Dict[str, Any]) -> Handle:
        """A handle of its own, with these settings."""
        raise NotImplementedError

    def _build(self, values: Dict[str, Any]) -> Handle:
        return self._create(values)

    def _make(self, *arguments: Any) -> Handle:
        return create(getattr(lib, f"{self._prefix}_create"), getattr(lib, f"{self._prefix}_destroy"), *arguments)

    @property
    def _values(self) -> Dict[str, Any]:
        return self._owner._values if self._owner is not None else self._own

    def _change(self, **changes: Any) -> None:
        if self._owner is not None:
            self._owner._change(changes)
        else:
            values = {**self._own, **changes}
            self._handle, self._own = self._build(values), values

    @contextlib.contextmanager
    def _use(self) -> Iterator[int]:
        if self._owner is not None:
            with self._owner._handle.use() as address:
                yield function(self._owner._kind, self._part)(address)
        else:
            assert self._handle is not None
            with self._handle.use() as address:
                yield address


S = TypeVar("S", bound=Stage)


class Preprocessor(Stage):
    """Images to tensors."""

    _part = "preprocessor"

    def use_cuda(self, enable_cv_cuda: bool = False, gpu_id: int = -1) -> None:
        """Raises: there is no GPU engine."""
        raise UnsupportedError("preprocessor.use_cuda(): ramet runs on CPUs; leave the call out")

    def disable_normalize(self) -> None:
        """Numbers are pixels as they are, 0.0 to 255.0, from now on: for a model that normalises them itself."""
        self._change(disable_normalize=True)

    def disable_permute(self) -> None:
        """Tensors are [count, height, width, 3] from now on: for a model that takes them so."""
        self._change(disable_permute=True)

    def _build(self, values: Dict[str, Any]) -> Handle:
        handle = super()._build(values)
        with handle.use() as address:
            _disable_steps(self._prefix, address, values)
        return handle


class Postprocessor(Stage):
    """Tensors to results."""

    _part = "postprocessor"
