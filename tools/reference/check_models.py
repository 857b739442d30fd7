#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs recorded cases of whole models through `ramet run` and says how near the results come.

usage: check_models.py RAMET FOLDER... [--markdown] [--only TEXT ...] [--timeout S]      (needs numpy)

Each FOLDER holds FAMILY/MODEL/case.json beside the exported program: {"cases": [{"case": K, "inputs": {NAME: ...},
"outputs": [...]}]}, with caseK.in.NAME.npy fed and caseK.outJ.npy recorded from the framework that exported it. Floats are
judged by the largest error relative to the largest magnitude (1e-4), integers by agreement (99.9 %), rows of
[label, score, box] by pairs of one label whose boxes overlap by 99 % (rotated ones: lie within 0.1 % of the picture) and
whose scores differ by at most 0.001.
Prints a line a case, or a table a family, and last `N passed, N failed`; exit 0 when none failed.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

FLOAT_ERROR, AGREEMENT, OVERLAP, SCORE = 1e-4, 0.999, 0.99, 1e-3


def is_boxes(want):
    """Rows of label, score, and corners in pixels."""
    return want.ndim == 2 and want.shape[1] in (6, 10) and (want[:, 0] == want[:, 0].round()).all() and want[:, 2:].max(initial=0) > 2


def overlap(box, others, reach):
    """Intersection over union of one box with several, [x1, y1, x2, y2]; 1 for two equal ones without area.

    Polygons: 1 where all corners lie within a thousandth of `reach`, else 0."""
    if len(box) != 4:
        return (np.abs(others - box).max(1) <= 1e-3 * reach).astype('f8')
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.clip(high - low, 0, None).prod(1)
    area = (box[2:] - box[:2]).prod()
    union = area + (others[:, 2:] - others[:, :2]).prod(1) - common
    same = np.abs(others - box).max(1) <= 0.05
    return np.where(same, 1.0, common / np.where(union > 0, union, 1))


def compare_boxes(want, got):
    """Each wanted row takes one row that nobody has taken."""
    if got.ndim != 2 or got.shape != want.shape:
        return False, f'{len(got)} rows, not {len(want)}'
    free, hits = np.ones(len(got), bool), 0
    for row in want:
        near = free & (got[:, 0] == row[0]) & (np.abs(got[:, 1] - row[1]) <= SCORE)
        candidates = np.flatnonzero(near)
        if len(candidates):
            shares = overlap(row[2:], got[candidates, 2:], np.abs(want[:, 2:]).max())
            if shares.max() > OVERLAP:
                hits += 1
                free[candidates[shares.argmax()]] = False
    return hits >= len(want) - max(1, len(want) // 100), f'{hits} of {len(want)} boxes'


def compare(want, got):
    """(passed, figure) for one output."""
    if want.dtype.kind in 'iub':
        if want.shape != got.shape:
            return False, f'shape {got.shape}, not {want.shape}'
        share = float((want == got).mean()) if want.size else 1.0
        return share >= AGREEMENT, f'{100 * share:.2f} % equal'
    if is_boxes(want):
        return compare_boxes(want, got)
    if want.shape != got.shape:
        return False, f'shape {got.shape}, not {want.shape}'
    if not want.size:
        return True, 'empty'
    scale = float(np.abs(want).max()) or 1.0
    error = float(np.abs(want.astype('f8') - got.astype('f8')).max()) / scale
    return bool(np.isfinite(got).all()) and error <= FLOAT_ERROR, f'{error:.1e}'


def run_case(ramet, folder, case, timeout):
    """[(passed, figure)] for each output, or one failure."""
    number = case['case']
    with tempfile.TemporaryDirectory() as results:
        command = [ramet, 'run', str(folder), '--output_dir', results]
        for name in case['inputs']:
            command += ['--input', f'{name}={folder}/case{number}.in.{name}.npy']
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, errors='replace')
        except subprocess.TimeoutExpired:
            return [(False, f'no answer in {timeout:.0f} s')]
        if done.returncode:
            return [(False, (done.stderr or done.stdout).strip()[-300:])]
        return [compare(np.load(folder / f'case{number}.out{k}.npy'), np.load(f'{results}/out{k}.npy'))
                for k in range(len(case['outputs']))]


def operators(ramet, folder):
    """How many nodes the graph has, and of how many kinds."""
    done = subprocess.run([ramet, 'inspect', str(folder)], capture_output=True, text=True, errors='replace')
    counts = [int(n) for n in re.findall(r'^ +(\d+)  \w+$', done.stdout, re.M)]
    return f'{sum(counts)} of {len(counts)} kinds' if counts else '?'


def worst(figures):
    """The figures of a model in few words: the largest error, the least agreement, all pairs of boxes."""
    errors = [f for f in figures if re.fullmatch(r'[\d.]+e[-+]\d+', f)]
    shares = [f for f in figures if f.endswith('% equal')]
    boxes = [re.match(r'(\d+) of (\d+) boxes', f) for f in figures]
    boxes = [(int(m[1]), int(m[2])) for m in boxes if m]
    words = [max(errors, key=float)] if errors else []
    words += [f'{sum(b[0] for b in boxes)} of {sum(b[1] for b in boxes)} boxes'] if boxes else []
    words += [min(shares, key=lambda f: float(f.split()[0]))] if shares else []
    return ', '.join(words) or '; '.join(figures)[:120]


def models(folders):
    for folder in folders:
        for path in sorted(pathlib.Path(folder).glob('*/*/case.json')):
            yield path.parent.parent.name, path.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('ramet')
    parser.add_argument('folders', nargs='+')
    parser.add_argument('--markdown', action='store_true')
    parser.add_argument('--only', nargs='*')
    parser.add_argument('--timeout', type=float, default=120)
    args = parser.parse_args()
    passed, failed, rows = 0, 0, {}
    for family, folder in models(args.folders):
        if args.only and not any(text in f'{family}/{folder.name}' for text in args.only):
            continue
        cases, figures, good = json.load(open(folder / 'case.json'))['cases'], [], True
        for case in cases:
            results = run_case(args.ramet, folder, case, args.timeout)
            ok = all(r[0] for r in results)
            passed, failed, good = passed + ok, failed + (not ok), good and ok
            figures += [r[1] for r in results]
            if not args.markdown:
                print('ok  ' if ok else 'FAIL', f'{family}/{folder.name} case {case["case"]}:', '; '.join(r[1] for r in results), flush=True)
        row = f'| {folder.name} | {operators(args.ramet, folder)} | {len(cases)} | {worst(figures)}{"" if good else " **fails**"} |'
        rows.setdefault(family, []).append(row)
    if args.markdown:
        for family, lines in rows.items():
            print(f'### {family}\n\n| model | operators | cases | result |\n|---|---|--:|---|', *lines, '', sep='\n')
    print(f'{passed} passed, {failed} failed')
    sys.exit(1 if failed or not passed else 0)


if __name__ == '__main__':
    main()
