# SPDX-License-Identifier: Apache-2.0
"""ramet detect: what it finds, in text and JSON, and the flags that change it."""

import unittest

from command import COLOURS, MODELS, FolderCase, write_picture

OBJECTS = MODELS / 'objects'


class Objects(FolderCase):
    def setUp(self):
        super().setUp()
        corners = [(0, 0, 32, 16, COLOURS['red']), (32, 16, 32, 16, COLOURS['blue'])]
        write_picture(self.folder / 'two.ppm', 64, 32, COLOURS['dark'], corners)
        write_picture(self.folder / 'none.ppm', 9, 5, COLOURS['dark'])

    def detect(self, *arguments):
        return self.ramet('detect', '--model', OBJECTS, *arguments)

    def test_json_that_is_found(self):
        (two, none) = self.detect('--json', 'two.ppm', 'none.ppm').objects
        self.assertEqual(list(two), ['image', 'task', 'boxes', 'scores', 'label_ids', 'label_names'])
        self.assertEqual((two['task'], two['label_ids'], two['label_names']), ('detect', [0, 2], ['red', 'blue']))
        self.assertEqual(two['boxes'], [[0, 0, 32, 16], [32, 16, 64, 32]])
        self.assertEqual([none[key] for key in ('boxes', 'scores', 'label_ids', 'label_names')], [[], [], [], []])

    def test_text_that_is_found(self):
        lines = self.detect('two.ppm', 'none.ppm').lines
        self.assertEqual(lines[0], 'two.ppm: 2 objects')
        self.assertRegex(lines[1], r'^  0  1\.0+  \[0\.0+,0\.0+,32\.0+,16\.0+\]  red$')
        self.assertEqual(lines[3:], ['none.ppm: 0 objects'])

    def test_threads_and_batch_mates_change_nothing(self):
        images = ['two.ppm', 'none.ppm'] * 5
        alone = self.detect('--json', *images).out
        self.assertEqual(self.detect('--json', '--thread_num', '4', *images).out, alone)

    def test_thresholds_and_names(self):
        self.assertEqual(self.detect('--score_threshold', '1', 'two.ppm').lines, ['two.ppm: 0 objects'])
        (self.folder / 'names.txt').write_text('rot\ngrün\nblau\n', encoding='utf-8')
        (entry,) = self.detect('--json', '--labels', 'names.txt', 'two.ppm').objects
        self.assertEqual(entry['label_names'], ['rot', 'blau'])

    def test_files_one_by_one(self):
        flags = [('model', 'pdmodel'), ('params', 'pdiparams')]
        arguments = [text for part, end in flags for text in (f'--{part}_file', OBJECTS / f'inference.{end}')]
        arguments += ['--config_file', OBJECTS / 'infer_cfg.yml', '--json', 'two.ppm']
        self.assertEqual(self.ramet('detect', *arguments).out, self.detect('--json', 'two.ppm').out)

    def test_masks_as_runs_of_columns(self):
        write_picture(self.folder / 'part.ppm', 9, 8, COLOURS['dark'], [(0, 0, 3, 3, COLOURS['red']), (5, 4, 4, 4, COLOURS['red'])])
        (entry,) = self.ramet('detect', '--model', MODELS / 'masks', '--json', 'part.ppm').objects
        self.assertEqual((entry['boxes'], entry['label_names']), ([[1, 1, 7, 5]], ['red']))
        pixels = {(x, y) for x, y in ((1, 1), (2, 1), (1, 2), (2, 2), (5, 4), (6, 4))}
        (mask,) = entry['masks']
        self.assertEqual(mask['size'], [8, 9])
        self.assertEqual(sum(mask['counts']), 72)
        values = [value % 2 for value, count in enumerate(mask['counts']) for _ in range(count)]
        self.assertEqual({(i // 8, i % 8) for i, value in enumerate(values) if value}, pixels)

    def test_mistakes(self):
        for flags in (['--score_threshold', '2'], ['--nms_threshold', '0'], ['--fpn_stride', '8,x'], ['--channel_order', 'bgra'],
                      ['--labels', 'absent.txt']):
            result = self.detect(*flags, 'two.ppm')
            self.assertEqual((result.code, result.out), (2, ''), flags)
        (self.folder / 'odd.yml').write_text('Preprocess:\n- type: Rotate\n')
        result = self.detect('--config_file', 'odd.yml', 'two.ppm')
        self.assertEqual(result.code, 2)
        self.assertIn("'Rotate'", result.err)
        self.assertIn('odd.yml: line 2', result.err)


if __name__ == '__main__':
    unittest.main()
