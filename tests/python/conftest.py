# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python package share. They run on an installed wheel (tools/test_python)."""
import json
import os
import pathlib
import subprocess

import pytest

import ramet

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "command"
IMAGES = ROOT / "examples" / "images"
PHOTOS = sorted((IMAGES / "photos").glob("*.jpg"))
PP_OCR = ROOT / "build" / "models"
COMMAND = ROOT / "build" / "ramet"


def command(*arguments):
    """The objects that the command prints with --json."""
    done = subprocess.run([str(COMMAND), *map(str, arguments), "--json"], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def close_to(value, digits=2e-6):
    """Numbers as the command rounds them."""
    return pytest.approx(value, rel=1e-5, abs=digits)


def classifier(**keywords):
    folder = DATA / "classifier"
    return ramet.vision.classification.PaddleClasModel(
        str(folder / "inference.pdmodel"), str(folder / "inference.pdiparams"), str(folder / "inference.yml"), **keywords)


def reader():
    """A small pipeline: finds bars and reads them."""
    ocr = ramet.vision.ocr
    return ocr.PPOCRv4(ocr.DBDetector(DATA / "detector"), ocr.Classifier(DATA / "direction"),
                       ocr.Recognizer(DATA / "recognizer", "", DATA / "dictionary.txt"))


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory):
    """The user's cache is not the tests'."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def model():
    with classifier() as made:
        yield made
