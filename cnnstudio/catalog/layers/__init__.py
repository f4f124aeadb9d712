"""The registry of layers: one entry each, grouped by family."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.layers import (
    activation,
    attention,
    convolution,
    core,
    merge,
    normalization,
    pooling,
    pretrained,
    regularization,
    reshaping,
    source,
)
from cnnstudio.catalog.layers.core import PLAIN_OUTPUT
from cnnstudio.catalog.layers.entry import FAMILIES, Cost, LayerType, Shape, ShapeError, Window
from cnnstudio.core.item import Item
from cnnstudio.core.params import with_defaults
from cnnstudio.core.registry import Registry

LAYERS: Final[Registry[LayerType]] = Registry("layer", (
    *source.LAYERS, *pretrained.LAYERS, *convolution.LAYERS, *pooling.LAYERS, *normalization.LAYERS,
    *activation.LAYERS, *core.LAYERS, *regularization.LAYERS, *reshaping.LAYERS, *merge.LAYERS, *attention.LAYERS,
))


TO_ROW: Final = tuple(layer.id for layer in LAYERS if layer.pooling == "avg" or layer.flattens)
"""Types that bring maps to one row of numbers."""


def global_pooling(kind: str) -> LayerType | None:
    """The layer that makes one number of each map, "avg" or "max" of it."""
    return next((layer for layer in LAYERS if kind and layer.pooling == kind), None)


def find_merging_layer(operation: str) -> LayerType | None:
    """The layer that joins tensors by "+", "-", "*", "max" or "min"."""
    return next((layer for layer in LAYERS if operation and layer.operation == operation), None)


def entry_of(node: Item) -> LayerType | None:
    """The entry of a node's type; None for a type that this version does not know."""
    return LAYERS.find(node.type)


def applied_activation(node: Item) -> str | None:
    """The activation that a node applies last; None for none, or an unknown type."""
    layer = LAYERS.find(node.type)
    return None if layer is None else layer.applied(values_of(node, layer))


def id_stem(type: str) -> str:
    """First part of the id of a new layer of that type, before it is made unique."""
    layer = LAYERS.find(type)
    return type.lower() if layer is None else layer.stem


def values_of(item: Item, layer: LayerType) -> dict[str, Any]:
    """The parameters of a node with the layer's defaults for those it does not name."""
    return with_defaults(layer.params, item.params)


__all__ = [
    "FAMILIES",
    "LAYERS",
    "PLAIN_OUTPUT",
    "TO_ROW",
    "Cost",
    "LayerType",
    "Shape",
    "ShapeError",
    "Window",
    "applied_activation",
    "entry_of",
    "find_merging_layer",
    "global_pooling",
    "id_stem",
    "values_of",
]
