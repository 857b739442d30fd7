# SPDX-License-Identifier: Apache-2.0
"""FastDeploy's functions about its own build, its log and its downloads: what programs call beside the models."""
from __future__ import annotations

from typing import Any, NoReturn, Optional

from ._errors import UnsupportedError
from ._options import openvino_libraries


def set_logger(enable_info: bool = True, enable_warning: bool = True) -> None:
    """Nothing to do: ramet writes no log. Python's `warnings` says what was accepted without effect."""


def is_built_with_gpu() -> bool:
    """False: ramet runs on CPUs."""
    return False


def is_built_with_trt() -> bool:
    """False: TensorRT needs a GPU."""
    return False


def is_built_with_ort() -> bool:
    """False: ramet's own engine stands for ONNX Runtime."""
    return False


def is_built_with_paddle() -> bool:
    """False: ramet's own engine stands for Paddle Inference."""
    return False


def is_built_with_poros() -> bool:
    """False: TorchScript is not read."""
    return False


def is_built_with_openvino() -> bool:
    """Whether the Python package `openvino` is there, for use_openvino_backend()."""
    return bool(openvino_libraries())


def fetches_nothing(call: str, what: str) -> NoReturn:
    """Raises what a function that would download raises."""
    raise UnsupportedError(f"{call}: ramet does not download; fetch {what} yourself, and give the program its path")


def download(url: str, path: str, rename: Optional[str] = None, md5sum: Optional[str] = None,
             show_progress: bool = False) -> NoReturn:
    """Raises: ramet does not download."""
    fetches_nothing("download()", url)


def download_and_decompress(url: str, path: str = ".", rename: Optional[str] = None) -> NoReturn:
    """Raises: ramet does not download."""
    fetches_nothing("download_and_decompress()", url)


def download_model(name: str, path: Optional[str] = None, format: Optional[str] = None,
                   version: Optional[str] = None) -> NoReturn:
    """Raises: ramet does not download."""
    fetches_nothing("download_model()", f"the model {name!r}")


def get_model_list(category: Any = None) -> NoReturn:
    """Raises: ramet does not download."""
    fetches_nothing("get_model_list()", "the models")
