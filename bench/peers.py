# SPDX-License-Identifier: Apache-2.0
"""Times ramet beside OpenVINO, ONNX Runtime, MNN and ncnn: one thread, one pinned processor, the same inputs, in turn.

Started by bench/peers, which sets up what it needs. In every round each engine runs twice, and the second run counts: a
model that is served finds its own weights in the caches. ramet runs against itself as well: that ratio is the noise of
the machine. A ratio compares runs of one round; below 1 ramet is faster. An engine that cannot convert or run a model is
listed with its reason. Records are merged into the JSON file case by case, so that a long list can be measured in several
calls.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess

import cv2

import peers_engines as engines
import peers_measure as measure
import peers_ocr as ocr
import peers_report as report
from peers_cases import CASES, program_of
from peers_twins import make_twins

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
PACKAGES = {
    'OpenVINO': 'openvino', 'ONNX Runtime': 'onnxruntime', 'MNN': 'MNN', 'ncnn': 'ncnn', 'RapidOCR': 'rapidocr-onnxruntime',
}
OCR = report.OCR
NAMES = [case.name for case in CASES] + [OCR]


def twin(args, name):
    """The path of a twin; raises with the words of the converter that could not make it."""
    path = os.path.join(args.twins, name)
    if not os.path.exists(path):
        note = path + '.failed'
        raise RuntimeError(open(note).read().strip() if os.path.exists(note) else 'it was not converted')
    return path


def onnx_names(args, case):
    session = engines.OnnxRuntime(twin(args, case.file + '.onnx'))
    return session.inputs, session.outputs


def openers(args, library, case):
    """Name -> function that opens the case in this engine."""
    folder = case.folder(args.zoo)
    return {
        'ramet': lambda: engines.Ramet(library, folder),
        'ramet again': lambda: engines.Ramet(library, folder),
        'OpenVINO': lambda: engines.OpenVino(program_of(folder), case.shapes),
        'ONNX Runtime': lambda: engines.OnnxRuntime(twin(args, case.file + '.onnx')),
        'MNN': lambda: engines.Mnn(twin(args, case.file + '.mnn'), *onnx_names(args, case)),
        'ncnn': lambda: engines.Ncnn(twin(args, case.file + '.ncnn/model.ncnn.param'), *onnx_names(args, case)),
    }


def compare(args, library, case):
    feed = case.feed(args.zoo)
    runs, outputs, failed = measure.open_all(measure.chosen(openers(args, library, case), args.peers), feed)
    record = measure.summary(list(runs), measure.rounds(list(runs.values()), feed, args.seconds, args.rounds))
    for name, run in record['runs'].items():
        run['difference'] = measure.difference(outputs['ramet'], outputs[name])
    record['runs'].update({name: {'failed': why} for name, why in failed.items()})
    record['shapes'] = {name: list(shape) for name, shape in case.shapes.items()}
    return record


def compare_ocr(args, library):
    pipelines = ocr.Pipelines(library, args.models, args.ocr_twins, args.images, args.fastdeploy)
    return ocr.compare(pipelines, args)


def processor():
    with open('/proc/cpuinfo') as file:
        lines = [line.split(':', 1) for line in file.read().split('\n\n')[0].splitlines() if ':' in line]
    fields = {key.strip(): value.strip() for key, value in lines}
    flags = [flag for flag in fields.get('flags', '').split() if flag.startswith(('avx', 'fma', 'amx', 'f16c', 'sse4'))]
    return {
        'cpu': fields.get('model name', platform.machine()), 'family': fields.get('cpu family'), 'model': fields.get('model'),
        'flags': flags, 'processors': os.cpu_count(), 'kernel': platform.release(),
    }


def commit_of(path):
    command = ['git', '-C', os.path.dirname(os.path.abspath(path)), 'describe', '--always', '--dirty', '--abbrev=10']
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or 'unknown'


def circumstances(args, load):
    """When, where and with what a record was taken. load: the averages before it began."""
    return {
        'when': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M UTC'),
        'commit': args.commit or commit_of(args.library),
        'load': [round(value, 2) for value in load],
        'versions': {name: importlib.metadata.version(package) for name, package in PACKAGES.items()},
        'machine': processor(),
    }


def merge(path, name, record):
    """Puts the record in; peers that it lacks stay as they were measured before with the same library."""
    cases = {}
    if os.path.exists(path):
        with open(path) as file:
            cases = json.load(file)['cases']
    if cases.get(name, {}).get('commit') == record['commit']:
        record['runs'] = {**cases[name]['runs'], **record['runs']}
        record['rounds'] = min(cases[name]['rounds'], record['rounds'])
    cases[name] = record
    cases = {known: cases[known] for known in NAMES if known in cases}
    with open(path + '.part', 'w') as file:
        json.dump({'cases': cases}, file, indent=1, ensure_ascii=False)
        file.write('\n')
    os.replace(path + '.part', path)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--zoo', required=True, help='folder of the exported models')
    parser.add_argument('--twins', required=True, help='folder of the same models in the forms of the peers')
    parser.add_argument('--ocr-twins', help='folder of the PP-OCRv4 models in ONNX form')
    parser.add_argument('--paddle', help='a Python with PaddlePaddle and paddle2onnx, which makes the ONNX twins')
    parser.add_argument('--mnnconvert', help='of MNN')
    parser.add_argument('--pnnx', help='of ncnn')
    parser.add_argument('--fastdeploy', help='a Python with fastdeploy-python')
    parser.add_argument('--models', default=os.path.join(ROOT, 'build/models'), help='folder of the PP-OCRv4 models')
    parser.add_argument('--images', default=os.path.join(ROOT, 'examples/images'), help='what the pipelines read')
    parser.add_argument('--library', default=os.path.join(ROOT, 'build/libramet.so'))
    parser.add_argument('--commit', help='of the library, where it stands outside its tree')
    parser.add_argument('--seconds', type=float, default=20, help='for each case')
    parser.add_argument('--rounds', type=int, default=5, help='at least so many for each case')
    parser.add_argument('--cpu', type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument('--only', action='append', choices=NAMES, metavar='CASE',
                        help='may be given several times; one of: ' + ', '.join(NAMES))
    parser.add_argument('--peers', type=lambda text: text.split(','), help='only these, by comma')
    parser.add_argument('--json', default=os.path.join(ROOT, 'build/peers/peers.json'))
    return parser.parse_args()


def main():
    args = arguments()
    wanted = args.only or NAMES
    work = {case.name: lambda case=case: compare(args, library, case) for case in CASES if case.name in wanted}
    if args.paddle:
        for case in CASES:
            if case.name in wanted:
                make_twins(case, args.zoo, args.twins, args)
    if OCR in wanted:
        work[OCR] = lambda: compare_ocr(args, library)
    os.sched_setaffinity(0, {args.cpu})
    cv2.setNumThreads(1)
    library = engines.Library(args.library)
    for name, measured in work.items():
        load = os.getloadavg()
        record = {**measured(), **circumstances(args, load)}
        merge(args.json, name, record)
        print(report.case_text(name, record), flush=True)
    print(report.means_text(report.read(args.json)))


if __name__ == '__main__':
    main()
