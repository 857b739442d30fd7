# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: running it, small pictures, and NumPy files made by hand."""

import json
import os
import pathlib
import struct
import subprocess
import tempfile
import time
import unittest

RAMET = os.environ['RAMET']
MODELS = pathlib.Path(os.environ['RAMET_TEST_DATA'], 'command')
CLASSIFIER = MODELS / 'classifier'
OCR_FLAGS = ['--det_model', MODELS / 'detector', '--rec_model', MODELS / 'recognizer',
             '--rec_label_file', MODELS / 'dictionary.txt']
TIMEOUT_SECONDS = 120
CACHE = tempfile.TemporaryDirectory()  # instead of the user's
os.environ['XDG_CACHE_HOME'] = CACHE.name

COLOURS = {'red': (255, 0, 0), 'green': (0, 255, 0), 'blue': (0, 0, 255), 'dark': (0, 0, 0)}


class Result:
    """Exit code and texts of one call."""

    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode('utf-8', 'surrogateescape')
        self.err = process.stderr.decode('utf-8', 'surrogateescape')

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def objects(self):
        """The JSON lines."""
        return [json.loads(line) for line in self.lines]


def ramet(*arguments, **options):
    """Runs the command and returns its Result; a signal or a hang is an error at once."""
    options.setdefault('stdin', subprocess.DEVNULL)
    if 'input' in options:
        del options['stdin']
    process = subprocess.run([RAMET, *map(os.fspath, arguments)], stdout=options.pop('stdout', subprocess.PIPE),
                             stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS, **options)
    if process.returncode not in (0, 1, 2):
        raise AssertionError(f'exit {process.returncode}: {process.stderr.decode(errors="replace")}')
    process.stdout = process.stdout or b''
    return Result(process)


def wait_for(condition):
    end = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError('it never came to that')
        time.sleep(0.01)


def write_picture(path, width, height, background=(255, 255, 255), boxes=()):
    """A PPM picture; boxes are (x, y, width, height, colour)."""
    rows = [[background] * width for _ in range(height)]
    for x, y, w, h, colour in boxes:
        for row in rows[y:y + h]:
            row[x:x + w] = [colour] * w
    pixels = bytes(value for row in rows for pixel in row for value in pixel)
    pathlib.Path(path).write_bytes(b'P6\n%d %d\n255\n' % (width, height) + pixels)


def write_colour(path, name):
    write_picture(path, 5, 7, COLOURS[name])


def npy(header, data=b'', version=(1, 0), length=None):
    """The bytes of a NumPy file with this header text."""
    header = header.encode('latin-1')
    form = '<H' if version[0] == 1 else '<I'
    return (b'\x93NUMPY' + bytes(version) + struct.pack(form, len(header) if length is None else length) + header +
            data)


def npy_array(shape, values, descr='<f4', code='f', fortran=False):
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {tuple(shape)}, }}\n"
    return npy(header, struct.pack(f'<{len(values)}{code}', *values))


def read_npy(path):
    """(dtype, shape, data bytes) of a file as NumPy writes it."""
    raw = pathlib.Path(path).read_bytes()
    length = struct.unpack('<H', raw[8:10])[0]
    if raw[:8] != b'\x93NUMPY\x01\x00' or (10 + length) % 64 or raw[9 + length:10 + length] != b'\n':
        raise AssertionError(f'{path}: not as NumPy writes it')
    header = eval(raw[10:10 + length].decode('latin-1'), {'__builtins__': {}})
    if header['fortran_order']:
        raise AssertionError(f'{path}: in Fortran order')
    return header['descr'], header['shape'], raw[10 + length:]


class FolderCase(unittest.TestCase):
    """A test with an empty working folder of its own."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def ramet(self, *arguments, **options):
        return ramet(*arguments, cwd=self.folder, **options)

    def classify(self, *arguments, **options):
        return self.ramet('classify', '--model', CLASSIFIER, *arguments, **options)

    def ocr(self, *arguments, **options):
        return self.ramet('ocr', *OCR_FLAGS, *arguments, **options)
