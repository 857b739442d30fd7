# SPDX-License-Identifier: Apache-2.0
"""FastDeploy's module of example images, which it downloads."""
from __future__ import annotations

from typing import NoReturn

from ._errors import UnsupportedError


def get_detection_test_image(path: str = "") -> NoReturn:
    """Raises: ramet does not download."""
    raise UnsupportedError("get_detection_test_image(): ramet does not download; give the program an image of yours")
