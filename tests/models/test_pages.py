# SPDX-License-Identifier: Apache-2.0
"""Commands on the pages, run as they stand there, print what stands there (numbers within a little)."""

import os
import pathlib
import re
import shlex
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').rglob('*.md'))]
NUMBER = re.compile(r'-?\d+(?:\.\d+)?(?:e-?\d+)?')
SCORES_WITHIN, PIXELS_WITHIN = 2e-3, 1


def examples():
    """(page, command, lines of its output) of every `$ build/ramet` in a console block."""
    for page in PAGES:
        for block in re.findall(r'^```console\n(.*?)^```', page.read_text(encoding='utf-8'), re.M | re.S):
            for example in re.split(r'^\$ ', block, flags=re.M)[1:]:
                command, *lines = example.splitlines()
                yield page, command, lines


def same_number(a, b):
    within = SCORES_WITHIN if '.' in a or '.' in b else PIXELS_WITHIN
    return abs(float(a) - float(b)) <= within


def same_line(got, wanted):
    numbers = NUMBER.findall(got), NUMBER.findall(wanted)
    return NUMBER.sub('#', got) == NUMBER.sub('#', wanted) and all(map(same_number, *numbers))


class Commands(unittest.TestCase):
    def test_the_pages_tell_what_is_printed(self):
        count = 0
        for page, command, wanted in examples():
            program, *arguments = shlex.split(command)
            self.assertEqual(program, 'build/ramet', page)
            result = subprocess.run([os.environ['RAMET'], *arguments], cwd=ROOT, capture_output=True, text=True,
                                    timeout=300)
            self.assertEqual((result.returncode, result.stderr), (0, ''), command)
            got = result.stdout.splitlines()
            if wanted[-1] == '...':
                wanted = wanted[:-1]
                got = got[:len(wanted)]
            self.assertEqual(len(got), len(wanted), command)
            for a, b in zip(got, wanted):
                self.assertTrue(same_line(a, b), f'{command}\nprinted: {a}\nthe page: {b}')
            count += 1
        self.assertGreater(count, 3)


if __name__ == '__main__':
    unittest.main()
