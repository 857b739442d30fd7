# SPDX-License-Identifier: Apache-2.0
"""ramet doctor: what the machine offers, and the threads that follow."""

import os
import unittest

import command


class DoctorTest(unittest.TestCase):
    def doctor(self, *flags, **options):
        result = command.ramet('doctor', '--json', *flags, **options)
        self.assertEqual((result.code, result.err), (0, ''))
        return result.objects[0]

    def test_it_counts_the_processors_of_this_process(self):
        processors = self.doctor()['processors']
        self.assertEqual(processors['affinity'], len(os.sched_getaffinity(0)))
        self.assertLessEqual(processors['usable'], processors['affinity'])
        self.assertGreaterEqual(processors['usable'], 1)

    def test_an_affinity_mask_of_one_gives_one_thread(self):
        first = min(os.sched_getaffinity(0))
        found = self.doctor(preexec_fn=lambda: os.sched_setaffinity(0, {first}))
        self.assertEqual((found['processors']['affinity'], found['processors']['usable']), (1, 1))
        self.assertEqual(found['threads'], {'thread_num': 1, 'cpu_thread_num': 1})

    def test_workers_share_the_processors(self):
        usable = self.doctor()['processors']['usable']
        for flags in (['--thread_num'], ['--use_multi_process', 'true', '--process_num']):
            for workers in (1, 2, 3, 1000):
                threads = self.doctor(*flags, str(workers))['threads']
                self.assertEqual(threads.pop('cpu_thread_num'), min(8, max(1, usable // workers)))
                self.assertEqual(threads, {flags[-1][2:]: workers})

    def test_what_is_said_is_left_alone(self):
        threads = self.doctor('--thread_num', '7', '--cpu_thread_num', '5')['threads']
        self.assertEqual(threads, {'thread_num': 7, 'cpu_thread_num': 5})

    def test_it_names_the_build(self):
        found = self.doctor()
        self.assertIn(found['cpu_level'], ('base', 'avx2', 'avx512', 'avx512_bf16'))
        self.assertEqual(found['engines'][0], f"native {found['version']}")
        self.assertLessEqual({'jpeg', 'png', 'webp'}, set(found['image_formats'].split()))
        self.assertGreater(found['caches']['l2_bytes'], 0)
        self.assertIn('usable', command.ramet('doctor').out)

    def test_an_engine_that_cannot_be_used_says_why(self):
        for flags, reason in ((['--plugin_file', '/no/such/plugin.so'], 'there is no file'),
                              (['--engine_libraries', '/no/such/folder'], 'engine_libraries')):
            engines = self.doctor(*flags)['engines']
            self.assertTrue(engines[0].startswith('native '))
            self.assertTrue(engines[1].startswith('no openvino: '))
            self.assertIn(reason, engines[1])

    def test_words_are_refused(self):
        self.assertEqual(command.ramet('doctor', 'model').code, 2)


if __name__ == '__main__':
    unittest.main()
