# SPDX-License-Identifier: Apache-2.0
"""The command with --backend openvino: the same results as the native engine, in threads and processes; what is refused."""

import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'cli'))
import command  # noqa: E402

OPENVINO = ['--backend', 'openvino']
PLUGIN = pathlib.Path(command.RAMET).with_name('libramet_openvino.so')
SEGMENT = ['segment', '--model', command.MODELS / 'segmenter']
DETECTOR = command.MODELS / 'detector'


class OpenVino(command.FolderCase):
    def setUp(self):
        super().setUp()
        for index, name in enumerate(command.COLOURS):
            command.write_picture(self.folder / f'{index}.ppm', 48, 32, boxes=[(8, 8, 16 + index, 8, command.COLOURS[name])])

    def test_the_doctor_finds_it(self):
        (found,) = self.ramet('doctor', '--json').objects
        self.assertRegex(found['engines'][1], r'^openvino 2026\.4\.1')

    def test_results_are_those_of_the_native_engine_whoever_works(self):
        crews = [[], ['--thread_num', '3'], ['--thread_num', '2', '--share', 'false'], ['--num_streams', '1'],
                 ['--hint', 'throughput', '--thread_num', '2']]
        crews += [['--use_multi_process', 'true', '--process_num', '2', '--start_method', method]
                  for method in ('fork', 'spawn')]
        wanted = self.ramet(*SEGMENT, '--json', self.folder)
        self.assertEqual((wanted.code, len(wanted.objects)), (0, len(command.COLOURS)))
        for crew in crews:
            with self.subTest(crew=crew):
                got = self.ramet(*SEGMENT, *OPENVINO, *crew, '--json', self.folder)
                self.assertEqual((got.code, got.err), (0, ''))
                self.assertEqual(got.objects, wanted.objects)

    def test_text_is_read_on_it(self):
        native, openvino = self.ocr('--json', self.folder), self.ocr(*OPENVINO, '--json', self.folder)
        self.assertEqual((native.code, openvino.code), (0, 0))
        for wanted, got in zip(native.objects, openvino.objects, strict=True):
            self.assertEqual((wanted['boxes'], wanted['text']), (got['boxes'], got['text']))

    def test_forked_processes_that_cannot_open_the_model_say_why(self):
        result = self.ramet(*SEGMENT, *OPENVINO, '--use_multi_process', 'true', '--process_num', '2', '--plugin_file',
                            'nowhere.so', self.folder)
        self.assertEqual(result.code, 2)
        self.assertIn('there is no file', result.err)

    def test_a_program_that_is_misread_is_refused(self):
        result = self.classify(*OPENVINO, self.folder / '0.ppm')
        self.assertEqual(result.code, 2)
        self.assertIn('OpenVINO misreads this program', result.err)
        self.assertIn('native', result.err)

    def test_inspect_shows_what_became_of_the_options(self):
        result = self.ramet('inspect', DETECTOR, *OPENVINO, '--num_streams', '1', '--cpu_thread_num', '1')
        self.assertEqual(result.code, 0)
        for line in ('NUM_STREAMS 1', 'INFERENCE_NUM_THREADS 1', 'INFERENCE_PRECISION_HINT f32', 'ENABLE_CPU_PINNING NO'):
            self.assertIn(line, result.out)
        refused = self.ramet('inspect', DETECTOR, *OPENVINO, '--passes')
        self.assertEqual(refused.code, 2)
        self.assertIn('native', refused.err)

    def test_a_plugin_without_its_libraries_says_how_to_get_them(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copy(PLUGIN, folder)
            data = pathlib.Path(copy).read_bytes()
            # the plug-in knows where it was built against them
            libraries = re.search(rb'libopenvino_c\.so.*?\0(/[^\0:]+)', data, re.S).group(1)
            pathlib.Path(copy).write_bytes(data.replace(libraries, b'/' + b'x' * (len(libraries) - 1)))
            flags = [*SEGMENT, *OPENVINO, '--plugin_file', copy, self.folder / '0.ppm']
            result = self.ramet(*flags)
            self.assertEqual(result.code, 2)
            for part in ('libopenvino_c.so', 'make openvino', 'engine_libraries'):
                self.assertIn(part, result.err)
            found = self.ramet(*flags, '--engine_libraries', os.fsdecode(libraries))
            self.assertEqual((found.code, found.err), (0, ''))


if __name__ == '__main__':
    unittest.main()
