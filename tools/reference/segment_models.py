# SPDX-License-Identifier: Apache-2.0
"""Compares the maps of `ramet segment` with Paddle Inference and PaddleSeg's own transforms.

usage: segment_models.py RAMET TRANSFORMS MODEL... -- IMAGE...      (paddle 2.6, cv2, Pillow, PyYAML)
TRANSFORMS: paddleseg/transforms of PaddleSeg 2.8. MODEL: folders with deploy.yaml. Per model and image the share of equal pixels, with
PaddleSeg's transforms on 8-bit pixels, and on the float pixels that its deployment makes of a path. Exit code 1 below 99.9 % of the first.
"""

import glob
import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import yaml
from PIL import Image

import segment_reference as reference


def predictor_of(folder):
    from paddle import inference

    program = (glob.glob(os.path.join(folder, '*.pdmodel')) + glob.glob(os.path.join(folder, '*.json')))[0]
    config = inference.Config(program, os.path.splitext(program)[0] + '.pdiparams')
    config.disable_gpu()
    config.disable_glog_info()
    config.switch_ir_optim(False)
    return inference.create_predictor(config)


def run(predictor, tensor):
    handle = predictor.get_input_handle(predictor.get_input_names()[0])
    handle.reshape(tensor.shape)
    handle.copy_from_cpu(tensor)
    predictor.run()
    return predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu()


def labels_of(predictor, official, steps, image):
    tensor, trace = reference.preprocess(official, steps, image)
    output = run(predictor, np.ascontiguousarray(tensor[None]))[0]
    plane = output.argmax(0) if output.ndim == 3 and output.shape[0] > 1 else output.reshape(output.shape[-2:])
    return reference.bring_back(plane.astype('f4'), trace, cv2.INTER_NEAREST).astype('i4')


def main():
    ramet, official = sys.argv[1], reference.load(sys.argv[2])
    models, images = (part for part in (sys.argv[3 : sys.argv.index('--')], sys.argv[sys.argv.index('--') + 1 :]))
    worst = 1.0
    for model in models:
        with open(os.path.join(model, 'deploy.yaml')) as file:
            steps = yaml.safe_load(file)['Deploy']['transforms']
        predictor = predictor_of(model)
        with tempfile.TemporaryDirectory() as folder:
            command = [ramet, 'segment', '--model', model, '--output_dir', folder, '--quiet', *images]
            subprocess.run(command, check=True)
            for path in images:
                got = np.asarray(Image.open(os.path.join(folder, path.lstrip('/') + '.png')))
                image = cv2.imread(path)
                shares = [
                    (labels_of(predictor, official, steps, pixels) == got).mean() for pixels in (image, image.astype('f4'))
                ]
                worst = min(worst, shares[0])
                print(os.path.basename(os.path.normpath(model)), os.path.basename(path), *('%.6f' % share for share in shares))
    sys.exit(worst < 0.999)


if __name__ == '__main__':
    main()
