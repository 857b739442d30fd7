# SPDX-License-Identifier: Apache-2.0
"""What bench/peers.py measured, as text, as tables in Markdown and as a plot: peers_report.py JSON PAGE SHORT PLOT

Writes all tables between the marks `<!-- peers -->` and `<!-- /peers -->` of PAGE, one of medians between those of the page
SHORT, and PLOT as SVG. Needs nothing but Python.
"""

import html
import json
import math
import sys

OCR = 'PP-OCRv4 pipeline'
ENGINES = ('OpenVINO', 'ONNX Runtime', 'MNN', 'ncnn')
PIPELINES = (
    'RapidOCR', 'RapidOCR (alone)', 'FastDeploy (ORT)', 'FastDeploy (OpenVINO)', 'official steps (ORT)', 'official steps (OpenVINO)',
)
COLOURS = dict(zip(ENGINES, ('#2f6fb2', '#d9822b', '#3f9463', '#8a5fb0')))
BEGIN, END = '<!-- peers -->', '<!-- /peers -->'


def read(path):
    """Case name -> record."""
    with open(path, encoding='utf-8') as file:
        return json.load(file)['cases']


def peers_of(record):
    """Name -> run of the peers that could run the case."""
    return {name: run for name, run in record['runs'].items() if name != 'ramet' and 'ms' in run}


def fastest(record):
    """The name of the peer that ramet's ratio is highest to."""
    return max(peers_of(record), key=lambda name: record['runs'][name]['ratio'][1])


def models(cases):
    return {name: record for name, record in cases.items() if name != OCR}


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values))


def means(cases):
    """Name -> (geometric mean of ramet's ratios, number of models): to each engine, and to the fastest of each model."""
    found = {}
    for engine in ENGINES:
        ratios = [record['runs'][engine]['ratio'][1] for record in models(cases).values() if engine in peers_of(record)]
        if ratios:
            found[engine] = geometric_mean(ratios), len(ratios)
    ratios = [record['runs'][fastest(record)]['ratio'][1] for record in models(cases).values() if peers_of(record)]
    if ratios:
        found['the fastest of each'] = geometric_mean(ratios), len(ratios)
    return found


# ---------------------------------------------------------------- text


def difference_text(value):
    return value if isinstance(value, str) else f'{value:.0e}'


def case_text(title, record):
    lines = [f'\n{title}: {record["rounds"]} rounds, noise of the ratio ' + ' '.join(f'{q:.3f}' for q in record['noise'])]
    lines.append(f'{"":24}{"ms: quartile":>14}{"median":>10}{"quartile":>10}{"ramet / it":>14}{"quartiles":>16}  difference')
    for name, run in record['runs'].items():
        if 'failed' in run:
            lines.append(f'{name:24}{"cannot:":>14} {run["failed"]}')
            continue
        (low, middle, high), (a, ratio, b) = run['ms'], run['ratio']
        spread = f'{a:.3f}..{b:.3f}'
        lines.append(f'{name:24}{low:14.2f}{middle:10.2f}{high:10.2f}{ratio:14.3f}{spread:>16}  {difference_text(run["difference"])}')
    return '\n'.join(lines)


def means_text(cases):
    parts = [f'{name} {mean:.3f} ({count} models)' for name, (mean, count) in means(cases).items()]
    return '\ngeometric mean of ramet / it: ' + ', '.join(parts) if parts else ''


# ---------------------------------------------------------------- Markdown


def ratio_cell(record, name):
    run = record['runs'].get(name)
    if run is None or 'failed' in run:
        return 'cannot' if run else ''
    low, middle, high = run['ratio']
    text = f'{middle:.2f}'
    return (f'**{text}**' if name == fastest(record) else text) + f' ({low:.2f}..{high:.2f})'


def table(cases, names, first):
    """A row for each case: ramet's median, and the ratio to each name with its quartiles, the highest one bold."""
    rows = [f'| {first} | rounds | noise | ramet, ms | ' + ' | '.join(names) + ' |', '|---|--:|---|--:|' + '---|' * len(names)]
    for title, record in cases.items():
        noise = f'{record["noise"][0]:.2f}..{record["noise"][2]:.2f}'
        cells = ' | '.join(ratio_cell(record, name) for name in names)
        rows.append(f'| {title} | {record["rounds"]} | {noise} | {record["runs"]["ramet"]["ms"][1]:.1f} | {cells} |')
    return rows


def means_row(cases):
    found = means(cases)
    cells = [f'**{found[engine][0]:.2f}** ({found[engine][1]} models)' if engine in found else '' for engine in ENGINES]
    return '| geometric mean | | | | ' + ' | '.join(cells) + ' |'


def milliseconds_table(cases, names, first):
    rows = [f'| {first} | ramet | ' + ' | '.join(names) + ' |', '|---|--:|' + '--:|' * len(names)]
    for title, record in cases.items():
        runs = [record['runs'].get(name, {}) for name in ('ramet', *names)]
        rows.append(f'| {title} | ' + ' | '.join(f'{run["ms"][1]:.1f}' if 'ms' in run else '' for run in runs) + ' |')
    return rows


def differences_table(cases, names, first):
    rows = [f'| {first} | ' + ' | '.join(names) + ' |', '|---|' + '---|' * len(names)]
    for title, record in cases.items():
        runs = [record['runs'].get(name, {}) for name in names]
        rows.append(f'| {title} | ' + ' | '.join(difference_text(run['difference']) if 'ms' in run else '' for run in runs) + ' |')
    return rows


def failures(cases):
    return [f'- {title}, {name}: `{run["failed"].replace("`", "")}`'
            for title, record in cases.items() for name, run in record['runs'].items() if 'failed' in run]


def circumstances(cases):
    """One sentence for each set of cases that was measured with the same library."""
    lines = []
    for commit in dict.fromkeys(record['commit'] for record in cases.values()):
        same = [record for record in cases.values() if record['commit'] == commit]
        loads, times = [record['load'][0] for record in same], sorted(record['when'] for record in same)
        lines.append(f'Commit {commit}, {times[0]} to {times[-1]}, {len(same)} rows; load averages before a row '
                     f'{min(loads):.1f} to {max(loads):.1f}.')
    last = list(cases.values())[-1]
    machine = last['machine']
    versions = ', '.join(f'{name} {version}' for name, version in last['versions'].items())
    lines.append(f'{machine["cpu"]} (family {machine["family"]}, model {machine["model"]}; {" ".join(machine["flags"])}), '
                 f'{machine["processors"]} processors, Linux {machine["kernel"]}. {versions}.')
    return lines


def markdown(cases):
    """Everything between the marks."""
    found, engines = models(cases), ENGINES
    lines = table(found, engines, 'ramet / peer') + [means_row(cases), '']
    mean = means(cases).get('the fastest of each')
    if mean:
        lines += [f'To the fastest peer of each model (bold): geometric mean **{mean[0]:.2f}** over {mean[1]} models.', '']
    if OCR in cases:
        lines += table({OCR: cases[OCR]}, PIPELINES, 'ramet / pipeline') + ['']
    if failures(cases):
        lines += ['What a peer cannot run, in its own words:', ''] + failures(cases) + ['']
    lines += ['Medians in milliseconds:', ''] + milliseconds_table(found, engines, 'model') + ['']
    if OCR in cases:
        lines += milliseconds_table({OCR: cases[OCR]}, PIPELINES, 'pipeline') + ['']
    lines += ['What comes out, against ramet:', ''] + differences_table(found, engines, 'difference') + ['']
    if OCR in cases:
        lines += differences_table({OCR: cases[OCR]}, PIPELINES, 'difference') + ['']
    return '\n'.join(lines + circumstances(cases)) + '\n'


def short_cell(record, name):
    run = record['runs'].get(name, {})
    text = f'{run["ratio"][1]:.2f}' if 'ratio' in run else ''
    return f'**{text}**' if text and name == fastest(record) else text


def short(cases):
    """Medians of the ratios only: of the engines, and of the pipelines in a sentence."""
    found = means(cases)
    rows = ['| | ' + ' | '.join(ENGINES) + ' |', '|---|' + '---|' * len(ENGINES)]
    rows += [f'| {title} | ' + ' | '.join(short_cell(record, name) for name in ENGINES) + ' |' for title, record in models(cases).items()]
    rows.append('| geometric mean | ' + ' | '.join(f'{found[name][0]:.2f}' if name in found else '' for name in ENGINES) + ' |')
    lines = rows + ['', f'To the fastest peer of each model: {found["the fastest of each"][0]:.2f}.']
    if OCR in cases:
        ratios = [f'{short_cell(cases[OCR], name)} of {name}' for name in PIPELINES if name in peers_of(cases[OCR])]
        lines.append('The whole pipeline of PP-OCRv4, as part of the time of others: ' + ', '.join(ratios) + '.')
    return '\n'.join(lines) + '\n'


def replace_marked(page, text):
    """The page with the text between its marks."""
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f'{before}{BEGIN}\n{text}{END}{after}'


# ---------------------------------------------------------------- plot

LEFT, WIDTH, TOP, BAR, GAP, HIGHEST = 190, 560, 64, 9, 9, 1.2
STYLE = 'font-family="Helvetica, Arial, sans-serif" font-size="12"'


def text_at(x, y, words, more=''):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{html.escape(words)}</text>'


def across(ratio):
    return LEFT + WIDTH * min(ratio, HIGHEST) / HIGHEST


def bar(run, name, top):
    """The median as a bar, the quartiles as a line across its end."""
    low, middle, high = run['ratio']
    at = top + BAR / 2
    return (f'<rect x="{LEFT}" y="{top:.1f}" width="{across(middle) - LEFT:.1f}" height="{BAR - 1}" fill="{COLOURS[name]}"/>'
            f'<line x1="{across(low):.1f}" y1="{at:.1f}" x2="{across(high):.1f}" y2="{at:.1f}" stroke="#222"/>'
            + text_at(across(max(middle, high)) + 5, top + BAR - 1, f'{middle:.2f}', 'font-size="9" fill="#444"'))


def scale(bottom):
    parts = []
    for tenth in range(0, round(HIGHEST * 10) + 1, 2):
        x, strong = across(tenth / 10), tenth == 10
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom:.1f}" stroke="{"#222" if strong else "#ddd"}"/>')
        parts.append(text_at(x, bottom + 16, f'{tenth / 10:.1f}', 'text-anchor="middle"'))
    return parts


def legend():
    parts = [text_at(LEFT, 18, "ramet's time / the peer's, one thread (shorter: ramet is faster; line: quartiles)", 'font-size="13"')]
    for index, (name, colour) in enumerate(COLOURS.items()):
        x = LEFT + index * 135
        parts.append(f'<rect x="{x}" y="30" width="11" height="11" fill="{colour}"/>' + text_at(x + 16, 40, name))
    return parts


def plot(cases):
    """SVG: a group of bars for each model."""
    groups, top = [], TOP
    for title, record in models(cases).items():
        peers = [name for name in ENGINES if name in peers_of(record)]
        groups.append(text_at(LEFT - 8, top + len(peers) * BAR / 2 + 4, title, 'text-anchor="end"'))
        groups += [bar(record['runs'][name], name, top + index * BAR) for index, name in enumerate(peers)]
        top += len(peers) * BAR + GAP
    parts = legend() + scale(top) + groups
    width, height = LEFT + WIDTH + 50, top + 28
    return '\n'.join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" {STYLE}>',
                      f'<rect width="{width}" height="{height}" fill="white"/>', *parts, '</svg>']) + '\n'


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    cases = read(sys.argv[1])
    for path, text in ((sys.argv[2], markdown(cases)), (sys.argv[3], short(cases))):
        with open(path, encoding='utf-8') as file:
            page = replace_marked(file.read(), text)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(page)
    with open(sys.argv[4], 'w', encoding='utf-8') as file:
        file.write(plot(cases))


if __name__ == '__main__':
    main()
