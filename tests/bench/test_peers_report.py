# SPDX-License-Identifier: Apache-2.0
"""Tables, means and plot of bench/peers, from records made up here."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

BENCH = pathlib.Path(__file__).resolve().parent.parent.parent / 'bench'
sys.path.insert(0, str(BENCH))

import peers_report as report


def run(ms, ratio, difference=1e-6):
    return {'ms': [ms * 0.9, ms, ms * 1.1], 'ratio': [ratio - 0.01, ratio, ratio + 0.02], 'difference': difference}


def record(commit='abc', **runs):
    return {
        'rounds': 7, 'noise': [0.98, 1.0, 1.03], 'runs': {'ramet': run(10, 1.0), **runs}, 'commit': commit, 'when': '2026-01-01 00:00 UTC',
        'load': [0.5, 0.4, 0.3], 'versions': {'OpenVINO': '1.2'},
        'machine': {'cpu': 'a processor', 'family': '25', 'model': '1', 'flags': ['avx2', 'fma'], 'processors': 2, 'kernel': '6.1'},
    }


def cases():
    return {
        'large': record(OpenVINO=run(20, 0.5), MNN=run(12.5, 0.8), ncnn={'failed': 'no layer `Sum`'}),
        'small': record(OpenVINO=run(12.5, 0.8), MNN=run(20, 0.5, '1 of 9 labels'), ncnn=run(16, 0.625)),
        report.OCR: record(commit='def', **{'RapidOCR': run(40, 0.25, '0 of 70 lines')}),
    }


class Means(unittest.TestCase):
    def test_a_mean_is_geometric_and_over_those_that_ran(self):
        means = report.means(cases())
        self.assertAlmostEqual(means['OpenVINO'][0], (0.5 * 0.8) ** 0.5)
        self.assertEqual(means['OpenVINO'][1], 2)
        self.assertEqual(means['ncnn'], (0.625, 1))
        self.assertNotIn('ONNX Runtime', means)

    def test_the_fastest_peer_is_chosen_for_each_model_and_pipelines_do_not_count(self):
        self.assertEqual(report.fastest(cases()['large']), 'MNN')
        self.assertEqual(report.fastest(cases()['small']), 'OpenVINO')
        mean, count = report.means(cases())['the fastest of each']
        self.assertAlmostEqual(mean, 0.8)
        self.assertEqual(count, 2)


class Page(unittest.TestCase):
    def test_the_fastest_peer_is_bold_and_a_failure_has_its_words(self):
        text = report.markdown(cases())
        self.assertIn('| large | 7 | 0.98..1.03 | 10.0 | 0.50 (0.49..0.52) |  | **0.80** (0.79..0.82) | cannot |', text)
        self.assertIn('- large, ncnn: `no layer Sum`', text)
        self.assertIn('geometric mean **0.80** over 2 models', text)
        self.assertIn('| PP-OCRv4 pipeline | 7 | 0.98..1.03 | 10.0 | **0.25** (0.24..0.27) |', text)
        self.assertIn('| small | 1e-06 |  | 1 of 9 labels | 1e-06 |', text)

    def test_the_short_table_has_medians_only(self):
        text = report.short(cases())
        self.assertIn('| large | 0.50 |  | **0.80** |  |', text)
        self.assertIn('| geometric mean | 0.63 |  | 0.63 | 0.62 |', text)
        self.assertIn('To the fastest peer of each model: 0.80.', text)
        self.assertIn('**0.25** of RapidOCR.', text)

    def test_every_commit_is_named(self):
        text = report.markdown(cases())
        self.assertIn('Commit abc, 2026-01-01 00:00 UTC to 2026-01-01 00:00 UTC, 2 rows', text)
        self.assertIn('Commit def', text)

    def test_rows_of_a_table_have_the_columns_of_its_head(self):
        for block in report.markdown(cases()).split('\n\n'):
            rows = [line for line in block.splitlines() if line.startswith('|')]
            self.assertLessEqual(len({line.count('|') for line in rows}), 1, block)

    def test_only_the_text_between_the_marks_is_replaced(self):
        page = f'before\n{report.BEGIN}\nold\n{report.END}\nafter\n'
        self.assertEqual(report.replace_marked(page, 'new\n'), f'before\n{report.BEGIN}\nnew\n{report.END}\nafter\n')


class Plot(unittest.TestCase):
    def test_it_is_svg_with_a_bar_for_each_ratio_on_one_scale(self):
        root = xml.etree.ElementTree.fromstring(report.plot(cases()))
        name = '{http://www.w3.org/2000/svg}rect'
        bars = [bar for bar in root.iter(name) if bar.get('x') == str(report.LEFT) and bar.get('height') == str(report.BAR - 1)]
        self.assertEqual(len(bars), 5)
        widths = [float(bar.get('width')) for bar in bars]
        self.assertAlmostEqual(widths[1] / widths[0], 0.8 / 0.5, delta=0.01)

    def test_a_ratio_past_the_scale_ends_at_its_border(self):
        self.assertEqual(report.across(9.0), report.LEFT + report.WIDTH)


class Command(unittest.TestCase):
    def test_page_and_plot_are_written(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / 'peers.json').write_text(json.dumps({'cases': cases()}), encoding='utf-8')
            paths = [folder / name for name in ('peers.json', 'page.md', 'short.md', 'plot.svg')]
            for page in paths[1:3]:
                page.write_text(f'{report.BEGIN}\n{report.END}\n', encoding='utf-8')
            subprocess.run([sys.executable, '-B', BENCH / 'peers_report.py', *paths], check=True)
            for page, text in zip(paths[1:3], (report.markdown(cases()), report.short(cases()))):
                self.assertEqual(page.read_text(encoding='utf-8'), f'{report.BEGIN}\n{text}{report.END}\n')
            self.assertEqual((folder / 'plot.svg').read_text(encoding='utf-8'), report.plot(cases()))


if __name__ == '__main__':
    unittest.main()
