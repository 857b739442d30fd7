# SPDX-License-Identifier: Apache-2.0
"""Predictions are those of the command; the stages one by one give what the model gives; results compare, pickle, draw."""
import copy
import json
import pickle

import numpy as np
import pytest

import ramet
from conftest import DATA, IMAGES, PHOTOS, PP_OCR, classifier, close_to, command, reader

OCR = ramet.vision.ocr
PAGES = [IMAGES / name for name in ("mixed_receipt.png", "upside_down.png", "no_text.jpg")]


def pretrained():
    return OCR.PPOCRv4(OCR.DBDetector(PP_OCR / "ch_PP-OCRv4_det_infer"), OCR.Classifier(PP_OCR / "ch_ppocr_mobile_v2_cls_infer"),
                       OCR.Recognizer(PP_OCR / "ch_PP-OCRv4_rec_infer", "", PP_OCR / "ppocr_keys_v1.txt"))


def test_classes_are_those_of_the_command():
    wanted = command("classify", "--model", DATA / "classifier", "--topk", 3, *PHOTOS)
    model = classifier()
    for path, want in zip(PHOTOS, wanted):
        got = model.predict(ramet.imread(path), topk=3)
        assert got.label_ids == want["label_ids"] and got.label_names == want["label_names"]
        assert got.scores == close_to(want["scores"])


def test_objects_are_those_of_the_command():
    wanted = command("detect", "--model", DATA / "objects", *PHOTOS)
    model = ramet.load(DATA / "objects")
    for got, want in zip(model.batch_predict(PHOTOS), wanted):
        assert got.label_ids == want["label_ids"] and got.scores == close_to(want["scores"])
        assert np.array(got.boxes) == close_to(np.array(want["boxes"]), 1e-4)


def test_maps_are_those_of_the_command():
    wanted = command("segment", "--model", DATA / "segmenter", *PHOTOS)
    model = ramet.load(DATA / "segmenter")
    for path, want in zip(PHOTOS, wanted):
        got = model.predict(path)
        classes, counts = np.unique(got.label_map, return_counts=True)
        assert got.shape == want["shape"] and got.shape == list(ramet.imread(path).shape[:2])
        assert {str(c): n for c, n in zip(classes, counts)} == want["counts"]


def test_texts_are_those_of_the_command():
    wanted = command("ocr", "--det_model", PP_OCR / "ch_PP-OCRv4_det_infer", "--cls_model",
                     PP_OCR / "ch_ppocr_mobile_v2_cls_infer", "--rec_model", PP_OCR / "ch_PP-OCRv4_rec_infer",
                     "--rec_label_file", PP_OCR / "ppocr_keys_v1.txt", "--det_db_score_mode", "slow", *PAGES)
    for got, want in zip(pretrained().batch_predict(PAGES), wanted):
        assert (got.text, got.boxes, got.cls_labels) == (want["text"], want["boxes"], want.get("cls_labels", []))
        assert got.rec_scores == close_to(want["rec_scores"]) and got.cls_scores == close_to(want.get("cls_scores", []))


def test_memory_is_as_good_as_a_file():
    folder = DATA / "classifier"
    option = ramet.RuntimeOption()
    option.set_model_buffer((folder / "inference.pdmodel").read_bytes(), (folder / "inference.pdiparams").read_bytes())
    model = ramet.vision.classification.PaddleClasModel("", "", folder / "inference.yml", runtime_option=option)
    assert model.predict(PHOTOS[0]) == classifier().predict(PHOTOS[0])


# ---- stages --------------------------------------------------------------------------------------------------------


def runtime(folder):
    option = ramet.RuntimeOption()
    option.set_model_path(DATA / folder / "inference.pdmodel", DATA / folder / "inference.pdiparams")
    return ramet.Runtime(option)


@pytest.mark.parametrize("alone", [False, True])
def test_stages_of_a_classifier(alone):
    model, config = classifier(), DATA / "classifier" / "inference.yml"
    pre = ramet.vision.classification.PaddleClasPreprocessor(config) if alone else model.preprocessor
    post = ramet.vision.classification.PaddleClasPostprocessor(2, config) if alone else model.postprocessor
    post.topk = 2
    outputs = runtime("classifier").infer(pre.run(PHOTOS))
    assert post.run(outputs) == model.batch_predict(PHOTOS) if not alone else \
        [result.label_ids for result in post.run(outputs)] == [model.predict(path, 2).label_ids for path in PHOTOS]


@pytest.mark.parametrize("alone", [False, True])
def test_stages_of_a_detector(alone):
    model, config = ramet.load(DATA / "objects"), DATA / "objects" / "infer_cfg.yml"
    pre = ramet.vision.detection.PaddleDetPreprocessor(config) if alone else model.preprocessor
    post = ramet.vision.detection.PaddleDetPostprocessor(config) if alone else model.postprocessor
    run = runtime("objects")
    names = [run.get_input_info(i).name for i in range(run.num_inputs())]
    image, scale_factor, im_shape = pre.run([PHOTOS[0]])
    given = {"image": image, "scale_factor": scale_factor, "im_shape": im_shape}
    outputs = run.infer({name: given.get(name, image) for name in names})
    _, geometries = pre.run_with_geometry([PHOTOS[0]])
    assert post.run(outputs, geometries) == [model.predict(PHOTOS[0])]


def test_stages_of_a_segmenter():
    model = ramet.load(DATA / "segmenter")
    model.postprocessor.store_score_map = True
    tensors, info = model.preprocessor.run([PHOTOS[0]])
    outputs = runtime("segmenter").infer(tensors)
    assert model.postprocessor.run(outputs, info) == [model.predict(PHOTOS[0])]
    assert model.predict(PHOTOS[0]).contain_score_map


def test_stages_of_text():
    page, pipeline = ramet.imread(PAGES[0]), pretrained()
    det, rec, cls = pipeline.det_model, pipeline.rec_model, pipeline.cls_model
    tensors, sizes = det.preprocessor.run([page])
    option = ramet.RuntimeOption()
    option.set_model_path(PP_OCR / "ch_PP-OCRv4_det_infer")
    boxes, = det.postprocessor.run(ramet.Runtime(option).infer(tensors), sizes)
    assert boxes == det.predict(page).boxes and len(boxes) > 10
    left, top, right, bottom = boxes[0][0], boxes[0][1], boxes[0][4], boxes[0][5]
    line = page[top:bottom, left:right]
    assert "Sunshine" in rec.predict(line).text[0] and cls.predict(line).cls_labels == [0]
    assert len(rec.batch_predict([line, line, line]).text) == 3
    upside_down = line[::-1, ::-1]
    assert cls.predict(upside_down).cls_labels == [1] and cls.predict(upside_down.copy()) == cls.predict(upside_down)


# ---- images --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [
    lambda: ramet.vision.classification.PaddleClasPreprocessor(DATA / "classifier/inference.yml"),
    lambda: ramet.vision.detection.PaddleDetPreprocessor(DATA / "objects/infer_cfg.yml"),
    lambda: ramet.vision.segmentation.PaddleSegPreprocessor(DATA / "segmenter/deploy.yaml"),
    ramet.vision.ocr.DBDetectorPreprocessor, ramet.vision.ocr.ClassifierPreprocessor, ramet.vision.ocr.RecognizerPreprocessor])
def test_steps_of_a_preprocessor_can_be_taken_out(make):
    def tensor(stage):
        found = stage.run([image])
        while isinstance(found, (list, tuple)):
            found = found[0]
        return found.numpy().copy()

    image = np.random.default_rng(1).integers(0, 256, (48, 96, 3), np.uint8)
    normal, plain, last = make(), make(), make()
    plain.disable_normalize()
    last.disable_normalize()
    last.disable_permute()
    numbers = tensor(plain)
    assert np.array_equal(numbers, np.rint(numbers)) and 100 < numbers.max() <= 255 and numbers.min() >= 0
    assert np.array_equal(tensor(last), numbers.transpose(0, 2, 3, 1))
    wanted = tensor(normal)
    for c in range(3):  # the same, but for a factor and a sum; 0 is the margin of a line of text
        inside = wanted[:, c] != 0
        factor, summand = np.polyfit(numbers[:, c][inside], wanted[:, c][inside], 1)
        assert np.allclose(numbers[:, c][inside] * factor + summand, wanted[:, c][inside], atol=1e-4)


def test_steps_stay_out_in_clones_and_other_processes():
    model, image = classifier(), np.full((9, 9, 3), 3, np.uint8)
    before = model.predict(image, topk=4)
    model.preprocessor.disable_normalize()
    after = model.predict(image, topk=4)
    assert before != after
    assert model.clone().predict(image, topk=4) == pickle.loads(pickle.dumps(model)).predict(image, topk=4) == after
    model.preprocessor.disable_permute()
    with pytest.raises(ramet.BadShapeError):  # this model wants its channels first
        model.predict(image)


def test_any_form_of_an_image_gives_the_same(model):
    image = ramet.imread(PHOTOS[0])
    want = model.predict(image, 4)
    grey = image[:, :, 1].copy()
    wide = np.zeros((image.shape[0] * 2, image.shape[1] * 2 + 1, 3), np.uint8)
    wide[::2, 1::2] = image
    forms = [PHOTOS[0], str(PHOTOS[0]), PHOTOS[0].read_bytes(), bytearray(PHOTOS[0].read_bytes()), wide[::2, 1::2],
             image[::-1][::-1], image[:, ::-1].copy()[:, ::-1], image[::-1].copy()[::-1], np.asfortranarray(image),
             image[:, :, ::-1].copy()[:, :, ::-1], np.dstack([image, grey]), np.moveaxis(np.moveaxis(image, 2, 0).copy(), 0, 2)]
    for form in forms:
        assert model.predict(form, 4) == want
    frozen = image.copy()
    frozen.flags.writeable = False
    assert model.predict(frozen, 4) == want
    assert model.predict(grey, 4) == model.predict(grey[:, :, np.newaxis], 4) == model.predict(np.dstack([grey] * 3), 4)


@pytest.mark.parametrize("wrong", [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4, 3), np.uint8),
                                   np.zeros(4, np.uint8), np.zeros((2, 4, 4, 3), np.uint8), 3, None])
def test_what_is_no_image_is_refused(model, wrong):
    with pytest.raises(ramet.InvalidArgumentError, match="an image must be"):
        model.predict(wrong)


def test_failures_are_exceptions(model, tmp_path):
    with pytest.raises(FileNotFoundError, match="no_such"):
        model.predict(tmp_path / "no_such.jpg")
    with pytest.raises(ramet.BadFormatError):
        model.predict(b"no image")
    with pytest.raises(FileNotFoundError):
        ramet.vision.classification.PaddleClasModel(tmp_path / "none.pdmodel")
    (tmp_path / "x.pdmodel").write_bytes(b"no program")
    (tmp_path / "x.pdiparams").write_bytes(b"")
    with pytest.raises(ramet.RametError) as caught:
        ramet.vision.classification.PaddleClasModel(tmp_path / "x.pdmodel")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value) and str(again) == str(caught.value)
    with pytest.raises(ramet.InvalidArgumentError, match="topk"):
        model.predict(PHOTOS[0], 0)
    assert model.predict(PHOTOS[0], 1).label_ids
    with pytest.raises(ramet.ClosedError):
        model.close()
        model.close()
        model.predict(PHOTOS[0])


def test_a_budget_is_kept():
    option = ramet.RuntimeOption()
    option.memory_budget_bytes = 100
    with pytest.raises(MemoryError, match="memory_budget_bytes|budget"):
        classifier(runtime_option=option).predict(PHOTOS[0])


# ---- settings ------------------------------------------------------------------------------------------------------


def test_settings_count_for_a_model_and_its_later_clones():
    pipeline = pretrained()
    early = pipeline.clone()
    whole = len(pipeline.predict(PAGES[0]).boxes)
    pipeline.det_model.det_db_box_thresh = 0.99
    pipeline.rec_batch_size = 1
    fewer = len(pipeline.predict(PAGES[0]).boxes)
    assert fewer < whole == len(early.predict(PAGES[0]).boxes)
    late = pipeline.clone()
    assert late.det_model.det_db_box_thresh == 0.99 and late.rec_batch_size == 1
    assert len(late.predict(PAGES[0]).boxes) == fewer
    with pytest.raises(ramet.InvalidArgumentError, match="db_thresh"):
        pipeline.det_model.det_db_thresh = 2
    with pytest.raises(ramet.InvalidArgumentError, match="fast, slow"):
        pipeline.det_model.postprocessor.det_db_score_mode = "slowest"
    assert pipeline.det_model.det_db_thresh == pytest.approx(0.3)


def test_thresholds_of_objects():
    model = ramet.load(DATA / "objects")
    everything = model.predict(PHOTOS[0])
    middle = sorted(everything.scores)[len(everything.scores) // 2]
    model.postprocessor.score_threshold = middle
    some = model.predict(PHOTOS[0])
    assert some.scores == [score for score in everything.scores if score > middle]
    model.postprocessor.set_nms_option(ramet.vision.detection.NMSOption())
    model.postprocessor.apply_nms()
    with pytest.raises(ramet.InvalidArgumentError):
        model.postprocessor.score_threshold = 7
    assert model.clone().predict(PHOTOS[0]) == some


# ---- results -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classifier", "objects", "masks", "segmenter", "texts"])
def test_results_compare_pickle_and_become_json(kind):
    model, image = (pretrained(), PAGES[0]) if kind == "texts" else (ramet.load(DATA / kind), PHOTOS[0])
    result = model.predict(image)
    twin = pickle.loads(pickle.dumps(result))
    assert twin == result == copy.deepcopy(result) and not twin != result
    assert json.loads(result.to_json()) == json.loads(json.dumps(result.to_dict()))
    name = "label_map" if hasattr(result, "label_map") else "text" if hasattr(result, "text") else "label_ids"
    changed = getattr(twin, name)[:0]
    setattr(twin, name, changed)
    assert twin != result and result != None and result != 1  # noqa: E711
    utils = ramet.vision.utils
    back = {"ClassifyResult": utils.json_to_classify, "DetectionResult": utils.json_to_detection,
            "SegmentationResult": utils.json_to_segmentation, "OCRResult": utils.json_to_ocr}[type(result).__name__]
    text = utils.fd_result_to_json(result)
    assert utils.fd_result_to_json(back(text)) == text


def test_nothing_found_is_an_empty_result():
    result = pretrained().predict(np.full((64, 64, 3), 255, np.uint8))
    assert result.boxes == [] and result.text == [] and str(result) == "No Results!"


def test_drawing_leaves_the_image_alone():
    image = ramet.imread(PHOTOS[0])
    before = image.copy()
    objects, masks = ramet.load(DATA / "objects").predict(image), ramet.load(DATA / "masks").predict(image)
    for drawn in (ramet.vision.vis_detection(image, objects, ["a", "b", "c"], 0.3, 2), ramet.vision.vis_detection(image, masks),
                  ramet.vision.vis_segmentation(image, ramet.load(DATA / "segmenter").predict(image))):
        assert drawn.shape == image.shape and drawn.dtype == np.uint8 and (drawn != image).any()
    page = ramet.imread(PAGES[0])
    assert ((ramet.vision.vis_ppocr(page, pretrained().predict(page)) == (0, 255, 0)).all(axis=2)).sum() > 1000
    assert (image == before).all()


def test_drawn_where_it_should_be():
    image = np.full((40, 60, 3), 200, np.uint8)
    found = ramet.vision.DetectionResult()
    found.boxes, found.scores, found.label_ids = [[10.2, 20.4, 30.0, 35.0]], [0.9], [1]
    drawn = ramet.vision.vis_detection(image, found, font_size=0.1)
    red = np.array([128, 0, 0])  # class 1: the first bit of the class is the last of blue
    assert (drawn[20, 10:31] == red).all() and (drawn[20:36, 10] == red).all() and (drawn[35, 10:31] == red).all()
    assert (drawn[21:35, 11:30] == 200).all()
    labels = ramet.vision.SegmentationResult()
    labels.shape, labels.label_map = [2, 2], np.array([0, 1, 2, 3], np.uint8)
    small = np.full((2, 2, 3), 100, np.uint8)
    assert ramet.vision.vis_segmentation(small, labels, 0.5).tolist() == \
        [[[100, 100, 100], [114, 50, 50]], [[50, 114, 50], [114, 114, 50]]]
    swapped = ramet.vision.swap_background(small, np.zeros((2, 2, 3), np.uint8), labels)
    assert swapped[:, :, 0].tolist() == [[0, 100], [100, 100]]
    with pytest.raises(ramet.InvalidArgumentError, match="do not belong together"):
        ramet.vision.vis_segmentation(image, labels)


# ---- tensors -------------------------------------------------------------------------------------------------------


def test_runtime_takes_names_orders_and_bound_tensors():
    run = runtime("classifier")
    tensor = np.linspace(0, 1, 192, dtype=np.float32).reshape(1, 3, 8, 8)
    want, = run.infer({"x": tensor})
    assert (run.infer([tensor])[0] == want).all() and (run.infer([ramet.FDTensor(tensor, "x")])[0] == want).all()
    assert (run.infer([np.asfortranarray(tensor)])[0] == want).all()
    run.bind_input_tensor("x", ramet.FDTensor.from_numpy(tensor))
    run.zero_copy_infer()
    assert (run.get_output_tensor(run.get_output_info(0).name).numpy() == want).all()
    assert run.get_output_tensor("none") is None
    for wrong in ({"y": tensor}, [tensor, tensor], [tensor.astype("complex64")], [tensor[0]]):
        with pytest.raises(ramet.RametError):
            run.infer(wrong)
    assert "softmax" in run.describe().lower() and run.describe("plan", {"x": tensor})
