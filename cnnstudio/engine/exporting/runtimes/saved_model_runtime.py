"""A SavedModel, by TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

SIGNATURE = "serving_default"


class Opened(NamedTuple):
    """What answers pixels, float32 (n, height, width, channels) from 0 to 255, with float32 (n, outputs); the number of its
    outputs, 0 where it is not known; the runtime with its version; and the shape of its input, None where any size fits."""

    predict: Callable[[np.ndarray], np.ndarray]
    outputs: int
    runtime: str
    input_shape: tuple[int | None, ...]


def open_model(path: str | os.PathLike[str]) -> Opened:
    """Open the model."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    loaded: Any = tf.saved_model.load(os.fspath(path))
    function = loaded.signatures[SIGNATURE]
    name = next(iter(function.structured_outputs))

    def predict(pixels: np.ndarray) -> np.ndarray:
        # The function does not keep the model, whose variables would be gone.
        assert loaded is not None
        return np.asarray(function(tf.constant(np.asarray(pixels, np.float32)))[name].numpy(), np.float32)

    return Opened(predict, int(function.structured_outputs[name].shape[-1]), f"TensorFlow {tf.__version__}",
                  tuple(next(iter(function.structured_input_signature[1].values())).shape))
