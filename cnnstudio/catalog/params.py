"""The declared parameters of any item that a project can hold."""

from __future__ import annotations

from typing import Protocol

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.catalog.training import CALLBACKS, LOSSES, METRICS, OPTIMIZERS
from cnnstudio.core.item import Item
from cnnstudio.core.params import Param


class _Entry(Protocol):
    @property
    def params(self) -> tuple[Param, ...]: ...


def params_of(item: Item) -> tuple[Param, ...] | None:
    """The parameters of an item, by its type; None for an unknown type."""
    entries: tuple[_Entry | None, ...] = tuple(
        registry.find(item.type) for registry in (LAYERS, RECIPE_STEPS, AUGMENTATIONS, OPTIMIZERS, LOSSES, METRICS,
                                                         CALLBACKS, SCHEDULES))
    return next((entry.params for entry in entries if entry is not None), None)
