"""The registries of recipe steps and of augmentations."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.steps import color, contrast, detail, filters, geometry, mixing, recipe
from cnnstudio.catalog.steps.entry import Augmentation, RecipeStep, StepType
from cnnstudio.core.registry import Registry

RECIPE_STEPS: Final[Registry[RecipeStep]] = Registry(
    "recipe step", (*recipe.STEPS, *contrast.STEPS, *filters.STEPS))
AUGMENTATIONS: Final[Registry[Augmentation]] = Registry(
    "augmentation", (*geometry.STEPS, *color.STEPS, *detail.STEPS, *mixing.STEPS))

__all__ = ["AUGMENTATIONS", "RECIPE_STEPS", "Augmentation", "RecipeStep", "StepType"]
