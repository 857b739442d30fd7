# SPDX-License-Identifier: Apache-2.0
"""The public headers as tools/make_abi translates them for Python: every struct is laid out as the compiler lays it out, every
enumerator has its number, every function of the library is declared with as many arguments as it has."""
import ctypes
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = ROOT / 'include'
LIBRARY = pathlib.Path(os.environ['RAMET']).parent / 'libramet.so'


def translate(folder):
    path = pathlib.Path(folder, 'abi_of_ramet.py')
    subprocess.run([sys.executable, '-B', ROOT / 'tools' / 'make_abi', INCLUDE, path], check=True)
    spec = importlib.util.spec_from_file_location('abi_of_ramet', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def headers():
    text = '\n'.join(path.read_text() for path in sorted((INCLUDE / 'ramet').glob('*.h')))
    return re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)


class Abi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.abi = translate(cls.temporary.name)
        cls.structs = {kind.__doc__: kind for kind in vars(cls.abi).values()
                       if isinstance(kind, type) and issubclass(kind, ctypes.Structure) and kind is not ctypes.Structure}

    def compiled(self, lines):
        """The numbers that a C program with these statements prints."""
        source = pathlib.Path(self.temporary.name, 'numbers.c')
        program = source.with_suffix('')
        source.write_text('#include <stdio.h>\n#include <stddef.h>\n#include "ramet/ramet.h"\nint main(void)\n{\n' +
                          '\n'.join(lines) + '\nreturn 0;\n}\n')
        subprocess.run(['gcc', '-std=c11', f'-I{INCLUDE}', source, '-o', program], check=True)
        return [int(word) for word in subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout.split()]

    def test_no_struct_is_missing(self):
        declared = re.findall(r'^typedef struct (\w+) \{', headers(), re.M)
        self.assertEqual(sorted(self.structs), sorted(declared))
        self.assertGreater(len(declared), 20)

    def test_structs_are_laid_out_as_by_the_compiler(self):
        lines, wanted = [], []
        for name, kind in self.structs.items():
            lines.append(f'printf("%zu\\n", sizeof({name}));')
            wanted.append((name, ctypes.sizeof(kind)))
            for field, _ in kind._fields_:
                lines.append(f'printf("%zu %zu\\n", offsetof({name}, {field}), sizeof((({name} *)0)->{field}));')
                place = getattr(kind, field)
                wanted += [(f'{name}.{field}', place.offset), (f'{name}.{field}', place.size)]
        self.assertEqual(list(zip((name for name, _ in wanted), self.compiled(lines))), wanted)

    def test_enumerators_have_their_numbers(self):
        names = re.findall(r'^\s+(RAMET_[A-Z0-9_]+)(?:,| =|\s*\}|\s*$)', headers(), re.M)
        self.assertGreater(len(names), 20)
        numbers = self.compiled([f'printf("%d\\n", (int){name});' for name in names])
        self.assertEqual({name: getattr(self.abi, name, None) for name in names}, dict(zip(names, numbers)))

    def test_functions_are_declared(self):
        library = ctypes.CDLL(str(LIBRARY))
        self.abi.declare(library)
        for name, arguments in re.findall(r'^RAMET_API\b[^;{]*?\b(\w+)\s*\(([^;]*)\);', headers(), re.M):
            count = 0 if arguments.strip() == 'void' else arguments.count(',') + 1
            declared = getattr(library, name).argtypes
            self.assertIsNotNone(declared, name)
            self.assertEqual(len(declared), count, name)


if __name__ == '__main__':
    unittest.main()
