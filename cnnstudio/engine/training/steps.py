"""The steps of `fit` and `evaluate`, compiled by TensorFlow once for batches of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from cnnstudio.engine.batches import BatchSource

Parts = tuple[np.ndarray, ...]


def compile_steps(model: Any, train: BatchSource, validation: BatchSource | None) -> None:
    """Give a compiled `model` the steps that `fit` on `train` and `evaluate` on `validation` will take.

    By itself Keras lets TensorFlow compile a step for the size of the first batch, and once more, for any size, when the
    smaller last batch of an epoch comes: twice the wait before training begins to flow, and two programs that round
    differently, of which a resumed training could meet the other one first. Steps for any size from the beginning are as
    quick. Only TensorFlow without a distribution strategy, which takes its steps by itself, needs this.
    """
    if keras.backend.backend() != "tensorflow" or model.run_eagerly:
        return
    import tensorflow as tf

    if tf.distribute.has_strategy():
        return
    model.train_function = _compiled(model.train_step, _example(train), model.jit_compile)
    model.test_function = _compiled(model.test_step, _example(validation) if validation is not None else _example(train)[:2],
                                    model.jit_compile)


def create_variables(model: Any, train: BatchSource, validation: BatchSource | None) -> None:
    """Take one step of `evaluate`, which creates the variables of the metrics; it changes some of the others, too."""
    if keras.backend.backend() == "tensorflow" and model.test_function is not None:
        parts = _example(validation) if validation is not None else _example(train)[:2]
        model.test_function(iter([tuple(map(keras.ops.convert_to_tensor, parts))]))
        return
    # As many as a batch of the validation has: JAX compiles its step for every new number.
    count = min(train.batch_size, train.pictures, (validation or train).pictures)
    pictures, labels, _ = train.make(1, np.arange(count))
    model.test_on_batch(pictures, labels)


def _example(source: BatchSource) -> Parts:
    """The parts of a batch of one picture."""
    return tuple(part for part in source.make(1, np.arange(1)) if part is not None)


def _compiled(step: Callable[[Any], Any], example: Parts, jit_compile: bool) -> Callable[[Iterator[Any]], Any]:
    """`step` as Keras calls it: with an iterator of batches that look like `example` but for their number."""
    import tensorflow as tf

    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in example)
    function = tf.function(step, input_signature=(signature,), autograph=False, jit_compile=jit_compile)

    def take(batches: Iterator[Any]) -> Any:
        return function(next(batches))

    return take
