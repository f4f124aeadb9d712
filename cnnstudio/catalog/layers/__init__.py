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
from cnnstudio.catalog.layers.entry import FAMILIES, Cost, LayerType, Shape, ShapeTrouble, Window
from cnnstudio.core.item import Item
from cnnstudio.core.params import complete
from cnnstudio.core.registry import Registry

LAYERS: Final[Registry[LayerType]] = Registry("layer", (
    *source.LAYERS, *pretrained.LAYERS, *convolution.LAYERS, *pooling.LAYERS, *normalization.LAYERS,
    *activation.LAYERS, *core.LAYERS, *regularization.LAYERS, *reshaping.LAYERS, *merge.LAYERS, *attention.LAYERS,
))


def values_of(item: Item, layer: LayerType) -> dict[str, Any]:
    """The parameters of a node with the layer's defaults for those it does not name."""
    return complete(layer.params, item.params)


__all__ = ["FAMILIES", "LAYERS", "Cost", "LayerType", "Shape", "ShapeTrouble", "Window", "values_of"]
