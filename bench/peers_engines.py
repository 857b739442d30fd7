# SPDX-License-Identifier: Apache-2.0
"""The engines that bench/peers.py compares, each on one thread: named tensors in, a list of tensors out.

ramet is reached through libramet.so as its public headers describe it.
"""

import ctypes
import os

import numpy as np
import onnxruntime
import openvino

from images_ramet import Error, Tensor

DTYPES = {0: np.float32, 7: np.int32, 8: np.int64}


class Library:
    """libramet.so; a failing call raises with its text."""

    def __init__(self, path):
        self.handle = ctypes.CDLL(os.path.abspath(path))

    def call(self, name, *arguments):
        error = Error()
        if getattr(self.handle, name)(*arguments, ctypes.byref(error)):
            raise RuntimeError(f'{name}: {error.message.decode()} {error.place.decode()}')


class Ramet:
    def __init__(self, library, folder):
        self.library, self.runtime = library, ctypes.c_void_p()
        library.call('ramet_runtime_open', folder.encode(), None, ctypes.byref(self.runtime))
        library.handle.ramet_runtime_output_count.restype = ctypes.c_size_t
        self.outputs = (Tensor * library.handle.ramet_runtime_output_count(self.runtime))()

    def __call__(self, feed):
        given = (Tensor * len(feed))()
        for index, (name, value) in enumerate(feed.items()):
            given[index] = Tensor(name.encode(), 0, value.ndim, (ctypes.c_int64 * 8)(*value.shape), value.ctypes.data)
        counts = ctypes.c_size_t(len(feed)), ctypes.c_size_t(len(self.outputs))
        self.library.call('ramet_runtime_run', self.runtime, given, counts[0], self.outputs, counts[1])
        return [as_array(tensor) for tensor in self.outputs]


def as_array(tensor):
    """A tensor of ramet's, which owns the numbers."""
    shape = tuple(tensor.dims[: tensor.rank])
    if 0 in shape:
        return np.zeros(shape, DTYPES[tensor.dtype])
    pointer = ctypes.cast(tensor.data, ctypes.POINTER(np.ctypeslib.as_ctypes_type(DTYPES[tensor.dtype])))
    return np.ctypeslib.as_array(pointer, shape)


class OpenVino:
    """One stream, one thread; float32 is said, since it may choose bfloat16 where the processor has it. Shapes are fixed if given."""

    def __init__(self, path, shapes=None):
        core = openvino.Core()
        model = core.read_model(path)
        if shapes:
            model.reshape({name: list(shape) for name, shape in shapes.items()})
        options = {'INFERENCE_NUM_THREADS': 1, 'NUM_STREAMS': 1, 'INFERENCE_PRECISION_HINT': 'f32'}
        self.request = core.compile_model(model, 'CPU', options).create_infer_request()

    def __call__(self, feed):
        self.request.infer(feed, share_inputs=True)
        return [self.request.get_output_tensor(i).data for i in range(len(self.request.model_outputs))]


class OnnxRuntime:
    """All optimisations are on by default."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        self.inputs = [value.name for value in self.session.get_inputs()]
        self.outputs = [value.name for value in self.session.get_outputs()]

    def __call__(self, feed):
        return self.session.run(None, {name: feed[name] for name in self.inputs})


class Mnn:
    """precision high: without it halves may stand in for floats. Names are those of the ONNX twin."""

    def __init__(self, path, inputs, outputs):
        import MNN

        self.mnn, self.inputs, self.outputs = MNN, inputs, outputs
        self.runtime = MNN.nn.create_runtime_manager(({'backend': 'CPU', 'precision': 'high', 'numThread': 1},))
        self.module = MNN.nn.load_module_from_file(path, inputs, outputs, runtime_manager=self.runtime)
        self.shapes = {}

    def __call__(self, feed):
        shapes = {name: feed[name].shape for name in self.inputs}
        if shapes != self.shapes:
            self.given = [self.mnn.expr.placeholder(list(shapes[name]), self.mnn.expr.NCHW) for name in self.inputs]
            self.shapes = shapes
        for variable, name in zip(self.given, self.inputs):
            variable.write(feed[name])
        return [value.read() for value in self.module.forward(self.given)]


class Ncnn:
    """float32 in memory and arithmetic, which is not its default; packing, Winograd and sgemm are. pnnx names in0, out0, ..."""

    def __init__(self, param, inputs, outputs):
        import ncnn

        self.ncnn, self.inputs, self.outputs = ncnn, inputs, outputs
        self.net, self.pools = ncnn.Net(), (ncnn.UnlockedPoolAllocator(), ncnn.PoolAllocator())
        self.net.opt.blob_allocator, self.net.opt.workspace_allocator = self.pools
        self.net.opt.num_threads = 1
        for option in ('use_fp16_packed', 'use_fp16_storage', 'use_fp16_arithmetic', 'use_bf16_storage'):
            setattr(self.net.opt, option, False)
        if self.net.load_param(param) or self.net.load_model(param[: -len('param')] + 'bin'):
            raise RuntimeError('ncnn cannot load it')

    def __call__(self, feed):
        extractor = self.net.create_extractor()
        for index, name in enumerate(self.inputs):
            extractor.input(f'in{index}', self.ncnn.Mat(feed[name][0]))
        results = [extractor.extract(f'out{index}') for index in range(len(self.outputs))]
        if any(failed for failed, _ in results):
            raise RuntimeError('ncnn cannot run it')
        return [np.asarray(mat)[None] for _, mat in results]
