# SPDX-License-Identifier: Apache-2.0
"""FastDeploy's module of Runtime, for `from ramet.runtime import RuntimeOption`."""
from __future__ import annotations

from ._enums import ModelFormat
from ._options import RuntimeOption
from ._runtime import Runtime

__all__ = ["ModelFormat", "Runtime", "RuntimeOption"]
