"""Weights of a user's own base, read from its file into our layers, each checked."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import LayerOrigin
from cnnstudio.interchange.own_base import weights as own_weights
from cnnstudio.interchange.own_base.model import own_model
from cnnstudio.interchange.own_base.resolver import check_digest


def load_own_weights(base: Base, layers: Mapping[str, Any]) -> None:
    """Set the weights of all layers, by their location in the file. Raises ProblemError."""
    model = own_model(base)
    path = Path(model.path)
    check_digest(path)
    weighted = {name: layer for name, layer in layers.items() if layer.weights}
    with own_weights.open_weights(path) as file:
        for name, layer in weighted.items():
            set_weights(file, model.origins[name], path, layer, name)


def set_weights(file: Any, origin: LayerOrigin, path: Path, layer: Any, name: str) -> None:
    """Set the weights of a layer from its place in an open file of weights. Raises ProblemError."""
    parts = own_weights.PARTS.get(type(layer).__name__, ("",))
    wanted = [tuple(weight.shape) for weight in layer.weights]
    arrays = own_weights.arrays(file, origin, path, max(map(prod, wanted)), parts)
    if origin.flat and [array.size for array in arrays] == list(map(prod, wanted)):
        arrays = [array.reshape(shape) for array, shape in zip(arrays, wanted, strict=True)]
    if [array.shape for array in arrays] != wanted:
        text = Text("{path} does not contain the weights of its layer {layer}: {have} instead of {wanted}.",
                    "{path} no contiene los pesos de su capa {layer}: {have} en lugar de {wanted}.")
        raise ProblemError(error("weights_unfit", text.fill(
            path=path.name, layer=name, have=[array.shape for array in arrays], wanted=wanted), "network",
            field="file", path=path))
    layer.set_weights(arrays)
