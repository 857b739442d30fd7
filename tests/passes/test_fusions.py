# SPDX-License-Identifier: Apache-2.0
"""Which passes fire, and how often, for whole models: fusions.txt pins it, so that no change loses a fusion unseen.

A line a model: its folder below tests/data or below RAMET_ZOO, then pass=count for each pass that rewrites operators.
After a change that is meant, write the table anew, with all models at hand:

    RAMET=build/ramet RAMET_ZOO=zoo python3 tests/passes/test_fusions.py --write
"""
import json
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).parent
TABLE = HERE / 'fusions.txt'
DATA = HERE.parent / 'data'
ZOO = os.environ.get('RAMET_ZOO')
CLEANING = {'drop-identities', 'fold-constants', 'drop-dead'}  # follow from the file, not from what is fused
FIXTURES = ('operators/network_*', 'operators/*_then_*', 'pir/*', 'command/*')


def fired(folder):
    """Pass -> count, or None where ramet finds no model that it can run."""
    done = subprocess.run([os.environ['RAMET'], 'inspect', folder, '--passes', '--json'], capture_output=True, text=True)
    if done.returncode != 0:
        return None
    rows = (line.split(None, 2) for line in json.loads(done.stdout)['passes'].splitlines())
    return {row[0]: int(row[1]) for row in rows if row[0] not in CLEANING and row[1] != '0'}


def line_of(name, counts):
    return ' '.join([name, *(f'{key}={count}' for key, count in counts.items())])


def folder_of(name):
    """Where a model of the table lies; None without RAMET_ZOO, or when it is not there."""
    for root in [DATA] + ([pathlib.Path(ZOO)] if ZOO else []):
        if (root / name).is_dir():
            return root / name
    return None


def table():
    return [line for line in TABLE.read_text(encoding='utf-8').splitlines() if line]


class Fusions(unittest.TestCase):
    def check(self, lines):
        for line in lines:
            name = line.split()[0]
            with self.subTest(model=name):
                counts = fired(folder_of(name))
                self.assertIsNotNone(counts, 'does not load')
                self.assertEqual(line_of(name, counts), line)

    def test_fixtures_are_fused_as_before(self):
        lines = [line for line in table() if (DATA / line.split()[0]).is_dir()]
        self.assertGreater(len(lines), 10)
        self.check(lines)

    @unittest.skipUnless(ZOO, 'RAMET_ZOO names no folder of models')
    def test_models_are_fused_as_before(self):
        lines = [line for line in table() if not (DATA / line.split()[0]).is_dir() and folder_of(line.split()[0])]
        if not lines:
            self.skipTest('RAMET_ZOO holds no unpacked models')
        self.check(lines)


def write():
    """Models that are not at hand keep their lines."""
    lines = {line.split()[0]: line for line in table()} if TABLE.exists() else {}
    folders = [(DATA, folder) for pattern in FIXTURES for folder in sorted(DATA.glob(pattern))]
    folders += [(pathlib.Path(ZOO), folder) for folder in sorted(pathlib.Path(ZOO).glob('*/*'))] if ZOO else []
    for root, folder in folders:
        counts = fired(folder)
        if counts:
            name = str(folder.relative_to(root))
            lines[name] = line_of(name, counts)
    TABLE.write_text('\n'.join(lines[name] for name in sorted(lines)) + '\n', encoding='utf-8')


if __name__ == '__main__':
    if '--write' in sys.argv:
        write()
    else:
        unittest.main()
