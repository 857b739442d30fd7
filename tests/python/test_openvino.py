# SPDX-License-Identifier: Apache-2.0
"""OpenVINO as the engine of the installed wheel: its plug-in is in it, its libraries come from the package `openvino`.

The libraries are those that tools/fetch_openvino has put into build/openvino, which looks as that package does.
"""
import importlib.metadata
import os
import pathlib
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

import ramet
from conftest import DATA, PHOTOS, ROOT, classifier

PROGRAM = """
import multiprocessing, pickle, sys, threading
import ramet as fd

def predict(model, image):
    return model.predict(image)

folder, image, results = sys.argv[1:]
option = fd.RuntimeOption()
option.use_openvino_backend()
model = fd.load(folder, runtime_option=option)
found = [predict(model, image)]
threads = [threading.Thread(target=lambda: found.append(predict(model.clone(), image))) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
with multiprocessing.get_context("fork").Pool(1) as pool:
    found += pool.starmap(predict, [(model, image)])
with open(results, "wb") as file:
    pickle.dump(found, file)
"""


def test_openvino_finds_what_the_native_engine_finds(tmp_path):
    done = subprocess.run([sys.executable, "-B", "-c", PROGRAM, str(DATA / "segmenter"), str(PHOTOS[0]), str(tmp_path / "found")],
                          stderr=subprocess.PIPE, timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT / "build/openvino")})
    assert done.returncode == 0, done.stderr.decode()
    with ramet.load(DATA / "segmenter") as model:
        wanted = model.predict(PHOTOS[0])
    results = pickle.loads((tmp_path / "found").read_bytes())
    assert len(results) == 4 and len(np.unique(wanted.label_map)) > 1
    for result in results:
        assert result.shape == wanted.shape
        assert np.mean(result.label_map == wanted.label_map) > 0.999  # scores that are equal but for their last bits


def test_without_openvino_it_is_said_how_to_get_it():
    option = ramet.RuntimeOption()
    option.use_openvino_backend()
    with pytest.raises(ramet.UnsupportedError, match=r"`pip install ramet\[openvino\]`.*libopenvino_c"):
        classifier(runtime_option=option)
    option.openvino_option.plugin_file = "nowhere.so"
    with pytest.raises(ramet.NotFoundError, match="nowhere.so"):
        classifier(runtime_option=option)


def test_the_extra_is_the_version_that_the_plugin_was_built_with():
    fetched, = re.findall(r"^PACKAGE = '(.*)'$", (ROOT / "tools/fetch_openvino").read_text(), re.M)
    extras = [text.replace(" ", "") for text in importlib.metadata.requires("ramet") if "extra" in text]
    assert any(text.startswith(fetched + ";") and "openvino" in text.split(";")[1] for text in extras), extras
    assert (pathlib.Path(ramet.__file__).parent / "libramet_openvino.so").is_file()
