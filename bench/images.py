#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times what stands around the networks beside cv2 and numpy: one process, one thread, one pinned CPU, in turn.

    PYTHON bench/images.py ZOO [--only WORD] [--seconds S]

PYTHON: one with cv2, numpy, pyclipper and shapely, such as build/peers/measure/bin/python, which bench/peers makes.
ZOO: the folder with PaddleClas, PaddleDetection and PaddleSeg, for their configurations. `official` are the model
families' own steps, `in place` the same with as few passes and allocations as numpy allows. Only the perspective crops
run in a process of their own, on the same CPU, because the library does not offer them alone.
"""

import argparse
import ctypes
import os
import subprocess
import sys
import time

import cv2
import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path.insert(0, os.path.join(ROOT, 'tools/reference'))

import ocr_official
from images_ramet import Ramet

PEOPLE = ('astronaut', 'cat', 'coffee')
PAGES = ('chinese_signs.jpg', 'english_document.png', 'mixed_receipt.png', 'photo_background.jpg', 'rotated_lines.jpg')


def picture():
    """A JPEG of 1920 x 1080 pixels, quality 90, 4:2:0: photographs and pages side by side."""
    tiles = [cv2.imread(os.path.join(ROOT, 'examples/images/photos', name + '.jpg')) for name in PEOPLE]
    tiles += [cv2.imread(os.path.join(ROOT, 'examples/images', name)) for name in PAGES[:3]]
    tiles = [cv2.resize(tile, (640, 540), interpolation=cv2.INTER_AREA) for tile in tiles]
    whole = np.vstack([np.hstack(tiles[:3]), np.hstack(tiles[3:])])
    return np.frombuffer(cv2.imencode('.jpg', whole, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes(), 'u1')


# ---------------------------------------------------------------- cv2 and numpy


class InPlace:
    """(pixel - mean) / std as one multiplication and one addition into buffers that stay, then planes."""

    def __init__(self, mean, deviation, swap=False):
        self.scale = (1 / (255 * np.asarray(deviation, 'f4'))).astype('f4')
        self.shift = (-np.asarray(mean, 'f4') / np.asarray(deviation, 'f4')).astype('f4')
        self.order = slice(None, None, -1) if swap else slice(None)
        self.pixels = self.planes = np.empty((0, 0, 3), 'f4')

    def __call__(self, image):
        if self.pixels.shape != image.shape:
            self.pixels, self.planes = np.empty(image.shape, 'f4'), np.empty((1, 3, *image.shape[:2]), 'f4')
        np.multiply(image[..., self.order], self.scale, out=self.pixels)
        self.pixels += self.shift
        np.copyto(self.planes[0], self.pixels.transpose(2, 0, 1))
        return self.planes


def official_numbers(image, mean, deviation, swap=True):
    """RGB, pixel / 255, minus mean, by deviation, planes: as the families' transforms do it."""
    pixels = (cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if swap else image).astype('f4') * np.float32(1 / 255)
    pixels = (pixels - np.asarray(mean, 'f4')) / np.asarray(deviation, 'f4')
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])


def short_crop(image):
    height, width = image.shape[:2]
    ratio = 256 / min(height, width)
    image = cv2.resize(image, (round(width * ratio), round(height * ratio)))
    top, left = (image.shape[0] - 224) // 2, (image.shape[1] - 224) // 2
    return image[top : top + 224, left : left + 224]


IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def decode(file):
    return cv2.imdecode(file, cv2.IMREAD_COLOR)


def detector_cases(ramet, file):
    in_place = InPlace(*IMAGENET)

    def tuned(image):
        rows, columns = ocr_official.detector_size(*image.shape[:2])
        return in_place(cv2.resize(image, (columns, rows)))

    image, run = decode(file), ramet.text_detector_input()
    yield 'PP-OCR det, decoded', lambda: run(image), lambda: ocr_official.detector_input(image), lambda: tuned(image)
    yield (
        'PP-OCR det, from JPEG',
        lambda: ramet.decoded(file, run),
        lambda: ocr_official.detector_input(decode(file)),
        lambda: tuned(decode(file)),
    )
    yield 'decoding alone', lambda: ramet.decoded(file, lambda image: np.zeros(0)), lambda: decode(file)[:0], None


def classifier_cases(ramet, file, zoo):
    image, in_place = decode(file), InPlace(*IMAGENET, swap=True)
    run = ramet.folder_input('classify', os.path.join(zoo, 'PaddleClas/ResNet50_vd/inference.yml'))

    def official(image):
        return official_numbers(short_crop(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)), *IMAGENET, swap=False)

    yield 'classifier 224, decoded', lambda: run(image), lambda: official(image), lambda: in_place(short_crop(image))
    yield (
        'classifier 224, from JPEG',
        lambda: ramet.decoded(file, run),
        lambda: official(decode(file)),
        lambda: in_place(short_crop(decode(file))),
    )


def transform_cases(ramet, file, zoo):
    image, half = decode(file), (0.5, 0.5, 0.5)
    kinds = (
        ('picodet 320', 'detect', 'PaddleDetection/picodet_s_320_coco_lcnet/infer_cfg.yml', (320, 320), 2, IMAGENET),
        ('ppyoloe 640', 'detect', 'PaddleDetection/ppyoloe_plus_crn_s_80e_coco/infer_cfg.yml', (640, 640), 2, ((0, 0, 0), (1, 1, 1))),
        ('liteseg, whole', 'segment', 'PaddleSeg/pp_liteseg_stdc1_cityscapes/deploy.yaml', None, None, (half, half)),
        ('humanseg 192', 'segment', 'PaddleSeg/pp_humansegv2_lite_portrait_256x144/deploy.yaml', None, None, (half, half)),
    )
    for title, task, config, size, how, numbers in kinds:
        run, in_place = ramet.folder_input(task, os.path.join(zoo, config)), InPlace(*numbers, swap=True)
        target = size or run(image).shape[:1:-1]

        def fitted(target=target, how=how):
            return image if target == image.shape[1::-1] else cv2.resize(image, target, interpolation=cv2.INTER_LINEAR if how is None else how)

        yield (
            title,
            lambda run=run: run(image),
            lambda fitted=fitted, numbers=numbers: official_numbers(fitted(), *numbers),
            lambda fitted=fitted, in_place=in_place: in_place(fitted()),
        )


# ---------------------------------------------------------------- around the three models of OCR


class Page:
    """What the models make of a page: its map, its quads, crops and their probabilities."""

    def __init__(self, ramet, path):
        self.image = cv2.imread(path)
        self.map = ramet.detector(ocr_official.detector_input(self.image)).copy()
        self.geometry = (*self.image.shape[1::-1], *self.map.shape[:1:-1])
        self.quads = self.boxes().astype('f4')
        self.crops = [np.ascontiguousarray(ocr_official.crop_quad(self.image, quad)) for quad in self.quads]
        self.lines = [ramet.recognizer(self.line(crop)).copy() for crop in self.crops]

    @staticmethod
    def line(crop):
        return ocr_official.line_input(crop, ocr_official.line_width([crop]))[None]

    def boxes(self):
        boxes, _ = ocr_official.map_boxes(self.map[0, 0])
        return ocr_official.final_boxes(ocr_official.image_boxes(boxes, self.map.shape[2:], self.image.shape), self.image.shape)[0]


def in_order(boxes):
    return boxes[ocr_official.reading_order(boxes)]


def flat(result):
    arrays = result if isinstance(result, list) else [result]
    return np.concatenate([np.asarray(array, 'f4').ravel() for array in arrays])


class Crops:
    """All crops of a page by bench_crops."""

    def __init__(self, program, page):
        self.sizes = [self.size(quad) for quad in page.quads]
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        head = np.array([*page.image.shape[1::-1], len(self.sizes)], 'i4')
        jobs = b''.join(np.array(size, 'i4').tobytes() + quad.tobytes() for size, quad in zip(self.sizes, page.quads))
        self.child.stdin.write(head.tobytes() + page.image.tobytes() + jobs)

    @staticmethod
    def size(quad):
        sides = [np.linalg.norm(quad[i] - quad[i - 1]) for i in range(4)]
        return int(max(sides[1], sides[3])), int(max(sides[0], sides[2]))

    def ask(self, word):
        self.child.stdin.write(word)
        self.child.stdin.flush()

    def pixels(self):
        self.ask(b'c')
        crops = [np.frombuffer(self.child.stdout.read(3 * w * h), 'u1').reshape(h, w, 3) for w, h in self.sizes]
        self.child.stdout.read(8)
        return [np.rot90(crop) if crop.shape[0] / crop.shape[1] >= 1.5 else crop for crop in crops]

    def __call__(self):
        self.ask(b' ')
        return int.from_bytes(self.child.stdout.read(8), 'little')


def line_cases(ramet, pages):
    characters = ocr_official.read_dictionary(ramet.dictionary)
    read, boxes, texts = ramet.text_line_input(), ramet.text_boxes(), ramet.texts()
    crops = [crop for page in pages for crop in page.crops]
    lines = [line for page in pages for line in page.lines]
    yield (
        'lines for rec',
        lambda: [read(crop) for crop in crops],
        lambda: [Page.line(crop) for crop in crops],
        None,
        lambda: [read(crop).copy() for crop in crops],
    )
    yield (
        'DB post-processing',
        lambda: [boxes(page.map, page.geometry) for page in pages],
        lambda: [in_order(page.boxes()) for page in pages],
        None,
    )
    yield (
        'CTC decoding',
        lambda: [texts(line) for line in lines],
        lambda: [ocr_official.decode(line[0], characters)[1] for line in lines],
        None,
    )


# ---------------------------------------------------------------- measuring


def taken(run):
    """Nanoseconds; a run that measures itself says them."""
    start = time.perf_counter_ns()
    result = run()
    return result if isinstance(result, int) else time.perf_counter_ns() - start


def measure(runs, seconds):
    """[round][run] milliseconds, in turn."""
    table, end = [], time.perf_counter() + seconds
    while len(table) < 7 or time.perf_counter() < end:
        row = np.empty(len(runs))
        for k in range(len(runs)):
            at = (k + len(table)) % len(runs)
            row[at] = taken(runs[at]) / 1e6
        table.append(row)
    return np.array(table)


def report(title, table, difference):
    """Medians; the ratio is that of neighbouring runs, to the faster of the peers."""
    medians = np.median(table, 0)
    peer = 2 + int(np.argmin(medians[2:]))
    low, middle, high = np.percentile(table[:, 0] / table[:, peer], (25, 50, 75))
    noise = np.percentile(table[:, 0] / table[:, 1], (25, 75))
    tuned = f'{medians[3]:.3f}' if len(medians) > 3 else ''
    print(
        f'| {title} | {medians[0]:.3f} | {medians[2]:.3f} | {tuned} | {middle:.2f} ({low:.2f}..{high:.2f}) | '
        f'{noise[0]:.2f}..{noise[1]:.2f} | {difference:.0e} |',
        flush=True,
    )


def compare(args, title, ours, official, tuned, result=None):
    if args.only and args.only not in title:
        return
    want, got = flat(official()).astype('f8'), flat((result or ours)()).astype('f8')
    difference = np.abs(got - want).max() if want.size else 0.0
    report(title, measure([ours, ours, official] + ([tuned] if tuned else []), args.seconds), difference)


def compare_crops(args, pages):
    for page, name in zip(pages, PAGES):
        crops = Crops(os.path.join(args.build, 'bench/bench_crops'), page)
        compare(
            args,
            f'{len(page.quads)} crops, {name.split(".")[0]}',
            crops,
            lambda page=page: [ocr_official.crop_quad(page.image, quad) for quad in page.quads],
            None,
            crops.pixels,
        )
        crops.child.stdin.close()
        crops.child.wait()


def share(ramet, pages, seconds):
    """Post-processing as a part of the whole pipeline."""
    boxes, texts, pipeline = ramet.text_boxes(), ramet.texts(), ramet.pipeline()
    runs = [
        lambda: [pipeline(page.image) for page in pages],
        lambda: [boxes(page.map, page.geometry) for page in pages],
        lambda: [texts(line) for page in pages for line in page.lines],
    ]
    whole, db, ctc = np.median(measure(runs, seconds), 0)
    lines = sum(len(page.lines) for page in pages)
    print(f'\n{len(pages)} pages, {lines} lines: pipeline {whole:.1f} ms, DB post-processing {db:.2f} ms, CTC decoding {ctc:.2f} ms', end='')
    print(f': {100 * (db + ctc) / whole:.2f} % together')


def padding(pages):
    """Columns that the recogniser gets, and how many of them hold no text: in ramet's runs and in batches of six by ratio."""
    alone = batched = text = 0
    for page in pages:
        widths = [ocr_official.line_width([crop]) for crop in page.crops]
        alone += sum(widths)
        text += sum(min(width, -(-48 * crop.shape[1] // crop.shape[0])) for width, crop in zip(widths, page.crops))
        for batch in ocr_official.batches(ocr_official.by_ratio(page.crops)):
            batched += len(batch) * ocr_official.line_width([page.crops[i] for i in batch])
    print(f'recognition: {alone} columns, of which {100 * (1 - text / alone):.1f} % hold no text; in batches of six ', end='')
    print(f'{batched} columns, {100 * (1 - text / batched):.1f} %')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('zoo')
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--only', help='rows whose title holds this')
    parser.add_argument('--seconds', type=float, default=4, help='for each row')
    parser.add_argument('--cpu', type=int, default=max(os.sched_getaffinity(0)))
    args = parser.parse_args()
    os.sched_setaffinity(0, {args.cpu})
    cv2.setNumThreads(1)
    ramet, file = Ramet(args.build), picture()
    pages = [Page(ramet, os.path.join(ROOT, 'examples/images', name)) for name in PAGES]
    print(f'1080p JPEG of {len(file) / 1024:.0f} KiB; cv2 {cv2.__version__}, numpy {np.__version__}\n')
    print('| | ramet, ms | cv2 + numpy, official, ms | in place, ms | ratio to the faster | noise | largest difference |')
    print('|---|--:|--:|--:|---|---|--:|')
    for cases in (detector_cases(ramet, file), classifier_cases(ramet, file, args.zoo), transform_cases(ramet, file, args.zoo)):
        for case in cases:
            compare(args, *case)
    for case in line_cases(ramet, pages):
        compare(args, *case)
    compare_crops(args, pages)
    if not args.only:
        share(ramet, pages, 3 * args.seconds)
        padding(pages)


if __name__ == '__main__':
    main()
