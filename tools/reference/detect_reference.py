# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/detect: configurations in the forms PaddleDetection writes, what its preprocessing gives, and outputs of models
with the objects that they mean.

usage: detect_reference.py [FOLDER]      (cv2 4.11, numpy, PyYAML)
images.rmtp: `<image>` (BGR, uint8). Per configuration NAME.yml a pack NAME.rmtp: `<image>.tensor` (float32 [1, 3, h, w]),
`<image>.im_shape`, `<image>.scale_factor`; an image that the official operators cannot take has no records.
affine.rmtp: `<case>.image`, `<case>.map` (the inverse, 6 doubles), `<case>.warped`: cv2.warpAffine, linear.
outputs.rmtp: per case `<case>.output<k>`, `<case>.geometry` (input h, w; image h, w; scale y, x), and what they mean:
`<case>.rows` ([n, 6] or [n, 10] of label, score, box) and `<case>.row_counts`.
"""

import argparse
import math
import os
import sys

import cv2
import numpy as np
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../fixtures'))

import tensorpack

IMAGENET = {'mean': [0.485, 0.456, 0.406], 'std': [0.229, 0.224, 0.225]}
NORMALISE = {'type': 'NormalizeImage', 'is_scale': True, **IMAGENET}
PERMUTE = {'type': 'Permute'}


def resize(size, keep_ratio, interp=1):
    return {'type': 'Resize', 'target_size': size, 'keep_ratio': keep_ratio, 'interp': interp}


CONFIGS = {
    'stretched': [resize([12, 9], False), NORMALISE, PERMUTE],
    'cubic': [resize([12, 9], False, 2), NORMALISE, PERMUTE],
    'nearest': [resize([12, 9], False, 0), NORMALISE, PERMUTE],
    'area': [resize([7, 5], False, 3), NORMALISE, PERMUTE],
    'lanczos': [resize([12, 9], False, 4), NORMALISE, PERMUTE],
    'kept': [resize([16, 29], True), NORMALISE, PERMUTE],
    'kept_cubic': [resize([13, 21], True, 2), NORMALISE, PERMUTE],
    'kept_square': [resize(14, True), NORMALISE, PERMUTE],
    'strided': [resize([16, 29], True), NORMALISE, PERMUTE, {'type': 'PadStride', 'stride': 8}],
    'no_stride': [resize([12, 9], False), NORMALISE, PERMUTE, {'type': 'PadStride', 'stride': 0}],
    'padded': [resize([16, 16], True), {'type': 'Pad', 'size': [19, 17], 'fill_value': [114.0, 114.0, 114.0]}, PERMUTE],
    'padded_numbers': [
        resize([11, 16], True),
        {'type': 'Pad', 'size': [17, 18], 'fill_value': [123.675, 116.28, 103.53]},
        {'type': 'NormalizeImage', 'is_scale': False, 'mean': [123.675, 116.28, 103.53], 'std': [58.395, 57.12, 57.375]},
        PERMUTE,
    ],
    'padded_twice': [resize([9, 16], True), {'type': 'Pad', 'size': 17}, NORMALISE, PERMUTE, {'type': 'PadStride', 'stride': 6}],
    'unscaled': [
        resize([12, 9], False),
        {'type': 'NormalizeImage', 'is_scale': False, 'mean': [127.5, 127.5, 127.5], 'std': [127.502231] * 3},
        PERMUTE,
    ],
    'norm_none': [resize([12, 9], False), {**NORMALISE, 'norm_type': 'none'}, PERMUTE],
    'not_normalised': [resize([12, 9], False), PERMUTE],
    'not_resized': [NORMALISE, PERMUTE],
    'letter_box': [{'type': 'LetterBoxResize', 'target_size': [14, 23]}, NORMALISE, PERMUTE],
    'letter_box_square': [{'type': 'LetterBoxResize', 'target_size': 15}, NORMALISE, PERMUTE],
    'warped': [{'type': 'WarpAffine', 'keep_res': False, 'input_h': 17, 'input_w': 12}, NORMALISE, PERMUTE],
    'warped_kept': [{'type': 'WarpAffine', 'keep_res': True, 'pad': 7}, NORMALISE, PERMUTE],
    'multiple_max': [{'type': 'Resize_Mult32', 'limit_side_len': 48, 'limit_type': 'max'}, NORMALISE, PERMUTE],
    'multiple_min': [{'type': 'Resize_Mult32', 'limit_side_len': 33, 'limit_type': 'min', 'interp': 2}, NORMALISE, PERMUTE],
}
SIZES = {'one': (1, 1), 'row': (1, 13), 'column': (13, 1), 'primes': (7, 5), 'wide': (11, 37), 'tall': (41, 23), 'long': (3000, 7)}
ONLY = {'warped_kept': ('one', 'row', 'primes', 'wide'), 'not_resized': ('one', 'primes', 'wide'),
        'multiple_max': ('primes', 'wide'), 'multiple_min': ('primes',)}
LABELS = ['person', 'bicycle', 'car']


# ---- images --------------------------------------------------------------------------------------------------------------------------


def scaled(image, ratio_y, ratio_x, interp):
    return cv2.resize(image, None, None, fx=ratio_x, fy=ratio_y, interpolation=interp)


def do_resize(image, info, op):
    size = op['target_size'] if isinstance(op['target_size'], list) else [op['target_size']] * 2
    height, width = image.shape[:2]
    ratio_y, ratio_x = size[0] / float(height), size[1] / float(width)
    if op['keep_ratio']:
        ratio = float(min(size)) / float(min(height, width))
        if np.round(ratio * max(height, width)) > max(size):
            ratio = float(max(size)) / float(max(height, width))
        ratio_y = ratio_x = ratio
    image = scaled(image, ratio_y, ratio_x, op['interp'])
    info['im_shape'], info['scale_factor'] = image.shape[:2], (ratio_y, ratio_x)
    return image


def do_multiple(image, info, op):
    height, width = image.shape[:2]
    side = min(height, width) if op['limit_type'] == 'min' else max(height, width)
    ratio = op['limit_side_len'] / side
    ratios = [max(int(round(int(n * ratio) / 32) * 32), 32) / float(n) for n in (height, width)]
    image = scaled(image, *ratios, op.get('interp', 1))
    info['im_shape'], info['scale_factor'] = image.shape[:2], ratios
    return image


def do_letter_box(image, info, op):
    size = op['target_size'] if isinstance(op['target_size'], list) else [op['target_size']] * 2
    height, width = image.shape[:2]
    ratio = min(float(size[0]) / height, float(size[1]) / width)
    inner = (round(width * ratio), round(height * ratio))
    across, down = (size[1] - inner[0]) / 2, (size[0] - inner[1]) / 2
    image = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
    image = cv2.copyMakeBorder(image, round(down - 0.1), round(down + 0.1), round(across - 0.1), round(across + 0.1),
                               cv2.BORDER_CONSTANT, value=(127.5,) * 3)
    info['im_shape'], info['scale_factor'] = inner[::-1], (ratio, ratio)
    return image


def do_pad(image, _info, op):
    size = op['size'] if isinstance(op['size'], list) else [op['size']] * 2
    canvas = np.ones((*size, 3), np.float32) * np.array(op.get('fill_value', [114.0] * 3), np.float32)
    canvas[: image.shape[0], : image.shape[1]] = image  # raises when the image is larger
    return canvas


def affine(centre, side, size):
    """Three points of the source and of the destination, as CenterNet's code chooses them."""
    def corner(a, b):
        return b + np.array([-(a - b)[1], (a - b)[0]], np.float32)

    source, target = np.zeros((3, 2), np.float32), np.zeros((3, 2), np.float32)
    source[0], source[1] = centre, centre + np.array([0, side * -0.5])
    target[0] = [size[0] * 0.5, size[1] * 0.5]
    target[1] = target[0] + np.array([0, size[0] * -0.5])
    source[2], target[2] = corner(source[0], source[1]), corner(target[0], target[1])
    return cv2.getAffineTransform(source, target)


def do_warp(image, _info, op):
    image = image[:, :, ::-1]
    height, width = image.shape[:2]
    if op['keep_res']:
        size = ((width | op['pad']) + 1, (height | op['pad']) + 1)
        side, centre = np.float32(size[0]), np.array([width // 2, height // 2], np.float32)
    else:
        size = (op['input_w'], op['input_h'])
        side, centre = max(height, width) * 1.0, np.array([width / 2.0, height / 2.0], np.float32)
    return cv2.warpAffine(np.ascontiguousarray(image), affine(centre, side, size), size, flags=cv2.INTER_LINEAR)


def do_normalise(image, _info, op):
    image = image.astype(np.float32)
    if op.get('is_scale', True):
        image *= 1.0 / 255.0
    if op.get('norm_type', 'mean_std') == 'mean_std':
        image -= np.array(op['mean'])[None, None]
        image /= np.array(op['std'])[None, None]
    return image


def do_permute(image, _info, _op):
    return image.transpose(2, 0, 1).astype(np.float32)


def do_pad_stride(image, _info, op):
    if op['stride'] <= 0:
        return image
    size = [math.ceil(n / op['stride']) * op['stride'] for n in image.shape[1:]]
    canvas = np.zeros((3, *size), np.float32)
    canvas[:, : image.shape[1], : image.shape[2]] = image
    return canvas


OPERATORS = {'Resize': do_resize, 'Resize_Mult32': do_multiple, 'LetterBoxResize': do_letter_box, 'Pad': do_pad, 'WarpAffine': do_warp,
             'NormalizeImage': do_normalise, 'Permute': do_permute, 'PadStride': do_pad_stride}


def preprocess(image, ops):
    """BGR bytes -> the tensor and what is told about it; None when an operator cannot take the image."""
    info = {'im_shape': image.shape[:2], 'scale_factor': (1.0, 1.0)}
    image = np.ascontiguousarray(image[:, :, ::-1])
    try:
        for op in ops:
            image = OPERATORS[op['type']](image, info, op)
    except (cv2.error, ValueError):
        return None
    return image[None], np.float32(info['im_shape']), np.float32(info['scale_factor'])


def write_images(folder):
    random = np.random.default_rng(7)
    images = {name: random.integers(0, 256, (*size, 3)).astype(np.uint8) for name, size in SIZES.items()}
    tensorpack.write(os.path.join(folder, 'images.rmtp'), images)
    for name, ops in CONFIGS.items():
        config = {'mode': 'paddle', 'draw_threshold': 0.5, 'metric': 'COCO', 'arch': 'YOLO', 'Preprocess': ops, 'label_list': LABELS}
        with open(os.path.join(folder, f'{name}.yml'), 'w') as file:
            yaml.safe_dump(config, file)
        pack = {}
        for key, image in images.items():
            made = preprocess(image, ops) if key in ONLY.get(name, SIZES) else None
            if made is not None and made[0].size < 8000:
                pack.update({f'{key}.tensor': made[0].astype(np.float32), f'{key}.im_shape': made[1], f'{key}.scale_factor': made[2]})
        tensorpack.write(os.path.join(folder, f'{name}.rmtp'), pack)


def write_affine(folder):
    random, pack = np.random.default_rng(11), {}
    for case in range(12):
        image = random.integers(0, 256, (*random.integers(1, 24, 2), 3)).astype(np.uint8)
        matrix = np.eye(2, 3) + random.normal(0, 0.4, (2, 3)) * [[1, 1, 8], [1, 1, 8]]
        size = tuple(int(n) for n in random.integers(1, 24, 2))
        inverse = cv2.invertAffineTransform(matrix)
        warped = cv2.warpAffine(image, inverse, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        pack.update({f'{case}.image': image, f'{case}.map': inverse.ravel(), f'{case}.warped': warped})
    tensorpack.write(os.path.join(folder, 'affine.rmtp'), pack)


# ---- outputs -------------------------------------------------------------------------------------------------------------------------


def overlap(a, b):
    if a[0] > b[2] or b[0] > a[2] or a[1] > b[3] or b[1] > a[3]:
        return 0.0
    both = (min(a[2], b[2]) - max(a[0], b[0])) * (min(a[3], b[3]) - max(a[1], b[1]))
    area = [max(c[2] - c[0], 0) * max(c[3] - c[1], 0) for c in (a, b)]
    return both / (area[0] + area[1] - both)


def suppress(boxes, scores, threshold=0.3, share=0.5, top=1000, keep=100):
    """Multi-class suppression: rows by class, each by descending score."""
    rows = []
    for label, of_class in enumerate(scores):
        order = [i for i in np.argsort(-of_class, kind='stable') if of_class[i] > threshold][:top]
        kept = []
        for i in order:
            if all(overlap(boxes[i], boxes[k]) <= share for k in kept):
                kept.append(i)
        rows += [(label, of_class[i], *boxes[i]) for i in kept]
    best = sorted(range(len(rows)), key=lambda i: -rows[i][1])[:keep]
    return np.array([rows[i] for i in sorted(best)], np.float32).reshape(-1, 6)


def rescale(rows, scale):
    rows[:, 2:] /= np.tile(np.float32(scale)[::-1], (rows.shape[1] - 2) // 2)
    return rows


def heads_to_rows(scores, sides, strides, size, scale, limits=None):
    """PicoDet's own decoding, level by level."""
    boxes, chances = [], []
    for score, side, stride in zip(scores, sides, strides):
        rows, columns = (math.ceil(n / stride) for n in size)
        x, y = np.meshgrid((np.arange(columns) + 0.5) * stride, (np.arange(rows) + 0.5) * stride)
        bins = side.reshape(-1, 4, side.shape[-1] // 4).astype(np.float64)
        weight = np.exp(bins - bins.max(-1, keepdims=True))
        far = (weight * np.arange(bins.shape[-1])).sum(-1) / weight.sum(-1) * stride
        middle = np.stack([x.ravel(), y.ravel()] * 2, 1)
        boxes.append(middle + far * [-1, -1, 1, 1])
        chances.append(score)
    rows = suppress(np.concatenate(boxes), np.concatenate(chances).T, **(limits or {}))
    rows[:, 2::2] = rows[:, 2::2].clip(0, size[1])
    rows[:, 3::2] = rows[:, 3::2].clip(0, size[0])
    return rescale(rows, scale)


def make_heads(random, size, strides, classes=5, bins=8):
    cells = [math.prod(math.ceil(n / stride) for n in size) for stride in strides]
    scores = [random.random((n, classes)).astype(np.float32) ** 6 for n in cells]
    sides = [random.normal(0, 2, (n, 4 * bins)).astype(np.float32) for n in cells]
    return scores, sides


def write_outputs(folder):
    random, pack = np.random.default_rng(3), {}

    def add(case, outputs, size, image, scale, rows):
        pack.update({f'{case}.output{i}': value for i, value in enumerate(outputs)})
        pack[f'{case}.geometry'] = np.float32([*size, *image, *scale])
        pack[f'{case}.rows'] = np.concatenate(rows).astype(np.float32)
        pack[f'{case}.row_counts'] = np.int32([len(r) for r in rows])

    size, scale, strides = (40, 56), (0.5, 0.875), (8, 16, 32)
    scores, sides = make_heads(random, size, strides)
    rows = [heads_to_rows(scores, sides, strides, size, scale)]
    add('heads', [v[None] for v in scores + sides], size, (80, 64), scale, rows)
    turned = [v.T[None].copy() for v in scores + sides]
    add('heads_channels_first', turned, size, (80, 64), scale, rows)
    mixed = [v for pair in zip(scores, sides) for v in (pair[0][None], pair[1].T[None].copy())]
    add('heads_in_pairs', mixed, size, (80, 64), scale, rows)

    corners = random.uniform(0, 50, (2, 60, 2)).astype(np.float32)
    boxes = np.concatenate([corners, corners + random.uniform(1, 20, (2, 60, 2)).astype(np.float32)], -1)
    chances = random.random((2, 3, 60)).astype(np.float32) ** 2
    rows = [rescale(suppress(b, s), scale) for b, s in zip(boxes, chances)]
    add('boxes_and_scores', [boxes, chances], size, (80, 64), scale, rows)
    add('scores_and_boxes', [chances, boxes], size, (80, 64), scale, rows)
    add('boxes_and_scores_of_cells', [boxes, chances.transpose(0, 2, 1).copy()], size, (80, 64), scale, rows)
    add('joined', [np.concatenate([boxes, chances.transpose(0, 2, 1)], -1)], size, (80, 64), scale, rows)
    tensorpack.write(os.path.join(folder, 'outputs.rmtp'), pack)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folder', nargs='?', default=os.path.join(HERE, '../../tests/data/detect'))
    folder = parser.parse_args().folder
    cv2.setNumThreads(1)
    cv2.ipp.setUseIPP(False)
    os.makedirs(folder, exist_ok=True)
    write_images(folder)
    write_affine(folder)
    write_outputs(folder)


if __name__ == '__main__':
    main()
