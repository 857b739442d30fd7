# SPDX-License-Identifier: Apache-2.0
"""All that FastDeploy 1.0.7 offers for the four series is here, prints the same, and does something or says why not."""
import importlib.util
import inspect
import json
import re
import time
import warnings

import numpy as np
import pytest

import ramet
from conftest import DATA, ROOT, classifier, reader

RECORD = json.loads((ROOT / "tests/data/python/fastdeploy.json").read_text(encoding="utf-8"))

# Setters that need hardware or files that ramet has no use for.
REFUSED = {"use_gpu", "use_rknpu2", "use_sophgo", "use_ascend", "use_kunlunxin", "use_ipu", "set_ipu_config",
           "set_external_raw_stream", "use_trt_backend", "use_poros_backend", "enable_paddle_to_trt", "set_encryption_key"}
# Setters that do what they say.
WORKING = {"use_cpu", "set_cpu_thread_num", "set_model_path", "set_model_buffer", "use_openvino_backend", "enable_profiling",
           "disable_profiling", "set_openvino_device"}


def find(path):
    thing = ramet
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing


@pytest.mark.parametrize("path", sorted(RECORD["classes"]))
def test_class_has_all_attributes_and_takes_the_same_arguments(path):
    kind, record = find(path), RECORD["classes"][path]
    made = kind() if not record["arguments"] else None
    missing = [name for name in record["attributes"] if not hasattr(kind if made is None else made, name)]
    assert not missing
    parameters = list(inspect.signature(kind.__init__).parameters)[1:]
    assert parameters[:len(record["arguments"])] == record["arguments"]
    for name, arguments in record["methods"].items():
        mine = [p for p in inspect.signature(getattr(kind, name)).parameters if p != "self"]
        assert mine[:len(arguments)] == arguments, (name, mine)


@pytest.mark.parametrize("name", sorted(RECORD["functions"]))
def test_function_takes_the_same_arguments(name):
    mine = list(inspect.signature(getattr(ramet.vision, name)).parameters)
    assert mine[:len(RECORD["functions"][name])] == RECORD["functions"][name]


@pytest.mark.parametrize("name", sorted(RECORD["enumerations"]))
def test_enumeration_has_the_same_names_and_numbers(name):
    for label, number in RECORD["enumerations"][name].items():
        value = getattr(getattr(ramet, name), label)
        assert int(value) == number and str(value) == f"{name}.{label}"


def make_result(kind, values):
    result = getattr(ramet.vision, kind)()
    for name, value in values.items():
        if name == "masks":
            value = [make_result("Mask", mask) for mask in value]
        elif name in ("data", "label_map"):
            value = np.array(value, np.uint8)
        elif name == "score_map":
            value = np.array(value, np.float32)
        setattr(result, name, value)
    return result


@pytest.mark.parametrize("case", RECORD["texts"], ids=lambda case: case["kind"])
def test_result_prints_the_same(case):
    result = make_result(case["kind"], case["values"])
    assert repr(result) == str(result) == case["text"]


@pytest.mark.parametrize("case", RECORD["texts"], ids=lambda case: case["kind"])
def test_result_has_the_same_json(case):
    text = ramet.vision.utils.fd_result_to_json(make_result(case["kind"], case["values"]))
    mine, theirs = json.loads(text), case["json"]
    assert mine.keys() == theirs.keys()
    for name, value in theirs.items():
        assert mine[name] == (pytest.approx(value, rel=1e-6) if value and isinstance(value[0] if isinstance(value, list) else 0, float)
                              else value)


@pytest.mark.parametrize("name", ["openvino_option", "ort_option", "paddle_infer_option", "paddle_lite_option", "poros_option",
                                  "trt_option"])
def test_options_of_engines_can_be_set_but_not_misspelt(name):
    option = getattr(ramet.RuntimeOption(), name)
    for attribute in RECORD["options"][name]:
        if attribute not in ("prewarm_datatypes",):
            getattr(option, attribute)
    with pytest.raises(AttributeError):
        option.no_such_option = 1


def test_option_prints_the_same():
    def lines(text):
        return [re.sub(r" : <.*>", "", line) for line in text.splitlines()]
    assert lines(repr(ramet.RuntimeOption())) == lines(RECORD["option_text"])


SETTERS = [name for name in RECORD["classes"]["RuntimeOption"]["methods"]]
ARGUMENTS = {"set_model_path": ["a"], "set_model_buffer": [b"a"], "set_openvino_device": ["CPU"]}


@pytest.mark.parametrize("name", SETTERS)
def test_setter_works_or_refuses_or_warns_once(name):
    option = ramet.RuntimeOption()
    count = sum(p.default is inspect.Parameter.empty for p in inspect.signature(getattr(option, name)).parameters.values())
    arguments = ARGUMENTS.get(name, [1] * count)
    if name in REFUSED:
        with pytest.raises(ramet.UnsupportedError, match=name):
            getattr(option, name)(*arguments)
        return
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        ramet._errors._warned.clear()
        getattr(option, name)(*arguments)
        getattr(option, name)(*arguments)
    own = [warning for warning in seen if issubclass(warning.category, ramet.RametWarning)]
    assert len(own) == (0 if name in WORKING else 1)
    assert all(warning.filename == __file__ for warning in own)


def test_thread_number_is_checked_instead_of_aborting():
    option = ramet.RuntimeOption()
    option.set_cpu_thread_num()
    for number in (0, -2, 257):
        with pytest.raises(ValueError, match="1..256"):
            option.set_cpu_thread_num(number)


@pytest.mark.parametrize("name", ["vis_face_detection", "vis_face_alignment", "vis_keypoint_detection", "vis_matting",
                                  "vis_matting_alpha", "vis_headpose", "vis_mot", "vis_perception"])
def test_drawing_of_other_models_says_so(name):
    function = getattr(ramet.vision, name)
    count = sum(p.default is inspect.Parameter.empty for p in inspect.signature(function).parameters.values())
    with pytest.raises(NotImplementedError, match=name):
        function(*[None] * count)


def test_models_have_the_calls_about_their_runtime():
    with classifier() as model:
        assert (model.num_inputs_of_runtime(), model.num_outputs_of_runtime()) == (1, 1)
        assert repr(model.input_info_of_runtime(0)) == \
            "TensorInfo(name : 'x', dtype : 'FDDataType.FP32', shape : '[-1, 3, 8, 8]')"
        with pytest.raises(ValueError, match="there is no output 1"):
            model.output_info_of_runtime(1)
        assert model.initialized and model.model_name() == "PaddleClas/Model"
    assert not model.initialized
    with pytest.raises(NotImplementedError):
        reader().input_info_of_runtime(0)


def test_times_are_recorded(capsys):
    model = classifier()
    with pytest.raises(ValueError, match="enable_record_time_of_runtime"):
        model.print_statis_info_of_runtime()
    model.enable_record_time_of_runtime()
    for _ in range(12):
        model.predict(np.zeros((9, 9, 3), np.uint8))
    found = model.print_statis_info_of_runtime()
    assert set(found) == {"avg_time", "iterations", "remain_time", "total_time", "warmup_iter", "warmup_time"}
    assert found["iterations"] == 12 and found["warmup_iter"] == 2
    assert found["total_time"] == pytest.approx(found["warmup_time"] + found["remain_time"])
    assert "Runtime Statis Info(PaddleClas/Model)" in capsys.readouterr().out
    assert model.get_profile_time() > 0


def test_times_are_those_of_the_runtime():
    option = ramet.RuntimeOption()
    option.enable_profiling()
    model, page = classifier(runtime_option=option), np.zeros((6000, 6000, 3), np.uint8)
    start = time.perf_counter()
    model.predict(page)
    whole = time.perf_counter() - start
    assert 0 < model.get_profile_time() < whole / 2  # an image that is much larger than the model takes time to resize
    model.disable_record_time_of_runtime()
    with pytest.raises(ValueError, match="1 predictions were recorded"):
        [model.predict(page[:9, :9]) for _ in range(12)]
        model.print_statis_info_of_runtime()


def test_times_of_a_pipeline_are_those_of_its_runtimes():
    pipeline, page = reader(), np.full((120, 320, 3), 255, np.uint8)
    page[20:44, 30:130] = 0
    pipeline.enable_record_time_of_runtime()
    assert pipeline.predict(page).text and pipeline.get_profile_time() > 0


def test_images_are_named_as_in_fastdeploy():
    image = np.zeros((30, 40, 3), np.uint8)
    segmenter = ramet.vision.segmentation.PaddleSegModel(DATA / "segmenter")
    assert segmenter.predict(image=image) == segmenter.batch_predict(image_list=[image])[0]
    with reader() as pipeline:
        pipeline.predict(input_image=image)
        assert pipeline.det_model.predict(input_image=image) == pipeline.det_model.predict(image)
        assert pipeline.cls_model.predict(input_image=image) == pipeline.cls_model.predict(image)
        assert pipeline.rec_model.predict(input_image=image) == pipeline.rec_model.predict(image)


@pytest.mark.parametrize("call", [
    lambda: ramet.download("a", "b"), lambda: ramet.download_and_decompress("a"), lambda: ramet.download_model(name="a"),
    lambda: ramet.get_model_list("ocr"), lambda: ramet.utils.get_detection_test_image()])
def test_downloads_are_refused(call):
    with pytest.raises(ramet.UnsupportedError, match="does not download"):
        call()


def test_what_a_program_asks_about_the_build_and_the_log(capfd):
    ramet.set_logger(enable_info=False, enable_warning=False)
    assert not any((ramet.is_built_with_gpu(), ramet.is_built_with_trt(), ramet.is_built_with_ort(), ramet.is_built_with_paddle(),
                    ramet.C.is_built_with_poros()))
    assert ramet.C.is_built_with_openvino() == (importlib.util.find_spec("openvino") is not None)
    assert capfd.readouterr() == ("", "")
    ramet._errors._warned.clear()
    with pytest.warns(ramet.RametWarning, match="enable_flycv"):
        ramet.vision.enable_flycv()
    with pytest.warns(ramet.RametWarning, match="disable_flycv"):
        ramet.vision.disable_flycv()


@pytest.mark.parametrize("module, name", [
    ("ramet.vision.detection", "YOLOv5"), ("ramet.vision", "matting"), ("ramet.vision", "common"), ("ramet", "text"),
    ("ramet.vision.classification", "PPShiTuV2Recognizer"), ("ramet.vision.ocr", "StructureV2Table"), ("ramet.C", "IpuOption"),
    ("ramet.vision", "FDMat"), ("ramet", "serving")])
def test_absent_names_say_what_they_are(module, name):
    holder = find(module[len("ramet."):]) if module != "ramet" else ramet
    assert not hasattr(holder, name)
    with pytest.raises(ramet.UnsupportedError, match=f"{module}.{name} is not part of ramet: ") as caught:
        getattr(holder, name)
    assert isinstance(caught.value, AttributeError)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'") as caught:
        holder.nonsense
    assert not isinstance(caught.value, ramet.RametError)


def test_submodules_can_be_imported_by_name():
    from ramet.c_lib_wrap import vision
    from ramet.model import FastDeployModel
    from ramet.runtime import ModelFormat, Runtime, RuntimeOption
    assert (vision, FastDeployModel, Runtime) == (ramet.vision, ramet.FastDeployModel, ramet.Runtime)
    assert (ModelFormat, RuntimeOption) == (ramet.ModelFormat, ramet.RuntimeOption)
    assert isinstance(ramet.C.vision.DetectionResult(), ramet.vision.DetectionResult)


def test_tensors_of_the_compiled_part_are_filled_later(capsys):
    option = ramet.RuntimeOption()
    option.set_model_path(DATA / "classifier" / "inference.pdmodel", DATA / "classifier" / "inference.pdiparams")
    runtime, array = ramet.Runtime(option), np.full((1, 3, 8, 8), 0.5, np.float32)
    tensor = ramet.C.FDTensor()
    assert tensor.shape == [0]
    tensor.from_numpy(array)
    runtime.bind_input_tensor(runtime.get_input_info(0).name, tensor)
    runtime.zero_copy_infer()
    assert np.array_equal(runtime.get_output_tensor(runtime.get_output_info(0).name).numpy(), runtime.infer([array])[0])
    array[:] = 1
    assert tensor.numpy()[0, 0, 0, 0] == 0.5
    tensor.from_numpy(array, share_buffer=True)
    array[0, 0, 0, 0] = 2
    assert tensor.numpy()[0, 0, 0, 0] == 2
    tensor.print_info("x")
    assert "shape=[1, 3, 8, 8], dtype=FDDataType.FP32" in capsys.readouterr().out
