# SPDX-License-Identifier: Apache-2.0
"""FastDeploy's module of example images, which it downloads."""
from __future__ import annotations

from typing import NoReturn

from ._extras import fetches_nothing


def get_detection_test_image(path: str = "") -> NoReturn:
    """Raises: ramet does not download."""
    fetches_nothing("get_detection_test_image()", "an image")
