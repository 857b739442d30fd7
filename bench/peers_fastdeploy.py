# SPDX-License-Identifier: Apache-2.0
"""FastDeploy's PP-OCRv4 pipeline for bench/peers.py, in a Python of its own: reads all images whenever a line comes in.

peers_fastdeploy.py ort|openvino DET CLS REC DICTIONARY IMAGE...: a line of JSON when it is ready, and one for each round.
"""

import json
import os
import sys

import cv2
import fastdeploy as fd


def model(kind, folder, backend, *more):
    option = fd.RuntimeOption()
    option.use_cpu()
    option.set_cpu_thread_num(1)
    getattr(option, f'use_{backend}_backend')()
    files = [os.path.join(folder, name) for name in ('inference.pdmodel', 'inference.pdiparams')]
    return kind(*files, *more, runtime_option=option)


def read_all(pipeline, images):
    return [list(pipeline.predict(image.copy()).text) for image in images]


def main():
    backend, det, cls, rec, dictionary, *paths = sys.argv[1:]
    cv2.setNumThreads(1)
    images = [cv2.imread(path) for path in paths]
    detector = model(fd.vision.ocr.DBDetector, det, backend)
    detector.preprocessor.max_side_len = 960
    detector.postprocessor.det_db_box_thresh = 0.6
    detector.postprocessor.det_db_unclip_ratio = 1.5
    detector.postprocessor.det_db_score_mode = 'fast'
    classifier = model(fd.vision.ocr.Classifier, cls, backend)
    recognizer = model(fd.vision.ocr.Recognizer, rec, backend, dictionary)  # the pipeline does not keep them alive
    pipeline = fd.vision.ocr.PPOCRv4(det_model=detector, cls_model=classifier, rec_model=recognizer)
    pipeline.cls_batch_size = pipeline.rec_batch_size = 6
    read_all(pipeline, images)
    print(json.dumps({'ready': True}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({'texts': read_all(pipeline, images)}), flush=True)


if __name__ == '__main__':
    main()
