"""The LiteRT form of a model. It is kept in the cache by the digest of what it was made from, once it agreed with Keras."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine.environment import numpy_of


class Traced:
    """The graph of a TensorFlow model for prediction, traced once for its conversion and for what Keras answers."""

    def __init__(self, model: Any) -> None:
        import tensorflow as tf

        function = tf.function(lambda pictures: model(pictures, training=False), autograph=False)
        shape = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        self._function = function.get_concrete_function(shape)

    def predict(self, pictures: np.ndarray) -> np.ndarray:
        """What Keras answers: uint8 (n, height, width, channels) -> float32 (n, ...)."""
        import tensorflow as tf

        return np.asarray(self._function(tf.constant(pictures.astype(np.float32))), np.float32)

    def convert(self) -> bytes:
        """The content of a LiteRT file. Raises whatever the converter raises."""
        import tensorflow as tf
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

        # With the weights as constants the converter needs no SavedModel.
        frozen = convert_variables_to_constants_v2(self._function)
        return bytes(tf.lite.TFLiteConverter.from_concrete_functions([frozen]).convert())


def keep(cache: Path, digest: str, content: bytes) -> None:
    """Keep a converted model that agrees with Keras; without room for it, it is converted again the next time."""
    with contextlib.suppress(ProblemError):
        write_atomically(cache / "engines" / f"{digest}.{_checksum(content)}.tflite", content)


def kept(cache: Path, digest: str) -> bytes | None:
    """The converted model, unless there is none or its file is damaged."""
    for path in (cache / "engines").glob(f"{digest}.*.tflite"):
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            if path.name == f"{digest}.{_checksum(content)}.tflite":
                os.utime(path)
                return content
            path.unlink()
    return None


def model_digest(model: Any) -> str:
    """A hash of a model's architecture and weights."""
    state = hashlib.blake2b(digest_size=16)
    state.update(keras.__version__.encode())
    state.update(model.to_json().encode())
    for weight in model.weights:
        state.update(np.ascontiguousarray(numpy_of(weight)).tobytes())
    return state.hexdigest()


def file_digest(path: Path) -> str:
    """A hash of a model's file and of the libraries that read and convert it. Raises OSError."""
    state = hashlib.blake2b(digest_size=16)
    for name in ("keras", "ai-edge-litert"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            state.update(importlib.metadata.version(name).encode())
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def _checksum(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
