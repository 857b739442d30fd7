# SPDX-License-Identifier: Apache-2.0
"""Flags, help, and the exit code of every kind of mistake."""

import unittest

from command import CLASSIFIER, MODELS, OCR_FLAGS, FolderCase, ramet, write_colour

VERBS = ('classify', 'ocr', 'run', 'inspect')


class Help(unittest.TestCase):
    def test_every_verb_is_listed_and_explained(self):
        overview = ramet('help')
        self.assertEqual(overview.code, 0)
        for verb in VERBS:
            self.assertRegex(overview.out, rf'(?m)^  {verb} +\S')
            page = ramet('help', verb)
            self.assertEqual(page.code, 0)
            self.assertIn(f'Usage: ramet {verb} ', page.out)
            self.assertIn(f'Example\n  ramet {verb} ', page.out)
            self.assertEqual(ramet(verb, '--help').out, page.out)

    def test_no_line_of_help_is_too_wide_but_the_example(self):
        for verb in VERBS:
            text = ramet('help', verb).out.split('\nExample\n')[0]
            self.assertLess(max(map(len, text.splitlines())), 121)

    def test_version(self):
        self.assertRegex(ramet('version').out, r'^ramet \d+\.\d+\.\d+\n$')
        self.assertEqual(ramet('--version').out, ramet('version').out)

    def test_no_verb_shows_the_overview_and_is_a_mistake(self):
        result = ramet()
        self.assertEqual((result.code, result.out), (2, ''))
        self.assertIn('Usage: ramet VERB', result.err)

    def test_unknown_verbs_name_the_nearest(self):
        self.assertIn("did you mean 'classify'?", ramet('clasify').err)
        self.assertIn('`ramet help` lists', ramet('xyzzy-plugh').err)
        self.assertEqual(ramet('clasify').code, 2)
        self.assertEqual(ramet('help', 'clasify').code, 2)


class Flags(FolderCase):
    def setUp(self):
        super().setUp()
        write_colour(self.folder / 'red.ppm', 'red')

    def refused(self, *arguments):
        result = self.classify(*arguments)
        self.assertEqual((result.code, result.out), (2, ''), arguments)
        return result.err

    def test_both_forms_and_one_dash(self):
        for flags in (['--image_path', 'red.ppm', '--topk', '2'], ['--image_path=red.ppm', '--topk=2'],
                      ['-image_path', 'red.ppm', '-topk=2'], ['--topk', '2', 'red.ppm'], ['--topk=2', '--', 'red.ppm']):
            result = self.classify(*flags)
            self.assertEqual((result.code, len(result.lines)), (0, 2), flags)

    def test_truth_values(self):
        for word in ('true', 'True', '1', 'yes', 'on'):
            self.assertEqual(self.classify('--json', word, 'red.ppm').out[:1], '{', word)
            self.assertEqual(self.classify('red.ppm', f'--json={word}').out[:1], '{', word)
        for word in ('false', 'False', '0', 'no', 'off'):
            self.assertEqual(self.classify('--json', word, 'red.ppm').out[:1], 'r', word)
        self.assertEqual(self.classify('red.ppm', '--json').out[:1], '{')
        self.assertEqual(self.classify('--json', 'red.ppm').out[:1], '{')
        self.assertIn('true or false', self.refused('--json=perhaps', 'red.ppm'))

    def test_the_last_use_of_a_flag_counts(self):
        self.assertEqual(len(self.classify('--topk', '4', '--topk', '3', 'red.ppm').lines), 3)

    def test_unknown_flags_name_the_nearest(self):
        self.assertIn("did you mean '--image_path'?", self.refused('--image-path', 'red.ppm'))
        self.assertIn("did you mean '--image_path'?", self.refused('--image', 'red.ppm'))
        self.assertIn("did you mean '--topk'?", self.refused('--top_k=3', 'red.ppm'))
        self.assertIn('`ramet help classify`', self.refused('--no-such-thing-at-all', 'red.ppm'))
        self.assertLess(len(self.refused('--' + 'x' * 5000)), 200)

    def test_values_are_checked(self):
        for flags in (['--topk', '0'], ['--topk', '-1'], ['--topk', '1.5'], ['--topk', 'x'], ['--topk', '3x'],
                      ['--topk='], ['--topk', '99999999999999999999'], ['--topk', 'nan'], ['--thread_num', '0'],
                      ['--thread_num', '1025'], ['--cpu_thread_num', '257'], ['--memory_budget_bytes', '-1'],
                      ['--memory_budget_bytes', '0'], ['--memory_budget_bytes', '1e9'], ['--cpu_level', 'avx'],
                      ['--cpu_level', ''], ['--cpu_level', 'avx2|avx512'], ['--plan_capacity', '0'], ['--precision', 'fp16'],
                      ['--model', '']):
            message = self.refused(*flags, 'red.ppm')
            self.assertIn(flags[0].rstrip('='), message)
            self.assertEqual(message.count('\n'), 1)

    def test_a_value_that_is_missing(self):
        self.assertIn('--topk needs a value', self.refused('red.ppm', '--topk'))
        self.assertIn('--topk needs a value', self.refused('red.ppm', '--topk', '--json'))

    def test_what_is_absent_says_so(self):
        self.assertIn('ramet runs on CPUs', self.refused('--device', 'gpu', 'red.ppm'))
        self.assertIn('there is no file', self.refused('--backend', 'openvino', '--plugin_file', 'no.so', 'red.ppm'))
        self.assertIn('one of them', self.refused('--use_multi_process', 'True', '--thread_num', '2', 'red.ppm'))

    def test_defaults_of_fastdeploys_commands_are_accepted(self):
        flags = ['--device', 'cpu', '--backend', 'default', '--use_trt', 'False', '--device_id', '0',
                 '--use_multi_process', 'False', '--process_num', '1', '--cpu_thread_num', '2']
        self.assertEqual(self.classify('--image_path', 'red.ppm', '--topk', '1', '--thread_num', '1', *flags).code, 0)
        self.assertEqual(self.ocr('--image_path', 'red.ppm', '--cls_bs', '1', '--rec_bs', '6', *flags).code, 0)

    def test_what_is_needed(self):
        self.assertIn('--model is missing', self.ramet('classify', 'red.ppm').err)
        self.assertIn('--rec_model is missing', self.ramet('ocr', 'red.ppm').err)
        for verb in ('run', 'inspect'):
            result = self.ramet(verb)
            self.assertEqual(result.code, 2)
            self.assertIn('MODEL is missing', result.err)
            self.assertIn('more than one model', self.ramet(verb, CLASSIFIER, CLASSIFIER).err)
            self.assertIn('more than one model', self.ramet(verb, CLASSIFIER, '--model', CLASSIFIER).err)
            both = ('--model', CLASSIFIER, '--model_file', CLASSIFIER / 'inference.pdmodel')
            self.assertIn('more than one model', self.ramet(verb, *both).err)

    def test_every_ocr_flag_is_understood(self):
        flags = ('--cls_model', MODELS / 'direction', '--det_limit_side_len', 64, '--det_limit_type', 'min',
                 '--det_max_side_limit', 640, '--det_db_thresh', 0.25, '--det_db_box_thresh', 0.5,
                 '--det_db_unclip_ratio', 1.6, '--det_db_score_mode', 'slow', '--use_dilation',
                 '--det_max_candidates', 10, '--det_min_box_side', 2,
                 '--det_mean', '0.5,0.5,0.5', '--det_std', '0.5,0.5,0.5', '--cls_thresh', 0.8, '--cls_batch_size', 2,
                 '--cls_image_height', 48, '--cls_image_width', 192, '--rec_batch_size', -1, '--rec_image_height', 48,
                 '--rec_image_width', 320, '--rec_max_image_width', 1600, '--drop_score', 0.1)
        result = self.ocr(*map(str, flags), 'red.ppm')
        self.assertEqual((result.code, result.err), (0, ''))
        for bad in (['--det_db_thresh', '0'], ['--det_limit_type', 'least'], ['--det_mean', '1,2'],
                    ['--det_mean', '1,2,3,4'], ['--det_std', '0,1,1'], ['--drop_score', '1.5'], ['--rec_bs', '-2']):
            self.assertEqual(self.ocr(*bad, 'red.ppm').code, 2, bad)

    def test_a_model_that_cannot_be_opened(self):
        (self.folder / 'empty').mkdir()
        for model in ('nothing-here', 'empty', 'red.ppm'):
            result = self.ramet('classify', '--model', model, 'red.ppm')
            self.assertEqual((result.code, result.out), (2, ''), model)
            self.assertTrue(result.err.startswith('ramet: '), result.err)
            self.assertEqual(self.ramet('ocr', *OCR_FLAGS, '--rec_model', model, 'red.ppm').code, 2)
            self.assertEqual(self.ramet('inspect', model).code, 2)


if __name__ == '__main__':
    unittest.main()
