"""The layers of a Keras model by name, those inside nested models, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras


def layer_types(model: Any) -> dict[str, str]:
    """The types of all layers by name."""
    return {layer.name: type(layer).__name__ for layer in all_layers(model)}


def weight_count(model: Any, name: str) -> int:
    """The number of weights of a layer; 0 where there is none of that name."""
    return next((int(layer.count_params()) for layer in all_layers(model) if layer.name == name), 0)


def all_layers(model: Any) -> Iterator[Any]:
    """Every layer that is no model itself, in order."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from all_layers(layer)
        else:
            yield layer
