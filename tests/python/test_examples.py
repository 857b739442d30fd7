# SPDX-License-Identifier: Apache-2.0
"""The Python programs of examples/multi_thread print what models say, whatever the threads and processes."""
import re
import subprocess
import sys

import pytest

import ramet
from conftest import DATA, PHOTOS, ROOT, reader

EXAMPLES = ROOT / "examples" / "multi_thread"
ONE, TWO, MANY = [("--thread_num", count) for count in ("1", "2", "9")]
PROCESSES = ("--use_multi_process", "True", "--process_num", "2")


def run(name, *arguments):
    """What the example prints, without its numbers of threads, and what went wrong."""
    done = subprocess.run([sys.executable, "-B", str(EXAMPLES / name), *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return re.sub(r"(?m)^thread: \d+ , result:  ", "", done.stdout.decode())


@pytest.mark.parametrize("task, way", [("classifier", ONE), ("classifier", MANY), ("classifier", PROCESSES), ("objects", TWO),
                                       ("segmenter", PROCESSES)])
def test_single_model(task, way):
    with ramet.load(DATA / task) as model:
        wanted = "".join(f"{model.predict(photo)}\n" for photo in PHOTOS)
    told = run("single_model/multi_thread_process.py", "--model", DATA / task, "--image_path", PHOTOS[0].parent, *way)
    assert told == wanted


def test_topk_is_kept_by_clones():
    told = run("single_model/multi_thread_process.py", "--model", DATA / "classifier", "--image_path", PHOTOS[0], "--topk", "3")
    assert len(re.findall(r"label_ids: (.*)", told)[0].split(",")) == 4


@pytest.mark.parametrize("way", [TWO, PROCESSES])
def test_pipeline(way, tmp_path):
    for i in range(3):
        row = b"\xff" * 30 + b"\x00" * 100 + b"\xff" * (190 + i)
        rows = [b"\xff" * len(row)] * 20 + [row] * 24 + [b"\xff" * len(row)] * 76
        (tmp_path / f"{i}.pgm").write_bytes(b"P5\n%d 120\n255\n" % len(row) + b"".join(rows))
    wanted = "".join(f"{reader().predict(path)}\n" for path in sorted(tmp_path.iterdir()))
    told = run("pipeline/multi_thread_process_ocr.py", "--det_model", DATA / "detector", "--cls_model", DATA / "direction",
               "--rec_model", DATA / "recognizer", "--rec_label_file", DATA / "dictionary.txt", "--image_path", tmp_path, *way)
    assert "rec text" in wanted and told == wanted


def test_a_broken_image_is_one_line(tmp_path):
    (tmp_path / "a.ppm").write_bytes(b"P6")
    for way in (TWO, PROCESSES):
        told = run("single_model/multi_thread_process.py", "--model", DATA / "classifier", "--image_path", tmp_path, *way)
        assert told.startswith(str(tmp_path / "a.ppm") + ": ") and told.count("\n") == 1
