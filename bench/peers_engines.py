# SPDX-License-Identifier: Apache-2.0
"""The engines that bench/peers.py compares, each on one thread: tensor in, tensor out; and ramet's OCR pipeline.

ramet is reached through libramet.so as its public headers describe it.
"""

import ctypes
import os

import numpy as np
import onnxruntime
import openvino

DTYPES = {0: np.float32, 7: np.int32, 8: np.int64}


class Tensor(ctypes.Structure):
    _fields_ = [
        ('name', ctypes.c_char_p),
        ('dtype', ctypes.c_int),
        ('rank', ctypes.c_int32),
        ('dims', ctypes.c_int64 * 8),
        ('data', ctypes.c_void_p),
    ]


class Error(ctypes.Structure):
    _fields_ = [('status', ctypes.c_int), ('message', ctypes.c_char * 384), ('place', ctypes.c_char * 192)]


class Image(ctypes.Structure):
    _fields_ = [
        ('data', ctypes.c_void_p),
        ('width', ctypes.c_int32),
        ('height', ctypes.c_int32),
        ('pitch', ctypes.c_ssize_t),
        ('owner', ctypes.c_void_p),
    ]


class OcrFiles(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in ('detector', 'classifier', 'recognizer', 'dictionary')]


class OcrResult(ctypes.Structure):
    _fields_ = [
        ('count', ctypes.c_size_t),
        ('boxes', ctypes.POINTER(ctypes.c_float * 8)),
        ('texts', ctypes.POINTER(ctypes.c_char_p)),
        ('rec_scores', ctypes.POINTER(ctypes.c_float)),
        ('cls_labels', ctypes.POINTER(ctypes.c_int32)),
        ('cls_scores', ctypes.POINTER(ctypes.c_float)),
        ('owner', ctypes.c_void_p),
    ]


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

    def __call__(self, value):
        given = Tensor(None, 0, value.ndim, (ctypes.c_int64 * 8)(*value.shape), value.ctypes.data)
        count = ctypes.c_size_t(len(self.outputs))
        self.library.call('ramet_runtime_run', self.runtime, ctypes.byref(given), ctypes.c_size_t(1), self.outputs, count)
        first = self.outputs[0]
        shape = tuple(first.dims[: first.rank])
        pointer = ctypes.cast(first.data, ctypes.POINTER(np.ctypeslib.as_ctypes_type(DTYPES[first.dtype])))
        return np.ctypeslib.as_array(pointer, shape)


class OpenVino:
    def __init__(self, path):
        options = {'INFERENCE_NUM_THREADS': 1, 'NUM_STREAMS': 1, 'INFERENCE_PRECISION_HINT': 'f32'}
        self.request = openvino.Core().compile_model(path, 'CPU', options).create_infer_request()

    def __call__(self, value):
        self.request.infer([value], share_inputs=True)
        return self.request.get_output_tensor(0).data


class OnnxRuntime:
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        self.input = self.session.get_inputs()[0].name

    def __call__(self, value):
        return self.session.run(None, {self.input: value})[0]


class RametOcr:
    """Images in, texts out, all in the library; default options."""

    def __init__(self, library, folders, dictionary):
        self.library, self.pipeline = library, ctypes.c_void_p()
        files = OcrFiles(*(os.fsencode(path) for path in (folders['det'], folders['cls'], folders['rec'], dictionary)))
        library.call('ramet_ocr_open', ctypes.byref(files), None, ctypes.byref(self.pipeline))

    def __call__(self, image):
        pixels, result = Image(image.ctypes.data, image.shape[1], image.shape[0], image.strides[0], None), OcrResult()
        self.library.call('ramet_ocr_predict', self.pipeline, ctypes.byref(pixels), ctypes.c_size_t(1), ctypes.byref(result))
        texts = [result.texts[k].decode() for k in range(result.count)]
        self.library.handle.ramet_ocr_result_clear(ctypes.byref(result))
        return texts


class OfficialOcr:
    """PaddleOCR's own Python steps (tools/reference/ocr_official.py) around three models of an engine."""

    def __init__(self, steps, models, characters, batched):
        self.steps, self.models, self.characters = steps, models, characters
        self.read = steps.read_batched if batched else steps.read_alone

    def __call__(self, image):
        boxes = self.steps.detect(self.models['det'], image)[1]
        _, crops = self.steps.upright(self.models['cls'], [self.steps.crop_quad(image, box) for box in boxes])
        return [text for text, _ in self.read(self.models['rec'], crops, self.characters)]
