"""The printed Keras code builds the model that the same network is trained as."""

from __future__ import annotations

import keras
import numpy as np

from cnnstudio.catalog.context import Context
from cnnstudio.core.network import NetworkSpec
from cnnstudio.interchange.printing.keras.network import keras_code


def weighted_layers(model: keras.Model) -> list[tuple[str, list[tuple[int, ...]]]]:
    """Names and shapes of weights in Keras's order, those of models within the model in their place."""
    result = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            result += weighted_layers(layer)
        elif layer.weights:
            result.append((layer.name, [tuple(weight.shape) for weight in layer.weights]))
    return result


def same_as_printed(spec: NetworkSpec, context: Context, model: keras.Model) -> None:
    """The printed script builds the same model: after copying the weights it answers the same."""
    names: dict[str, object] = {}
    exec(keras_code(spec, context), names)  # our own text, printed a moment ago
    printed = names["model"]
    assert printed.count_params() == model.count_params()
    assert weighted_layers(printed) == weighted_layers(model)
    printed.set_weights(model.get_weights())
    pictures = np.random.default_rng(1).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
    np.testing.assert_allclose(printed.predict_on_batch(pictures), model.predict_on_batch(pictures), atol=1e-5)
