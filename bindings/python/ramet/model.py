# SPDX-License-Identifier: Apache-2.0
"""FastDeploy's module of the base class of models, for `from ramet.model import FastDeployModel`."""
from __future__ import annotations

from ._model import Model as FastDeployModel

__all__ = ["FastDeployModel"]
