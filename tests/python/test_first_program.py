# SPDX-License-Identifier: Apache-2.0
"""Programs written for FastDeploy, with nothing but their import changed."""
import subprocess
import sys

import pytest

from conftest import DATA, PHOTOS, classifier, close_to, command

PROGRAM = """
import cv2
import ramet as fd
option = fd.RuntimeOption()
model = fd.vision.classification.PaddleClasModel(model_file, params_file, config_file, runtime_option=option)
model2 = model.clone()
im = cv2.imread(image)
res = model.predict(im)
"""


def test_program_runs_unchanged():
    pytest.importorskip("cv2", reason="opencv-python-headless has no wheel for this Python")
    folder = DATA / "classifier"
    names = {"model_file": str(folder / "inference.pdmodel"), "params_file": str(folder / "inference.pdiparams"),
             "config_file": str(folder / "inference.yml"), "image": str(PHOTOS[0])}
    exec(PROGRAM, names)
    assert names["res"] == classifier().predict(PHOTOS[0])
    (said,) = command("classify", "--model", folder, "--image_path", PHOTOS[0])
    assert names["res"].label_ids == said["label_ids"] and names["res"].scores == close_to(said["scores"])
    assert str(names["model2"].predict(names["im"])) == str(names["res"])


def test_no_numpy_but_numpy():
    """Nothing but numpy and Python's own library is imported."""
    code = "import sys, ramet; print('cv2' in sys.modules, 'PIL' in sys.modules, 'asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout.split() == [b"False"] * 3
