# SPDX-License-Identifier: Apache-2.0
"""ramet for bench/images.py: arrays in, arrays out, through libramet.so as its public headers describe it.

bench/peers uses the structures, too.
"""

import ctypes
import os

import numpy as np

FLOATS = ctypes.POINTER(ctypes.c_float)


class Tensor(ctypes.Structure):
    _fields_ = [
        ('name', ctypes.c_char_p),
        ('dtype', ctypes.c_int),
        ('rank', ctypes.c_int32),
        ('dims', ctypes.c_int64 * 8),
        ('data', ctypes.c_void_p),
    ]

    def array(self):
        shape = tuple(self.dims[: self.rank])
        return np.ctypeslib.as_array(ctypes.cast(self.data, FLOATS), shape)


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
    _fields_ = [
        (name, ctypes.c_char_p)
        for name in (
            'detector',
            'classifier',
            'recognizer',
            'dictionary',
            'detector_params',
            'classifier_params',
            'recognizer_params',
            'recognizer_config',
        )
    ]


class RecOption(ctypes.Structure):
    _fields_ = [('struct_bytes', ctypes.c_size_t), ('dictionary', ctypes.c_char_p), ('rest', ctypes.c_int32 * 6)]


class DetResult(ctypes.Structure):
    _fields_ = [('count', ctypes.c_size_t), ('boxes', FLOATS), ('scores', FLOATS), ('owner', ctypes.c_void_p)]


class RecResult(ctypes.Structure):
    _fields_ = [('text', ctypes.c_char_p), ('score', ctypes.c_float)]


def image_of(array):
    return Image(array.ctypes.data, array.shape[1], array.shape[0], array.strides[0], None)


def tensor_of(array):
    return Tensor(None, 0, array.ndim, (ctypes.c_int64 * 8)(*array.shape), array.ctypes.data)


class Ramet:
    """A failing call raises with its text. What is made lives until the end."""

    def __init__(self, build):
        self.handle = ctypes.CDLL(os.path.abspath(os.path.join(build, 'libramet.so')))
        models = os.path.join(build, 'models')
        self.det, self.cls, self.rec = (
            os.path.join(models, name)
            for name in ('ch_PP-OCRv4_det_infer', 'ch_ppocr_mobile_v2_cls_infer', 'ch_PP-OCRv4_rec_infer')
        )
        self.dictionary = os.path.join(models, 'ppocr_keys_v1.txt')
        self.detector, self.recognizer = self.model(self.det), self.model(self.rec)

    def call(self, name, *arguments):
        error = Error()
        if getattr(self.handle, name)(*arguments, ctypes.byref(error)):
            raise RuntimeError(f'{name}: {error.message.decode()} {error.place.decode()}')

    def make(self, name, *arguments):
        made = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(made))
        return made

    def model(self, folder):
        runtime = self.make('ramet_runtime_open', folder.encode(), None)
        output = Tensor()

        def run(value):
            given = tensor_of(value)
            self.call('ramet_runtime_run', runtime, ctypes.byref(given), ctypes.c_size_t(1), ctypes.byref(output), ctypes.c_size_t(1))
            return output.array()

        return run

    def decoded(self, file, use):
        """`use` of the image that the bytes of a file hold."""
        image = Image()
        self.call('ramet_image_decode', ctypes.c_void_p(file.ctypes.data), ctypes.c_size_t(file.size), None, ctypes.byref(image))
        result = use(image)
        self.handle.ramet_image_clear(ctypes.byref(image))
        return result

    def runner(self, name, made, *rest):
        """The preprocessor as a function of one image, an array or an Image."""
        tensor, one = Tensor(), ctypes.c_size_t(1)

        def run(image):
            given = image if isinstance(image, Image) else image_of(image)
            count = () if name == 'det' else (one,)
            self.call(f'ramet_{name}_preprocessor_run', made, ctypes.byref(given), *count, ctypes.byref(tensor), *rest)
            return tensor.array()

        return run

    def text_detector_input(self):
        return self.runner('det', self.make('ramet_det_preprocessor_create', None), None)

    def text_line_input(self):
        return self.runner('rec', self.make('ramet_rec_preprocessor_create', None))

    def folder_input(self, task, config):
        option = (None,) if task == 'detect' else ()
        made = self.make(f'ramet_{task}_preprocessor_create', config.encode(), *option)
        return self.runner(task, made, *option)

    def text_boxes(self):
        """(map, geometry) -> quads."""
        made, result = self.make('ramet_det_postprocessor_create', None), DetResult()

        def run(values, geometry):
            given, sizes = tensor_of(values), (ctypes.c_int32 * 4)(*geometry)
            self.call('ramet_det_postprocessor_run', made, ctypes.byref(given), sizes, ctypes.byref(result))
            boxes = np.ctypeslib.as_array(result.boxes, (result.count, 4, 2)).copy() if result.count else np.zeros((0, 4, 2))
            self.handle.ramet_det_result_clear(ctypes.byref(result))
            return boxes

        return run

    def texts(self):
        """Probabilities of one line -> the score of its text."""
        option = RecOption(ctypes.sizeof(RecOption), self.dictionary.encode())
        made, result = self.make('ramet_rec_postprocessor_create', None, ctypes.byref(option)), RecResult()

        def run(values):
            given = tensor_of(values)
            self.call('ramet_rec_postprocessor_run', made, ctypes.byref(given), ctypes.byref(result), ctypes.c_size_t(1))
            score = result.score
            self.handle.ramet_rec_result_clear(ctypes.byref(result))
            return score

        return run

    def pipeline(self):
        files = OcrFiles(*(path.encode() for path in (self.det, self.cls, self.rec, self.dictionary)))
        made, room = self.make('ramet_ocr_open', ctypes.byref(files), None), (ctypes.c_byte * 256)()

        def run(image):
            given = image_of(image)
            self.call('ramet_ocr_predict', made, ctypes.byref(given), ctypes.c_size_t(1), room)
            self.handle.ramet_ocr_result_clear(room)

        return run
