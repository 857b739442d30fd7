# SPDX-License-Identifier: Apache-2.0
"""Compares `ramet detect` with PaddleDetection's own steps around Paddle Inference (or ONNX Runtime), image by image.

usage: detect_official.py RAMET MODEL IMAGE...      (paddlepaddle 2.6 or onnxruntime, cv2 4.11, numpy, PyYAML)
MODEL is a folder with infer_cfg.yml or inference.yml. Objects are matched within their class: each official one wants one of ramet's
with an overlap above 0.99 and a score within 0.001, and none may be left over. Prints a line for each image; exits with 1 when one differs.
"""

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import detect_reference as reference

LEAST_OVERLAP, MOST_SCORE = 0.99, 1e-3


def find(folder, names):
    return next(os.path.join(folder, name) for name in names if os.path.exists(os.path.join(folder, name)))


class Paddle:
    def __init__(self, program):
        from paddle.inference import Config, create_predictor

        config = Config(program, program.rsplit('.', 1)[0] + '.pdiparams')
        config.disable_glog_info()
        config.disable_gpu()
        self.predictor = create_predictor(config)

    def run(self, inputs):
        for name in self.predictor.get_input_names():
            self.predictor.get_input_handle(name).copy_from_cpu(inputs['image' if name == 'x' else name])
        self.predictor.run()
        return [self.predictor.get_output_handle(name).copy_to_cpu() for name in self.predictor.get_output_names()]

    def rescales(self):
        return 'scale_factor' in self.predictor.get_input_names()


class Onnx:
    def __init__(self, program):
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        self.session = onnxruntime.InferenceSession(program, providers=['CPUExecutionProvider'])

    def run(self, inputs):
        return self.session.run(None, {entry.name: inputs.get(entry.name, inputs['image']) for entry in self.session.get_inputs()})

    def rescales(self):
        return 'scale_factor' in [entry.name for entry in self.session.get_inputs()]


def official_rows(engine, config, image):
    """[n, 6] or [n, 10] of label, score, box."""
    tensor, im_shape, scale = reference.preprocess(image, config['Preprocess'])
    outputs = engine.run({'image': tensor.astype(np.float32), 'im_shape': im_shape[None], 'scale_factor': scale[None]})
    if outputs[0].ndim == 2:
        return outputs[0][(outputs[0][:, 0] >= 0) & (outputs[0][:, 1] > 0)]
    nms = config.get('NMS') or {}
    limits = {'threshold': nms.get('score_threshold', 0.3), 'share': nms.get('nms_threshold', 0.5),
              'top': nms.get('nms_top_k', 1000), 'keep': nms.get('keep_top_k', 100)}
    if len(outputs) > 2:
        half = len(outputs) // 2
        return reference.heads_to_rows([o[0] for o in outputs[:half]], [o[0] for o in outputs[half:]],
                                       config.get('fpn_stride', [8, 16, 32, 64]), tensor.shape[2:], scale, limits)
    rows = reference.suppress(outputs[0][0], outputs[1][0], **limits)
    return rows if engine.rescales() else reference.rescale(rows, scale)


def differences(rows, found):
    """How many official objects have no partner, the worst score difference, and how many of ramet's are left over."""
    free, missing, worst = set(range(len(found['scores']))), 0, 0.0
    for label, score, *box in rows:
        fits = [k for k in free if found['label_ids'][k] == int(label) and abs(found['scores'][k] - score) <= MOST_SCORE
                and (reference.overlap(box, found['boxes'][k]) > LEAST_OVERLAP or np.allclose(box, found['boxes'][k], atol=0.02))]
        if not fits:
            missing += 1
            continue
        best = min(fits, key=lambda k: np.abs(np.subtract(found['boxes'][k], box)).max())
        worst = max(worst, abs(found['scores'][best] - score))
        free.remove(best)
    return missing, worst, len(free)


def main():
    ramet, folder, images = sys.argv[1], sys.argv[2], sys.argv[3:]
    cv2.ipp.setUseIPP(False)  # Intel's library rounds otherwise than cv2 itself
    with open(find(folder, ('inference.yml', 'infer_cfg.yml'))) as file:
        config = yaml.safe_load(file)
    program = find(folder, ('inference.pdmodel', 'model.pdmodel', 'inference.onnx', 'model.onnx'))
    engine = Onnx(program) if program.endswith('.onnx') else Paddle(program)
    lines = subprocess.run([ramet, 'detect', '--json', '--model', folder, *images], stdout=subprocess.PIPE, check=False).stdout
    bad = 0
    for path, line in zip(images, lines.splitlines()):
        found = json.loads(line)
        if 'error' in found:
            print(f'{path}: {found["error"]}')
            bad += 1
            continue
        rows = official_rows(engine, config, cv2.imread(path))
        missing, worst, more = differences(rows, found)
        bad += bool(missing or more)
        print(f'{path}: {len(rows)} objects, {missing} without partner, {more} more, scores within {worst:.1e}')
    return 1 if bad or len(lines.splitlines()) != len(images) else 0


if __name__ == '__main__':
    sys.exit(main())
