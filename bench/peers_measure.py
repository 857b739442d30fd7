# SPDX-License-Identifier: Apache-2.0
"""How bench/peers.py times engines in turn, compares what they compute, and keeps going when one of them cannot."""

import contextlib
import os
import tempfile
import time

import numpy as np

BOX_TOLERANCE = 1e-3
LONGEST_REASON = 300


def time_once(run, value):
    start = time.perf_counter_ns()
    run(value)
    return (time.perf_counter_ns() - start) / 1e6


def rounds(runs, value, seconds, fewest, rehearse=True):
    """Milliseconds [round][run]; they take turns at going first. rehearse: each is run once, untimed, just before."""
    table, end = [], time.perf_counter() + seconds
    while len(table) < fewest or time.perf_counter() < end:
        row = np.empty(len(runs))
        for k in range(len(runs)):
            at = (k + len(table)) % len(runs)
            if rehearse:
                runs[at](value)
            row[at] = time_once(runs[at], value)
        table.append(row)
    return np.array(table)


def quartiles(values):
    return [round(float(q), 4) for q in np.percentile(values, (25, 50, 75))]


def summary(names, table):
    """Quartiles of each run and of the ratio of the first run to it; run 1 is the first one again."""
    record = {'rounds': len(table), 'noise': quartiles(table[:, 0] / table[:, 1]), 'runs': {}}
    for k, name in enumerate(names):
        if k != 1:
            record['runs'][name] = {'ms': quartiles(table[:, k]), 'ratio': quartiles(table[:, 0] / table[:, k])}
    return record


def without_counterpart(wanted, got):
    """Rows of wanted (label, score, box) that no row of got comes near; engines order equal scores as they like."""
    scale = np.abs(wanted).max(axis=0) + 1e-30
    distances = np.abs(wanted[:, None] / scale - got[None] / scale).max(axis=2)
    return int((distances.min(axis=1) > BOX_TOLERANCE).sum())


def difference(wanted, got):
    """Of two lists of tensors: the largest difference relative to the largest magnitude, or words for boxes and labels."""
    if [value.size for value in wanted] != [value.size for value in got]:
        return 'other shapes: ' + ', '.join(str(value.shape) for value in got)
    if wanted[0].ndim == 2 and wanted[0].shape[1] == 6:
        lost = without_counterpart(wanted[0].astype('f8'), got[0].astype('f8').reshape(wanted[0].shape))
        return f'{lost} of {len(wanted[0])} boxes'
    if wanted[0].dtype.kind == 'i':
        changed = sum(int((want.ravel() != value.ravel()).sum()) for want, value in zip(wanted, got))
        return f'{changed} of {sum(want.size for want in wanted)} labels'
    return max(float(np.abs(value.astype('f8').ravel() - want.ravel()).max() / np.abs(want).max()) for want, value in zip(wanted, got))


@contextlib.contextmanager
def output_to(file):
    """Native code prints what it does not throw."""
    kept = [os.dup(descriptor) for descriptor in (1, 2)]
    for descriptor in (1, 2):
        os.dup2(file.fileno(), descriptor)
    try:
        yield
    finally:
        for descriptor, copy in zip((1, 2), kept):
            os.dup2(copy, descriptor)
            os.close(copy)


def reason(error, murmurs):
    murmurs.seek(0)
    words = f'{error}; {murmurs.read().decode(errors="replace")}'.replace(os.getcwd() + os.sep, '')
    return ' '.join(words.split()).strip('; ')[:LONGEST_REASON]


def chosen(openers, peers):
    """ramet and the named ones; no names: all."""
    return {name: opener for name, opener in openers.items() if name.startswith('ramet') or not peers or name in peers}


def open_all(openers, value):
    """(runs, results, failed) by name: what opened and ran once, what that gave, and why the others did not."""
    runs, results, failed = {}, {}, {}
    for name, opener in openers.items():
        with tempfile.TemporaryFile() as murmurs:
            try:
                with output_to(murmurs):
                    run = opener()
                    results[name] = run(value)
                runs[name] = run
            except Exception as error:  # whatever a peer throws is a line of the table
                if name.startswith('ramet'):
                    raise
                failed[name] = reason(error, murmurs)
    return runs, results, failed
