# SPDX-License-Identifier: Apache-2.0
"""Tables of bench/sharing.py from records made up here, and the marks of the page that they go into."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / 'bench'))

import sharing

MIB = 1 << 20


def memory_row(engine, handles, count):
    size = (100 if handles in ('opened', 'apart') else 8) * (count - 1) + 150
    return {'engine': engine, 'handles': handles, 'count': count, 'after_load_bytes': (size - 5) * MIB, 'after_predict_bytes': size * MIB,
            'rss_after_load_bytes': 150 * count * MIB, 'rss_after_predict_bytes': 160 * count * MIB, 'arena_bytes': 6 * MIB}


def throughput_row(engine, workers, count, gain):
    return {'engine': engine, 'workers': workers, 'count': count, 'per_second': 10.0, 'lower_quartile': 9.5, 'upper_quartile': 10.25,
            'gain': [gain - 0.02, gain, gain + 0.01], 'steal_percent': 1.0, 'others_percent': 2.0}


def document():
    kinds = {'native': ('clones', 'opened', *sharing.SHARING, 'apart'), 'openvino': ('clones', 'opened', 'apart')}
    memory = [memory_row(engine, kind, count) for engine in kinds for kind in kinds[engine] for count in sharing.COUNTS]
    further = [{'engine': 'native', 'handles': kind, 'further_bytes': 8 * MIB, 'arena_bytes': 6 * MIB, 'beyond_arena_bytes': 2 * MIB}
               for kind in ('clones', *sharing.SHARING)]
    throughput = [throughput_row(engine, *row) for engine in kinds for row in (('threads', 1, 1.0), ('threads', 2, 1.94), ('threads again', 1, 0.99))]
    comparison = [{'engine': 'native', 'what': 'waiting', 'unit': 'waits a second', **dict.fromkeys(('threads', *sharing.SHARING, 'apart'), 1234.5)}]
    return {'memory': memory, 'further': further, 'throughput': throughput, 'comparison': comparison, 'processor': '2 x one', 'engines': 'native 1',
            'machine': {'steal_percent': 1.25, 'others_percent': 0.5}}


def pipeline():
    return {way: {str(count): {'pss': (50 + 10 * count) * MIB, 'arena': 7 * MIB} for count in sharing.COUNTS}
            for way in sharing.pipeline_ways('cache')}


class Tables(unittest.TestCase):
    def setUp(self):
        times = {'start': 1.0, 'open': 2.0, 'first run': 100.0, 'a run': 99.0, 'all': 103.0, 'beyond': 4.0}
        self.text = sharing.markdown({'ResNet50_vd': document(), sharing.PIPELINE: pipeline(), sharing.START: {'ResNet50_vd': {'warm cache': times}}})

    def test_memory_stands_beside_what_others_have_published(self):
        self.assertIn('| 2 | 158 (153) | 250 (245) | 158 (153) | 250 (245) | 325 (322) | 560 (559) |', self.text)
        self.assertIn('| ResNet50_vd | 2 | 158 (153) | 158 (153) | 158 (153) | 250 (245) | 250 (245) |', self.text)
        self.assertIn('| ResNet50_vd | 2 | 320 (300) |', self.text)

    def test_what_one_more_takes_is_shown_with_and_without_its_arena(self):
        self.assertIn('| ResNet50_vd | 6.0 | 8.0 (2.0) | 8.0 (2.0) | 8.0 (2.0) | 8.0 (2.0) |', self.text)
        self.assertIn('| PP-OCRv4 pipeline | 7.0 | 10 (3.0) | 10 (3.0) | 10 (3.0) | 10 (3.0) |', self.text)

    def test_gains_have_quartiles_and_their_noise_and_the_machine_is_told(self):
        self.assertIn('| ResNet50_vd | native | 10.0 (9.5..10.2) | 1.94 (1.92..1.95) |  |  |  |  | 0.99 (0.97..1.00) |', self.text)
        self.assertIn('ResNet50_vd: 1.2 % and 0.5 %', self.text)
        self.assertIn('| waiting: waits a second | 1,234 |', self.text)
        self.assertIn('| ResNet50_vd | warm cache | 1.0 | 2.0 | 100.0 | 99.0 | 103.0 | 4.0 |', self.text)

    def test_every_table_has_rows_of_one_width(self):
        width = None
        for line in self.text.splitlines():
            width = width if line.startswith('|') else None
            if line.startswith('|'):
                self.assertEqual(line.count('|'), width or line.count('|'), line)
                width = line.count('|')


class Page(unittest.TestCase):
    def test_only_what_is_between_the_marks_changes(self):
        page = sharing.PAGE.read_text(encoding='utf-8')
        changed = sharing.replace_marked(page, '\nnew\n')
        self.assertEqual(changed.count(sharing.BEGIN), 1)
        self.assertEqual(sharing.replace_marked(changed, page.split(sharing.BEGIN)[1].split(sharing.END)[0][1:]), page)


if __name__ == '__main__':
    unittest.main()
