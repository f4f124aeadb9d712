"""The registry of optimizers. A new one is an entry in the file of its family."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.component import TrainingComponent
from cnnstudio.catalog.optimizers import adam, gradient
from cnnstudio.core.registry import Registry

OPTIMIZERS: Final[Registry[TrainingComponent]] = Registry("optimizer", (*adam.OPTIMIZERS, *gradient.OPTIMIZERS))

__all__ = ["OPTIMIZERS"]
