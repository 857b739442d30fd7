# SPDX-License-Identifier: Apache-2.0
"""One model on many images, with threads or with processes: classification, detection or segmentation, as the folder says.

python multi_thread_process.py --model ResNet50_vd_infer --image_path images --thread_num 2
python multi_thread_process.py --model ResNet50_vd_infer --image_path images --use_multi_process True --process_num 2
"""
import argparse
import os
import threading

import ramet as fd


def truth(text):
    return text.lower() in ("1", "true", "yes")


def add_common_arguments(parser):
    """What both programs take: images, engine, threads and processes."""
    parser.add_argument("--image_path", required=True, help="an image, or a folder of images")
    parser.add_argument("--device", choices=["cpu"], default="cpu")
    parser.add_argument("--backend", choices=["default", "openvino"], default="default")
    parser.add_argument("--cpu_thread_num", type=int, default=1, help="threads inside one prediction")
    parser.add_argument("--thread_num", type=int, default=1, help="threads, each with a clone of all models")
    parser.add_argument("--use_multi_process", type=truth, default=False)
    parser.add_argument("--process_num", type=int, default=1)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder of an exported model")
    parser.add_argument("--topk", type=int, default=1, help="classes of a classifier that are printed")
    add_common_arguments(parser)
    return parser.parse_args()


def list_images(path):
    """The image, or those of the folder by name."""
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(path, name) for name in sorted(os.listdir(path)) if not name.endswith(".md")]


def build_option(args):
    option = fd.RuntimeOption()
    option.use_cpu()
    option.set_cpu_thread_num(args.cpu_thread_num)
    if args.backend == "openvino":
        option.use_openvino_backend()
    return option


def predict_slice(model, images, keywords, results):
    """What a thread does; an image that fails is a result too."""
    for image in images:
        try:
            results.append(model.predict(image, **keywords))
        except fd.RametError as error:
            results.append(f"{image}: {error}")


def run_threads(model, images, thread_num, **keywords):
    clones = [model.clone() for _ in range(thread_num)]
    bounds = [len(images) * i // thread_num for i in range(thread_num + 1)]
    results = [[] for _ in range(thread_num)]
    slices = [images[bounds[i]:bounds[i + 1]] for i in range(thread_num)]
    threads = [threading.Thread(target=predict_slice, args=(clones[i], slices[i], keywords, results[i]))
               for i in range(thread_num)]
    for thread in threads:
        thread.start()
    for i, thread in enumerate(threads):
        thread.join()
        for result in results[i]:
            print("thread:", i, ", result: ", result)


def run_processes(model, images, process_num, **keywords):
    """Forked workers share the memory of the model that is open here."""
    for image, result in zip(images, fd.parallel.map(model, images, processes=process_num, **keywords)):
        print(f"{image}: {result.error}" if isinstance(result, fd.parallel.Failure) else result)


def run(model, args, **keywords):
    images = list_images(args.image_path)
    if args.use_multi_process:
        run_processes(model, images, args.process_num, **keywords)
    else:
        run_threads(model, images, args.thread_num, **keywords)


def main():
    args = parse_arguments()
    model = fd.load(args.model, runtime_option=build_option(args))
    keywords = {"topk": args.topk} if isinstance(model, fd.vision.classification.PaddleClasModel) else {}
    run(model, args, **keywords)


if __name__ == "__main__":
    main()
