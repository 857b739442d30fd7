# SPDX-License-Identifier: Apache-2.0
"""What the pages say about files, flags and code is true of the tree."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / 'README.md', ROOT / 'CHANGELOG.md', *sorted((ROOT / 'docs').rglob('*.md'))]
NAMES_FLAGS = ('README', 'command', 'threads-and-processes', 'ocr', 'classify', 'detect', 'segment')
COMMAND_PAGES = [page for page in PAGES if page.stem in NAMES_FLAGS]
OTHER_FLAGS = {'cflags', 'libs', 'help', 'version', 'flag'}  # of pkg-config; of the command itself; "--flag value"


def blocks(path, kind):
    """The fenced blocks of a kind."""
    return re.findall(rf'^```{kind}\n(.*?)^```', path.read_text(encoding='utf-8'), re.M | re.S)


def help_of(*verb):
    return subprocess.run([os.environ['RAMET'], 'help', *verb], capture_output=True, text=True, check=True).stdout


def flags_of_help():
    verbs = set(re.findall(r'(?m)^  (\w+)  ', help_of())) - {'help', 'version'}
    return {flag for verb in verbs for flag in re.findall(r'(?m)^  --(\w+)', help_of(verb))}


class Pages(unittest.TestCase):
    def test_links_lead_somewhere(self):
        broken = []
        for page in PAGES:
            for target in re.findall(r'\]\(([^)#\s]+)[^)]*\)', page.read_text(encoding='utf-8')):
                if not re.match(r'\w+:', target) and not (page.parent / target).exists():
                    broken.append(f'{page.relative_to(ROOT)}: {target}')
        self.assertEqual(broken, [])

    def test_files_that_are_named_exist(self):
        missing = []
        for page in PAGES:
            folders = 'src|apps|include|tests|tools|examples|cmake|bench'
            for name in re.findall(rf'`((?:{folders})/[\w./-]*\w)/?`', page.read_text(encoding='utf-8')):
                if 'NAME' not in name and not (ROOT / name).exists():
                    missing.append(f'{page.relative_to(ROOT)}: {name}')
        self.assertEqual(missing, [])

    def test_every_flag_is_described(self):
        page = (ROOT / 'docs/command.md').read_text(encoding='utf-8')
        self.assertEqual(sorted(flags_of_help() - set(re.findall(r'--(\w+)', page))), [])

    def test_no_page_names_a_flag_that_does_not_exist(self):
        known = flags_of_help() | OTHER_FLAGS
        for page in COMMAND_PAGES:
            for flag in re.findall(r'(?<![\w-])--([a-z]\w*)', page.read_text(encoding='utf-8')):
                self.assertIn(flag, known, page)

    def test_c_code_is_that_of_the_examples(self):
        sources = [path.read_text() for path in sorted((ROOT / 'examples/c').glob('*.c'))]
        found = blocks(ROOT / 'docs/c-api.md', 'c')
        self.assertGreater(len(found), 4)
        for block in found:
            self.assertTrue(any(block in source for source in sources), block)


if __name__ == '__main__':
    unittest.main()
