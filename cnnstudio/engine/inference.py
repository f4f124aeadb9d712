"""Forward passes without gradients, through the quickest engine that agrees with Keras."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import keras
import numpy as np

from cnnstudio.core.files import write_atomically
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine.environment import numpy_of, on_gpu

TOLERANCE: Final = 1e-5
"""Largest difference from Keras, for probabilities; for larger values relative to the largest."""
BATCH: Final = 16
"""Measured: 16 pictures are answered quicker each than 1 or 32, the working memory stays in the processor's cache."""


class Engine(Protocol):
    """Answers for batches; `name` is "litert" or "keras"."""

    name: str

    def predict(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 (n, height, width, channels) -> float32 (n, ...)."""


class KerasEngine:
    """The model itself."""

    name = "keras"

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, pictures: np.ndarray) -> np.ndarray:
        return np.asarray(self._model.predict_on_batch(pictures.astype(np.float32)), np.float32)


class LiteRTEngine:
    """The same network converted, run by XNNPACK on the processor."""

    name = "litert"

    def __init__(self, content: bytes, threads: int) -> None:
        self._content = content
        self._threads = threads
        self._interpreters: dict[int, Any] = {}

    def predict(self, pictures: np.ndarray) -> np.ndarray:
        # Two sizes only: each holds its own copy of the packed weights.
        size = 1 if len(pictures) == 1 else BATCH
        parts = []
        for begin in range(0, len(pictures), size):
            part = pictures[begin:begin + size].astype(np.float32)
            count = len(part)
            if count < size:
                part = np.concatenate([part, np.zeros((size - count, *part.shape[1:]), np.float32)])
            interpreter, entering, leaving = self._interpreter(part.shape)
            interpreter.set_tensor(entering, part)
            interpreter.invoke()
            parts.append(interpreter.get_tensor(leaving)[:count].copy())
        return np.concatenate(parts)

    def _interpreter(self, shape: tuple[int, ...]) -> tuple[Any, int, int]:
        found = self._interpreters.get(shape[0])
        if found is None:
            from ai_edge_litert.interpreter import Interpreter

            interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
            entering = interpreter.get_input_details()[0]["index"]
            interpreter.resize_tensor_input(entering, shape)
            interpreter.allocate_tensors()
            found = interpreter, entering, interpreter.get_output_details()[0]["index"]
            self._interpreters[shape[0]] = found
        return found


def engine_for(model: Any, pictures: np.ndarray | None, cache: Path, *, digest: str = "") -> Engine:
    """The engine for this model. `pictures` are a few real ones, uint8, on which it must agree with Keras;
    without any, ones drawn at random are used. `digest` names the model, if it is known already."""
    plain = KerasEngine(model)
    if keras.backend.backend() != "tensorflow" or on_gpu():
        return plain
    try:
        from ai_edge_litert import interpreter as _interpreter  # noqa: F401
    except ImportError:
        return plain
    if pictures is None or not len(pictures):
        pictures = np.random.default_rng(0).integers(0, 256, (4, *model.input_shape[1:]), np.uint8)
    try:
        content = _converted(model, cache, digest or model_digest(model))
        engine = LiteRTEngine(content, os.cpu_count() or 2)
        if agrees(engine.predict(pictures), plain.predict(pictures)):
            return engine
    except Exception:  # noqa: BLE001 - a border: whatever the converter cannot do, Keras does
        import traceback

        traceback.print_exc()
    return plain


def agrees(found: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether two answers are equal within the tolerance."""
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    return bool(np.isfinite(found).all()) and float(np.abs(found - wanted).max(initial=0.0)) <= TOLERANCE * scale


def _converted(model: Any, cache: Path, digest: str) -> bytes:
    """The LiteRT form of the model, kept in the cache by the model's digest."""
    path = cache / "engines" / f"{digest}.tflite"
    with contextlib.suppress(OSError):
        content = path.read_bytes()
        os.utime(path)
        return content
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    # With the weights as constants the converter need not write and read a SavedModel first.
    function = tf.function(lambda pictures: model(pictures, training=False), autograph=False)
    shape = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    frozen = convert_variables_to_constants_v2(function.get_concrete_function(shape))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    content = bytes(converter.convert())
    with contextlib.suppress(ProblemError):
        write_atomically(path, content)
    return content


def model_digest(model: Any) -> str:
    """Names a model by its architecture and weights."""
    state = hashlib.blake2b(digest_size=16)
    state.update(keras.__version__.encode())
    state.update(model.to_json().encode())
    for weight in model.weights:
        state.update(np.ascontiguousarray(numpy_of(weight)).tobytes())
    return state.hexdigest()


def run(engine: Engine, count: int, rows: Callable[[np.ndarray], np.ndarray],
        each: Callable[[int], None] = lambda _done: None) -> np.ndarray:
    """Answers for `count` pictures taken from `rows` by index, in batches; `each` is told how many are done."""
    from cnnstudio.engine.batches import ahead

    pieces = [np.arange(begin, min(begin + BATCH, count)) for begin in range(0, count, BATCH)]
    parts = []
    done = 0
    for batch in ahead(rows, pieces, depth=3):
        parts.append(engine.predict(batch))
        done += len(batch)
        each(done)
    return np.concatenate(parts) if parts else np.empty((0,), np.float32)
