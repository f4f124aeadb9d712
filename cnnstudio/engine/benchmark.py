"""The Benchmark job: how quickly this backend trains and answers on this device, and numbers to compare it by.

The same small network, weights and pictures on every backend: drawn by NumPy, whose numbers are the same everywhere.
"""

from __future__ import annotations

import time
from typing import Any, Final

import keras
import numpy as np

from cnnstudio.core.events import Event, Finished
from cnnstudio.core.jobs import Benchmark, Benchmarked
from cnnstudio.engine import environment
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.progress import phase
from cnnstudio.workers.link import Link

_SIDE: Final = 32
_CLASSES: Final = 10
_BATCH: Final = 64
_COMPARED: Final = 16
"""Pictures whose outputs are compared."""
_RATE: Final = 0.1


def benchmark(job: Benchmark, link: Link) -> Event:
    """Do the job: a Benchmarked event. Raises StopRequested."""
    phase(link, "building")
    dice = np.random.default_rng(1)
    model = _model(dice)
    pictures = dice.random((_BATCH, _SIDE, _SIDE, 3)).astype(np.float32)
    labels = dice.integers(0, _CLASSES, _BATCH).astype(np.int32)
    outputs = np.asarray(numpy_of(model.predict_on_batch(pictures[:_COMPARED])), np.float32)
    phase(link, "training")
    model.train_on_batch(pictures, labels)
    step = np.concatenate([np.asarray(numpy_of(variable), np.float32).reshape(-1) for variable in model.trainable_variables])
    trained = _rate(lambda: model.train_on_batch(pictures, labels), job.seconds, link)
    phase(link, "evaluating")
    predicted = _rate(lambda: model.predict_on_batch(pictures), job.seconds / 2, link)
    link.emit(Benchmarked(backend=keras.backend.backend(), version=environment.backend_version(),
                          device=environment.device_name(), gpu=environment.on_gpu(), training=trained, prediction=predicted,
                          outputs=tuple(outputs.reshape(-1).tolist()), step=tuple(step.tolist())))
    return Finished()


def _model(dice: np.random.Generator) -> Any:
    """A small network with weights of `dice`, in the manner of He et al. (2015)."""
    model = keras.Sequential([
        keras.Input((_SIDE, _SIDE, 3)),
        keras.layers.Conv2D(16, 3, padding="same", activation="relu"), keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"), keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(_CLASSES)])
    model.compile(keras.optimizers.SGD(_RATE), keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  jit_compile="auto" if keras.backend.backend() == "jax" else False)
    for variable in model.trainable_variables:
        shape = tuple(variable.shape)
        variable.assign(dice.normal(0, (2 / np.prod(shape[:-1])) ** 0.5, shape) if len(shape) > 1 else np.zeros(shape))
    return model


def _rate(work: Any, seconds: float, link: Link) -> float:
    """Pictures a second: after some batches of warming up, for so many seconds. Every result is read, so that a device that
    works on its own is waited for."""
    for _ in range(3):
        np.asarray(numpy_of(work()))
    begin, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - begin) < seconds or not done:
        link.check()
        np.asarray(numpy_of(work()))
        done += 1
    return done * _BATCH / max(passed, 1e-9)
