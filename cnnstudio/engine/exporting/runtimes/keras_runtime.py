"""A model of Keras 3, with any backend."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Opened(NamedTuple):
    """What answers pixels, float32 (n, height, width, channels) from 0 to 255, with float32 (n, outputs); the number of its
    outputs, 0 where it is not known; the runtime with its version; and the shape of its input, None where any size fits."""

    predict: Callable[[np.ndarray], np.ndarray]
    outputs: int
    runtime: str
    input_shape: tuple[int | None, ...]


def open_model(path: str | os.PathLike[str]) -> Opened:
    """Open the model."""
    _choose_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    model: Any = keras.saving.load_model(path, compile=False)

    def predict(pixels: np.ndarray) -> np.ndarray:
        return np.asarray(model.predict_on_batch(pixels), np.float32)

    return Opened(predict, int(model.output_shape[-1]), f"Keras {keras.__version__} ({keras.backend.backend()})",
                  tuple(model.input_shape))


def _choose_backend() -> None:
    """The first backend that is installed, unless KERAS_BACKEND names one."""
    if "KERAS_BACKEND" not in os.environ:
        for name in ("tensorflow", "torch", "jax"):
            if importlib.util.find_spec(name) is not None:
                os.environ["KERAS_BACKEND"] = name
                return
