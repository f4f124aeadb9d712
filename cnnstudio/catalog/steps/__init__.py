"""The registries of recipe steps and of augmentations."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.steps import augmentations, recipe
from cnnstudio.catalog.steps.entry import StepType
from cnnstudio.core.registry import Registry

RECIPE_STEPS: Final[Registry[StepType]] = Registry("recipe step", recipe.STEPS)
AUGMENTATIONS: Final[Registry[StepType]] = Registry("augmentation", augmentations.STEPS)

__all__ = ["AUGMENTATIONS", "RECIPE_STEPS", "StepType"]
