"""Batches as Keras's `fit` takes them on every backend, from any position of an epoch on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import keras
import numpy as np
from keras.src.trainers.data_adapters.data_adapter import DataAdapter

from cnnstudio.engine.batches import BatchSource


class Feed(DataAdapter):  # type: ignore[misc]
    """The batches of `source` for `fit` and `evaluate`: of epoch `epoch`, from batch `start` on.

    The backend gets tensors from a plain iterator. On TensorFlow this is a third quicker for a small network than
    `tf.data.Dataset.from_generator`, which `keras.utils.PyDataset` uses; a distribution strategy, which shares a batch
    out, gets a real dataset. On PyTorch no DataLoader is used: it would draw from the global generator, and a resumed
    training would have other random numbers.
    """

    def __init__(self, source: BatchSource, start: int = 0, epoch: int = 0) -> None:
        self._source = source
        self._start = start
        self._open: Generator[Any, None, None] | None = None
        self.epoch = epoch

    @property
    def num_batches(self) -> int:
        return len(self._source) - self._start

    @property
    def batch_size(self) -> int:
        return self._source.batch_size

    @property
    def has_partial_batch(self) -> bool:
        return self._source.pictures % self._source.batch_size != 0

    @property
    def partial_batch_size(self) -> int | None:
        return self._source.pictures % self._source.batch_size or None

    def close(self) -> None:
        """End the thread that makes batches ahead, if an epoch was left in the middle."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _batches(self) -> Iterator[tuple[np.ndarray, ...]]:
        # Nothing is computed before the first batch is requested: Keras creates more iterators than it uses.
        self.close()
        batches = self._source.epoch(self.epoch, self._start)
        self._open = batches
        for pictures, labels, weights in batches:
            yield (pictures, labels) if weights is None else (pictures, labels, weights)

    def get_numpy_iterator(self) -> Any:
        return self._batches()

    def get_jax_iterator(self) -> Any:
        return self._batches()

    def get_torch_dataloader(self) -> Any:
        return _Converted(self._batches, keras.ops.convert_to_tensor)

    def get_tf_dataset(self) -> Any:
        import tensorflow as tf

        if not tf.distribute.has_strategy():
            return _Converted(self._batches, tf.convert_to_tensor)
        example = self._source.make(max(1, self.epoch), np.arange(1))
        signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in example if part is not None)
        return tf.data.Dataset.from_generator(self._batches, output_signature=signature).prefetch(2)


class _Converted:
    """Batches as tensors of the backend; every iteration starts from the beginning."""

    def __init__(self, batches: Callable[[], Iterator[tuple[np.ndarray, ...]]], convert: Callable[[Any], Any]) -> None:
        self._batches = batches
        self._convert = convert

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for batch in self._batches():
            yield tuple(self._convert(part) for part in batch)

