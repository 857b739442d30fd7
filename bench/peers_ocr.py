# SPDX-License-Identifier: Apache-2.0
"""The OCR pipelines that bench/peers.py compares: images in, a list of texts for each out.

All with PP-OCRv4's detector, direction classifier and recogniser, side limit 960, thresholds 0.3 and 0.6, unclip ratio 1.5,
no dilation, and nothing left out for a low score. Lines are read in batches of six as by default in all but ramet, or alone.
"""

import ctypes
import json
import os
import subprocess
import sys

import cv2

import peers_engines as engines
import peers_measure as measure
from images_ramet import Image, OcrFiles

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path.insert(0, os.path.join(ROOT, 'tools/reference'))

import ocr_official

FOLDERS = {'det': 'ch_PP-OCRv4_det_infer', 'cls': 'ch_ppocr_mobile_v2_cls_infer', 'rec': 'ch_PP-OCRv4_rec_infer'}
TWINS = {
    'det': 'ch_PP-OCRv4_det_infer.onnx',
    'cls': 'ch_ppocr_mobile_v2.0_cls_infer.onnx',
    'rec': 'ch_PP-OCRv4_rec_infer.onnx',
}


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


class RametOcr:
    """Images in, texts out, all in the library; default options."""

    def __init__(self, library, folders, dictionary):
        self.library, self.pipeline = library, ctypes.c_void_p()
        files = OcrFiles(*(os.fsencode(path) for path in (folders['det'], folders['cls'], folders['rec'], dictionary)))
        library.call('ramet_ocr_open', ctypes.byref(files), None, ctypes.byref(self.pipeline))

    def __call__(self, images):
        return [self.read(image) for image in images]

    def read(self, image):
        pixels, result = Image(image.ctypes.data, image.shape[1], image.shape[0], image.strides[0], None), OcrResult()
        self.library.call('ramet_ocr_predict', self.pipeline, ctypes.byref(pixels), ctypes.c_size_t(1), ctypes.byref(result))
        texts = [result.texts[k].decode() for k in range(result.count)]
        self.library.handle.ramet_ocr_result_clear(ctypes.byref(result))
        return texts


class OfficialOcr:
    """PaddleOCR's own Python steps (tools/reference/ocr_official.py) around three models of an engine, lines alone."""

    def __init__(self, models, characters):
        self.characters = characters
        self.models = {task: OneInput(model) for task, model in models.items()}

    def __call__(self, images):
        return [self.read(image) for image in images]

    def read(self, image):
        boxes = ocr_official.detect(self.models['det'], image)[1]
        _, crops = ocr_official.upright(self.models['cls'], [ocr_official.crop_quad(image, box) for box in boxes])
        return [text for text, _ in ocr_official.read_alone(self.models['rec'], crops, self.characters)]


class OneInput:
    """A model of one input and one output as a function of one tensor."""

    def __init__(self, model):
        self.model = model

    def __call__(self, value):
        return self.model({'x': value})[0]


class RapidOcr:
    """RapidOCR as it is published, on ONNX Runtime, with ramet's side limit and thresholds."""

    def __init__(self, batch):
        from rapidocr_onnxruntime import RapidOCR

        self.pipeline = RapidOCR(
            intra_op_num_threads=1, inter_op_num_threads=1, text_score=0.0, det_limit_side_len=960, det_limit_type='max',
            det_box_thresh=0.6, det_unclip_ratio=1.5, cls_batch_num=6, rec_batch_num=batch,
            det_mean=[0.485, 0.456, 0.406], det_std=[0.229, 0.224, 0.225],
        )
        self.pipeline.text_det.postprocess_op.dilation_kernel = None

    def __call__(self, images):
        return [[text for _, text, _ in self.pipeline(image)[0] or []] for image in images]


class OtherProcess:
    """A pipeline in a process of its own, which takes its turn when it is asked to: a line to it, a line of JSON back."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read()

    def read(self):
        for line in self.process.stdout:
            if line.startswith('{'):
                return json.loads(line)
        raise RuntimeError(f'the process ended with {self.process.wait()}')

    def __call__(self, images):
        self.process.stdin.write('\n')
        self.process.stdin.flush()
        return self.read()['texts']

    def __del__(self):
        self.process.stdin.close()
        self.process.wait()


class Pipelines:
    """Opens each of them, from one folder of models, one of ONNX twins, and one of images."""

    def __init__(self, library, models, twins, images, fastdeploy):
        self.library, self.fastdeploy, self.twins = library, fastdeploy, twins
        self.folders = {task: os.path.join(models, folder) for task, folder in FOLDERS.items()}
        self.dictionary = os.path.join(models, 'ppocr_keys_v1.txt')
        self.paths = sorted(entry.path for entry in os.scandir(images) if entry.is_file() and not entry.name.endswith('.md'))
        self.images = [cv2.imread(path) for path in self.paths]

    def openers(self):
        return {
            'ramet': self.ramet,
            'ramet again': self.ramet,
            'RapidOCR': lambda: RapidOcr(6),
            'RapidOCR (alone)': lambda: RapidOcr(1),
            'FastDeploy (ORT)': lambda: self.other_process('ort'),
            'FastDeploy (OpenVINO)': lambda: self.other_process('openvino'),
            'official steps (OpenVINO)': self.official_openvino,
            'official steps (ORT)': self.official_onnx,
        }

    def ramet(self):
        return RametOcr(self.library, self.folders, self.dictionary)

    def official_openvino(self):
        models = {task: engines.OpenVino(os.path.join(folder, 'inference.pdmodel')) for task, folder in self.folders.items()}
        return self.official(models)

    def official_onnx(self):
        return self.official({task: engines.OnnxRuntime(os.path.join(self.twins, file)) for task, file in TWINS.items()})

    def official(self, models):
        return OfficialOcr(models, ocr_official.read_dictionary(self.dictionary))

    def other_process(self, backend):
        if not self.fastdeploy:
            raise RuntimeError('fastdeploy-python 1.0.7 needs Python 3.10, which was not found')
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'peers_fastdeploy.py')
        command = [self.fastdeploy, '-B', script, backend, *self.folders.values(), self.dictionary, *self.paths]
        return OtherProcess(command)


def differing_lines(wanted, got):
    """Lines that differ in more than blanks, which the recogniser loses or keeps with the width of the batch."""
    changed = 0
    for lines, others in zip(wanted, got):
        pairs = zip(lines, others)
        changed += abs(len(lines) - len(others)) + sum(a.replace(' ', '') != b.replace(' ', '') for a, b in pairs)
    return f'{changed} of {sum(map(len, wanted))} lines'


def compare(pipelines, args):
    """The record of the pipelines over all images; args.peers: the names of some of them, or nothing for all."""
    runs, texts, failed = measure.open_all(measure.chosen(pipelines.openers(), args.peers), pipelines.images)
    record = measure.summary(list(runs), measure.rounds(list(runs.values()), pipelines.images, args.seconds, args.rounds, rehearse=False))
    for name, run in record['runs'].items():
        run['difference'] = differing_lines(texts['ramet'], texts[name])
    record['runs'].update({name: {'failed': why} for name, why in failed.items()})
    record['images'], record['lines'] = len(pipelines.images), sum(map(len, texts['ramet']))
    return record
