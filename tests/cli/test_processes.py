# SPDX-License-Identifier: Apache-2.0
"""Images through worker processes: the same output as from threads, whatever happens to a worker, and nothing left behind."""

import os
import pathlib
import signal
import subprocess
import time
import unittest

from command import CLASSIFIER, COLOURS, OCR_FLAGS, RAMET, TIMEOUT_SECONDS, FolderCase, wait_for, write_colour

METHODS = ('fork', 'spawn')


def children_of(process_id):
    return [int(word) for word in pathlib.Path(f'/proc/{process_id}/task/{process_id}/children').read_text().split()]


def is_alive(process_id):
    try:
        return pathlib.Path(f'/proc/{process_id}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


class Processes(FolderCase):
    def make_pictures(self, count):
        (self.folder / 'pictures').mkdir()
        for i in range(count):
            write_colour(self.folder / f'pictures/{i:04}.ppm', list(COLOURS)[i % 4])

    def start(self, *flags, pipe=subprocess.PIPE):
        """A command that waits for paths on its standard input once its workers are there."""
        command = [RAMET, 'classify', '--model', CLASSIFIER, '--json', '--use_multi_process', 'true', *flags]
        return subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.PIPE)

    def test_the_output_is_that_of_one_thread(self):
        self.make_pictures(37)
        (self.folder / 'pictures/0003.ppm').write_text('no picture')
        for form in ([], ['--json'], ['--quiet'], ['--json', '--save_path', 'saved']):
            one = self.classify('pictures', *form)
            saved = (self.folder / 'saved/results.jsonl').read_bytes() if '--save_path' in form else None
            self.assertEqual(one.code, 1)
            for method in METHODS:
                for number in ('1', '2', '3', '64'):
                    flags = ['--use_multi_process', 'true', '--process_num', number, '--start_method', method]
                    many = self.classify('pictures', *form, *flags)
                    self.assertEqual((many.code, many.out, many.err), (one.code, one.out, one.err), (form, flags))
                    if saved:
                        self.assertEqual((self.folder / 'saved/results.jsonl').read_bytes(), saved)

    def test_models_of_their_own_give_the_same(self):
        self.make_pictures(9)
        flags = ['--use_multi_process', 'true', '--process_num', '2', '--share', 'false']
        self.assertEqual(self.classify('pictures', *flags).out, self.classify('pictures').out)

    def test_text_in_pictures_is_read_by_processes(self):
        self.make_pictures(5)
        one = self.ramet('ocr', *OCR_FLAGS, '--image_path', 'pictures', '--json')
        for method in METHODS:
            many = self.ramet('ocr', *OCR_FLAGS, '--image_path', 'pictures', '--json', '--use_multi_process', 'true',
                              '--process_num', '2', '--start_method', method)
            self.assertEqual((many.code, many.out), (0, one.out))

    def test_the_report_tells_what_workers_hold(self):
        self.make_pictures(20)
        result = self.classify('pictures', '--json', '--report', '--use_multi_process', 'true', '--process_num', '2')
        report = result.objects[-1]['report']
        self.assertEqual((report['images'], report['processes'], report['threads']), (20, 2, 1))
        self.assertTrue(report['process_pss_bytes'])
        self.assertLess(max(report['process_pss_bytes']), report['rss_bytes'] * 4)

    def test_a_model_that_is_missing_is_a_mistake(self):
        self.make_pictures(2)
        for method in METHODS:
            result = self.ramet('classify', '--model', 'nowhere', 'pictures', '--use_multi_process', 'true',
                                '--process_num', '2', '--start_method', method)
            self.assertEqual(result.code, 2)
            self.assertIn('nowhere', result.err)
            self.assertEqual(result.err.count('\n'), 1)

    def test_killed_workers_lose_nothing(self):
        self.make_pictures(600)
        expected = self.classify('pictures', '--json').out
        for method in METHODS:
            process = self.start('pictures', '--process_num', '3', '--start_method', method)
            wait_for(lambda: children_of(process.pid))
            for worker in children_of(process.pid)[:1]:
                os.kill(worker, signal.SIGKILL)
            out, _ = process.communicate(timeout=TIMEOUT_SECONDS)
            self.assertEqual((process.returncode, out.decode()), (0, expected))

    def test_workers_end_with_the_command(self):
        self.make_pictures(2000)
        for method in METHODS:
            process = self.start('pictures', '--process_num', '3', '--start_method', method)
            process.stdout.readline()
            workers = children_of(process.pid)
            self.assertEqual(len(workers), 3)
            process.kill()
            process.communicate()
            time.sleep(0.5)
            self.assertFalse([worker for worker in workers if is_alive(worker)])

    def test_a_reader_that_goes_away_ends_the_workers(self):
        self.make_pictures(2000)
        process = self.start('pictures', '--process_num', '2')
        process.stdout.readline()
        workers = children_of(process.pid)
        process.stdout.close()
        process.wait(timeout=TIMEOUT_SECONDS)
        process.stderr.close()
        self.assertFalse([worker for worker in workers if is_alive(worker)])


if __name__ == '__main__':
    unittest.main()
