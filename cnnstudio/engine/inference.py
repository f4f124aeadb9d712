"""Predictions by the fastest engine that agrees with Keras."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

import keras
import numpy as np

from cnnstudio.engine import conversion
from cnnstudio.engine.environment import on_gpu

TOLERANCE: Final = 1e-5
"""Largest difference from Keras, for probabilities; for larger values relative to the largest."""
BATCH: Final = 16
"""Batch size of Keras."""
_PIECE: Final = 4
"""Batch size of one core. Measured with eight networks from LeNet-5 to VGG16: never slower than 16, and up to a quarter
faster."""
_COPIES_BYTES: Final = 1 << 30
"""The most bytes of all copies of a network's weights: each interpreter has its own."""

MOST_WEIGHTS: Final = 50_000_000
"""Weights of the largest network that is converted in advance: more take many seconds, and 200 MB of the cache."""


class Engine(Protocol):
    """Predicts batches, from any number of threads at once; `name` is "litert" or "keras", `batch` the best batch size."""

    name: str
    batch: int

    def predict(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 (n, height, width, channels) -> float32 (n, ...)."""


class KerasEngine:
    """The model itself."""

    name = "keras"
    batch = BATCH

    def __init__(self, model: Any) -> None:
        self._model = model
        # Not every backend of Keras allows predictions of one model in two threads.
        self._lock = threading.Lock()

    def predict(self, pictures: np.ndarray) -> np.ndarray:
        count = len(pictures)
        entered = np.zeros((_padded(count), *pictures.shape[1:]), np.float32)
        entered[:count] = pictures
        with self._lock:
            return np.asarray(self._model.predict_on_batch(entered), np.float32)[:count]


def _padded(count: int) -> int:
    """The batch size by which so many pictures are answered. Kernels for one picture, or an odd number, add up in another
    order than those for many, so that a picture would have other last bits alone than in an evaluation; and each new size
    is compiled anew. On a GPU whole batches cost no more."""
    return -(-count // BATCH) * BATCH if on_gpu() else max(2, 1 << (count - 1).bit_length())


class LiteRTEngine:
    """The same network converted, run by XNNPACK on the processor.

    All cores compute a single picture together. Several pictures are distributed to interpreters of one core each: no
    core waits at the end of a layer, and the working memory stays in the core's cache.
    """

    name = "litert"

    def __init__(self, content: bytes, cores: int) -> None:
        self._content = content
        workers = max(1, min(cores, _COPIES_BYTES // max(1, len(content))))
        self._threads = -(-cores // workers)
        self._alone = _Interpreter(content, 1, cores)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="answer")
        self._own = threading.local()
        self.batch = max(BATCH, 2 * workers * _PIECE)

    def predict(self, pictures: np.ndarray) -> np.ndarray:
        if len(pictures) == 1:
            return self._alone.answers(pictures)
        pieces = [pictures[begin:begin + _PIECE] for begin in range(0, len(pictures), _PIECE)]
        return np.concatenate(list(self._pool.map(self._answers, pieces)))

    def _answers(self, pictures: np.ndarray) -> np.ndarray:
        interpreter: _Interpreter | None = getattr(self._own, "interpreter", None)
        if interpreter is None:
            interpreter = self._own.interpreter = _Interpreter(self._content, _PIECE, self._threads)
        return interpreter.answers(pictures)


class _Interpreter:
    """An interpreter for one batch size; created on first use, because it has its own copy of the weights.

    LiteRT's interpreter holds input, output and working memory of one call, so that calls wait for each other.
    """

    def __init__(self, content: bytes, size: int, threads: int) -> None:
        self._content, self._size, self._threads = content, size, threads
        self._loaded: Any = None
        self._lock = threading.Lock()

    def answers(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 (n, height, width, channels) of n up to the size -> float32 (n, ...)."""
        count = len(pictures)
        entered = np.zeros((self._size, *pictures.shape[1:]), np.float32)
        entered[:count] = pictures
        with self._lock:
            if self._loaded is None:
                self._loaded = self._make(entered.shape)
            interpreter, entering, leaving = self._loaded
            interpreter.set_tensor(entering, entered)
            interpreter.invoke()
            return np.asarray(interpreter.get_tensor(leaving)[:count]).copy()

    def _make(self, shape: tuple[int, ...]) -> tuple[Any, int, int]:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
        details = interpreter.get_input_details()[0]
        expected = tuple(details["shape_signature"])[1:]
        # Resizing would take any shape, and the answers would mean nothing.
        if len(expected) != len(shape) - 1 or any(
                size not in (-1, actual) for size, actual in zip(expected, shape[1:], strict=True)):
            raise ValueError(f"Expected pictures of shape {expected}. Received: {shape[1:]}")
        entering = details["index"]
        interpreter.resize_tensor_input(entering, shape)
        interpreter.allocate_tensors()
        return interpreter, entering, interpreter.get_output_details()[0]["index"]


def engine_for(model: Any, pictures: np.ndarray | None, cache: Path, *, digest: str = "") -> Engine:
    """The engine for this model. `pictures` are a few real ones, uint8, on which it must agree with Keras; without any,
    random ones are used. `digest` names what the model was made from, by default the model itself."""
    if not may_convert():
        return KerasEngine(model)
    digest = digest or conversion.model_digest(model)
    engine = kept_engine(cache, digest)
    if engine is not None:
        return engine
    if pictures is None or not len(pictures):
        pictures = np.random.default_rng(0).integers(0, 256, (4, *model.input_shape[1:]), np.uint8)
    try:
        traced = conversion.Traced(model)
        content = traced.convert()
        engine = LiteRTEngine(content, os.cpu_count() or 2)
        if agrees(engine.predict(pictures), traced.predict(pictures)):
            conversion.keep(cache, digest, content)
            return engine
    except Exception:  # noqa: BLE001 - a border: whatever the converter cannot do, Keras does
        import traceback

        traceback.print_exc()
    return KerasEngine(model)


def convert_ahead(model: Any, path: Path, pictures: np.ndarray, cache: Path) -> None:
    """Convert the model that was just saved in `path`, so that its first answers do not wait for that. A file that cannot
    be read is no reason for its training to fail."""
    if may_convert() and model.count_params() <= MOST_WEIGHTS:
        with contextlib.suppress(OSError):
            engine_for(model, pictures, cache, digest=conversion.file_digest(path))


def may_convert() -> bool:
    """Whether LiteRT is the quicker engine here: on TensorFlow's processor, with the library installed."""
    if keras.backend.backend() != "tensorflow" or on_gpu():
        return False
    return importlib.util.find_spec("ai_edge_litert") is not None


def kept_engine(cache: Path, digest: str) -> Engine | None:
    """The engine of a model that was converted before and agreed with Keras, without that model."""
    content = conversion.kept(cache, digest) if may_convert() else None
    return None if content is None else LiteRTEngine(content, os.cpu_count() or 2)


def agrees(array: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether two outputs are equal within the tolerance."""
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    return bool(np.isfinite(array).all()) and float(np.abs(array - wanted).max(initial=0.0)) <= TOLERANCE * scale


def run(engine: Engine, count: int, rows: Callable[[np.ndarray], np.ndarray],
        on_batch: Callable[[int], None] = lambda _done: None) -> np.ndarray:
    """Predictions for `count` pictures from `rows` by index, in batches; `on_batch` is called with the number done."""
    from cnnstudio.engine.batches import ahead

    pieces = [np.arange(begin, min(begin + engine.batch, count)) for begin in range(0, count, engine.batch)]
    parts = []
    done = 0
    for batch in ahead(rows, pieces, depth=3):
        parts.append(engine.predict(batch))
        done += len(batch)
        on_batch(done)
    return np.concatenate(parts) if parts else np.empty((0,), np.float32)
