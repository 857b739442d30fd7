# SPDX-License-Identifier: Apache-2.0
"""The programs of examples/c say what the command says."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'cli'))
from command import CLASSIFIER, COLOURS, MODELS, RAMET, FolderCase, write_colour, write_picture

PROGRAMS = pathlib.Path(RAMET).parent / 'examples'


class Examples(FolderCase):
    def run_example(self, name, *arguments):
        command = [PROGRAMS / f'example_{name}', *map(os.fspath, arguments)]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60)

    def test_classify_on_threads(self):
        names = [name for name in COLOURS for _ in range(5)]
        paths = [f'{i:02}.ppm' for i in range(len(names))]
        for path, name in zip(paths, names):
            write_colour(self.folder / path, name)
        told = [line.split('  ') for line in self.classify(*paths).lines]
        wanted = ''.join(f'{path}: class {label}, score {score}\n' for path, label, score, _ in told)
        for threads in (1, 3, 64):
            result = self.run_example('classify', CLASSIFIER, str(threads), *paths)
            self.assertEqual((result.returncode, result.stdout), (0, wanted))

    def test_classify_survives_a_broken_image(self):
        write_colour(self.folder / 'good.ppm', 'blue')
        (self.folder / 'bad.ppm').write_bytes(b'P6')
        result = self.run_example('classify', CLASSIFIER, '2', 'bad.ppm', 'good.ppm')
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r'^bad.ppm: \S.*\ngood.ppm: class 2, score 0.99\d+\n$')

    def test_ocr(self):
        boxes = [(30, 20, 100, 24, (0, 0, 0)), (30, 80, 90, 24, (0, 0, 0))]
        write_picture(self.folder / 'x.ppm', 320, 120, boxes=boxes)
        models = [MODELS / 'detector', MODELS / 'recognizer', MODELS / 'dictionary.txt']
        result = self.run_example('ocr', *models, 'x.ppm')
        (entry,) = self.ocr('x.ppm', '--json').objects
        lines = [f'x.ppm  {score:.3f}  ({box[0]}, {box[1]})  {text}\n'
                 for score, box, text in zip(entry['rec_scores'], entry['boxes'], entry['text'])]
        self.assertEqual((result.returncode, result.stdout, len(lines)), (0, ''.join(lines), 2))
        self.assertEqual(self.run_example('ocr', *models, 'gone.ppm').returncode, 1)

    def test_wrong_calls_are_told_how(self):
        for name in ('classify', 'ocr'):
            result = self.run_example(name)
            self.assertEqual(result.returncode, 2)
            self.assertIn(f'usage: {name} ', result.stderr)


if __name__ == '__main__':
    unittest.main()
