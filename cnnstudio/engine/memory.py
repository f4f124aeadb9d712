"""Memory that the backend takes on a graphics card."""

from __future__ import annotations

import contextlib
from typing import Final

import keras

from cnnstudio.engine.environment import on_gpu

_UNKNOWN: Final = (ImportError, AttributeError, KeyError, TypeError, ValueError, RuntimeError)
"""What backends raise where they do not count."""


def gpu_peak() -> int | None:
    """The most bytes that the backend held on the graphics card since `forget_gpu_peak`, or since the process started; None
    without a card, or where the backend does not count."""
    if not on_gpu():
        return None
    backend = keras.backend.backend()
    with contextlib.suppress(*_UNKNOWN):
        if backend == "tensorflow":
            import tensorflow as tf

            return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
        if backend == "torch":
            import torch

            return int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else None
        import jax

        return int(jax.devices()[0].memory_stats()["peak_bytes_in_use"])
    return None


def forget_gpu_peak() -> None:
    """Begin to count anew, where the backend can."""
    if not on_gpu():
        return
    with contextlib.suppress(*_UNKNOWN):
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            tf.config.experimental.reset_memory_stats("GPU:0")
        elif keras.backend.backend() == "torch":
            import torch

            torch.cuda.reset_peak_memory_stats()
