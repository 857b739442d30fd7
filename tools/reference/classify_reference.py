# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/classify: configurations in the forms PaddleClas writes, and the tensors its own preprocessing gives.

usage: classify_reference.py [--photos FOLDER] [FOLDER]      (cv2 4.11, numpy, Pillow, PyYAML)
Per configuration NAME.yml a pack NAME.rmtp: `image.<k>` (BGR, uint8) and `tensor.<k>` (float32 [1, 3, h, w]).
photos.rmtp, made with imagenet.yml from the JPEG files of --photos: per file `<file>.pixels` (FNV-1a, 64 bits, of the RGB bytes after
the crop), `<file>.positions` and `<file>.values` (elements of the flat tensor).
"""

import argparse
import os
import sys

import cv2
import numpy as np
import yaml
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../fixtures'))

import tensorpack

CODES = {
    'nearest': cv2.INTER_NEAREST,
    'bilinear': cv2.INTER_LINEAR,
    'area': cv2.INTER_AREA,
    'bicubic': cv2.INTER_CUBIC,
    'lanczos': cv2.INTER_LANCZOS4,
}
PILLOW = {
    'nearest': Image.NEAREST,
    'bilinear': Image.BILINEAR,
    'bicubic': Image.BICUBIC,
    'lanczos': Image.LANCZOS,
    'box': Image.BOX,
    'hamming': Image.HAMMING,
}
IMAGENET = {'mean': [0.485, 0.456, 0.406], 'std': [0.229, 0.224, 0.225]}
NORMALISE = {'NormalizeImage': dict(IMAGENET, channel_num=3, order='', scale=0.00392156862745098)}
CHW = {'ToCHWImage': None}

CONFIGS = {
    'imagenet': [{'ResizeImage': {'resize_short': 256}}, {'CropImage': {'size': 224}}, NORMALISE, CHW],
    'short': [{'ResizeImage': {'resize_short': 6}}, {'CropImage': {'size': 5}}, NORMALISE, CHW],
    'size': [{'ResizeImage': {'size': 11}}, NORMALISE, CHW],
    'size_pair': [{'ResizeImage': {'size': [13, 7]}}, NORMALISE, CHW],
    'crop_pair': [
        {'ResizeImage': {'resize_short': 12, 'interpolation': 'bilinear', 'backend': 'cv2'}},
        {'CropImage': {'size': [9, 4]}},
        NORMALISE,
        CHW,
    ],
    'nearest': [{'ResizeImage': {'size': 9, 'interpolation': 'nearest'}}, NORMALISE, CHW],
    'bicubic': [{'ResizeImage': {'resize_short': 9, 'interpolation': 'bicubic'}}, {'CropImage': {'size': 8}}, NORMALISE, CHW],
    'area': [{'ResizeImage': {'resize_short': 7, 'interpolation': 'AREA'}}, {'CropImage': {'size': 6}}, NORMALISE, CHW],
    'lanczos': [{'ResizeImage': {'resize_short': 9, 'interpolation': 'lanczos'}}, {'CropImage': {'size': 8}}, NORMALISE, CHW],
    'number': [{'ResizeImage': {'resize_short': 9, 'interpolation': 2}}, {'CropImage': {'size': 8}}, NORMALISE, CHW],
    'text_scale': [
        {'DecodeImage': {'to_rgb': True, 'channel_first': False}},
        {'ResizeImage': {'size': [8, 8]}},
        {'NormalizeImage': dict(IMAGENET, scale='1.0/255.0', order='hwc')},
        CHW,
    ],
    'chw_order': [
        {'ResizeImage': {'size': [8, 6]}},
        CHW,
        {'NormalizeImage': {'mean': [0.5, 0.5, 0.5], 'std': [0.5, 0.5, 0.5], 'scale': '1/255', 'order': 'chw'}},
    ],
    'no_resize': [{'CropImage': {'size': 4}}, NORMALISE, CHW],
    'pil_bilinear': [
        {'ResizeImage': {'resize_short': 9, 'interpolation': 'bilinear', 'backend': 'pil'}},
        {'CropImage': {'size': 8}},
        NORMALISE,
        CHW,
    ],
    'pil_bicubic': [{'ResizeImage': {'size': [10, 7], 'interpolation': 'bicubic', 'backend': 'pil'}}, NORMALISE, CHW],
}
# height x width of the pictures given to each configuration; resize_short 6 makes 7.5 of 5 and 10.5 of 7
PICTURES = [(4, 5), (7, 4), (13, 17), (24, 20)]
PHOTO_STEPS = 97


def resize(image, size=None, resize_short=None, interpolation='bilinear', backend='cv2'):
    if resize_short is not None:
        height, width = image.shape[:2]
        factor = resize_short / min(height, width)
        target = (int(round(width * factor)), int(round(height * factor)))
    else:
        target = (size, size) if isinstance(size, int) else tuple(size)
    if backend == 'pil':
        return np.asarray(Image.fromarray(image).resize(target, PILLOW[interpolation.lower()]))
    return cv2.resize(
        image, target, interpolation=interpolation if isinstance(interpolation, int) else CODES[interpolation.lower()]
    )


def crop(image, size):
    width, height = (size, size) if isinstance(size, int) else size
    left, top = (image.shape[1] - width) // 2, (image.shape[0] - height) // 2
    if left < 0 or top < 0:
        raise ValueError('the image is smaller than the crop')
    return image[top : top + height, left : left + width]


def quotient(text):
    """The value of '1.0/255.0' or '0.5'."""
    above, _, below = text.partition('/')
    return float(above) / float(below or 1)


def normalise(image, mean, std, scale=1 / 255, order='chw', channel_num=3):
    shape = (3, 1, 1) if order == 'chw' else (1, 1, 3)
    factor = np.float32(quotient(scale) if isinstance(scale, str) else scale)
    mean, std = (np.array(values, 'f4').reshape(shape) for values in (mean, std))
    return (image.astype('f4') * factor - mean) / std


OPERATORS = {
    'DecodeImage': lambda image, **_: image,
    'ResizeImage': resize,
    'CropImage': crop,
    'NormalizeImage': normalise,
    'ToCHWImage': lambda image: image.transpose(2, 0, 1),
}


def preprocess(bgr, steps, until=None):
    """RGB first, then the steps; stops in front of the step named `until`."""
    image = np.ascontiguousarray(bgr[..., ::-1])
    for step in steps:
        ((name, options),) = step.items()
        if name == until:
            break
        image = OPERATORS[name](image, **(options or {}))
    return np.ascontiguousarray(image)


def fnv1a(raw):
    value = 0xCBF29CE484222325
    for byte in raw:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def picture_pack(random, steps):
    """Pictures that the configuration can crop, and their tensors."""
    tensors, k = {}, 0
    for height, width in PICTURES:
        image = random.integers(0, 256, (height, width, 3), np.uint8)
        try:
            tensor = preprocess(image, steps)[None]
        except ValueError:
            continue
        tensors[f'image.{k}'], tensors[f'tensor.{k}'] = image, tensor
        k += 1
    return tensors


def photo_pack(folder, steps):
    tensors = {}
    for name in sorted(os.listdir(folder)):
        image = cv2.imread(os.path.join(folder, name))
        flat = preprocess(image, steps).reshape(-1)
        positions = np.arange(11, flat.size, flat.size // PHOTO_STEPS)
        pixels = preprocess(image, steps, until='NormalizeImage')
        tensors[name + '.pixels'] = np.array([fnv1a(pixels.tobytes())], 'u8').view('i8')
        tensors[name + '.positions'], tensors[name + '.values'] = positions.astype('i8'), flat[positions]
    return tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', nargs='?', default=os.path.join(HERE, '../../tests/data/classify'))
    parser.add_argument('--photos', default=os.path.join(HERE, '../../examples/images/photos'))
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    cv2.setNumThreads(1)
    cv2.ipp.setUseIPP(False)
    random = np.random.default_rng(7)
    for name, steps in CONFIGS.items():
        with open(os.path.join(args.folder, name + '.yml'), 'w') as file:
            yaml.safe_dump(
                {'PreProcess': {'transform_ops': steps}, 'PostProcess': {'Topk': {'topk': 5, 'label_list': ['a', 'b', 'c']}}},
                file,
            )
        if name != 'imagenet':
            tensorpack.write(os.path.join(args.folder, name + '.rmtp'), picture_pack(random, steps))
    tensorpack.write(os.path.join(args.folder, 'photos.rmtp'), photo_pack(args.photos, CONFIGS['imagenet']))


if __name__ == '__main__':
    main()
