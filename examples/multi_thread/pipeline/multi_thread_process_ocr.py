# SPDX-License-Identifier: Apache-2.0
"""Text in many images, with threads or with processes: detector, direction classifier, recogniser.

python multi_thread_process_ocr.py --det_model DET --cls_model CLS --rec_model REC --rec_label_file keys.txt \\
    --image_path images --thread_num 2
"""
import argparse
import os
import sys

import ramet as fd

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "single_model"))

from multi_thread_process import add_common_arguments, build_option, run


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--det_model", required=True, help="folder of the text detector")
    parser.add_argument("--cls_model", required=True, help="folder of the direction classifier")
    parser.add_argument("--rec_model", required=True, help="folder of the recogniser")
    parser.add_argument("--rec_label_file", required=True, help="dictionary of the recogniser, one character a line")
    parser.add_argument("--cls_bs", type=int, default=1, help="crops that the classifier sees at once; -1: all")
    parser.add_argument("--rec_bs", type=int, default=6, help="crops that the recogniser sees at once; -1: all")
    add_common_arguments(parser)
    return parser.parse_args()


def model_files(folder):
    return os.path.join(folder, "inference.pdmodel"), os.path.join(folder, "inference.pdiparams")


def build_pipeline(args):
    option = build_option(args)
    det_model = fd.vision.ocr.DBDetector(*model_files(args.det_model), runtime_option=option)
    cls_model = fd.vision.ocr.Classifier(*model_files(args.cls_model), runtime_option=option)
    rec_model = fd.vision.ocr.Recognizer(*model_files(args.rec_model), args.rec_label_file, runtime_option=option)
    pipeline = fd.vision.ocr.PPOCRv4(det_model=det_model, cls_model=cls_model, rec_model=rec_model)
    pipeline.cls_batch_size = args.cls_bs
    pipeline.rec_batch_size = args.rec_bs
    return pipeline


def main():
    args = parse_arguments()
    run(build_pipeline(args), args)


if __name__ == "__main__":
    main()
