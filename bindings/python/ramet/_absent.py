# SPDX-License-Identifier: Apache-2.0
"""Names of FastDeploy that are not in ramet: whoever asks for one reads what it is, instead of that it does not exist."""
from __future__ import annotations

from typing import Any, Callable, Dict

from ._errors import AbsentNameError

SERIES = "ramet runs models of PaddleClas, PaddleDetection, PaddleSeg and PaddleOCR"


def refuse(module: str, names: Dict[str, str]) -> Callable[[str], Any]:
    """A __getattr__ for a module. names: what they stand for, each one or several joined by blanks."""
    known = {name: what for several, what in names.items() for name in several.split()}

    def find(name: str) -> Any:
        if name in known:
            raise AbsentNameError(f"{module}.{name} is not part of ramet: {known[name]}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return find
