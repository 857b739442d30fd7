# SPDX-License-Identifier: Apache-2.0
"""RuntimeOption: FastDeploy's setters, and what ramet adds.

Setters for hardware that ramet does not run on raise UnsupportedError. Setters of engines that ramet replaces by its own
are accepted, and warn once that they have no effect.
"""
from __future__ import annotations

import ctypes
import importlib.util
import os
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union, cast

from . import _abi
from ._enums import Backend, Device, ModelFormat
from ._errors import InvalidArgumentError, UnsupportedError, warn_once
from ._library import call, lib, path_bytes

CPU_LEVELS = {"auto": _abi.RAMET_CPU_LEVEL_AUTO, "base": _abi.RAMET_CPU_LEVEL_BASE,
              "avx2": _abi.RAMET_CPU_LEVEL_AVX2, "avx512": _abi.RAMET_CPU_LEVEL_AVX512,
              "avx512_bf16": _abi.RAMET_CPU_LEVEL_AVX512_BF16}
PRECISIONS = {"float32": _abi.RAMET_PRECISION_FLOAT32, "bfloat16": _abi.RAMET_PRECISION_BFLOAT16}
HINTS = {"UNDEFINED": _abi.RAMET_HINT_NONE, "LATENCY": _abi.RAMET_HINT_LATENCY, "THROUGHPUT": _abi.RAMET_HINT_THROUGHPUT,
         "CUMULATIVE_THROUGHPUT": _abi.RAMET_HINT_THROUGHPUT}


class RuntimeSettings(NamedTuple):
    """What a model is opened with: the values of a RuntimeOption, hashable and picklable."""

    engine: str
    cpu_level: str
    precision: str
    cpu_thread_num: int
    memory_budget_bytes: int
    plan_capacity: int
    cache_dir: str
    #: Of OpenVINO alone.
    num_streams: int
    hint: str
    plugin_file: str
    engine_libraries: str


class BackendOption:
    """Options of one of FastDeploy's engines. They can be set and read; what has no effect here warns once."""

    def __init__(self, name: str, values: Dict[str, Any], methods: Sequence[str] = (), live: Sequence[str] = ()) -> None:
        self.__dict__.update(_name=name, _methods=frozenset(methods), _live=frozenset(live), _given=set(), **values)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__dict__:
            raise AttributeError(f"{self._name} has no option {name!r}")
        if name not in self._live and value != self.__dict__[name]:
            warn_once(f"RuntimeOption.{self._name}.{name}", "kept, but without effect: ramet runs its own engine")
        self.__dict__[name] = value
        self._given.add(name)

    def given(self, name: str, otherwise: Any) -> Any:
        """The value, where it was set."""
        return self.__dict__[name] if name in self._given else otherwise

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._methods:
            raise AttributeError(f"no option {name!r}")

        def ignored(*_arguments: Any, **_keywords: Any) -> None:
            warn_once(f"RuntimeOption.{self._name}.{name}", "no effect: ramet runs its own engine")

        return ignored


class OpenVINOOption(BackendOption):
    """Options of OpenVINO: num_streams (unless it is set, one for each clone that can be at work), hint and cpu_thread_num."""

    def __init__(self) -> None:
        super().__init__("openvino_option",
                         {"affinity": "YES", "cpu_thread_num": -1, "hint": "UNDEFINED", "num_streams": 1, "plugin_file": "",
                          "engine_libraries": ""},
                         ("set_affinity", "set_cpu_operators", "set_shape_info"),
                         ("cpu_thread_num", "hint", "num_streams", "plugin_file", "engine_libraries"))

    def set_stream_num(self, num_streams: int) -> None:
        """Runs that go on at the same time, of all clones together."""
        self.num_streams = num_streams

    def set_performance_hint(self, hint: str) -> None:
        """UNDEFINED, LATENCY or THROUGHPUT: with one of the latter OpenVINO chooses streams and threads."""
        self.hint = hint

    def set_device(self, name: str = "CPU") -> None:
        """CPU; anything else raises."""
        _check_device("openvino_option.set_device()", name)


def _check_device(method: str, name: str) -> None:
    if name.upper() != "CPU":
        raise _no_hardware(method, name)


def _backend_options() -> Dict[str, BackendOption]:
    return {
        "openvino_option": OpenVINOOption(),
        "ort_option": BackendOption(
            "ort_option", {"device": Device.CPU, "device_id": 0, "enable_fp16": False, "execution_mode": -1,
                           "graph_optimization_level": -1, "inter_op_num_threads": -1, "intra_op_num_threads": -1}),
        "paddle_infer_option": BackendOption(
            "paddle_infer_option",
            {"collect_trt_shape": False, "enable_fixed_size_opt": False, "enable_log_info": False,
             "enable_memory_optimize": True, "enable_mkldnn": True, "enable_trt": False, "gpu_mem_init_size": 100,
             "mkldnn_cache_size": -1, "switch_ir_debug": False},
            ("delete_pass", "disable_trt_ops", "set_ipu_config")),
        "paddle_lite_option": BackendOption(
            "paddle_lite_option",
            {"cpu_threads": 1, "device": Device.CPU, "device_id": 0, "enable_fp16": False,
             "nnadapter_context_properties": "", "nnadapter_device_names": [], "nnadapter_dynamic_shape_info": {},
             "nnadapter_mixed_precision_quantization_config_path": "", "nnadapter_model_cache_dir": "",
             "nnadapter_subgraph_partition_config_buffer": "", "nnadapter_subgraph_partition_config_path": "",
             "optimized_model_dir": "", "power_mode": 3}),
        "poros_option": BackendOption(
            "poros_option", {"enable_fp16": False, "enable_int8": False, "is_dynamic": False, "long_to_int": True,
                             "max_batch_size": 32, "max_workspace_size": 1 << 30, "unconst_ops_thres": -1,
                             "use_nvidia_tf32": False}),
        "trt_option": BackendOption(
            "trt_option", {"enable_fp16": False, "enable_log_info": False, "max_batch_size": 32,
                           "max_workspace_size": 1 << 30, "serialize_file": ""}, ("set_input_data", "set_shape")),
    }


def _no_hardware(method: str, device: str) -> UnsupportedError:
    return UnsupportedError(f"RuntimeOption.{method}: ramet runs on CPUs, not on {device}; leave the call out, or call "
                            "use_cpu()")


def _no_effect(method: str, why: str = "ramet runs its own engine") -> None:
    warn_once(f"RuntimeOption.{method}", f"no effect: {why}")


class RuntimeOption:
    """How a model is run. Made once, it may be given to any number of models; they take over its values when opened."""

    def __init__(self) -> None:
        #: Where the model runs; use_cpu() sets it.
        self.device = Device.CPU
        self.device_id = 0
        #: The engine; the setters use_..._backend() choose it.
        self.backend = Backend.UNKOWN
        #: Threads inside one run; -1: the default, which is 1.
        self.cpu_thread_num = -1
        self.external_stream: Optional[int] = None
        #: What set_model_path() was given, or the model was opened from.
        self.model_file = ""
        self.params_file = ""
        self.model_format = ModelFormat.PADDLE
        self.model_from_memory = False
        self.model_buffer = b""
        self.params_buffer = b""
        #: Instructions that the engine may use: "auto", "base", "avx2", "avx512" or "avx512_bf16".
        self.cpu_level = "auto"
        #: How weights are kept: "float32", or "bfloat16" in half the memory, rounded to 8 significant bits.
        self.precision = "float32"
        #: Ceiling of the working memory of one clone, in bytes; 0: the library's default (4 GiB).
        self.memory_budget_bytes = 0
        #: Folder that keeps packed weights, which all processes map and thus share; None: the user's cache; "": none.
        self.cache_dir: Optional[str] = None
        #: Shapes whose plans are remembered by a model; 0: the library's default (16).
        self.plan_capacity = 0
        self._profiling = False
        self._backend_options = _backend_options()

    def __repr__(self) -> str:
        values = {name: getattr(self, name) for name in (
            "backend", "cpu_thread_num", "device", "device_id", "external_stream", "model_file", "model_format",
            "model_from_memory", "params_file")}
        values.update(self._backend_options)
        lines = "".join(f"  {name} : {values[name]}\t\n" for name in sorted(values))
        return f"RuntimeOption(\n{lines})"

    # ---- the model ----

    def set_model_path(self, model_path: "Union[str, os.PathLike[str]]", params_path: "Union[str, os.PathLike[str]]" = "",
                       model_format: ModelFormat = ModelFormat.PADDLE) -> None:
        """Program file (or folder) and parameters for fd.Runtime; task models name their files themselves."""
        self.model_file, self.params_file = os.fspath(model_path), os.fspath(params_path)
        self.model_format = _check_format(model_format)
        self.model_from_memory = False

    def set_model_buffer(self, model_buffer: Union[bytes, str], params_buffer: Union[bytes, str] = b"",
                         model_format: ModelFormat = ModelFormat.PADDLE) -> None:
        """Contents of a program file and of its parameters, instead of paths."""
        self.model_buffer, self.params_buffer = _bytes(model_buffer), _bytes(params_buffer)
        self.model_format = _check_format(model_format)
        self.model_from_memory = True

    def set_encryption_key(self, encryption_key: str) -> None:
        """FastDeploy's encrypted models cannot be read: raises."""
        raise UnsupportedError("RuntimeOption.set_encryption_key: encrypted models are not supported; decrypt the files, or "
                               "give their contents with set_model_buffer()")

    # ---- the device ----

    def use_cpu(self) -> None:
        """Runs on the CPU: what ramet always does."""
        self.device = Device.CPU

    def use_gpu(self, device_id: int = 0) -> None:
        """Raises: there is no GPU engine."""
        raise _no_hardware("use_gpu()", "GPUs")

    def use_rknpu2(self, rknpu2_name: Any = None, rknpu2_core: Any = None) -> None:
        """Raises: there is no engine for this hardware."""
        raise _no_hardware("use_rknpu2()", "Rockchip NPUs")

    def use_sophgo(self) -> None:
        """Raises: there is no engine for this hardware."""
        raise _no_hardware("use_sophgo()", "Sophgo TPUs")

    def use_ascend(self) -> None:
        """Raises: there is no engine for this hardware."""
        raise _no_hardware("use_ascend()", "Ascend NPUs")

    def use_kunlunxin(self, device_id: int = 0, l3_workspace_size: int = 16 * 1024 * 1024, locked: bool = False,
                      autotune: bool = True, autotune_file: str = "", precision: str = "int16",
                      adaptive_seqlen: bool = False, enable_multi_stream: bool = False, gm_default_size: int = 0) -> None:
        """Raises: there is no engine for this hardware."""
        raise _no_hardware("use_kunlunxin()", "Kunlunxin XPUs")

    def use_ipu(self, device_num: int = 1, micro_batch_size: int = 1, enable_pipelining: bool = False,
                batches_per_step: int = 1) -> None:
        """Raises: there is no engine for this hardware."""
        raise _no_hardware("use_ipu()", "IPUs")

    def set_ipu_config(self, enable_fp16: bool = False, replica_num: int = 1, available_memory_proportion: float = 1.0,
                       enable_half_partial: bool = False) -> None:
        """Raises: there is no engine for this hardware."""
        raise _no_hardware("set_ipu_config()", "IPUs")

    def set_external_raw_stream(self, cuda_stream: Any) -> None:
        """Raises: there is no GPU engine."""
        raise _no_hardware("set_external_raw_stream()", "GPUs")

    # ---- the engine ----

    def set_cpu_thread_num(self, thread_num: int = -1) -> None:
        """Threads inside one run, 1 to 256; -1: the default, which is 1. Clones on threads of their own scale better."""
        if thread_num != -1 and not 1 <= thread_num <= 256:
            raise InvalidArgumentError(f"the number of threads must be 1..256, or -1 for the default, not {thread_num}")
        self.cpu_thread_num = int(thread_num)

    def use_native_backend(self) -> None:
        """ramet's own engine: the default."""
        self.backend = Backend.NATIVE

    def use_openvino_backend(self) -> None:
        """OpenVINO as the engine: `pip install ramet[openvino]`. Opening a model raises UnsupportedError where it is not there.

        OpenVINO's libraries are taken from the Python package `openvino`; openvino_option.engine_libraries names another
        folder, and .plugin_file another plug-in than the one in this package.
        """
        self.backend = Backend.OPENVINO

    def use_ort_backend(self) -> None:
        """ONNX Runtime in FastDeploy; here ramet's own engine runs the model."""
        _no_effect("use_ort_backend()", "ramet's own engine runs the model")
        self.backend = Backend.ORT

    def use_paddle_infer_backend(self) -> None:
        """Paddle Inference in FastDeploy; here ramet's own engine runs the model."""
        _no_effect("use_paddle_infer_backend()", "ramet's own engine runs the model")
        self.backend = Backend.PDINFER

    def use_paddle_backend(self) -> None:
        """As use_paddle_infer_backend()."""
        self.use_paddle_infer_backend()

    def use_lite_backend(self) -> None:
        """Paddle Lite in FastDeploy; here ramet's own engine runs the model."""
        _no_effect("use_lite_backend()", "ramet's own engine runs the model")
        self.backend = Backend.LITE

    def use_paddle_lite_backend(self) -> None:
        """As use_lite_backend()."""
        self.use_lite_backend()

    def use_trt_backend(self) -> None:
        """Raises: TensorRT needs a GPU."""
        raise _no_hardware("use_trt_backend()", "GPUs (TensorRT)")

    def use_poros_backend(self) -> None:
        """Raises: there is no engine for TorchScript."""
        raise UnsupportedError("RuntimeOption.use_poros_backend(): ramet reads models of PaddlePaddle and ONNX, not "
                               "TorchScript; export the model to ONNX")

    @property
    def openvino_option(self) -> OpenVINOOption:
        """Options of OpenVINO."""
        return cast(OpenVINOOption, self._backend_options["openvino_option"])

    @property
    def ort_option(self) -> BackendOption:
        """Options of ONNX Runtime; without effect."""
        return self._backend_options["ort_option"]

    @property
    def paddle_infer_option(self) -> BackendOption:
        """Options of Paddle Inference; without effect."""
        return self._backend_options["paddle_infer_option"]

    @property
    def paddle_lite_option(self) -> BackendOption:
        """Options of Paddle Lite; without effect."""
        return self._backend_options["paddle_lite_option"]

    @property
    def poros_option(self) -> BackendOption:
        """Options of Poros; without effect."""
        return self._backend_options["poros_option"]

    @property
    def trt_option(self) -> BackendOption:
        """Options of TensorRT; without effect."""
        return self._backend_options["trt_option"]

    # ---- measuring ----

    def enable_profiling(self, inclue_h2d_d2h: bool = False, repeat: int = 100, warmup: int = 50) -> None:
        """Models record how long their runtime takes, for get_profile_time(). repeat and warmup have no effect."""
        self._profiling = True

    def disable_profiling(self) -> None:
        """Undoes enable_profiling()."""
        self._profiling = False

    def enable_valid_backend_check(self) -> None:
        """No effect: every model runs on every engine that is there."""
        _no_effect("enable_valid_backend_check()", "every model runs on every engine that is there")

    def disable_valid_backend_check(self) -> None:
        """No effect: every model runs on every engine that is there."""
        _no_effect("disable_valid_backend_check()", "every model runs on every engine that is there")

    # ---- FastDeploy's setters of other engines ----

    def enable_pinned_memory(self) -> None:
        """No effect without a GPU."""
        _no_effect("enable_pinned_memory()", "there is no GPU engine")

    def disable_pinned_memory(self) -> None:
        """No effect without a GPU."""
        _no_effect("disable_pinned_memory()", "there is no GPU engine")

    def set_paddle_mkldnn(self, use_mkldnn: bool = True) -> None:
        """No effect: for Paddle Inference."""
        _no_effect("set_paddle_mkldnn()")

    def set_paddle_mkldnn_cache_size(self, cache_size: int) -> None:
        """No effect: for Paddle Inference."""
        _no_effect("set_paddle_mkldnn_cache_size()")

    def enable_paddle_log_info(self) -> None:
        """No effect: for Paddle Inference."""
        _no_effect("enable_paddle_log_info()")

    def disable_paddle_log_info(self) -> None:
        """No effect: for Paddle Inference."""
        _no_effect("disable_paddle_log_info()")

    def delete_paddle_backend_pass(self, pass_name: str) -> None:
        """No effect: for Paddle Inference."""
        _no_effect("delete_paddle_backend_pass()")

    def enable_paddle_to_trt(self) -> None:
        """Raises: TensorRT needs a GPU."""
        raise _no_hardware("enable_paddle_to_trt()", "GPUs (TensorRT)")

    def enable_paddle_trt_collect_shape(self) -> None:
        """No effect: for TensorRT."""
        _no_effect("enable_paddle_trt_collect_shape()")

    def disable_paddle_trt_collect_shape(self) -> None:
        """No effect: for TensorRT."""
        _no_effect("disable_paddle_trt_collect_shape()")

    def disable_paddle_trt_ops(self, ops: Any) -> None:
        """No effect: for TensorRT."""
        _no_effect("disable_paddle_trt_ops()")

    def set_openvino_device(self, name: str = "CPU") -> None:
        """CPU; anything else raises."""
        _check_device("set_openvino_device()", name)

    def set_openvino_shape_info(self, shape_info: Any) -> None:
        """No effect: shapes are what is fed."""
        _no_effect("set_openvino_shape_info()", "shapes are what is fed")

    def set_openvino_cpu_operators(self, operators: Any) -> None:
        """No effect: all operators run on the CPU."""
        _no_effect("set_openvino_cpu_operators()", "all operators run on the CPU")

    def set_ort_graph_opt_level(self, level: int = -1) -> None:
        """No effect: for ONNX Runtime."""
        _no_effect("set_ort_graph_opt_level()")

    def enable_lite_fp16(self) -> None:
        """No effect: for Paddle Lite."""
        _no_effect("enable_lite_fp16()")

    def disable_lite_fp16(self) -> None:
        """No effect: for Paddle Lite."""
        _no_effect("disable_lite_fp16()")

    def set_lite_power_mode(self, mode: Any) -> None:
        """No effect: for Paddle Lite."""
        _no_effect("set_lite_power_mode()")

    def set_lite_context_properties(self, context_properties: str) -> None:
        """No effect: for Paddle Lite."""
        _no_effect("set_lite_context_properties()")

    def set_lite_dynamic_shape_info(self, dynamic_shape_info: Any) -> None:
        """No effect: for Paddle Lite."""
        _no_effect("set_lite_dynamic_shape_info()")

    def set_lite_mixed_precision_quantization_config_path(self, mixed_precision_quantization_config_path: str) -> None:
        """No effect: for Paddle Lite."""
        _no_effect("set_lite_mixed_precision_quantization_config_path()")

    def set_lite_model_cache_dir(self, model_cache_dir: str) -> None:
        """No effect: for Paddle Lite."""
        _no_effect("set_lite_model_cache_dir()")

    def set_lite_subgraph_partition_config_buffer(self, subgraph_partition_buffer: str) -> None:
        """No effect: for Paddle Lite."""
        _no_effect("set_lite_subgraph_partition_config_buffer()")

    def set_lite_subgraph_partition_path(self, subgraph_partition_path: str) -> None:
        """No effect: for Paddle Lite."""
        _no_effect("set_lite_subgraph_partition_path()")

    def set_trt_cache_file(self, cache_file_path: str) -> None:
        """No effect: for TensorRT."""
        _no_effect("set_trt_cache_file()")

    def set_trt_input_data(self, tensor_name: str, min_input_data: Any, opt_input_data: Any = None,
                           max_input_data: Any = None) -> None:
        """No effect: for TensorRT."""
        _no_effect("set_trt_input_data()")

    def set_trt_input_shape(self, tensor_name: str, min_shape: Any, opt_shape: Any = None, max_shape: Any = None) -> None:
        """No effect: shapes are what is fed."""
        _no_effect("set_trt_input_shape()", "shapes are what is fed")

    def set_trt_max_batch_size(self, trt_max_batch_size: int) -> None:
        """No effect: for TensorRT."""
        _no_effect("set_trt_max_batch_size()")

    def set_trt_max_workspace_size(self, trt_max_workspace_size: int) -> None:
        """No effect: for TensorRT."""
        _no_effect("set_trt_max_workspace_size()")

    def enable_trt_fp16(self) -> None:
        """No effect: for TensorRT."""
        _no_effect("enable_trt_fp16()")

    def disable_trt_fp16(self) -> None:
        """No effect: for TensorRT."""
        _no_effect("disable_trt_fp16()")

    # ---- for the models ----

    def settings(self) -> RuntimeSettings:
        """What a model is opened with."""
        _check_choice("cpu_level", self.cpu_level, CPU_LEVELS)
        _check_choice("precision", self.precision, PRECISIONS)
        settings = RuntimeSettings("native", self.cpu_level, self.precision, max(self.cpu_thread_num, 0),
                                   self.memory_budget_bytes, self.plan_capacity,
                                   user_cache_dir() if self.cache_dir is None else self.cache_dir, 0, "UNDEFINED", "", "")
        if self.backend is not Backend.OPENVINO:
            return settings
        option = self.openvino_option
        _check_choice("openvino_option.hint", option.hint, HINTS)
        threads = option.cpu_thread_num if option.cpu_thread_num > 0 else settings.cpu_thread_num
        return settings._replace(
            engine="openvino", cpu_thread_num=threads, num_streams=max(option.given("num_streams", 0), 0), hint=option.hint,
            plugin_file=option.plugin_file, engine_libraries=option.engine_libraries or openvino_libraries())


def _check_choice(name: str, value: str, choices: Dict[str, int]) -> None:
    if value not in choices:
        raise InvalidArgumentError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")


def user_cache_dir() -> str:
    """Where packed weights are kept unless an option says otherwise: $XDG_CACHE_HOME/ramet, else ~/.cache/ramet."""
    home = os.path.expanduser("~")
    base = os.environ.get("XDG_CACHE_HOME") or (os.path.join(home, ".cache") if os.path.isabs(home) else "")
    return os.path.join(base, "ramet") if base else ""


def openvino_libraries() -> str:
    """The libraries of the Python package `openvino`, found without importing it; "" where it is not installed."""
    spec = importlib.util.find_spec("openvino")
    places = spec.submodule_search_locations if spec is not None else None
    folders = [os.path.join(place, "libs") for place in places or []]
    return next((folder for folder in folders if os.path.isdir(folder)), "")


def _bytes(value: Union[bytes, str]) -> bytes:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


def _check_format(model_format: ModelFormat) -> ModelFormat:
    if model_format not in (ModelFormat.PADDLE, ModelFormat.ONNX):
        raise UnsupportedError(f"{model_format}: ramet reads models of PaddlePaddle and ONNX")
    return model_format


class ModelFiles(NamedTuple):
    """Where a model comes from: paths, or what program and parameters contain."""

    model: str
    params: str = ""
    config: str = ""
    program_bytes: bytes = b""
    params_bytes: bytes = b""


def check_engine(option: _abi.RuntimeOption) -> None:
    """Raises where the engine of an option cannot be used, and says how a Python environment gets it."""
    version = ctypes.create_string_buffer(64)
    try:
        call(lib.ramet_host_check_engine, ctypes.byref(option), version, len(version))
    except UnsupportedError as error:
        plugin = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libramet_openvino.so")
        hint = ("`pip install ramet[openvino]` installs the version of OpenVINO that is wanted" if os.path.exists(plugin) else
                "this package was built without the plug-in; the wheel of tools/wheel has it")
        raise UnsupportedError(f"{hint} ({error.message})") from None


def make_runtime_option(settings: RuntimeSettings, files: ModelFiles) -> Tuple[_abi.RuntimeOption, List[Any]]:
    """The C struct, and what has to be kept as long as it is used."""
    option = _abi.RuntimeOption()
    lib.ramet_runtime_option_init(ctypes.byref(option))
    option.cpu_level = CPU_LEVELS[settings.cpu_level]
    option.cpu_thread_num = settings.cpu_thread_num
    option.memory_budget_bytes = settings.memory_budget_bytes
    option.plan_capacity = settings.plan_capacity
    option.cache_dir = path_bytes(settings.cache_dir)
    option.precision = PRECISIONS[settings.precision]
    if settings.engine == "openvino":
        option.backend = _abi.RAMET_BACKEND_OPENVINO
        option.num_streams, option.hint = settings.num_streams, HINTS[settings.hint]
        option.plugin_file, option.engine_libraries = path_bytes(settings.plugin_file), path_bytes(settings.engine_libraries)
    option.params_file = path_bytes(files.params)
    option.config_file = path_bytes(files.config)
    kept: List[Any] = []
    if files.program_bytes:
        kept = [ctypes.c_char_p(files.program_bytes), ctypes.c_char_p(files.params_bytes)]
        option.program_bytes = ctypes.cast(kept[0], ctypes.c_void_p).value
        option.program_count = len(files.program_bytes)
        if files.params_bytes:
            option.params_bytes = ctypes.cast(kept[1], ctypes.c_void_p).value
            option.params_count = len(files.params_bytes)
    return option, kept
