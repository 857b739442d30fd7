# SPDX-License-Identifier: Apache-2.0
"""Ray Data and Ray Serve on a cluster of two nodes, both on this machine. They run on an installed wheel (tools/test_ray)."""
import json
import os
import pathlib
import re
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
import ray
from ray import serve
from ray.cluster_utils import Cluster

import ramet
import ramet.ray

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLASSIFIER = ROOT / "tests" / "data" / "command" / "classifier"
PORT = 18273
ROWS = 400

ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # actors cannot import this file


@pytest.fixture(scope="module")
def cluster():
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    made.add_node(num_cpus=2)
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False)
    yield made
    serve.shutdown()
    ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="module")
def model():
    with ramet.load(CLASSIFIER) as made:
        yield made


def picture(number):
    """A PPM file whose colour tells its number."""
    colour = bytes((number % 7 * 40, number % 5 * 60, number % 3 * 100))
    return b"P6\n%d 24\n255\n" % (20 + number % 9) + colour * (24 * (20 + number % 9))


def dataset(count):
    return ray.data.from_items([{"number": i, "bytes": picture(i)} for i in range(count)], override_num_blocks=20)


def test_rows_keep_their_order_and_their_columns(cluster, model):
    rows = ramet.ray.predict(dataset(60), model, topk=2).take_all()
    assert [row["number"] for row in rows] == list(range(60))
    for row in rows:
        assert json.loads(row["result"]) == model.predict(picture(row["number"]), topk=2).to_dict()
        assert row["error"] == ""


def test_a_bad_image_is_an_error_in_its_row(cluster, model):
    items = [{"bytes": picture(i) if i != 5 else b"P6"} for i in range(9)]
    rows = ramet.ray.predict(ray.data.from_items(items), model, batch_size=4).take_all()
    assert [row["error"] != "" for row in rows] == [i == 5 for i in range(9)]
    assert [row["result"] != "" for row in rows] == [i != 5 for i in range(9)]


class SlowPredictor(ramet.ray.BatchPredictor):
    """Slow enough to be hit in the middle; leaves its process number in a folder."""

    folder = pathlib.Path()

    def __call__(self, batch):
        (self.folder / str(os.getpid())).touch()
        time.sleep(0.05)
        return super().__call__(batch)


def kill_one(folder, killed):
    """Kills one of the predictors once two are at work."""
    for _ in range(600):
        numbers = [int(path.name) for path in folder.iterdir()]
        if len(numbers) >= 2:
            time.sleep(0.2)
            os.kill(numbers[0], signal.SIGKILL)
            return killed.append(numbers[0])
        time.sleep(0.1)


def test_an_actor_that_is_killed_loses_nothing(cluster, model, monkeypatch, tmp_path):
    monkeypatch.setattr(SlowPredictor, "folder", tmp_path)
    monkeypatch.setattr(ramet.ray, "BatchPredictor", SlowPredictor)
    killed = []
    killer = threading.Thread(target=kill_one, args=(tmp_path, killed))
    killer.start()
    rows = ramet.ray.predict(dataset(ROWS), model, concurrency=2, batch_size=4).take_all()
    killer.join()
    assert len(killed) == 1
    assert len(list(tmp_path.iterdir())) > 2  # another took its place
    assert [row["number"] for row in rows] == list(range(ROWS))
    for row in rows[::37]:
        assert json.loads(row["result"]) == model.predict(picture(row["number"])).to_dict()


class MappingPredictor(ramet.ray.BatchPredictor):
    """Says of each row which process has worked on it, and what that maps from a folder."""

    folder = ""

    def __call__(self, batch):
        with open("/proc/self/smaps") as file:
            mappings = re.findall(r"(?m)^\S+ \S+ \S+ (\S+ \d+) +" + re.escape(self.folder) + r".*\n((?:[A-Z]\w+:.*\n)+)", file.read())
        private = sum(int(kib) for _, about in mappings for kib in re.findall(r"Private_Dirty: +(\d+)", about))
        time.sleep(0.05)  # so that both actors get something to do
        said = super().__call__(batch)
        count = len(said["error"])
        return {**said, "process": [os.getpid()] * count, "files": [sorted({file for file, _ in mappings})] * count,
                "private": [private] * count}


def test_actors_of_one_node_share_the_weights(cluster, monkeypatch, tmp_path):
    option = ramet.RuntimeOption()
    option.cache_dir = str(tmp_path)
    monkeypatch.setattr(MappingPredictor, "folder", str(tmp_path))
    monkeypatch.setattr(ramet.ray, "BatchPredictor", MappingPredictor)
    with ramet.load(CLASSIFIER, runtime_option=option) as model:
        rows = ramet.ray.predict(dataset(200), model, concurrency=2, batch_size=4).take_all()
    assert all(row["error"] == "" for row in rows)
    assert len({row["process"] for row in rows}) == 2 and os.getpid() not in {row["process"] for row in rows}
    weights = {path.stat().st_ino for path in tmp_path.iterdir()}
    mapped = {tuple(row["files"]) for row in rows}  # device and inode: the same physical pages
    assert len(mapped) == 1 and {int(file.split()[1]) for file in mapped.pop()} & weights
    assert {row["private"] for row in rows} == {0}  # and none of them was copied


def post(body):
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/", body, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_deployment_answers(cluster, model):
    serve.start(http_options={"host": "127.0.0.1", "port": PORT})
    application = ramet.ray.deployment(model, num_replicas=2, max_batch_size=4, health_check_period_s=1)
    handle = serve.run(application)
    answers = [None] * 24

    def ask(i):
        answers[i] = post(picture(i) if i != 7 else b"no image")

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(answers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, (status, said) in enumerate(answers):
        assert status == (400 if i == 7 else 200)
        assert ("error" in said) if i == 7 else said == model.predict(picture(i)).to_dict()
    assert handle.check_health.remote().result() is None
    assert handle.answer.remote(picture(3)).result().status == 200


def test_images_of_like_size_share_a_batch(model):
    small, wide = np.zeros((24, 20, 3), np.uint8), np.zeros((24, 200, 3), np.uint8)
    assert ramet.ray._bucket(small) == ramet.ray._bucket(small[:20])
    assert ramet.ray._bucket(small) != ramet.ray._bucket(wide)


def test_predictors_take_paths_and_arrays(model, tmp_path):
    (tmp_path / "a.ppm").write_bytes(picture(1))
    wanted = model.predict(picture(1)).to_json()
    from_path = ramet.ray.BatchPredictor(model, image="path")({"path": [str(tmp_path / "a.ppm")]})
    from_array = ramet.ray.BatchPredictor(model, image="image")({"image": np.stack([ramet.imread(picture(1))])})
    assert list(from_path["result"]) == list(from_array["result"]) == [wanted]
