# SPDX-License-Identifier: Apache-2.0
"""Runtime: a model on tensors alone, without the stages before and after it."""
from __future__ import annotations

import ctypes
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union, cast

import numpy as np

from . import _abi
from ._errors import InvalidArgumentError, UnsupportedError
from ._library import call, lib
from ._model import Model
from ._options import ModelFiles, RuntimeOption
from ._tensors import Array, FDTensor, TensorInfo, Tensors, to_array


class Runtime(Model[List[Array]]):
    """A model on tensors: `runtime.infer({"x": array})` gives a list of arrays, in the program's order."""

    _kind = "runtime"
    _model_name = "Runtime"

    def __init__(self, runtime_option: RuntimeOption) -> None:
        files = ModelFiles(runtime_option.model_file, runtime_option.params_file)
        self._open(files, runtime_option, runtime_option.model_format)

    def infer(self, data: Union[Mapping[str, Any], Sequence[Any]]) -> List[Array]:
        """Runs the model once. data: arrays (or tensors) by name, or in the program's order."""
        if isinstance(data, Mapping):
            tensors = Tensors(list(data.values()), list(data))
        elif isinstance(data, (np.ndarray, FDTensor)):
            raise InvalidArgumentError("infer() takes arrays by name, {'x': array}, or a list of them")
        else:
            tensors = Tensors(list(data), [getattr(tensor, "name", "") for tensor in data])
        count = self.num_outputs()
        outputs = (_abi.Tensor * max(count, 1))()
        with self._handle.use() as address, self._timed(address):
            call(lib.ramet_runtime_run, address, tensors.array, tensors.count, outputs, count)
            return [to_array(outputs[i]) for i in range(count)]

    def predict(self, im: Any) -> List[Array]:
        """infer() under the name that ramet.parallel and predict_async() call."""
        return self.infer(im)

    def batch_predict(self, images: Sequence[Any]) -> List[List[Array]]:
        """infer() of each."""
        return [self.infer(data) for data in images]

    def _apply(self, address: int, values: Dict[str, Any]) -> None:
        """A runtime has no settings."""

    def forward(self, *inputs: Any) -> List[Array]:
        """FastDeploy's call for Poros, which is not here: raises."""
        raise UnsupportedError("Runtime.forward() is for the Poros engine; call infer()")

    def compile(self, warm_datas: Any) -> bool:
        """FastDeploy's call for Poros, which is not here: raises."""
        raise UnsupportedError("Runtime.compile() is for the Poros engine; leave the call out")

    # ---- bound tensors ----

    def bind_input_tensor(self, name: str, fdtensor: Any) -> None:
        """An input for zero_copy_infer(); the array is read when that is called."""
        self._bound_inputs()[name] = fdtensor if isinstance(fdtensor, FDTensor) else FDTensor(fdtensor, name)

    def bind_output_tensor(self, name: str, fdtensor: FDTensor) -> None:
        """A tensor whose array zero_copy_infer() replaces by the output of this name."""
        self._bound_outputs()[name] = fdtensor

    def zero_copy_infer(self) -> None:
        """Runs the model on the inputs that were bound; get_output_tensor() has what comes out."""
        bound = self._bound_inputs()
        if not bound:
            raise InvalidArgumentError("no inputs are bound; call bind_input_tensor() first")
        outputs = self.infer({name: tensor.numpy() for name, tensor in bound.items()})
        for index, output in enumerate(outputs):
            name = self.get_output_info(index).name
            tensor = self._bound_outputs().setdefault(name, FDTensor(output, name))
            tensor._array = output

    def get_output_tensor(self, name: str) -> Optional[FDTensor]:
        """What zero_copy_infer() gave under this name; None before it, or without such an output."""
        return self._bound_outputs().get(name)

    def _bound_inputs(self) -> Dict[str, FDTensor]:
        """Clones and unpickled runtimes start without any."""
        return cast(Dict[str, FDTensor], self.__dict__.setdefault("_bound", {}))

    def _bound_outputs(self) -> Dict[str, FDTensor]:
        return cast(Dict[str, FDTensor], self.__dict__.setdefault("_outputs", {}))

    # ---- about it ----

    def num_inputs(self) -> int:
        """How many inputs the program has."""
        return self.num_inputs_of_runtime()

    def num_outputs(self) -> int:
        """How many outputs the program has."""
        return self.num_outputs_of_runtime()

    def get_input_info(self, index: int) -> TensorInfo:
        """Name, declared shape and type of an input."""
        return self.input_info_of_runtime(index)

    def get_output_info(self, index: int) -> TensorInfo:
        """Name, declared shape and type of an output."""
        return self.output_info_of_runtime(index)

    def describe(self, what: str = "graph", inputs: Optional[Mapping[str, Any]] = None) -> str:
        """The model as text: "graph" after the passes, "passes" and what they changed, or "plan" for these inputs."""
        kinds = {"graph": _abi.RAMET_DESCRIBE_GRAPH, "passes": _abi.RAMET_DESCRIBE_PASSES, "plan": _abi.RAMET_DESCRIBE_PLAN}
        if what not in kinds:
            raise InvalidArgumentError(f"what is {what!r}; it must be one of {', '.join(kinds)}")
        given = Tensors([np.asarray(array) for array in (inputs or {}).values()], list(inputs or {}))
        made = ctypes.c_void_p()
        with self._handle.use() as address:
            call(lib.ramet_runtime_describe, address, kinds[what], given.array, given.count, ctypes.byref(made))
        try:
            return ctypes.string_at(made.value or 0).decode("utf-8", "replace")
        finally:
            lib.ramet_text_free(made)
