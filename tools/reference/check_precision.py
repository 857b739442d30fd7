#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What weights in bfloat16 do: the same models with --precision float32 and bf16, on recorded inputs and on pictures.

usage: check_precision.py RAMET [--zoo FOLDER...] [--ocr MODELS IMAGES]      (needs numpy)

--zoo: folders as check_models.py reads them. For each model the memory of its weights both ways and how far results with
bf16 lie from the recorded ones: floats by the largest error relative to the largest magnitude and by the root of the mean
square relative to that of the result; scores of classes also by how often the best class stays; integers by agreement;
rows of [label, score, box] by how many have a partner of their label that overlaps by 90 % and whose score differs by at
most 0.05.
--ocr: MODELS as tools/fetch_models leaves them, and the pictures that are read with them.
Prints Markdown.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy as np

from check_models import is_boxes, models, overlap

OVERLAP, SCORE, FEWEST_CLASSES = 0.9, 0.05, 10


def call(ramet, *words):
    done = subprocess.run([ramet, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f'{words}: {done.stderr or done.stdout}')
    return done.stdout


# ---- recorded cases ---------------------------------------------------------------------------------------------


def results(ramet, folder, case, precision):
    number = case['case']
    with tempfile.TemporaryDirectory() as made:
        words = ['run', folder, '--precision', precision, '--output_dir', made]
        for name in case['inputs']:
            words += ['--input', f'{name}={folder}/case{number}.in.{name}.npy']
        call(ramet, *words)
        return [np.load(f'{made}/out{k}.npy') for k in range(len(case['outputs']))]


def paired_boxes(want, got):
    """How many rows of want take a row of got that nobody has taken."""
    free, hits = np.ones(len(got), bool), 0
    for row in want:
        candidates = np.flatnonzero(free & (got[:, 0] == row[0]) & (np.abs(got[:, 1] - row[1]) <= SCORE))
        shares = overlap(row[2:], got[candidates, 2:], np.abs(want[:, 2:]).max())
        if len(candidates) and shares.max() > OVERLAP:
            hits += 1
            free[candidates[shares.argmax()]] = False
    return hits


class Figures:
    """What all outputs of all cases of a model come to."""

    def __init__(self):
        self.error, self.square = 0.0, 0.0
        self.counts = {}  # what -> [agreeing, all]

    def count(self, what, agreeing, total):
        entry = self.counts.setdefault(what, [0, 0])
        entry[0] += int(agreeing)
        entry[1] += int(total)

    def add(self, want, got):
        if want.dtype.kind in 'iub':
            if want.size > 1 and want.shape == got.shape:
                self.count('labels', (want == got).sum(), want.size)
        elif is_boxes(want):
            self.count('boxes', paired_boxes(want, got), len(want))
        elif want.size:
            want, got = want.astype('f8'), got.astype('f8')
            self.error = max(self.error, np.abs(want - got).max() / (np.abs(want).max() or 1))
            self.square = max(self.square, np.sqrt(((want - got) ** 2).mean() / ((want ** 2).mean() or 1)))
            if want.ndim in (2, 3) and want.shape[-1] >= FEWEST_CLASSES:
                best = want.argmax(-1) == got.argmax(-1)
                self.count('best classes', best.sum(), best.size)

    def cells(self):
        errors = [f'{self.error:.1e}', f'{self.square:.1e}'] if self.error else ['', '']
        return errors + [', '.join(f'{a} of {n} {what}' for what, (a, n) in self.counts.items())]


def weights_mib(ramet, folder, precision):
    (entry,) = [json.loads(line) for line in call(ramet, 'inspect', folder, '--precision', precision, '--json').splitlines()]
    return entry['weights_bytes'] / 2 ** 20


def check_zoo(ramet, folders):
    print('| model | weights, MiB | with bf16 | largest error | mean error | equal |\n|---|--:|--:|--:|--:|---|')
    for family, folder in models(folders):
        figures = Figures()
        for case in json.load(open(folder / 'case.json', encoding='utf-8'))['cases']:
            for k, got in enumerate(results(ramet, folder, case, 'bf16')):
                figures.add(np.load(folder / f'case{case["case"]}.out{k}.npy'), got)
        sizes = [f'{weights_mib(ramet, folder, precision):.1f}' for precision in ('float32', 'bf16')]
        print('|', ' | '.join([f'{family}/{folder.name}', *sizes, *figures.cells()]), '|', flush=True)


# ---- pictures -----------------------------------------------------------------------------------------------------


def read(ramet, folder, images, precision):
    words = ['ocr', '--det_model', folder / 'ch_PP-OCRv4_det_infer', '--cls_model', folder / 'ch_ppocr_mobile_v2_cls_infer',
             '--rec_model', folder / 'ch_PP-OCRv4_rec_infer', '--rec_label_file', folder / 'ppocr_keys_v1.txt',
             '--image_path', images, '--precision', precision, '--json']
    return [json.loads(line) for line in call(ramet, *words).splitlines()]


def match(wide, narrow):
    """For each box of wide the box of narrow with the nearest centre, if it is within 4 pixels."""
    centre = [np.mean(boxes, 1) for boxes in (np.reshape(one['boxes'], (-1, 4, 2)) for one in (wide, narrow))]
    for i, place in enumerate(centre[0]):
        distances = np.abs(centre[1] - place).max(1) if len(centre[1]) else np.array([np.inf])
        yield i, int(distances.argmin()) if distances.min() <= 4 else None


def check_ocr(ramet, folder, images):
    wide, narrow = (read(ramet, folder, images, precision) for precision in ('float32', 'bf16'))
    lines = found = equal = 0
    corner = score = 0.0
    changed = []
    for one, other in zip(wide, narrow, strict=True):
        for i, j in match(one, other):
            lines += 1
            if j is None:
                changed.append((one['text'][i], None))
                continue
            found += 1
            equal += one['text'][i] == other['text'][j]
            corner = max(corner, np.abs(np.subtract(one['boxes'][i], other['boxes'][j])).max())
            if one['text'][i] == other['text'][j]:
                score = max(score, abs(one['rec_scores'][i] - other['rec_scores'][j]))
            else:
                changed.append((one['text'][i], other['text'][j]))
    extra = sum(len(one['text']) for one in narrow) - found
    print(f'{len(wide)} pictures, {lines} lines: {found} found again, {extra} besides, {equal} with the same text; corners '
          f'move by {corner:.0f} pixels at most, scores of equal texts by {score:.4f}')
    for before, after in changed:
        print(f'- {before!r} -> {after!r}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('ramet')
    parser.add_argument('--zoo', nargs='+', metavar='FOLDER')
    parser.add_argument('--ocr', nargs=2, metavar=('MODELS', 'IMAGES'))
    args = parser.parse_args()
    if args.zoo:
        check_zoo(args.ramet, args.zoo)
    if args.ocr:
        check_ocr(args.ramet, pathlib.Path(args.ocr[0]), args.ocr[1])


if __name__ == '__main__':
    main()
