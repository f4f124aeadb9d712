"""What jobs share that try a training out: a sample of the pictures, and batches as the training would feed them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import keras
import msgspec
import numpy as np

from cnnstudio.datasets.manifest import Entry, Manifest
from cnnstudio.engine.batches import BatchSource
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.training.feed import Feed
from cnnstudio.engine.training.pictures import Pictures
from cnnstudio.workers.link import Link

_SAMPLE: Final = 512
"""Pictures that are prepared to try a training out."""


def usable_entries(manifest: Manifest, split: str) -> list[Entry]:
    """The pictures of a split that have a class."""
    return [entry for entry in manifest.split(split) if entry.label >= 0]


def sample_of(manifest: Manifest, batch_size: int, seed: int) -> Manifest:
    """A manifest of some pictures of the training and validation splits, drawn at random; all where there are few."""
    random = np.random.default_rng(seed)
    entries: list[Entry] = []
    for split, most in (("train", max(_SAMPLE, min(4 * batch_size, 4 * _SAMPLE))), ("validation", _SAMPLE // 2)):
        own = usable_entries(manifest, split)
        chosen = sorted(random.permutation(len(own))[:most].tolist())
        entries += [own[place] for place in chosen]
    return msgspec.structs.replace(manifest, entries=tuple(entries))


def spread(pictures: Pictures, train: int, validation: int) -> Pictures:
    """The pictures of a sample, repeated until there are as many as in the whole."""
    return replace(pictures, train=np.resize(pictures.train, train),
                   validation=np.resize(pictures.validation, validation if len(pictures.validation) else 0))


class _Over(Exception):
    """Raised to leave `fit` in the middle."""


class Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes the moment after every batch, and leaves `fit` when `enough(moments)`. It reads the loss, as the training does."""

    def __init__(self, link: Link, enough: Callable[[list[float]], bool]) -> None:
        super().__init__()
        self._link, self._enough = link, enough
        self.moments: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._link.check()
        float(np.asarray(numpy_of((logs or {})["loss"])))
        self.moments.append(time.perf_counter())
        if self._enough(self.moments):
            raise _Over


class Steps(NamedTuple):
    """Moments (seconds of `perf_counter`) of a pass over the batches: its begin, and after each batch."""

    begin: float
    moments: list[float]
    complete: bool


def run_steps(model: Any, source: BatchSource, epoch: int, link: Link, enough: Callable[[list[float]], bool]) -> Steps:
    """An epoch of training steps, or its part until `enough(moments)`."""
    clock = Clock(link, enough)
    feed = Feed(source, epoch=epoch)
    begin = time.perf_counter()
    try:
        model.fit(feed, verbose=0, shuffle=False, callbacks=[clock])
    except _Over:
        return Steps(begin, clock.moments, complete=False)
    finally:
        feed.close()
    return Steps(begin, clock.moments, complete=True)
