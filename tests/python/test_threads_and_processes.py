# SPDX-License-Identifier: Apache-2.0
"""Clones in threads, asyncio, ramet.parallel, and models in other processes."""
import asyncio
import concurrent.futures
import io
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import ramet
from conftest import DATA, PHOTOS, PP_OCR, classifier, reader

COUNTS = [0, 1, 2, 3, 7, 40]


def pictures(count):
    """Of sizes and colours of their own, so that each has a result of its own."""
    noise = np.random.default_rng(5)
    return [noise.integers(0, 256, (8 + i % 5, 9 + i % 7, 3), dtype=np.uint8) for i in range(count)]


# ---- threads -------------------------------------------------------------------------------------------------------


def test_one_model_in_two_threads_is_refused():
    model = reader()
    page = np.full((900, 900, 3), 255, np.uint8)
    page[100:120, 50:400] = 0
    seen, start = [], threading.Barrier(2)

    def work():
        start.wait()
        for _ in range(30):
            try:
                model.predict(page)
            except ramet.BusyError as error:
                seen.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen and "clone()" in seen[0]
    model.predict(page)


def test_clones_in_threads_give_the_same():
    model, images = classifier(), pictures(60)
    want = [model.predict(image, 3) for image in images]
    results = {}

    def work(clone, part):
        results[part] = [clone.predict(image, 3) for image in images]

    threads = [threading.Thread(target=work, args=(model.clone(), part)) for part in range(4)]
    model.close()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(results[part] == want for part in range(4))


def test_the_same_files_are_open_once():
    first, second = classifier(), classifier()
    assert first._origin is second._origin is first.clone()._origin
    option = ramet.RuntimeOption()
    option.set_cpu_thread_num(2)
    assert classifier(runtime_option=option)._origin is not first._origin


def test_async_predictions_use_a_fixed_number_of_threads():
    model, images = classifier(), pictures(50)
    model.async_workers = 3
    want = [model.predict(image, 2) for image in images]

    async def work():
        return await asyncio.gather(*(model.predict_async(image, topk=2) for image in images), return_exceptions=True)

    before = threading.active_count()
    assert asyncio.run(work()) == want
    assert threading.active_count() - before <= 3

    async def fail():
        await model.predict_async(b"no image")

    with pytest.raises(ramet.BadFormatError):
        asyncio.run(fail())
    model.close()


def test_async_predictions_follow_settings():
    model = ramet.load(DATA / "objects")

    async def count():
        return len((await model.predict_async(PHOTOS[0])).scores)

    assert asyncio.run(count()) == len(model.predict(PHOTOS[0]).scores) > 0
    model.postprocessor.score_threshold = 1.0
    assert asyncio.run(count()) == 0


# ---- ramet.parallel ------------------------------------------------------------------------------------------------

WAYS = [{"threads": 1}, {"threads": 3}, {"processes": 1}, {"processes": 3, "start_method": "fork"},
        {"processes": 2, "start_method": "spawn"}]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_map_keeps_order_and_loses_none(way):
    model = classifier()
    images = pictures(max(COUNTS))
    want = [model.predict(image, 2) for image in images]
    for count in COUNTS if way.get("start_method") != "spawn" else COUNTS[-1:]:
        assert list(ramet.parallel.map(model, images[:count], topk=2, **way)) == want[:count]


@pytest.mark.parametrize("way", WAYS[1:4], ids=str)
def test_failures_stand_in_their_place(way):
    inputs = [PHOTOS[0], "/no/such/image", b"no image", PHOTOS[0]]
    first, second, third, fourth = ramet.parallel.map(classifier(), inputs, **way)
    assert first == fourth and first.label_ids
    assert not second and second.index == 1 and isinstance(second.error, FileNotFoundError)
    with pytest.raises(ramet.BadFormatError):
        third.raise_()


@pytest.mark.parametrize("way", WAYS[1:4], ids=str)
def test_inputs_are_taken_as_they_are_needed(way):
    taken = []

    def source():
        for i, image in enumerate(pictures(100)):
            taken.append(i)
            yield image

    results = ramet.parallel.map(classifier(), source(), window=5, **way)
    assert next(results) and len(taken) <= 6
    results.close()
    assert len(taken) <= 6
    assert not multiprocessing.active_children()


class Deadly:
    """Kills the process that reads it: always, or once."""

    def __init__(self, mark=None):
        self.mark = mark

    def __fspath__(self):
        if self.mark is None or not os.path.exists(self.mark):
            if self.mark is not None:
                open(self.mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return str(PHOTOS[0])


def test_a_worker_that_dies_is_replaced(tmp_path):
    inputs = [PHOTOS[0], Deadly(str(tmp_path / "mark")), PHOTOS[0], Deadly(), *[PHOTOS[0]] * 10]
    results = list(ramet.parallel.map(classifier(), inputs, processes=2))
    assert isinstance(results[3].error, ramet.WorkerError) and "-9" in str(results[3].error)
    assert len(results) == 14 and all(result == results[0] for i, result in enumerate(results) if i != 3)


def test_progress_goes_to_a_stream():
    stream = io.StringIO()
    assert len(list(ramet.parallel.map(classifier(), [*pictures(3), "/none"], threads=2, progress=stream))) == 4
    assert stream.getvalue().startswith("4/4 images, ") and stream.getvalue().endswith("/s, 1 failed\n")


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"processes": -1}, {"threads": 1, "processes": 1}, {"window": 0},
                                   {"processes": 1, "start_method": "thread"}, {"threads": 1, "start_method": "fork"}], ids=str)
def test_wrong_numbers_are_refused(wrong):
    with pytest.raises(ramet.InvalidArgumentError):
        list(ramet.parallel.map(classifier(), [], **wrong))


# ---- other processes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_pools_take_models(method):
    model, images = classifier(), pictures(20)
    want = [model.predict(image) for image in images]
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        assert pool.map(model.predict, images) == want
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(model.predict, images)) == want


def test_a_pickled_model_takes_its_settings_along():
    pipeline = reader()
    pipeline.det_model.det_db_unclip_ratio = 2.5
    pipeline.cls_batch_size = 3
    twin = pickle.loads(pickle.dumps(pipeline))
    assert twin.det_model.det_db_unclip_ratio == 2.5 and twin.cls_batch_size == 3
    assert twin.rec_model._origin is pipeline.rec_model._origin
    option = ramet.RuntimeOption()
    option.cpu_level = "base"
    model = pickle.loads(pickle.dumps(classifier(runtime_option=option)))
    assert model.runtime_option.cpu_level == "base" and model._origin.spec.settings.cpu_level == "base"


def test_processes_share_the_cache(tmp_path):
    option = ramet.RuntimeOption()
    option.cache_dir = str(tmp_path / "cache")
    folder = PP_OCR / "ch_PP-OCRv4_rec_infer"
    model = ramet.load(folder, "rec", option, label_path=PP_OCR / "ppocr_keys_v1.txt")
    memory = model.memory()
    assert memory["shared_bytes"] > 0.9 * memory["weights_bytes"] > 1e6
    assert list((tmp_path / "cache").iterdir())
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_shared_bytes, (model,)) == memory["shared_bytes"]
    option.cache_dir = ""
    assert ramet.load(folder, "rec", option, label_path=PP_OCR / "ppocr_keys_v1.txt").memory()["shared_bytes"] == 0


def _shared_bytes(model):
    return model.memory()["shared_bytes"]


def test_a_child_may_use_what_its_parent_opened():
    model = classifier()
    want = model.predict(PHOTOS[0])
    child = os.fork()
    if child == 0:
        try:
            same = model.predict(PHOTOS[0]) == want and model.clone().predict(PHOTOS[0]) == want and \
                asyncio.run(_one(model)) == want
        finally:
            os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0


async def _one(model):
    return await model.predict_async(PHOTOS[0])


def test_a_script_needs_no_more_than_the_package(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(f"""
        import ramet
        if __name__ == "__main__":
            model = ramet.load({str(DATA / "classifier")!r})
            for method in ("fork", "spawn"):
                print(sum(bool(r) for r in ramet.parallel.map(model, [{str(PHOTOS[0])!r}] * 5, processes=2,
                                                              start_method=method)))
        """))
    done = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, check=True, timeout=100)
    assert done.stdout.split() == [b"5", b"5"]


def test_importing_is_quick():
    """In processor time, without numpy: the clock on the wall depends on the neighbours."""
    code = "import time, numpy; t = time.process_time(); import ramet; print(time.process_time() - t)"
    times = [float(subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout) for _ in range(7)]
    assert min(times) < 0.05
