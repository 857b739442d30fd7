#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Threads, processes and memory of docs/threads-and-processes.md: bench/sharing.py ZOO [FLAGS]

ZOO is a folder with PaddleClas/ResNet50_vd; the PP-OCRv4 models are those of tools/fetch_models. Runs `ramet bench` on each model, on the
native engine and on OpenVINO where its plug-in is built, `ramet ocr --report` on the pipeline, and bench_start; takes some ten minutes on a machine that does nothing
else. build/sharing.json keeps what was measured, also of earlier calls with another --only; RAMET_BUILD names another build than build/.

    bench/sharing.py docs [FILE]

writes the tables of the page between its marks. Needs nothing but Python and a built tree.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get('RAMET_BUILD', ROOT / 'build'))
PAGE = ROOT / 'docs/threads-and-processes.md'
MODELS = ROOT / 'build/models'
BEGIN, END = '<!-- sharing -->', '<!-- /sharing -->'
PIPELINE, START = 'PP-OCRv4 pipeline', 'start'
COUNTS = (1, 2, 3)
SHARING = ('forked', 'cached', 'memfd')
PUBLISHED = {'clones': {1: (325, 322), 2: (325, 322), 3: (325, 322)}, 'opened': {1: (325, 322), 2: (560, 559), 3: (771, 771)}}
MIB = 1 << 20


def cases(zoo):
    """Name -> (model, shape, rounds of throughput)."""
    return {
        'ResNet50_vd': (zoo / 'PaddleClas/ResNet50_vd', '1x3x224x224', 5),
        'PP-OCRv4 det': (MODELS / 'ch_PP-OCRv4_det_infer', '1x3x640x640', 3),
        'PP-OCRv4 rec': (MODELS / 'ch_PP-OCRv4_rec_infer', '1x3x48x320', 3),
    }


NAMES = (*cases(ROOT), PIPELINE, START)


# ---------------------------------------------------------------- measuring


def run(*words):
    return subprocess.run([os.fspath(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout


def has_openvino():
    return not json.loads(run(BUILD / 'ramet', 'doctor', '--json'))['engines'][1].startswith('no ')


def measure_model(model, shape, rounds):
    backends = ['native', *(['openvino'] if has_openvino() else [])]
    flags = [word for name in backends for word in ('--backends', name)]
    return json.loads(run(BUILD / 'ramet', 'bench', model, '--input', shape, '--seconds', '0.5', '--rounds', str(rounds), '--json', *flags))


def pipeline_ways(cache):
    """Name -> flags of the ways to have several workers."""
    processes = ['--use_multi_process', 'true']
    return {
        'clones': [], 'opened': ['--share', 'false'], 'forked': processes,
        'cached': [*processes, '--start_method', 'spawn', '--cache_dir', cache],
        'memfd': [*processes, '--start_method', 'spawn', '--cache_dir', 'none'],
        'apart': [*processes, '--share', 'false'],
    }


def measure_pipeline():
    """Way -> number of workers -> {'pss': of all processes, 'arena': of a worker that is a thread}, bytes. All read one picture, over and over."""
    flags = ['--det_model', MODELS / 'ch_PP-OCRv4_det_infer', '--cls_model', MODELS / 'ch_ppocr_mobile_v2_cls_infer', '--rec_model',
             MODELS / 'ch_PP-OCRv4_rec_infer', '--rec_label_file', MODELS / 'ppocr_keys_v1.txt', '--cpu_thread_num', '1', '--quiet',
             '--json', '--report']
    picture = ['--image_path', ROOT / 'examples/images/mixed_receipt.png']
    found = {}
    with tempfile.TemporaryDirectory() as cache:
        run(BUILD / 'ramet', 'ocr', *flags, *picture, '--cache_dir', cache)  # packs
        for way, more in pipeline_ways(cache).items():
            for count in COUNTS:
                number = ['--process_num' if '--use_multi_process' in more else '--thread_num', str(count)]
                report = json.loads(run(BUILD / 'ramet', 'ocr', *flags, *picture * (2 * count), *more, *number))['report']
                found.setdefault(way, {})[str(count)] = {
                    'pss': report['pss_bytes'] + sum(report.get('process_pss_bytes', [])), 'arena': report['largest_arena_bytes']}
    return found


def measure_start(model, shape):
    """Way -> milliseconds by the heads of the columns of bench_start."""
    lines = run(BUILD / 'bench/bench_start', model, shape, '5').splitlines()
    heads = ('start', 'open', 'first run', 'a run', 'all', 'beyond')
    return {line[:16].strip(): dict(zip(heads, map(float, line[16:].split()))) for line in lines[1:]}


def measure(zoo, only, rounds, path):
    found = json.loads(path.read_text()) if path.exists() else {}
    for name in only or NAMES:
        print(f'{name} ...', file=sys.stderr, flush=True)
        if name == PIPELINE:
            found[name] = measure_pipeline()
        elif name == START:
            found[name] = {model: measure_start(*cases(zoo)[model][:2]) for model in ('ResNet50_vd', 'PP-OCRv4 det')}
        else:
            model, shape, usual = cases(zoo)[name]
            found[name] = measure_model(model, shape, rounds or usual)
        path.write_text(json.dumps({name: found[name] for name in NAMES if name in found}, indent=1) + '\n')


# ---------------------------------------------------------------- Markdown


def mib(size):
    if size is None:
        return ''
    number = round(size / MIB, 1) or 0.0  # not -0.0
    return f'{number:.1f}' if abs(number) < 10 else f'{number:.0f}'


def table(heads, rows):
    lines = ['| ' + ' | '.join(heads) + ' |', '|' + '---|' * len(heads)]
    return [*lines, *('| ' + ' | '.join(map(str, row)) + ' |' for row in rows), '']


def models(found):
    return {name: document for name, document in found.items() if name not in (PIPELINE, START)}


def engines(document):
    return list(dict.fromkeys(row['engine'] for row in document['memory']))


def engine_title(name):
    return {'native': 'native', 'openvino': 'OpenVINO'}[name]


def memory_of(document, engine, handles, count):
    rows = [row for row in document['memory'] if (row['engine'], row['handles'], row['count']) == (engine, handles, count)]
    return rows[0] if rows else None


def memory_cell(row, prefix=''):
    return f'{mib(row[prefix + "after_predict_bytes"])} ({mib(row[prefix + "after_load_bytes"])})'


def handles_table(name, document):
    """Clones against models opened again, in one process."""
    columns = [(engine, handles) for engine in engines(document) for handles in ('clones', 'opened')]
    heads = [name, *(f'{engine_title(engine)}, {handles}' for engine, handles in columns)]
    published = name == 'ResNet50_vd'
    heads += [f'FastDeploy, {handles}' for handles in PUBLISHED if published]
    rows = []
    for count in COUNTS:
        cells = [memory_cell(memory_of(document, *column, count)) for column in columns]
        cells += ['{} ({})'.format(*PUBLISHED[handles][count]) for handles in PUBLISHED if published]
        rows.append([count, *cells])
    return table(heads, rows)


def processes_table(found, prefix):
    """A row for each model and number of processes."""
    columns = [('native', kind) for kind in (*SHARING, 'apart')]
    columns += [('openvino', 'apart')] * any('openvino' in engines(document) for document in models(found).values())
    rows = []
    for name, document in models(found).items():
        for count in COUNTS:
            held = [memory_of(document, *column, count) for column in columns]
            rows.append([name, count, *(memory_cell(row, prefix) if row else '' for row in held)])
    return table(['', 'processes', *(f'{engine_title(engine)}, {kind}' for engine, kind in columns)], rows)


def further_table(found):
    """What one more takes: model, arena, and for each kind the PSS and what of it is not the arena."""
    kinds, rows = ('clones', *SHARING), []
    for name, document in models(found).items():
        native = {row['handles']: row for row in document['further'] if row['engine'] == 'native'}
        rows.append([name, mib(native['clones']['arena_bytes']),
                     *(f'{mib(native[kind]["further_bytes"])} ({mib(native[kind]["beyond_arena_bytes"])})' for kind in kinds)])
    if PIPELINE in found:
        pipeline = found[PIPELINE]
        arena = pipeline['clones']['1']['arena']
        more = {kind: (pipeline[kind]['3']['pss'] - pipeline[kind]['1']['pss']) / 2 for kind in kinds}
        rows.append([PIPELINE, mib(arena), *(f'{mib(more[kind])} ({mib(more[kind] - arena)})' for kind in kinds)])
    return table(['', 'arena', 'a clone', 'a forked process', 'one that maps the cache file', 'one that maps a memory file'], rows)


def pipeline_table(pipeline):
    return table([PIPELINE, *pipeline], [[count, *(mib(way[str(count)]['pss']) for way in pipeline.values())] for count in COUNTS])


def quartiles(values, digits):
    low, middle, high = (f'{value:.{digits}f}' for value in values)
    return f'{middle} ({low}..{high})'


def throughput_table(found):
    kinds, rows = (('threads', 2), *((kind, 2) for kind in SHARING), ('apart', 2), ('threads again', 1)), []
    for name, document in models(found).items():
        for engine in engines(document):
            own = {(row['workers'], row['count']): row for row in document['throughput'] if row['engine'] == engine}
            one = own['threads', 1]
            rate = quartiles((one['lower_quartile'], one['per_second'], one['upper_quartile']), 1)
            gains = [quartiles(own[kind]['gain'], 2) if kind in own else '' for kind in kinds]
            rows.append([name, engine_title(engine), rate, *gains])
    return table(['', 'engine', 'one thread', 'two threads', *(f'two {kind}' for kind in (*SHARING, 'apart')), 'one thread again'], rows)


def comparison_table(document):
    kinds = ('threads', *SHARING, 'apart')
    rows = [[f'{row["what"]}: {row["unit"]}', *(f'{row[kind]:.3g}' if row[kind] < 1000 else f'{row[kind]:,.0f}' for kind in kinds)]
            for row in document['comparison'] if row['engine'] == 'native']
    return table(['ResNet50_vd', *kinds], rows)


def start_table(starts):
    heads = ('start', 'open', 'first run', 'a run', 'all', 'beyond')
    rows = [[name, way, *(f'{times[head]:.1f}' for head in heads)] for name, ways in starts.items() for way, times in ways.items()]
    return table(['', 'weights', 'start', 'open', 'first run', 'a run', 'all to the first result', 'beyond a run'], rows)


def circumstances(found):
    """The machine, and what else it did."""
    documents = models(found)
    first = next(iter(documents.values()))
    busy = '; '.join(f'{name}: {document["machine"]["steal_percent"]:.1f} % and {document["machine"]["others_percent"]:.1f} %'
                     for name, document in documents.items())
    return [f'{first["processor"]}; {first["engines"]}. Of the processors\' time while throughput was measured a hypervisor gave away, and '
            f'other programs took: {busy}.', '']


def markdown(found):
    lines = ['', *circumstances(found), '**Clones against models opened again, in one process.** MiB of PSS after a prediction (after loading).', '']
    for name, document in models(found).items():
        lines += handles_table(name, document)
    lines += ['**Processes.** PSS of all processes together, the one that started them included: after a prediction (after loading).', '']
    lines += processes_table(found, '')
    lines += ['Their resident sets added up, which count shared pages again for each process:', '', *processes_table(found, 'rss_')]
    if PIPELINE in found:
        lines += ['**The whole pipeline of OCR** (detection, direction, recognition; PSS of all processes after reading one picture several times):', '']
        lines += pipeline_table(found[PIPELINE])
    lines += ['**One more** of them takes so many MiB of PSS (in brackets: what of it is not its arena):', '', *further_table(found)]
    lines += ['**Throughput**: runs a second of one thread, and what two workers give against one thread just before and after (median and quartiles).', '']
    lines += throughput_table(found)
    if 'ResNet50_vd' in found:
        lines += ['**Threads against processes**, two workers each, native engine:', '', *comparison_table(found['ResNet50_vd'])]
    if START in found:
        lines += ['**Starting a further process**, ms, medians, native engine:', '', *start_table(found[START])]
    return '\n'.join(lines)


def replace_marked(page, text):
    """The page with the text between its marks."""
    before, rest = page.split(BEGIN, 1)
    return f'{before}{BEGIN}\n{text}{END}{rest.split(END, 1)[1]}'


def main():
    kept = ROOT / 'build/sharing.json'
    if sys.argv[1:2] == ['docs']:
        found = json.loads(pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else kept).read_text())
        PAGE.write_text(replace_marked(PAGE.read_text(), markdown(found)))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('zoo', metavar='ZOO', type=pathlib.Path)
    parser.add_argument('--json', metavar='FILE', type=pathlib.Path, default=kept)
    parser.add_argument('--only', metavar='NAME', action='append', choices=NAMES,
                        help='measure this, several times for several: ' + ', '.join(NAMES))
    parser.add_argument('--rounds', metavar='N', type=int, help='of each throughput (default 5 and 3)')
    options = parser.parse_args()
    measure(options.zoo, options.only, options.rounds, options.json)


if __name__ == '__main__':
    main()
