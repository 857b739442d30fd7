# SPDX-License-Identifier: Apache-2.0
"""What the compiler made of the tiles of gemm: the loop of every tile has rows x vectors products for each step, and none of its
vectors lives on the stack. A compiler that loses this costs more than half of the speed and breaks no other test.

Only optimised builds without sanitizers are judged."""
import os
import pathlib
import re
import subprocess
import unittest

BUILD = pathlib.Path(os.environ['RAMET']).parent
OBJECTS = {level: BUILD / f'CMakeFiles/ramet_kernels_{level}.dir/src/kernels/gemm/tiles.c.o'
           for level in ('base', 'avx2', 'avx512', 'avx512_bf16')}
STEPS = {'base': 4, 'avx2': 4, 'avx512': 1, 'avx512_bf16': 1}  # of the sum in one turn of the loop; a pair counts as one
TILES = {'base': 2 * 11, 'avx2': 2 * 19, 'avx512': 2 * 31, 'avx512_bf16': 2 * 31}  # for weights in float32 and in bfloat16


def is_judged():
    cache = (BUILD / 'CMakeCache.txt').read_text(encoding='utf-8')
    return 'CMAKE_BUILD_TYPE:STRING=Release' in cache and re.search(r'^RAMET_SANITIZE:\w+=$', cache, re.M) is not None


def functions(path):
    """name -> [(address, instruction)]"""
    text = subprocess.run(['objdump', '-d', '--no-show-raw-insn', path], capture_output=True, text=True, check=True).stdout
    found, name = {}, None
    for line in text.splitlines():
        if head := re.match(r'[0-9a-f]+ <(.*)>:', line):
            name = head[1]
            found[name] = []
        elif code := re.match(r'\s*([0-9a-f]+):\s+(.*)', line):
            found[name].append((int(code[1], 16), code[2]))
    return found


def is_product(text):
    return re.match(r'vfmadd\w+ps|v?mulps|vdpbf16ps', text)


def inner_loop(code):
    """The shortest loop with products and without another loop in it."""
    best = None
    for address, instruction in code:
        if jump := re.match(r'j\w+\s+([0-9a-f]+)', instruction):
            body = [text for at, text in code if int(jump[1], 16) <= at <= address]
            jumps = [text for text in body if text.startswith('j')]
            if len(jumps) == 1 and any(map(is_product, body)) and (best is None or len(body) < len(best)):
                best = body
    return best


def on_stack(text, code):
    """Whether an instruction touches the stack; %rbp points there only in a function that sets it so."""
    frame = any(re.match(r'mov +%rsp,%rbp$|lea +\S*\(%rsp\),%rbp$', other) for _, other in code)
    return '(%rsp' in text or (frame and '(%rbp)' in text)


class Tiles(unittest.TestCase):
    def check(self, level):
        if not is_judged():
            self.skipTest('not an optimised build, or with sanitizers')
        count = 0
        for name, code in functions(OBJECTS[level]).items():
            if not (shape := re.fullmatch(r'tile_(half_)?(\d+)x(\d+)', name)):
                continue
            count += 1
            loop = inner_loop(code)
            self.assertIsNotNone(loop, name)
            products = sum(map(bool, map(is_product, loop)))
            self.assertEqual(products, STEPS[level] * int(shape[2]) * int(shape[3]), name)
            spills = [text for text in loop if on_stack(text, code) and re.search(r'%[xyz]mm', text)]
            if level == 'avx512_bf16' and shape[1]:  # rounded rows of A wait there
                spills = [text for text in spills if not re.match(r'vpbroadcastd|vdpbf16ps.*{1to16}', text)]
            if shape[1]:  # the mask of the second of a pair may be read from there: it never changes
                masks = [text for text in spills if re.match(r'v?(movdq[au]|pand).*\(%\w+\),(%[xyz]mm\d+,?)+$', text)]
                if len({re.search(r'[-\w]*\(%\w+\)', text)[0] for text in masks}) == 1:
                    spills = [text for text in spills if text not in masks]
            self.assertEqual(spills, [], name)
        self.assertEqual(count, TILES[level])

    def test_base(self):
        self.check('base')

    @unittest.skipUnless(OBJECTS['avx2'].exists(), 'another processor')
    def test_avx2(self):
        self.check('avx2')

    @unittest.skipUnless(OBJECTS['avx512'].exists(), 'another processor')
    def test_avx512(self):
        self.check('avx512')

    @unittest.skipUnless(OBJECTS['avx512_bf16'].exists(), 'another processor')
    def test_avx512_bf16(self):
        self.check('avx512_bf16')


if __name__ == '__main__':
    unittest.main()
