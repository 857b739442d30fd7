# SPDX-License-Identifier: Apache-2.0
"""ramet.load(): a model from a folder, its task found from what lies in it."""
from __future__ import annotations

import os
import re
from typing import Any, Dict, Optional, Tuple

from ._errors import InvalidArgumentError, NotFoundError
from ._model import PathLike
from ._options import RuntimeOption
from .vision import classification, detection, ocr, segmentation

CONFIGS = ("infer_cfg.yml", "deploy.yaml", "inference_cls.yaml", "inference.yml")
PROGRAM_SUFFIXES = (".pdmodel", ".json", ".onnx")
#: What the keys of a configuration at the beginning of a line say, first come first served.
SIGNS = (("detect", r"^(arch|label_list|use_dynamic_shape)\s*:"), ("segment", r"^Deploy\s*:"),
         ("det", r"DBPostProcess"), ("cls", r"ClsPostProcess"), ("rec", r"CTCLabelDecode|character_dict"),
         ("classify", r"transform_ops|Topk|^PreProcess\s*:"))


def _find_config(folder: str) -> str:
    for name in CONFIGS:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    return ""


def _task_of(path: str) -> Tuple[str, str]:
    """(task, configuration) of a model."""
    if not os.path.exists(path):
        raise NotFoundError(f"there is no model '{path}'")
    config = _find_config(path if os.path.isdir(path) else os.path.dirname(path) or ".")
    if config:
        with open(config, encoding="utf-8", errors="replace") as file:
            words = file.read()
        for task, sign in SIGNS:
            if re.search(sign, words, re.M):
                return task, config
    raise InvalidArgumentError(f"the task of '{path}' cannot be told: there is no configuration beside it that says so; name it with "
                               "task='classify', 'detect', 'segment', 'det', 'cls' or 'rec'")


def load(model: PathLike, task: Optional[str] = None, runtime_option: Optional[RuntimeOption] = None, **keywords: Any) -> Any:
    """Opens the model in a folder (or of a program file) and gives an object of its class.

    The configuration beside the program says what it is: PaddleClasModel, PaddleDetectionModel, PaddleSegModel, DBDetector,
    Classifier or Recognizer. Where it does not, `task` does: "classify", "detect", "segment", "det", "cls" or "rec". Further keywords go to
    the class, such as label_path for a recogniser.

    A folder with folders whose names contain "det" and "rec", as PaddleOCR's are called, and perhaps "cls", is an OCR pipeline:
    PPOCRv4, or with task="PPOCRv2" and the like another.
    """
    path = os.fspath(model)
    parts = _ocr_parts(path) if task in (None, "PPOCRv2", "PPOCRv3", "PPOCRv4") else {}
    if {"det", "rec"} <= parts.keys():
        return _load_pipeline(task or "PPOCRv4", path, parts, runtime_option, keywords)
    config = ""
    if task is None:
        task, config = _task_of(path)
    if task in ("classify", "detect", "segment"):
        kinds: Dict[str, Any] = {"classify": classification.PaddleClasModel, "detect": detection.PaddleDetectionModel,
                                 "segment": segmentation.PaddleSegModel}
        return kinds[task](path, "", config, runtime_option=runtime_option, **keywords)
    parts_kinds: Dict[str, Any] = {"det": ocr.DBDetector, "cls": ocr.Classifier, "rec": ocr.Recognizer}
    if task not in parts_kinds:
        raise InvalidArgumentError(f"there is no task {task!r}: classify, detect, segment, det, cls, rec, PPOCRv2, PPOCRv3, PPOCRv4")
    return parts_kinds[task](path, "", runtime_option=runtime_option, **keywords)


def _is_model(folder: str) -> bool:
    return any(name.endswith(PROGRAM_SUFFIXES) for name in os.listdir(folder))


def _ocr_parts(path: str) -> Dict[str, str]:
    """Folders of a pipeline's models by their role."""
    found: Dict[str, str] = {}
    if not os.path.isdir(path) or _is_model(path):
        return found
    for name in sorted(os.listdir(path)):
        folder = os.path.join(path, name)
        role = re.search(r"(?:^|_)(det|rec|cls)(?:_|$)", name)
        if role and os.path.isdir(folder) and _is_model(folder):
            found.setdefault(role.group(1), folder)
    return found


def _load_pipeline(task: str, path: str, parts: Dict[str, str], option: Optional[RuntimeOption],
                   keywords: Dict[str, Any]) -> ocr.PPOCRBase:
    label_path = keywords.pop("label_path", "") or _find_dictionary(path)
    classifier = ocr.Classifier(parts["cls"], "", option) if "cls" in parts else None
    kind: Any = getattr(ocr, task)
    made: ocr.PPOCRBase = kind(ocr.DBDetector(parts["det"], "", option), classifier,
                               ocr.Recognizer(parts["rec"], "", label_path, option), **keywords)
    return made


def _find_dictionary(path: str) -> str:
    """The only text file with the name of a dictionary beside the models; otherwise the recogniser's configuration has it."""
    names = [name for name in os.listdir(path) if re.search(r"(keys|dict).*\.txt$", name)]
    return os.path.join(path, names[0]) if len(names) == 1 else ""
