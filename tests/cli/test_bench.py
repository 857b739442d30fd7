# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the command: what it measures is there and makes sense; how fast anything is is not tested."""

import html.parser
import os
import pathlib
import re
import signal
import subprocess
import unittest

from command import CLASSIFIER, RAMET, FolderCase, wait_for

SHARING = ('forked', 'cached', 'memfd')  # kinds of processes
BUILD_CACHE = pathlib.Path(RAMET).with_name('CMakeCache.txt').read_text(encoding='utf-8')
IS_PLAIN = re.search(r'^RAMET_SANITIZE:\w+=$', BUILD_CACHE, re.M) is not None
PROCESS = (8 if IS_PLAIN else 64) << 20  # bytes of a process beside its arena; a sanitizer brings its own
QUICK = ['--seconds', '0.02', '--rounds', '2', '--workers', '2']


class Page(html.parser.HTMLParser):
    """Counts the elements of a page and notes what it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.counts, self.fetched = {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.fetched += [value for name, value in attrs if name in ('src', 'href')]


class Bench(FolderCase):
    def measure(self, *flags, **options):
        result = self.ramet('bench', CLASSIFIER, *QUICK, *flags, **options)
        self.assertEqual((result.code, result.err), (0, ''))
        return result

    def test_every_figure_is_there_and_positive(self):
        (document,) = self.measure('--json', '--input', '1x3x32x32').objects
        self.assertEqual([row['engine'] for row in document['latency']], ['native', 'again'])
        for row in document['latency']:
            self.assertGreater(row['median_ms'], 0)
            self.assertGreaterEqual(row['p95_ms'], row['median_ms'])
            self.assertEqual(sorted(row['ratio']), row['ratio'])
        self.assertEqual(document['latency'][0]['ratio'], [1, 1, 1])
        self.assertEqual([(row['workers'], row['count']) for row in document['throughput']],
                         [(kind, count) for kind in ('threads', *SHARING) for count in (1, 2)] + [('threads again', 1)])
        for row in document['throughput']:
            self.assertTrue(0 < row['lower_quartile'] <= row['per_second'] <= row['upper_quartile'])
            self.assertEqual(sorted(row['gain']), row['gain'])
            self.assertTrue(0 <= row['steal_percent'] <= 100 and 0 <= row['others_percent'] <= 100)
        self.assertTrue(0 <= document['machine']['steal_percent'] <= 100)
        self.assertEqual(document['notes'], [])
        self.assertEqual(document['throughput'][0]['gain'], [1, 1, 1])
        self.assertEqual(document['engines'], 'native 0.1.0')
        self.assertEqual([(row['handles'], row['count']) for row in document['memory']],
                         [(name, count) for name in ('clones', 'opened', *SHARING, 'apart') for count in (1, 2, 3)])
        for row in document['memory']:
            # not PSS: what other programs map as well counts for less while they run
            self.assertLessEqual(row['rss_after_load_bytes'], row['rss_after_predict_bytes'] * 1.05)
            for moment in ('after_load_bytes', 'after_predict_bytes'):
                self.assertTrue(0 < row[moment] <= row['rss_' + moment])
        self.assertEqual(len(document['comparison']), 5)
        for row in document['comparison']:
            self.assertTrue(all(row[kind] > 0 for kind in ('threads', *SHARING, 'apart')))

    def test_a_process_more_takes_its_arena_and_little_else_where_weights_are_shared(self):
        (document,) = self.measure('--json', '--input', '1x3x32x32').objects
        further = {row['handles']: row for row in document['further']}
        arenas = {row['arena_bytes'] for row in further.values()}
        self.assertEqual(len(arenas), 1)
        for kind in ('clones', *SHARING):
            self.assertLess(further[kind]['further_bytes'], arenas.copy().pop() + PROCESS)
            self.assertEqual(further[kind]['beyond_arena_bytes'], further[kind]['further_bytes'] - further[kind]['arena_bytes'])

    def test_the_cache_file_goes_with_the_command_however_it_ends(self):
        scratch = self.folder / 'scratch'
        scratch.mkdir()
        environment = {**os.environ, 'TMPDIR': str(scratch)}
        for ending in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
            bench = subprocess.Popen([RAMET, 'bench', CLASSIFIER, '--seconds', '5'], env=environment, stdout=subprocess.DEVNULL)
            wait_for(lambda: list(scratch.glob('*/*.pack')))
            bench.send_signal(ending)
            bench.wait()
            wait_for(lambda: not list(scratch.iterdir()))
        self.assertEqual(self.ramet('bench', CLASSIFIER, *QUICK, env=environment).code, 0)
        self.assertEqual(list(scratch.iterdir()), [])

    def test_a_cache_that_cannot_be_is_said(self):
        (document,) = self.measure('--json', env={**os.environ, 'TMPDIR': str(self.folder / 'nowhere')}).objects
        self.assertEqual(len(document['notes']), 1)
        self.assertIn('nowhere', document['notes'][0])
        self.assertNotIn('cached', {row['workers'] for row in document['throughput']})
        self.assertTrue(all(row['cached'] is None for row in document['comparison']))

    def test_waiting_workers_wait_at_the_same_time(self):
        best = {'threads': 0, 'forked': 0, 'cached': 0}  # of several tries: others may be at work on the machine
        for _ in range(5):
            (document,) = self.measure('--json', '--seconds', '0.2').objects
            (waiting,) = [row for row in document['comparison'] if row['what'].startswith('waiting')]
            best = {kind: max(best[kind], waiting[kind]) for kind in best}
            if min(best.values()) > 110:
                break
        for kind in best:
            self.assertLess(best[kind], 201)
            self.assertGreater(best[kind], 110)

    def test_the_page_stands_alone(self):
        self.measure('--html', 'report.html')
        page = Page((self.folder / 'report.html').read_text())
        self.assertEqual((page.counts['table'], page.counts['svg'], page.fetched), (5, 3, []))
        self.assertNotIn('script', page.counts)
        self.assertGreaterEqual(page.counts['circle'], 9 + 18)
        self.assertEqual(page.counts['rect'], 2)

    def test_engines_that_do_not_exist_are_refused(self):
        for flags, message in ((['--backends', 'tensorrt'], 'native or openvino'),
                               (['--backends', 'native'] * 3, 'two engines at most')):
            result = self.ramet('bench', CLASSIFIER, *QUICK, *flags)
            self.assertEqual(result.code, 2)
            self.assertIn(message, result.err)

    def test_what_cannot_be_measured_is_said(self):
        for flags, message in ((['--input', 'x=1x3xq'], 'is wanted'), (['--input', '1x7x32x32'], 'conv'),
                               (['--html', 'no/such/folder/report.html'], 'no/such/folder')):
            result = self.ramet('bench', CLASSIFIER, *QUICK, *flags)
            self.assertEqual(result.code, 2)
            self.assertIn(message, result.err)
        self.assertEqual(self.ramet('bench', 'nowhere', *QUICK).code, 2)


if __name__ == '__main__':
    unittest.main()
