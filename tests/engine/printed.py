"""The printed Keras code builds the model that the same network is trained as."""

from __future__ import annotations

import keras
import numpy as np

from cnnstudio.catalog.context import Context
from cnnstudio.core.network import NetworkSpec
from cnnstudio.interchange.printing.keras.network import keras_code


def same_as_printed(spec: NetworkSpec, context: Context, model: keras.Model) -> None:
    """The printed script builds the same model: after copying the weights it answers the same."""
    names: dict[str, object] = {}
    exec(keras_code(spec, context), names)  # our own text, printed a moment ago
    printed = names["model"]
    printed.set_weights(model.get_weights())
    pictures = np.random.default_rng(1).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
    np.testing.assert_allclose(printed.predict_on_batch(pictures), model.predict_on_batch(pictures), atol=1e-5)
