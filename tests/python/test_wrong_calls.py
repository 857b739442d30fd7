# SPDX-License-Identifier: Apache-2.0
"""Mistakes that programs make: each raises an error of ramet's that says what to do, and a model goes on afterwards."""
import numpy as np
import pytest

import ramet
from conftest import DATA, classifier, reader

IMAGE = np.zeros((30, 40, 3), np.uint8)
FILES = [str(DATA / "classifier" / name) for name in ("inference.pdmodel", "inference.pdiparams", "inference.yml")]


@pytest.fixture(scope="module")
def opened():
    with classifier() as made:
        yield made


@pytest.mark.parametrize("image, words", [
    (None, "cv2.imread"), (np.zeros((0, 0, 3), np.uint8), "at least 1"), (np.zeros((9, 9, 2), np.uint8), "BGRA"),
    (IMAGE.astype(np.float32), "uint8.*float32.*astype"), (IMAGE > 3, "not of bool"), (IMAGE[np.newaxis], r"\[1, 30, 40, 3\]"),
    (IMAGE.transpose(2, 0, 1), r"not \[3, 30, 40\]"), ([], "not of float64")])
def test_no_image(opened, image, words):
    with pytest.raises(ramet.InvalidArgumentError, match=words):
        opened.predict(image)
    assert len(opened.predict(IMAGE).label_ids) == 1


@pytest.mark.parametrize("content", [b"", b"not a picture at all\n" * 20])
def test_a_file_that_is_no_picture(opened, tmp_path, content):
    path = tmp_path / "text.jpg"
    path.write_bytes(content)
    for image in (str(path), path, content):
        with pytest.raises(ramet.BadFormatError):
            opened.predict(image)
    with pytest.raises(FileNotFoundError):
        opened.predict(str(tmp_path / "absent.jpg"))


@pytest.mark.parametrize("images, words", [
    (IMAGE, "not one image; predict"), ("a.jpg", "not one image"), (b"bytes", "not one image"), (None, "not NoneType"), (7, "not int"),
    ([IMAGE, None], "cv2.imread")])
def test_no_batch(opened, images, words):
    for model in (opened, reader(), opened.preprocessor):
        call = getattr(model, "batch_predict", None) or model.run
        with pytest.raises(ramet.InvalidArgumentError, match=words):
            call(images)


def test_batches_may_be_any_series_of_images(opened):
    single = opened.predict(IMAGE)
    for images in ([IMAGE, IMAGE], (IMAGE, IMAGE), np.stack([IMAGE, IMAGE]), (IMAGE for _ in range(2))):
        assert opened.batch_predict(images) == [single, single]
    assert opened.batch_predict([]) == []
    smaller = opened.batch_predict([IMAGE, IMAGE[:9]])
    assert smaller == [single, opened.predict(IMAGE[:9])]


@pytest.mark.parametrize("view", [
    IMAGE[::-1, ::2], np.asfortranarray(IMAGE), IMAGE[:, :, 0], IMAGE[:, :, :1], np.zeros((30, 40, 4), np.uint8)])
def test_any_layout_of_an_image(opened, view):
    plain = np.ascontiguousarray(view if view.ndim == 3 and view.shape[2] == 3 else IMAGE[:view.shape[0], :view.shape[1]])
    assert opened.predict(view) == opened.predict(plain)


@pytest.mark.parametrize("topk", [0, -1, "5", 2.0, None])
def test_no_topk(opened, topk):
    with pytest.raises(ramet.InvalidArgumentError, match="topk"):
        opened.predict(IMAGE, topk)
    assert len(opened.predict(IMAGE, np.int64(2)).label_ids) == 2


def test_files_that_do_not_belong_together(tmp_path):
    text = tmp_path / "inference.pdmodel"
    text.write_text("hello")
    kind = ramet.vision.classification.PaddleClasModel
    for files, error in (
            (["absent/inference.pdmodel", *FILES[1:]], FileNotFoundError), ([FILES[0], "absent.pdiparams", FILES[2]], FileNotFoundError),
            ([*FILES[:2], "absent.yml"], FileNotFoundError), ([str(text), *FILES[1:]], ramet.BadFormatError),
            ([*FILES[:2], str(text)], ramet.BadFormatError),
            ([FILES[0], str(DATA / "objects" / "inference.pdiparams"), FILES[2]], ramet.BadFormatError)):
        with pytest.raises(error):
            kind(*files)


def test_arguments_of_another_kind(opened):
    pipeline = reader()
    with pytest.raises(ramet.InvalidArgumentError, match="must be a RuntimeOption, not str"):
        classifier(runtime_option="cpu")
    with pytest.raises(ramet.InvalidArgumentError, match="det_model must be a DBDetector, not a PaddleClasModel"):
        ramet.vision.ocr.PPOCRv3(opened, None, pipeline.rec_model)
    with pytest.raises(ramet.InvalidArgumentError, match="rec_model must be a Recognizer, not a Classifier"):
        ramet.vision.ocr.PPOCRv4(pipeline.det_model, pipeline.cls_model, pipeline.cls_model)
    with pytest.raises(ramet.UnsupportedError, match="RKNN"):
        classifier(model_format=ramet.ModelFormat.RKNN)
    found = opened.predict(IMAGE)
    for draw in (ramet.vision.vis_detection, ramet.vision.vis_segmentation, ramet.vision.vis_ppocr):
        for result in (found, None):
            with pytest.raises(ramet.InvalidArgumentError, match=f"{draw.__name__}.*is wanted, not"):
                draw(IMAGE, result)


def test_tensors_that_do_not_fit():
    option = ramet.RuntimeOption()
    with pytest.raises(ramet.InvalidArgumentError, match="no model file"):
        ramet.Runtime(option)
    option.set_model_path(*FILES[:2])
    runtime, array = ramet.Runtime(option), np.zeros((1, 3, 8, 8), np.float32)
    with pytest.raises(ramet.InvalidArgumentError, match="by name"):
        runtime.infer(array)
    for data in ({"nowhere": array}, {"x": array[0]}, {"x": np.zeros((1, 4, 8, 8), np.float32)}, {}, {"x": "text"}):
        with pytest.raises(ramet.RametError):
            runtime.infer(data)
    wide = np.zeros((1, 3, 8, 16), np.float32)
    assert np.array_equal(runtime.infer({"x": wide[..., ::2]})[0], runtime.infer([array])[0])
