# SPDX-License-Identifier: Apache-2.0
"""Turns the models of bench/peers into the forms that the peers read: ONNX, MNN, ncnn.

A twin that exists is kept. One that cannot be made leaves NAME.failed with the last words of its converter. `tools` names the
converters: paddle (a Python with PaddlePaddle and paddle2onnx), mnnconvert, pnnx.
"""

import json
import os
import subprocess
import sys

from peers_cases import program_of

LONGEST_SECONDS = 400


def last_words(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return ' / '.join(lines[-3:])[-400:]


def make(target, command, folder=None):
    """Runs the command, which writes target, unless there is one or a note that it failed."""
    failed = target + '.failed'
    if os.path.exists(target) or os.path.exists(failed):
        return
    print(f'bench/peers: making {target}', file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LONGEST_SECONDS)
        text = last_words(done.stdout.decode(errors='replace')) + f' (exit {done.returncode})'
    except subprocess.TimeoutExpired:
        text = f'no end within {LONGEST_SECONDS} s'
    if not os.path.exists(target):
        with open(failed, 'w') as file:
            file.write(f'{os.path.basename(command[0])}: {text}\n')


def onnx(tools, case, zoo, target):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'peers_onnx.py')
    make(target, [tools.paddle, '-B', script, program_of(case.folder(zoo)), target, json.dumps(case.shapes)])


def mnn(tools, source, target):
    make(target, [tools.mnnconvert, '-f', 'ONNX', '--modelFile', source, '--MNNModel', target, '--bizCode', 'bench'])


def ncnn(tools, source, folder, shapes):
    """pnnx writes a handful of files beside its input, hence a folder of its own."""
    os.makedirs(folder, exist_ok=True)
    copy = os.path.join(folder, 'model.onnx')
    if not os.path.lexists(copy):
        os.symlink(source, copy)
    inputs = ','.join(str(list(shape)).replace(' ', '') + 'f32' for shape in shapes)
    make(os.path.join(folder, 'model.ncnn.param'), [tools.pnnx, 'model.onnx', f'inputshape={inputs}', 'fp16=0'], folder)


def make_twins(case, zoo, folder, tools):
    """All forms of a case, in the folder."""
    os.makedirs(folder, exist_ok=True)
    stem = os.path.join(os.path.abspath(folder), case.file)
    onnx(tools, case, zoo, stem + '.onnx')
    if os.path.exists(stem + '.onnx'):
        mnn(tools, stem + '.onnx', stem + '.mnn')
        ncnn(tools, stem + '.onnx', stem + '.ncnn', case.shapes.values())
