# SPDX-License-Identifier: Apache-2.0
"""The C++ programs of examples/multi_thread say what the command says, whatever the number of threads."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'cli'))
from command import CLASSIFIER, COLOURS, MODELS, RAMET, FolderCase, ramet, write_colour, write_picture

PROGRAMS = pathlib.Path(RAMET).parent / 'examples'
BOXES = [(30, 20, 100, 24, (0, 0, 0)), (30, 80, 90, 24, (0, 0, 0))]


class MultiThread(FolderCase):
    def run_example(self, name, *arguments):
        command = [PROGRAMS / f'multi_thread_{name}', *map(os.fspath, arguments)]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)

    def objects(self, verb, model):
        return ramet(verb, '--json', '--model', model, '--image_path', '.', cwd=self.folder).objects

    def texts(self, name, model, threads):
        """What the example prints, without its lines about threads, and the threads that spoke."""
        result = self.run_example(name, model, '.', '0', str(threads))
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        spoke = [int(number) for number in re.findall(r'(?m)^Thread Id: (\d+)$', result.stdout)]
        return re.sub(r'(?m)^Thread Id: \d+\n', '', result.stdout), spoke

    def test_classification(self):
        for i, name in enumerate([*COLOURS] * 3):
            write_colour(self.folder / f'{i:02}.ppm', name)
        wanted = [entry['label_ids'] for entry in self.objects('classify', CLASSIFIER)]
        for threads in (1, 3, 20):
            text, spoke = self.texts('classification', CLASSIFIER, threads)
            told = [[int(label) for label in line.split(',')[:-1]] for line in re.findall(r'label_ids: (.*)', text)]
            self.assertEqual(told, wanted)
            self.assertEqual((len(spoke), spoke), (len(wanted), sorted(spoke)))

    def test_detection(self):
        for i in range(5):
            write_picture(self.folder / f'{i}.ppm', 160 + 8 * i, 120, boxes=BOXES[:1])
        wanted = [len(entry['boxes']) for entry in self.objects('detect', MODELS / 'objects')]
        for threads in (1, 2):
            text, _ = self.texts('detection', MODELS / 'objects', threads)
            told = [len(part.splitlines()) for part in text.replace('\n\n', '\n').split('DetectionResult: ')[1:]]
            self.assertEqual([count - 1 for count in told], wanted)
        self.assertGreater(sum(wanted), 0)

    def test_segmentation(self):
        for i in range(5):
            write_picture(self.folder / f'{i}.ppm', 60 + 8 * i, 50, boxes=[(10, 10, 20, 20, (0, 0, 0))])
        wanted = [' '.join(map(str, entry['shape'])) for entry in self.objects('segment', MODELS / 'segmenter')]
        for threads in (1, 2):
            text, _ = self.texts('segmentation', MODELS / 'segmenter', threads)
            self.assertEqual(re.findall(r'result shape is: \[(.*)\]', text), wanted)

    def test_ocr(self):
        for i in range(4):
            write_picture(self.folder / f'{i}.ppm', 320 + 8 * i, 120, boxes=BOXES)
        models = {task: MODELS / task for task in ('detector', 'direction', 'recognizer', 'dictionary.txt')}
        entries = ramet('ocr', '--json', '--image_path', '.', '--det_model', models['detector'],
                        '--cls_model', models['direction'], '--rec_model', models['recognizer'],
                        '--rec_label_file', models['dictionary.txt'], '--det_db_score_mode', 'slow', cwd=self.folder).objects
        wanted = [(str(box), text) for entry in entries for box, text in zip(entry['boxes'], entry['text'])]
        for threads in (1, 3):
            result = self.run_example('ocr', *models.values(), '.', '0', str(threads))
            self.assertEqual(result.returncode, 0, result.stderr)
            told = re.findall(r'det boxes: (.*?)rec text: (.*) rec score:', result.stdout)
            flat = [(str([int(n) for n in re.findall(r'\d+', box)]), text) for box, text in told]
            self.assertEqual(flat, wanted)
        self.assertEqual(len(wanted), 8)

    def test_a_broken_image_is_one_line(self):
        write_colour(self.folder / '0.ppm', 'blue')
        (self.folder / '1.ppm').write_bytes(b'P6')
        result = self.run_example('classification', CLASSIFIER, '.', '0', '1')
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r'(?s)^Thread Id: 0\n.*\n./1.ppm: \S[^\n]*\n$')

    def test_wrong_calls_are_told_how(self):
        for name in ('classification', 'detection', 'segmentation', 'ocr'):
            result = self.run_example(name)
            self.assertEqual(result.returncode, 2)
            self.assertIn('usage: ', result.stderr)

    def test_other_hardware_is_refused(self):
        result = self.run_example('classification', CLASSIFIER, '.', '1', '1')
        self.assertEqual(result.returncode, 2)
        self.assertIn('CPU', result.stderr)


if __name__ == '__main__':
    unittest.main()
