# SPDX-License-Identifier: Apache-2.0
"""`ramet run` and `ramet inspect`: NumPy files in and out, hostile ones too, and what a model is said to be."""

import random
import struct
import unittest

from command import CLASSIFIER, MODELS, FolderCase, npy, npy_array, ramet, read_npy

SHAPE = (1, 3, 8, 8)
GREEN = [0.0] * 64 + [1.0] * 64 + [0.0] * 64
GOOD_HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 8, 8), }\n"
DATA = struct.pack('<192f', *GREEN)


class Run(FolderCase):
    def run_model(self, *arguments):
        return self.ramet('run', CLASSIFIER, *arguments)

    def write(self, raw, name='x.npy'):
        (self.folder / name).write_bytes(raw)
        return name

    def scores(self, *arguments):
        result = self.run_model('--output_dir', 'out', *arguments)
        self.assertEqual((result.code, result.err), (0, ''))
        descr, shape, data = read_npy(self.folder / 'out/out0.npy')
        self.assertEqual(descr, '<f4')
        return shape, struct.unpack(f'<{len(data) // 4}f', data)

    def test_outputs_are_numpy_files(self):
        shape, scores = self.scores('--input', 'x=' + self.write(npy_array(SHAPE, GREEN)))
        self.assertEqual(shape, (1, 4))
        self.assertAlmostEqual(sum(scores), 1, places=5)
        self.assertGreater(scores[1], 0.99)

    def test_inputs_go_by_name_or_by_position(self):
        self.write(npy_array(SHAPE, GREEN))
        by_name = self.scores('--input', 'x=x.npy')
        self.assertEqual(self.scores('--input=x.npy'), by_name)

    def test_what_came_out_is_told(self):
        self.write(npy_array(SHAPE, GREEN))
        text = self.run_model('--input', 'x.npy')
        self.assertEqual(text.lines[0], 'outputs:')
        self.assertRegex(text.lines[1], r'^  \S+  float32  \[1,4\]$')
        (entry,) = self.run_model('--input', 'x.npy', '--json', '--output_dir', 'o').objects
        (output,) = entry['outputs']
        self.assertEqual((output['dtype'], output['shape'], output['file']), ('float32', [1, 4], 'o/out0.npy'))

    def test_repeated_runs_are_timed(self):
        self.write(npy_array(SHAPE, GREEN))
        (entry,) = self.run_model('--input', 'x.npy', '--json', '--repeat', '5').objects
        self.assertEqual(entry['runs'], 5)
        self.assertLessEqual(entry['lower_quartile_ms'], entry['median_ms'])
        self.assertLessEqual(entry['median_ms'], entry['upper_quartile_ms'])
        self.assertGreater(entry['lower_quartile_ms'], 0)

    def test_every_version_and_layout_gives_the_same(self):
        wanted = self.scores('--input', self.write(npy_array(SHAPE, GREEN)))
        headers = (GOOD_HEADER, "{'shape': (1L, 3L, 8L, 8L), 'fortran_order': False, 'descr': '<f4'}",
                   '{"descr":"<f4","fortran_order":False,"shape":(1,3,8,8,)}   \n')
        for version in ((1, 0), (2, 0), (3, 0)):
            for header in headers:
                self.assertEqual(self.scores('--input', self.write(npy(header, DATA, version))), wanted)

    def test_fortran_order_is_turned(self):
        rng = random.Random(1)
        shape = (2, 3, 8, 8)
        rows = [rng.random() for _ in range(384)]
        places = [(n, c, y, x) for x in range(8) for y in range(8) for c in range(3) for n in range(2)]
        columns = [rows[((n * 3 + c) * 8 + y) * 8 + x] for n, c, y, x in places]
        wanted = self.scores('--input', self.write(npy_array(shape, rows)))
        self.assertEqual(self.scores('--input', self.write(npy_array(shape, columns, fortran=True))), wanted)

    def test_a_batch_gives_what_its_images_give(self):
        single = self.scores('--input', self.write(npy_array(SHAPE, GREEN)))[1]
        shape, both = self.scores('--input', self.write(npy_array((2, 3, 8, 8), GREEN + [0.5] * 192)))
        self.assertEqual((shape, both[:4]), ((2, 4), single))

    def test_inputs_that_do_not_fit_are_refused(self):
        cases = {
            'another dtype': npy_array(SHAPE, GREEN, '<f8', 'd'),
            'integers': npy_array(SHAPE, [0] * 192, '<i8', 'q'),
            'another rank': npy_array((3, 8, 8), GREEN),
            'another number of channels': npy_array((1, 1, 8, 8), GREEN[:64]),
            'no rows': npy_array((1, 3, 0, 8), []),
            'no images': npy_array((0, 3, 8, 8), []),
        }
        for name, raw in cases.items():
            result = self.run_model('--input', 'x=' + self.write(raw), '--output_dir', 'out')
            self.assertIn(result.code, (1, 2), name)
            self.assertTrue(result.err.startswith('ramet: '), name)
        self.write(npy_array(SHAPE, GREEN))
        for inputs in (['--input', 'y=x.npy'], ['--input', 'x=x.npy', '--input', 'x=x.npy'], []):
            result = self.run_model(*inputs)
            self.assertEqual((result.code, result.out), (1, ''), inputs)

    def test_hostile_files_are_refused(self):
        def header(descr="'<f4'", order='False', shape='(1, 3, 8, 8)', more=''):
            return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, {more}}}\n"

        cases = [b'', b'\x93NUMPY', b'\x93NUMPY\x01\x00', npy('', DATA), npy('{}', DATA), npy('{', DATA),
                 npy('}', DATA), npy(GOOD_HEADER, DATA, (0, 0)), npy(GOOD_HEADER, DATA, (4, 0)),
                 npy(GOOD_HEADER, DATA, (9, 9)),
                 npy(GOOD_HEADER, DATA, length=60000), npy(GOOD_HEADER, DATA, (2, 0), length=0xFFFFFFFF),
                 npy(GOOD_HEADER, DATA, length=10), npy(GOOD_HEADER, DATA[:-1]), npy(GOOD_HEADER, DATA + b'\0'),
                 npy(GOOD_HEADER * 2, DATA), npy(GOOD_HEADER + '\0', DATA), npy(GOOD_HEADER + 'x', DATA),
                 npy(' ' * 65530 + GOOD_HEADER, DATA, (2, 0)), b'PK\x03\x04' + DATA]
        for shape in ('(1, 3, 8, -8)', '(1, 3, 8, 8', '1, 3, 8, 8)', '(1 3 8 8)', '(1,, 3)', '(,)', '(1, 3, 8, 8.0)',
                      '192', '(99999999999999999999,)', '(9223372036854775807, 9223372036854775807)',
                      '(4294967296, 4294967296, 0)', '(4611686018427387904, 4)', '(1, 1, 1, 1, 1, 1, 1, 1, 192)',
                      "('1', 3)", '[1, 3, 8, 8]', '()', '(0,)'):
            cases.append(npy(header(shape=shape), DATA))
        for descr in ("'>f4'", "'<c8'", "'|O'", "'<U4'", "'|V4'", "'='", "''", "[('a', '<f4')]", "'" + 'f' * 500 + "'",
                      "'<f4", '"<f4\'', '4', 'None'):
            cases.append(npy(header(descr=descr), DATA))
        for order in ('1', 'true', 'Fals', 'None', "'False'"):
            cases.append(npy(header(order=order), DATA))
        for more in ("'descr': '<f4', ", "'shape': (1, 3, 8, 8), ", "'else': 1, ", "'': '', ", "'descr' '<f4', ", ', '):
            cases.append(npy(header(more=more), DATA))
        for i, raw in enumerate(cases):
            result = self.run_model('--input', self.write(raw))
            self.assertEqual((result.code, result.out, result.err.count('\n')), (2, '', 1), f'{i}: {raw[:200]}')
            self.assertIn('x.npy', result.err)

    def test_damaged_headers_are_survived(self):
        rng = random.Random(7)
        whole = npy_array(SHAPE, GREEN)
        start = len(whole) - len(DATA)
        for _ in range(150):
            raw = bytearray(whole)
            for _ in range(rng.randint(1, 3)):
                raw[rng.randrange(start)] = rng.choice((0, 32, 39, 40, 41, 44, 57, 125, 255, rng.randrange(256)))
            self.assertIn(self.run_model('--input', self.write(bytes(raw))).code, (0, 1, 2))

    def test_files_that_are_not_there(self):
        for name in ('gone.npy', '.', '/dev/null', ''):
            self.assertEqual(self.run_model('--input', 'x=' + name).code, 2, name)

    def test_outputs_that_cannot_be_written(self):
        self.write(npy_array(SHAPE, GREEN))
        (self.folder / 'out').mkdir()
        (self.folder / 'out/out0.npy').symlink_to('/dev/full')
        result = self.run_model('--input', 'x.npy', '--output_dir', 'out')
        self.assertEqual(result.code, 1)
        self.assertIn('No space left on device', result.err)
        self.assertEqual(self.run_model('--input', 'x.npy', '--output_dir', 'x.npy').code, 1)
        with open('/dev/full', 'wb') as full:
            self.assertEqual(self.ramet('run', CLASSIFIER, '--input', 'x.npy', stdout=full).code, 1)


class Inspect(unittest.TestCase):
    def test_the_summary(self):
        (entry,) = ramet('inspect', CLASSIFIER, '--json').objects
        self.assertEqual(entry['inputs'], [{'name': 'x', 'dtype': 'float32', 'shape': [-1, 3, 8, 8]}])
        self.assertEqual([tensor['dtype'] for tensor in entry['outputs']], ['float32'])
        self.assertEqual(sum(entry['operators'].values()), len(entry['operators']))
        self.assertIn('softmax', entry['operators'])
        self.assertGreaterEqual(entry['weights_bytes'], 4 * 16)
        self.assertEqual(entry['precision'], 'float32')
        self.assertIn('precision: bf16\n', ramet('inspect', CLASSIFIER, '--precision', 'bf16').out)
        text = ramet('inspect', CLASSIFIER)
        self.assertEqual(text.code, 0)
        self.assertIn('inputs:\n  x  float32  [-1,3,8,8]\n', text.out)
        self.assertIn('\n  1  softmax\n', text.out)

    def test_graph_passes_and_plan(self):
        graph = ramet('inspect', CLASSIFIER, '--graph')
        self.assertIn('input %', graph.out)
        self.assertIn(' = softmax(', graph.out)
        self.assertEqual(ramet('inspect', CLASSIFIER, '--passes').code, 0)
        (entry,) = ramet('inspect', CLASSIFIER, '--plan', '--input', 'x=2x3x8x8', '--json', '--cache_dir', 'none').objects
        forecast = entry['forecast']
        self.assertEqual(forecast['peak_bytes'], forecast['weights_bytes'] + forecast['program_bytes'] +
                         max(forecast['source_bytes'], forecast['plans_bytes'] + forecast['arena_bytes']))
        self.assertTrue(all(forecast[key] > 0 for key in forecast if key != 'open_operators'))
        plan = ramet('inspect', CLASSIFIER, '--plan', '--input', 'x=2x3x8x8')
        self.assertEqual((plan.code, plan.err), (0, ''))
        self.assertEqual(ramet('inspect', CLASSIFIER, '--plan', '--input=2x3x8x8').out, plan.out)
        (entry,) = ramet('inspect', CLASSIFIER, '--plan', '--graph', '--input=2x3x8x8', '--json').objects
        self.assertEqual(set(entry), {'graph', 'plan', 'forecast'})
        self.assertIn(entry['graph'], graph.out)

    def test_shapes_that_are_none(self):
        for shape in ('', 'x', 'x=', 'x=1x', 'x=x1', 'x=1x3x8x8x', 'x=-1x3x8x8', 'x=1.5', 'x=1,3,8,8',
                      'x=' + 'x'.join('123456789'), 'x=99999999999999999999', 'x=1x3x8x9223372036854775807',
                      'y=1x3x8x8', 'x=1x3'):
            result = ramet('inspect', CLASSIFIER, '--plan', '--input=' + shape)
            self.assertEqual((result.code, result.out), (2, ''), shape)

    def test_every_model_of_the_tests_can_be_inspected(self):
        for model in ('classifier', 'detector', 'direction', 'recognizer'):
            self.assertEqual(ramet('inspect', MODELS / model).code, 0, model)


if __name__ == '__main__':
    unittest.main()
