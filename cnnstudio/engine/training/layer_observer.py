"""Looks into the layers while a network trains, as long as the user wishes it. Nothing of the training is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from cnnstudio.core.events import LayersObserved
from cnnstudio.engine.batches import BatchSource
from cnnstudio.engine.gradients import Batch
from cnnstudio.engine.pixels import Prepared
from cnnstudio.engine.training import snapshots
from cnnstudio.engine.training.layer_measures import LayerMeasures, update_ratio
from cnnstudio.engine.training.layer_rows import Row
from cnnstudio.engine.training.observing import chosen_places
from cnnstudio.engine.training.pictures import Pictures
from cnnstudio.workers.link import Link

PICTURES: Final = 32
"""Pictures that activations and gradients are measured on, at most."""


class LayerObserver:
    """Measures the layers of the model that the present stage trains."""

    def __init__(self, link: Link, pictures: Pictures, seed: int) -> None:
        self._link = link
        self._pictures = pictures
        self._seed = seed
        self._rows = 0
        self._stage = 0
        self._window = 1
        self._make: Callable[[int], LayerMeasures] | None = None
        self._measures: LayerMeasures | None = None
        self._before: list[list[np.ndarray]] | None = None
        self._ratios: list[float | None] | None = None

    @property
    def active(self) -> bool:
        """Whether the user wishes it."""
        return self._rows > 0

    def enter(self, stage: int, model: Any, find_rows: Callable[[int], list[Row]], held: Prepared, train: BatchSource,
              accumulation: int) -> None:
        """A stage begins: `find_rows(most)` gives the rows of its model, `held` what the model takes by picture. Of
        `accumulation` batches the weights change once."""
        self._stage, self._window = stage, accumulation

        def make(most: int) -> LayerMeasures:
            return LayerMeasures(model, find_rows(most), *sample(self._pictures, held, train, self._seed))

        self._make = make
        self._measures, self._before, self._ratios = None, None, None

    def choose(self, rows: int) -> None:
        """Tell so many rows from now on; 0: none."""
        self._rows = max(0, rows)
        self._measures, self._before, self._ratios = None, None, None

    def batch_done(self, done: int, batches: int, sync: Callable[[], None]) -> None:
        """After `done` of the `batches` batches of an epoch, 0 before the first: the last step of it is measured. `sync`
        brings the model's variables up to date."""
        if not self._rows:
            return
        if done == max(0, batches - self._window):
            sync()
            self._before = self._weights()
        elif done == batches and self._before is not None:
            sync()
            self._ratios = [update_ratio(before, after) if after else None
                            for before, after in zip(self._before, self._weights(), strict=True)]
            self._before = None

    def tell(self, epoch: int, batch: int) -> None:
        """Send a LayersObserved event of this moment."""
        measures = self._current()
        ratios, self._ratios = self._ratios, None
        self._link.emit(LayersObserved(epoch=epoch, batch=batch, stage=self._stage, pictures=measures.pictures,
                                       layers=measures.states(None if batch else ratios)))

    def _current(self) -> LayerMeasures:
        if self._measures is None:
            assert self._make is not None
            self._measures = self._make(self._rows)
        return self._measures

    def _weights(self) -> list[list[np.ndarray]]:
        return [snapshots.copy_weights(row.trainable) for row in self._current().rows]


def sample(pictures: Pictures, held: Prepared, train: BatchSource, seed: int) -> tuple[np.ndarray, list[Batch]]:
    """What is measured on: validation pictures, as evenly from the classes as may be, for the activations, as `held` has
    them; and batches of training pictures, drawn by the seed, for the gradient. Always the same."""
    places = chosen_places(pictures, PICTURES, seed)
    drawn = np.random.default_rng(seed).permutation(train.pictures)[:PICTURES]
    parts = [drawn[begin:begin + train.batch_size] for begin in range(0, len(drawn), train.batch_size)]
    return held.take(places), [train.make(1, part) for part in parts]
