# SPDX-License-Identifier: Apache-2.0
"""Times ramet beside OpenVINO and ONNX Runtime: one process, one thread, one pinned CPU, the same input, in turn.

Started by bench/peers, which sets up what it needs. First ramet runs against itself: that ratio is the noise of the
machine. A ratio compares runs of one round; below 1 ramet is faster. The largest difference of the outputs, relative to
their largest magnitude, shows that all computed the same.
"""

import argparse
import json
import os
import sys
import time

import cv2
import numpy as np

import peers_engines as engines

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path.insert(0, os.path.join(ROOT, 'tools/reference'))

import ocr_official

CLASSIFIERS = ('ResNet50_vd', 'PPLCNet_x1_0')
FOLDERS = {'det': 'ch_PP-OCRv4_det_infer', 'cls': 'ch_ppocr_mobile_v2_cls_infer', 'rec': 'ch_PP-OCRv4_rec_infer'}
OCR_TWINS = {
    'det': 'ch_PP-OCRv4_det_infer.onnx',
    'cls': 'ch_ppocr_mobile_v2.0_cls_infer.onnx',
    'rec': 'ch_PP-OCRv4_rec_infer.onnx',
}
FEWEST_ROUNDS = 5


def time_once(run, value):
    start = time.perf_counter_ns()
    run(value)
    return (time.perf_counter_ns() - start) / 1e6


def rounds(runs, value, seconds):
    """Milliseconds [round][run] of runs that have run before; they take turns at going first."""
    table, end = [], time.perf_counter() + seconds
    while len(table) < FEWEST_ROUNDS or time.perf_counter() < end:
        row = np.empty(len(runs))
        for k in range(len(runs)):
            at = (k + len(table)) % len(runs)
            row[at] = time_once(runs[at], value)
        table.append(row)
    return np.array(table)


def quartiles(values):
    return [round(float(q), 4) for q in np.percentile(values, (25, 50, 75))]


def summary(names, table):
    """Quartiles of each run and of the ratio of the first run to it; run 1 is the first one again."""
    record = {'rounds': len(table), 'noise': quartiles(table[:, 0] / table[:, 1]), 'runs': {}}
    for k in range(len(names)):
        if k != 1:
            record['runs'][names[k]] = {'ms': quartiles(table[:, k]), 'ratio': quartiles(table[:, 0] / table[:, k])}
    return record


def show(title, record):
    print(f'\n{title}: {record["rounds"]} rounds, noise of the ratio ' + ' '.join(f'{q:.3f}' for q in record['noise']))
    print(f'{"":24}{"ms: quartile":>14}{"median":>10}{"quartile":>10}{"ramet / it":>14}{"quartiles":>16}  difference')
    for name, run in record['runs'].items():
        low, middle, high = run['ms']
        a, ratio, b = run['ratio']
        print(f'{name:24}{low:14.2f}{middle:10.2f}{high:10.2f}{ratio:14.3f}{f"{a:.3f}..{b:.3f}":>16}  {run["difference"]}')


def relative_difference(want, got):
    return f'{float(np.abs(got.astype("f8") - want).max() / np.abs(want).max()):.1e}'


def compare_classifier(args, library, name):
    folder = os.path.join(args.zoo, name)
    value = np.load(os.path.join(folder, 'case0.in.x.npy'))[:1].copy()
    runs = {
        'ramet': engines.Ramet(library, folder),
        'ramet again': engines.Ramet(library, folder),
        'OpenVINO': engines.OpenVino(os.path.join(folder, 'inference.pdmodel')),
        'ONNX Runtime': engines.OnnxRuntime(os.path.join(args.twins, name + '.onnx')),
    }
    outputs = {key: np.array(run(value)) for key, run in runs.items()}
    record = summary(list(runs), rounds(list(runs.values()), value, args.seconds))
    for key, run in record['runs'].items():
        run['difference'] = relative_difference(outputs['ramet'], outputs[key])
    return record


def official_pipeline(models, characters, images):
    """The official steps on these models; lines alone or in batches of six, whichever is faster here."""
    pipelines = [engines.OfficialOcr(ocr_official, models, characters, batched) for batched in (False, True)]
    for pipeline in pipelines:
        over(pipeline)(images)
    return min(pipelines, key=lambda pipeline: time_once(over(pipeline), images))


def over(pipeline):
    """The pipeline over a list of images."""
    return lambda images: [pipeline(image) for image in images]


def compare_ocr(args, library):
    paths = sorted(entry.path for entry in os.scandir(args.images) if entry.is_file() and not entry.name.endswith('.md'))
    images = [cv2.imread(path) for path in paths]
    folders = {task: os.path.join(args.models, folder) for task, folder in FOLDERS.items()}
    dictionary = os.path.join(args.models, 'ppocr_keys_v1.txt')
    characters = ocr_official.read_dictionary(dictionary)
    openvino = {task: engines.OpenVino(os.path.join(folder, 'inference.pdmodel')) for task, folder in folders.items()}
    onnx = {task: engines.OnnxRuntime(os.path.join(args.ocr_twins, file)) for task, file in OCR_TWINS.items()}
    pipelines = {
        'ramet': engines.RametOcr(library, folders, dictionary),
        'ramet again': engines.RametOcr(library, folders, dictionary),
        'official on OpenVINO': official_pipeline(openvino, characters, images),
        'official on ONNX Runtime': official_pipeline(onnx, characters, images),
    }
    texts = {key: over(pipeline)(images) for key, pipeline in pipelines.items()}
    record = summary(list(pipelines), rounds([over(pipeline) for pipeline in pipelines.values()], images, args.seconds))
    record['images'], record['lines'] = len(images), sum(map(len, texts['ramet']))
    for key, run in record['runs'].items():
        differing = sum(want != got for want, got in zip(texts['ramet'], texts[key]))
        run['difference'] = f'{differing} of {len(images)} images read otherwise'
    return record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--zoo', required=True, help='folder of ResNet50_vd and PPLCNet_x1_0')
    parser.add_argument('--twins', required=True, help='folder of the two in ONNX form')
    parser.add_argument('--ocr-twins', required=True, help='folder of the PP-OCRv4 models in ONNX form')
    parser.add_argument('--models', default=os.path.join(ROOT, 'build/models'), help='folder of the PP-OCRv4 models')
    parser.add_argument('--images', default=os.path.join(ROOT, 'examples/images'))
    parser.add_argument('--library', default=os.path.join(ROOT, 'build/libramet.so'))
    parser.add_argument('--seconds', type=float, default=30, help='for each comparison')
    parser.add_argument('--cpu', type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument('--only', choices=(*CLASSIFIERS, 'ocr'))
    parser.add_argument('--json', default=os.path.join(ROOT, 'build/peers/peers.json'))
    args = parser.parse_args()
    os.sched_setaffinity(0, {args.cpu})
    cv2.setNumThreads(1)
    library, records = engines.Library(args.library), {}
    for name in CLASSIFIERS:
        if args.only in (None, name):
            records[name] = compare_classifier(args, library, name)
            show(name, records[name])
    if args.only in (None, 'ocr'):
        records['ocr'] = compare_ocr(args, library)
        show(f'OCR, {records["ocr"]["images"]} images, {records["ocr"]["lines"]} lines', records['ocr'])
    with open(args.json, 'w') as file:
        json.dump(records, file, indent=1)
        file.write('\n')


if __name__ == '__main__':
    main()
