# SPDX-License-Identifier: Apache-2.0
"""The C++ programs of examples/multi_thread say what the command says, those in C the same; whatever the number of threads."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'cli'))
from command import CLASSIFIER, COLOURS, MODELS, RAMET, FolderCase, ramet, write_colour, write_picture

PROGRAMS = pathlib.Path(RAMET).parent / 'examples'
PHOTOS = pathlib.Path(__file__).resolve().parents[2] / 'examples/images/photos'
BOXES = [(30, 20, 100, 24, (0, 0, 0)), (30, 80, 90, 24, (0, 0, 0))]


class MultiThread(FolderCase):
    def run_example(self, name, *arguments):
        command = [PROGRAMS / f'multi_thread_{name}', *map(os.fspath, arguments)]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)

    def run_in_c(self, name, models, images, threads=1, **flags):
        """models, flags: by name, without the dashes."""
        words = {**models, 'image_path': images, 'thread_num': threads, **flags}
        return self.run_example(f'c_{name}', *[word for flag, value in words.items() for word in (f'--{flag}', str(value))])

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

    def check_c(self, name, models, images, in_cpp):
        """In C, on any number of threads, the program prints what the one in C++ prints."""
        self.assertEqual(in_cpp.returncode, 0, in_cpp.stderr)
        wanted = re.sub(r'(?m)^Thread Id: \d+\n', '', in_cpp.stdout)
        for threads in (1, 2, 20):
            result = self.run_in_c(name, models, images, threads)
            self.assertEqual((result.returncode, result.stderr), (0, ''))
            self.assertEqual(re.sub(r'(?m)^Thread Id: \d+\n', '', result.stdout), wanted)
        return wanted

    def test_programs_in_c_on_photographs(self):
        kinds = {'classification': 'classifier', 'detection': 'objects', 'segmentation': 'segmenter'}
        for name, folder in kinds.items():
            in_cpp = self.run_example(name, MODELS / folder, PHOTOS, '0', '1')
            text = self.check_c(name, {'model': MODELS / folder}, PHOTOS, in_cpp)
            self.assertEqual(text.count('Result'), len(list(PHOTOS.glob('*.jpg'))))

    def test_masks_in_c(self):
        in_cpp = self.run_example('detection', MODELS / 'masks', PHOTOS, '0', '1')
        self.assertIn('Mask(', self.check_c('detection', {'model': MODELS / 'masks'}, PHOTOS, in_cpp))

    def test_pipeline_in_c(self):
        for i in range(4):
            write_picture(self.folder / f'{i}.ppm', 320 + 8 * i, 120, boxes=BOXES[i % 2:] if i < 3 else ())
        models = {'det_model': MODELS / 'detector', 'cls_model': MODELS / 'direction',
                  'rec_model': MODELS / 'recognizer', 'rec_label_file': MODELS / 'dictionary.txt'}
        in_cpp = self.run_example('ocr', *models.values(), '.', '0', '1')
        text = self.check_c('ocr', models, '.', in_cpp)
        self.assertEqual((text.count('rec text: '), text.count('No Results!')), (5, 1))
        other = self.run_in_c('ocr', models, '.', 2, cls_bs=-1, rec_bs=3)
        self.assertEqual(re.sub(r'(?m)^Thread Id: \d+\n', '', other.stdout), text)

    def test_classes_in_c(self):
        told = self.run_in_c('classification', {'model': CLASSIFIER}, PHOTOS / 'cat.jpg', topk=3).stdout
        self.assertEqual(len(re.search('label_ids: (.*)', told).group(1).split(',')), 4)

    def test_a_broken_image_is_one_line(self):
        write_colour(self.folder / '0.ppm', 'blue')
        (self.folder / '1.ppm').write_bytes(b'P6')
        result = self.run_example('classification', CLASSIFIER, '.', '0', '1')
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r'(?s)^Thread Id: 0\n.*\n./1.ppm: \S[^\n]*\n$')
        in_c = self.run_in_c('classification', {'model': CLASSIFIER}, '.')
        self.assertEqual((in_c.returncode, in_c.stdout), (1, result.stdout))

    def test_wrong_calls_are_told_how(self):
        for name in ('classification', 'detection', 'segmentation', 'ocr'):
            for program in (name, f'c_{name}'):
                result = self.run_example(program)
                self.assertEqual(result.returncode, 2)
                self.assertIn('usage: ', result.stderr)
        for wrong in ({'thread_num': 0}, {'thread_num': '2x'}, {'topk': -1}, {'no_such_flag': 1}, {'backend': 'gpu'}):
            result = self.run_in_c('classification', {'model': CLASSIFIER}, '.', **wrong)
            self.assertEqual(result.returncode, 2)
            self.assertIn('usage: ', result.stderr)
        result = self.run_in_c('classification', {'model': 'nowhere'}, '.')
        self.assertEqual((result.returncode, result.stdout), (2, ''))
        self.assertIn('nowhere', result.stderr)

    def test_other_hardware_is_refused(self):
        result = self.run_example('classification', CLASSIFIER, '.', '1', '1')
        self.assertEqual(result.returncode, 2)
        self.assertIn('CPU', result.stderr)
        self.assertIn('CPU', self.run_in_c('classification', {'model': CLASSIFIER}, '.', device='gpu').stderr)


if __name__ == '__main__':
    unittest.main()
