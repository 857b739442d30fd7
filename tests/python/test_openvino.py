# SPDX-License-Identifier: Apache-2.0
"""OpenVINO as the engine of the installed wheel: its plug-in is in it, its libraries come from the package `openvino`.

The libraries are those that tools/fetch_openvino has put into build/openvino, which looks as that package does.
"""
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

import ramet
from conftest import DATA, PHOTOS, ROOT, classifier

PROGRAM = """
import json, multiprocessing, sys, threading
import ramet as fd

def predict(model, image):
    return model.predict(image, topk=3).to_dict()

option = fd.RuntimeOption()
option.use_openvino_backend()
model = fd.load(sys.argv[1], runtime_option=option)
found = [predict(model, sys.argv[2])]
threads = [threading.Thread(target=lambda: found.append(predict(model.clone(), sys.argv[2]))) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
with multiprocessing.get_context("fork").Pool(1) as pool:
    found += pool.starmap(predict, [(model, sys.argv[2])])
print(json.dumps(found))
"""


def run(*arguments, **environment):
    return subprocess.run([sys.executable, "-B", "-c", PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, env={**os.environ, **environment})


def test_openvino_finds_what_the_native_engine_finds():
    done = run(DATA / "classifier", PHOTOS[0], PYTHONPATH=str(ROOT / "build/openvino"))
    assert done.returncode == 0, done.stderr.decode()
    wanted = classifier().predict(PHOTOS[0], topk=3)
    results = json.loads(done.stdout)
    assert len(results) == 4
    for result in results:
        assert result["label_ids"] == wanted.label_ids
        assert result["scores"] == pytest.approx(wanted.scores, abs=1e-5)


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
