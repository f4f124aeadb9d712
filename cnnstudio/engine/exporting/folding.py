"""A temperature as a part of the weights, so that every format carries it in its outputs.

Softmax and sigmoid of logits divided by T are what temperature scaling asks for, and logits of a layer with a kernel are
divided when its kernel and its bias are.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.engine import models
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.exporting.request import keras_probabilities

_ENDINGS: Final = ("softmax", "sigmoid")


def fold_temperature(loaded: models.Loaded, pixels: np.ndarray, wanted: np.ndarray, tolerance: float) -> models.Loaded:
    """The model with its card's temperature inside its weights, which are changed in place; the model as it was where its
    last layers do not allow that, or where it then answers (n, classes) otherwise than `wanted` for `pixels`: the temperature
    stays in the card, for whoever reads it."""
    calibration = loaded.card.calibration
    if calibration is None or calibration.outstanding == 1.0:
        return loaded
    weights = _logit_weights(loaded.model)
    before = [numpy_of(weight) for weight in weights]
    for weight, values in zip(weights, before, strict=True):
        weight.assign(values / calibration.temperature)
    card = msgspec.structs.replace(loaded.card, calibration=msgspec.structs.replace(calibration, inside=True))
    if weights and np.abs(keras_probabilities(loaded.model, card, pixels) - wanted).max(initial=0.0) <= tolerance:
        return models.Loaded(loaded.model, card, loaded.path, loaded.notes)
    for weight, values in zip(weights, before, strict=True):
        weight.assign(values)
    return loaded


def _logit_weights(model: Any) -> list[Any]:
    """Kernel and bias of the layer that gives the logits; none where it cannot be told."""
    layer = model.outputs[0]._keras_history.operation
    ended = False
    while True:
        activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if len(getattr(layer, "_inbound_nodes", ())) != 1:
            return []
        if hasattr(layer, "kernel"):
            fits = activation == "linear" if ended else activation in _ENDINGS
            return [weight for weight in (layer.kernel, getattr(layer, "bias", None)) if weight is not None] if fits else []
        entry = LAYERS.find(type(layer).__name__)
        if not ended and (activation in _ENDINGS or type(layer).__name__.lower() in _ENDINGS):
            ended = True
        elif not ended or entry is None or not (entry.training_only or entry.flattens or entry.pooling):
            return []
        inputs = layer._inbound_nodes[0].input_tensors
        if len(inputs) != 1:
            return []
        layer = inputs[0]._keras_history.operation
