# SPDX-License-Identifier: Apache-2.0
"""Images through classify and ocr: what is found, in which order, and what happens when something fails."""

import json
import os
import subprocess
import unittest

from command import CLASSIFIER, COLOURS, MODELS, OCR_FLAGS, RAMET, FolderCase, write_colour, write_picture

NAMES = list(COLOURS)


class Pictures(FolderCase):
    """A folder with pictures 00.ppm, 01.ppm, ... of the colours in turn."""

    def make_pictures(self, count, folder='pictures'):
        (self.folder / folder).mkdir(exist_ok=True)
        paths = [f'{folder}/{i:03}.ppm' for i in range(count)]
        for i, path in enumerate(paths):
            write_colour(self.folder / path, NAMES[i % 4])
        return paths

    def images(self, result):
        return [entry['image'] for entry in result.objects]


class Results(Pictures):
    def test_a_line_for_each_class(self):
        write_colour(self.folder / 'a b.ppm', 'green')
        result = self.classify('a b.ppm', '--topk', '9')
        self.assertEqual(result.code, 0)
        rows = [line.split('  ') for line in result.lines]
        self.assertEqual([row[0] for row in rows], ['a b.ppm'] * 4)
        self.assertEqual(rows[0][1::2], ['1', 'green'])
        self.assertAlmostEqual(sum(float(row[2]) for row in rows), 1, places=5)

    def test_json_of_a_class(self):
        write_colour(self.folder / 'x.ppm', 'blue')
        (entry,) = self.classify('x.ppm', '--json', '--topk', '2').objects
        self.assertEqual(list(entry), ['image', 'task', 'label_ids', 'scores', 'label_names'])
        self.assertEqual((entry['image'], entry['task']), ('x.ppm', 'classify'))
        self.assertEqual((entry['label_ids'], entry['label_names']), ([2, 3], ['blue', 'dark']))
        self.assertAlmostEqual(entry['scores'][0], 0.999, places=3)

    def test_the_configuration_may_lie_elsewhere(self):
        write_colour(self.folder / 'x.ppm', 'blue')
        plain = (CLASSIFIER / 'inference.yml').read_text()
        (self.folder / 'other.yml').write_text(plain.split('PostProcess')[0])
        (entry,) = self.classify('x.ppm', '--json', '--config_file', 'other.yml').objects
        self.assertEqual(list(entry), ['image', 'task', 'label_ids', 'scores'])
        for flag in ('--model', '--model_file'):
            explicit = self.ramet('classify', flag, CLASSIFIER / 'inference.pdmodel', '--params_file',
                                  CLASSIFIER / 'inference.pdiparams', '--config_file', 'other.yml', '--json', 'x.ppm')
            self.assertEqual(explicit.objects, [entry])

    def test_files_of_an_ocr_model_may_lie_apart(self):
        write_picture(self.folder / 'x.ppm', 320, 120, boxes=[(30, 20, 100, 24, (0, 0, 0))])
        flags = ['--rec_label_file', MODELS / 'dictionary.txt']
        for part, name in (('det', 'detector'), ('rec', 'recognizer')):
            (self.folder / f'{part}.pdmodel').write_bytes((MODELS / name / 'inference.pdmodel').read_bytes())
            (self.folder / f'{part}.weights').write_bytes((MODELS / name / 'inference.pdiparams').read_bytes())
            flags += [f'--{part}_model_file', f'{part}.pdmodel', f'--{part}_params_file', f'{part}.weights']
        self.assertEqual(self.ramet('ocr', *flags, '--json', 'x.ppm').objects, self.ocr('x.ppm', '--json').objects)

    def test_text_that_is_read(self):
        boxes = [(30, 20, 100, 24), (30, 80, 160, 24)]
        write_picture(self.folder / 'x.ppm', 320, 120, boxes=[(*box, (0, 0, 0)) for box in boxes])
        (entry,) = self.ocr('x.ppm', '--json').objects
        self.assertEqual(list(entry), ['image', 'task', 'boxes', 'text', 'rec_scores'])
        self.assertEqual((entry['task'], entry['text']), ('ocr', ['a', 'a']))
        for box, (x, y, w, h) in zip(entry['boxes'], boxes):
            self.assertEqual(len(box), 8)
            self.assertTrue(all(isinstance(value, int) for value in box), box)
            near = [x, y, x + w, y, x + w, y + h, x, y + h]
            self.assertLess(max(abs(a - b) for a, b in zip(box, near)), 25)
        text = self.ocr('x.ppm').lines
        self.assertEqual(text[0], 'x.ppm: 2 texts')
        self.assertRegex(text[1], r'^  0\.\d{6}  \[\d+(,\d+){7}\]  a$')

    def test_directions_are_told(self):
        boxes = [(40, 40, 80, 20, (255, 0, 0)), (120, 40, 80, 20, (0, 0, 0))]
        write_picture(self.folder / 'x.ppm', 320, 120, boxes=boxes)
        (entry,) = self.ocr('x.ppm', '--json', '--cls_model', MODELS / 'direction').objects
        self.assertEqual(list(entry), ['image', 'task', 'boxes', 'text', 'rec_scores', 'cls_labels', 'cls_scores'])
        self.assertEqual(entry['cls_labels'], [1])
        self.assertEqual(entry['text'], ['ar'])
        (entry,) = self.ocr('x.ppm', '--json').objects
        self.assertEqual(entry['text'], ['ra'])

    def test_no_text_is_a_result(self):
        write_picture(self.folder / 'white.ppm', 64, 64)
        result = self.ocr('white.ppm', '--json', '--cls_model', MODELS / 'direction')
        self.assertEqual(result.code, 0)
        (entry,) = result.objects
        self.assertEqual(entry, {'image': 'white.ppm', 'task': 'ocr', 'boxes': [], 'text': [], 'rec_scores': [],
                                 'cls_labels': [], 'cls_scores': []})
        self.assertEqual(self.ocr('white.ppm').out, 'white.ppm: 0 texts\n')

    def test_without_a_detector_the_image_is_one_text(self):
        write_picture(self.folder / 'x.ppm', 200, 48, (0, 0, 0), [(96, 0, 104, 48, (0, 0, 255))])
        result = self.ramet('ocr', *OCR_FLAGS[2:], '--json', 'x.ppm')
        self.assertEqual((result.objects[0]['text'], 'boxes' in result.objects[0]), (['ab'], False))

    def test_low_scores_can_be_dropped(self):
        write_picture(self.folder / 'x.ppm', 320, 120, boxes=[(30, 20, 100, 24, (0, 0, 0))])
        score = self.ocr('x.ppm', '--json').objects[0]['rec_scores'][0]
        self.assertLess(score, 1)
        self.assertEqual(self.ocr('x.ppm', '--json', '--drop_score', '1').objects[0]['text'], [])

    def test_numbers_are_exact(self):
        write_picture(self.folder / 'x.ppm', 8, 8, (90, 100, 110))
        (entry,) = self.classify('x.ppm', '--json', '--topk', '4').objects
        self.assertAlmostEqual(sum(entry['scores']), 1, places=6)
        for score in entry['scores']:
            self.assertLessEqual(len(repr(score).replace('0.', '').lstrip('0').split('e')[0]), 9)


class Order(Pictures):
    def test_results_do_not_depend_on_threads(self):
        self.make_pictures(37)
        one = self.classify('--image_path', 'pictures', '--json')
        self.assertEqual(one.code, 0)
        self.assertEqual([entry['label_ids'][0] for entry in one.objects], [i % 4 for i in range(37)])
        for flags in (['--thread_num', '2'], ['--thread_num', '5'], ['--thread_num', '64'],
                      ['--thread_num', '3', '--share', 'false'], ['--cpu_thread_num', '2', '--thread_num', '2']):
            self.assertEqual(self.classify('--image_path', 'pictures', '--json', *flags).out, one.out, flags)

    def test_clones_keep_the_options_of_their_model(self):
        self.make_pictures(8)
        result = self.classify('--image_path', 'pictures', '--topk', '3', '--thread_num', '4')
        self.assertEqual(len(result.lines), 24)

    def test_a_broken_image_fails_alone(self):
        paths = self.make_pictures(9)
        (self.folder / paths[4]).write_bytes(b'P6\n5 5\n255\nshort')
        for threads in ('1', '3'):
            result = self.classify('pictures', '--json', '--thread_num', threads)
            self.assertEqual(result.code, 1)
            self.assertEqual(self.images(result), paths)
            self.assertEqual([list(entry) for entry in result.objects if 'error' in entry], [['image', 'error']])
            self.assertIn('error', result.objects[4])
            text = self.classify('pictures', '--thread_num', threads)
            self.assertEqual((text.code, len(text.lines), len(text.err.splitlines())), (1, 8, 1))
            self.assertTrue(text.err.startswith(f'ramet: {paths[4]}: '))

    def test_an_image_over_the_budget_fails_alone(self):
        for name, side in (('a.ppm', 64), ('b.ppm', 900), ('c.ppm', 64)):
            write_picture(self.folder / name, side, side)
        result = self.ocr('a.ppm', 'b.ppm', 'c.ppm', '--json', '--memory_budget_bytes', '1000000')
        self.assertEqual((result.code, ['error' in entry for entry in result.objects]), (1, [False, True, False]))
        self.assertIn('the budget is 1000000', result.objects[1]['error'])

    def test_all_images_may_fail(self):
        for name in ('a.png', 'b.jpg', 'c.webp', 'd.bmp'):
            (self.folder / name).write_bytes(b'')
        self.assertEqual(self.classify('.', '--json', '--thread_num', '2').code, 1)


class Sources(Pictures):
    def test_a_folder_is_walked_in_sorted_order_by_known_extensions(self):
        names = ['b.ppm', 'B.PPM', 'a.pnm', 'z/1.ppm', 'c/2.ppm', 'c/d/e/3.Ppm', 'aa.ppm']
        for name in names:
            (self.folder / 'all' / name).parent.mkdir(parents=True, exist_ok=True)
            write_colour(self.folder / 'all' / name, 'red')
        for name in ('notes.txt', 'ppm', 'x.ppm.gz', '.hidden'):
            (self.folder / 'all' / name).write_text('no image')
        wanted = ['all/B.PPM', 'all/a.pnm', 'all/aa.ppm', 'all/b.ppm', 'all/c/2.ppm', 'all/c/d/e/3.Ppm', 'all/z/1.ppm']
        self.assertEqual(self.images(self.classify('all', '--json')), wanted)

    def test_a_named_file_is_known_by_its_content(self):
        write_colour(self.folder / 'picture.without', 'red')
        self.assertEqual(self.classify('picture.without').code, 0)

    def test_a_link_to_a_folder_above_ends(self):
        self.make_pictures(2)
        (self.folder / 'pictures' / 'up').symlink_to('..')
        result = self.classify('pictures', '--json')
        self.assertEqual(result.code, 0)
        self.assertEqual(self.images(result), ['pictures/000.ppm', 'pictures/001.ppm'])

    def test_a_folder_that_is_too_deep_is_refused(self):
        deep = self.folder / 'deep' / '/'.join(['d'] * 40)
        deep.mkdir(parents=True)
        write_colour(deep / 'x.ppm', 'red')
        result = self.classify('deep')
        self.assertEqual((result.code, result.out), (2, ''))
        self.assertIn('32 folders deep', result.err)

    def test_globs(self):
        paths = self.make_pictures(12)
        self.assertEqual(self.images(self.classify('--image_path', 'pictures/01*.ppm', '--json')), paths[10:])
        self.assertEqual(self.images(self.classify('--image_path', 'pict?res/*[02].ppm', '--json')),
                         [paths[0], paths[2], paths[10]])
        self.assertEqual(self.images(self.classify('--image_path', 'p*', '--json')), paths)
        result = self.classify('--image_path', 'pictures/*.png')
        self.assertEqual(result.code, 2)
        self.assertIn("no file matches 'pictures/*.png'", result.err)

    def test_a_file_may_be_called_like_a_pattern_or_a_list(self):
        for name in ('a[1].ppm', '@x.ppm'):
            write_colour(self.folder / name, 'red')
            self.assertEqual(self.images(self.classify(name, '--json')), [name])

    def test_lists(self):
        paths = self.make_pictures(5)
        order = [paths[3], paths[0], paths[3], paths[4]]
        (self.folder / 'list.txt').write_bytes('\r\n'.join(order).encode() + b'\n\n')
        self.assertEqual(self.images(self.classify('--image_path', '@list.txt', '--json')), order)
        result = self.classify('--image_path', '-', '--json', input='\n'.join(order).encode())
        self.assertEqual(self.images(result), order)
        result = self.classify('--image_path=-', paths[1], '--json', input=b'pictures\n')
        self.assertEqual(self.images(result), paths + [paths[1]])
        self.assertEqual(self.classify('@no-such-list.txt').code, 2)
        self.assertEqual(self.classify('-', input=b'').code, 2)

    def test_several_sources_in_their_order(self):
        paths = self.make_pictures(3)
        result = self.classify('--image_path', paths[2], paths[0], '--image_path', 'pictures', '--json')
        self.assertEqual(self.images(result), [paths[2], paths[0], *paths])

    def test_nothing_to_do_is_a_mistake(self):
        (self.folder / 'empty').mkdir()
        for flags in ([], ['empty'], ['--image_path', 'empty']):
            result = self.classify(*flags)
            self.assertEqual((result.code, result.out), (2, ''))
            self.assertIn('no image', result.err)

    def test_a_missing_file_fails_as_an_image(self):
        paths = self.make_pictures(2)
        result = self.classify(paths[0], 'gone.ppm', paths[1], '--json')
        self.assertEqual((result.code, self.images(result)), (1, [paths[0], 'gone.ppm', paths[1]]))

    def test_names_that_are_no_text(self):
        name = b'caf\xe9 \xe4\xbd\xa0.ppm'
        write_colour(self.folder / os.fsdecode(name), 'red')
        (entry,) = self.classify(os.fsdecode(name), '--json').objects
        self.assertEqual(entry['image'], 'caf\ufffd 你.ppm')
        write_colour(self.folder / 'line\nfeed.ppm', 'red')
        self.assertEqual(self.classify('line\nfeed.ppm').lines[0].split('  ')[0], 'line\\x0afeed.ppm')


class Output(Pictures):
    def test_saved_lines_equal_the_json_lines(self):
        paths = self.make_pictures(6)
        (self.folder / paths[2]).write_bytes(b'nothing')
        result = self.classify('pictures', '--json', '--save_path', 'out/deep/er', '--thread_num', '3')
        saved = (self.folder / 'out/deep/er/results.jsonl').read_text()
        self.assertEqual((result.code, saved), (1, result.out))
        text = self.classify('pictures', '--save_path', 'out')
        self.assertEqual((self.folder / 'out/results.jsonl').read_text(), saved)
        self.assertEqual(len(text.lines), 5)

    def test_quiet_keeps_failures(self):
        paths = self.make_pictures(4)
        (self.folder / paths[1]).write_bytes(b'nothing')
        result = self.classify('pictures', '--quiet')
        self.assertEqual((result.code, result.out, len(result.err.splitlines())), (1, '', 1))
        result = self.classify('pictures', '--quiet', '--json')
        self.assertEqual(self.images(result), [paths[1]])
        result = self.classify(paths[0], '--quiet')
        self.assertEqual((result.code, result.out, result.err), (0, '', ''))

    def test_the_report_in_json(self):
        self.make_pictures(10)
        reports = {}
        for share in ('true', 'false'):
            result = self.classify('pictures', '--json', '--report', '--thread_num', '4', '--share', share)
            self.assertEqual(len(result.objects), 11)
            report = reports[share] = result.objects[-1]['report']
            self.assertEqual((report['images'], report['failed'], report['threads']), (10, 0, 4))
            self.assertEqual(report['shared_weights'], share == 'true')
            self.assertGreater(report['images_per_second'], 0)
            self.assertGreater(report['rss_bytes'], report['weights_bytes'])
            self.assertLessEqual(report['pss_bytes'], report['rss_bytes'])
            self.assertGreaterEqual(report['arenas_bytes'], report['largest_arena_bytes'])
        self.assertEqual(reports['false']['weights_bytes'], 4 * reports['true']['weights_bytes'])

    def test_the_report_as_text_stays_off_the_standard_output(self):
        self.make_pictures(3)
        plain, told = self.classify('pictures'), self.classify('pictures', '--report', '--thread_num', '8')
        self.assertEqual(plain.out, told.out)
        for line in ('images: 3', 'failed: 0', 'threads: 3', 'shared weights: yes'):
            self.assertIn(line + '\n', told.err)
        self.assertRegex(told.err, r'(?m)^weights: [\d.]+ MiB$')

    def test_a_full_disk_is_an_error(self):
        self.make_pictures(40)
        for flags in ([], ['--json'], ['--thread_num', '4']):
            with open('/dev/full', 'wb') as full:
                result = self.classify('pictures', *flags, stdout=full)
            self.assertEqual(result.code, 1)
            self.assertEqual(result.err, 'ramet: cannot write the standard output: No space left on device\n')
        (self.folder / 'out').mkdir()
        (self.folder / 'out/results.jsonl').symlink_to('/dev/full')
        result = self.classify('pictures', '--save_path', 'out')
        self.assertEqual((result.code, result.err.count('No space left on device')), (1, 1))
        with open('/dev/full', 'wb') as full:
            self.assertEqual(self.ramet('help', 'ocr', stdout=full).code, 1)

    def test_a_place_that_cannot_be_written_is_a_mistake(self):
        paths = self.make_pictures(1)
        for place in (paths[0], paths[0] + '/below'):
            result = self.classify('pictures', '--save_path', place)
            self.assertEqual((result.code, result.out), (2, ''))
            self.assertIn('cannot make the folder', result.err)

    def test_a_reader_that_goes_away_ends_the_work_quietly(self):
        self.make_pictures(2000)  # more than a pipe holds
        command = [RAMET, 'classify', '--model', CLASSIFIER, 'pictures', '--json', '--thread_num', '3']
        process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = json.loads(process.stdout.readline())
        process.stdout.close()
        errors = process.stderr.read()
        process.stderr.close()
        self.assertEqual((first['image'], process.wait(60), errors), ('pictures/000.ppm', 1, b''))

    def test_a_closed_standard_output_is_an_error(self):
        self.make_pictures(2)
        command = ['sh', '-c', 'exec "$0" "$@" >&-', RAMET, 'classify', '--model', CLASSIFIER, 'pictures']
        process = subprocess.run(command, cwd=self.folder, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn(b'Bad file descriptor', process.stderr)

    def test_many_images_need_no_more_memory(self):
        write_colour(self.folder / 'x.ppm', 'red')
        sanitizer = 'quarantine_size_mb=1:thread_local_quarantine_size_kb=16'  # it keeps freed memory for a while
        environment = dict(os.environ, ASAN_OPTIONS=sanitizer)
        peaks = []
        for count in (500, 5000):
            result = self.classify('-', '--quiet', '--thread_num', '2', '--json', '--report', input=b'x.ppm\n' * count,
                                   env=environment)
            report = result.objects[-1]['report']
            self.assertEqual((result.code, report['images']), (0, count))
            peaks.append(report['rss_bytes'])
        self.assertLess(peaks[1] - peaks[0], 4 << 20)


if __name__ == '__main__':
    unittest.main()
