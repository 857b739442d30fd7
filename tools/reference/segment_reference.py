# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/segment: configurations in the form PaddleSeg writes, what its own transforms make of images, and maps brought back.

usage: segment_reference.py TRANSFORMS [FOLDER]      (cv2 4.11, numpy, PyYAML; paddleseg/transforms of PaddleSeg 2.8)
Per configuration NAME.yaml a pack NAME.rmtp: `<k>.image` (BGR, uint8), `<k>.tensor` (float32 [1, 3, h, w]); `<k>.classes` (int32 [h, w]) and
`<k>.labels` (the same in the image's size, nearest); `<k>.maps` (float32 [1, c, h, w]), and in the image's size `<k>.best` (int32) and
`<k>.scores` (float32), bilinear; of SOFT also with .soft at the end, after a softmax over the classes.
"""

import importlib.util
import os
import sys
import types

import cv2
import numpy as np
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../fixtures'))

import tensorpack

CLASSES = 3
NORMALIZE = {'type': 'Normalize'}
IMAGENET = {'type': 'Normalize', 'mean': [0.485, 0.456, 0.406], 'std': [0.229, 0.224, 0.225]}
CONFIGS = {
    'normalize': [NORMALIZE],
    'resize': [{'type': 'Resize', 'target_size': [19, 11]}, IMAGENET],
    'resize_ratio': [{'type': 'Resize', 'target_size': [19, 11], 'keep_ratio': True}, NORMALIZE],
    'resize_divisor': [{'type': 'Resize', 'target_size': [19, 11], 'keep_ratio': True, 'size_divisor': 4}, NORMALIZE],
    'resize_nearest': [{'type': 'Resize', 'target_size': [13, 13], 'interp': 'NEAREST'}, NORMALIZE],
    'resize_area': [{'type': 'Resize', 'target_size': [7, 9], 'interp': 'AREA'}, NORMALIZE],
    'by_long': [{'type': 'ResizeByLong', 'long_size': 23}, NORMALIZE],
    'by_short': [{'type': 'ResizeByShort', 'short_size': 9, 'max_size': 21}, NORMALIZE],
    'limit_long': [{'type': 'LimitLong', 'max_long': 15, 'min_long': 9}, NORMALIZE],
    'range_scaling': [{'type': 'ResizeRangeScaling', 'min_value': 16, 'max_value': 16}, NORMALIZE],
    'step_scaling': [{'type': 'ResizeStepScaling', 'min_scale_factor': 1.5, 'max_scale_factor': 1.5}, NORMALIZE],
    'padding': [{'type': 'Padding', 'target_size': [25, 33]}, IMAGENET],
    'padding_numbers': [
        {'type': 'ResizeByLong', 'long_size': 13},
        IMAGENET,
        {'type': 'Padding', 'target_size': [16, 14], 'im_padding_value': 0.25},
    ],
    'by_long_padding': [
        {'type': 'ResizeByLong', 'long_size': 13},
        {'type': 'Padding', 'target_size': [16, 17], 'im_padding_value': 20},
        NORMALIZE,
    ],
    'aspect_resize': [
        {'type': 'PaddingByAspectRatio', 'aspect_ratio': 1.5},
        {'type': 'Resize', 'target_size': [15, 10]},
        NORMALIZE,
    ],
    'scale_padding': [{'type': 'ScalePadding', 'target_size': [14, 14]}, NORMALIZE],
}
SIZES = [(1, 1), (1, 7), (13, 17), (19, 11), (31, 2)]
# These leave no trace that could be undone: PaddleSeg's own deployment gives their maps as they are.
TRACELESS = ('range_scaling', 'step_scaling', 'scale_padding')
SOFT = ('resize', 'by_long_padding')


def load(folder):
    """transforms.py of PaddleSeg, without the rest of it."""

    class Registry:
        def add_component(self, component):
            return component

    stubs = {
        'paddleseg': {},
        'paddleseg.cvlibs': {'manager': types.SimpleNamespace(TRANSFORMS=Registry())},
        'paddleseg.transforms': {},
        'paddleseg.utils': {'logger': None},
        'scipy': {},
        'scipy.ndimage': {'distance_transform_edt': None},
    }
    for name, members in stubs.items():
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(members)
    for name in ('functional', 'transforms'):
        spec = importlib.util.spec_from_file_location('paddleseg.transforms.' + name, os.path.join(folder, name + '.py'))
        module = importlib.util.module_from_spec(spec)
        setattr(sys.modules['paddleseg.transforms'], name, module)
        spec.loader.exec_module(module)
    return sys.modules['paddleseg.transforms'].transforms


def preprocess(official, steps, image):
    """The tensor, and what was done to the image's size."""
    steps = [getattr(official, step['type'])(**{k: v for k, v in step.items() if k != 'type'}) for step in steps]
    data = official.Compose(steps)({'img': image.copy(), 'gt_fields': []})
    return data['img'].astype('f4'), data['trans_info']


def bring_back(plane, trace, interpolation):
    """A plane of the network's input to the image, step by step backwards."""
    for kind, (height, width) in reversed(trace):
        if kind == 'padding':
            plane = plane[:height, :width]
        else:
            plane = cv2.resize(plane, (width, height), interpolation=interpolation)
    return plane


def softmax(maps):
    powers = np.exp(maps - maps.max(0))
    return powers / powers.sum(0)


def map_tensors(random, k, shape, trace, soft):
    classes = random.integers(0, 300, shape).astype('i4')
    maps = random.standard_normal((CLASSES,) + shape).astype('f4')
    labels = bring_back(classes.astype('f4'), trace, cv2.INTER_NEAREST)
    tensors = {f'{k}.classes': classes, f'{k}.labels': labels.astype('i4'), f'{k}.maps': maps[None]}
    for suffix, scores in (('', maps), ('.soft', softmax(maps)))[: 1 + soft]:
        planes = np.stack([bring_back(plane, trace, cv2.INTER_LINEAR) for plane in scores])
        tensors[f'{k}.best{suffix}'] = planes.argmax(0).astype('i4')
        tensors[f'{k}.scores{suffix}'] = planes.max(0)
    return tensors


def main():
    official = load(sys.argv[1])
    folder = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, '../../tests/data/segment')
    os.makedirs(folder, exist_ok=True)
    cv2.setNumThreads(1)
    cv2.ipp.setUseIPP(False)
    random = np.random.default_rng(77)
    for name, steps in CONFIGS.items():
        deploy = {'transforms': steps, 'input_shape': [-1, 3, -1, -1], 'output_op': 'none', 'output_dtype': 'float32'}
        with open(os.path.join(folder, name + '.yaml'), 'w') as file:
            yaml.safe_dump({'Deploy': deploy}, file)
        tensors = {}
        for k, (height, width) in enumerate(SIZES):
            image = random.integers(0, 256, (height, width, 3), np.uint8)
            tensor, trace = preprocess(official, steps, image)
            tensors[f'{k}.image'], tensors[f'{k}.tensor'] = image, tensor[None]
            if name not in TRACELESS:
                tensors.update(map_tensors(random, k, tensor.shape[1:], trace, name in SOFT))
        tensorpack.write(os.path.join(folder, name + '.rmtp'), tensors)


if __name__ == '__main__':
    main()
