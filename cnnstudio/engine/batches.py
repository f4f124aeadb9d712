"""Batches for any backend: deterministic, augmented, and computed ahead in a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final

import numpy as np

from cnnstudio.imaging.counter_rng import epoch_order
from cnnstudio.imaging.mixing import Mixer, mixed_labels

AHEAD: Final = 6
"""How many blocks of batches are computed ahead."""
_BLOCK_BYTES: Final = 1 << 20
"""Several batches of small pictures are computed together, which saves the cost of single calls."""

Batch = tuple[np.ndarray, np.ndarray, np.ndarray | None]
"""(pictures or features, labels, sample weights or None)."""


def encode_labels(labels: np.ndarray, class_count: int, label_mode: str) -> np.ndarray:
    """Class numbers (n,) in the form of the label mode: int32 (n,), float32 (n, 1) or one-hot (n, classes)."""
    labels = np.asarray(labels, np.int32)
    if label_mode == "int":
        return labels
    if label_mode == "binary":
        return labels.astype(np.float32)[:, None]
    return np.asarray(np.eye(class_count, dtype=np.float32)[labels])


class BatchSource:
    """Batches of one split.

    `rows(indices)` gives pictures (uint8) or features (float32) by their position in the split.
    The order of an epoch depends on (seed, epoch) alone, and what the augmenter does to a picture
    on (seed, epoch, position) alone: neither on threads nor on where the epoch was entered. The mixer
    mixes the pictures of one batch with each other, and their labels and weights alike.

    `classes` and `drawn` draw rare classes more often: of class number c, an epoch shows `drawn[c]` pictures. Each of
    its n pictures is shown drawn[c] // n times, and drawn[c] % n of them, drawn anew by (seed, epoch, c), once more. What
    `order` gives are draws: the position plus the number of pictures times the number of the repetition, so that the
    augmenter changes each repetition in its own way.

    An epoch shows a `multiple` of pictures, or `most` of them; the rest, others in each epoch, is left out.
    """

    def __init__(self, rows: Callable[[np.ndarray], np.ndarray], labels: np.ndarray, batch_size: int, *,
                 seed: int = 0, shuffle: bool = False, augmenter: Any = None,
                 mixer: Mixer | None = None, weights: np.ndarray | None = None, classes: np.ndarray | None = None,
                 drawn: Sequence[int] = (), multiple: int = 1, most: int | None = None, world: int = 1) -> None:
        self._rows = rows
        self._labels = labels
        self._weights = weights
        self.batch_size = batch_size
        self._seed = seed
        self._shuffle = shuffle
        self._augmenter = augmenter
        self._mixer = mixer
        self._count = len(labels)
        self._classes, self._drawn = classes, tuple(drawn)
        self.available = sum(drawn) if classes is not None else len(labels)
        """Pictures that an epoch would show if all of them were a multiple."""
        self.pictures = self.available - self.available % multiple if most is None else most
        """Pictures that an epoch shows."""
        self.world = world
        """How many processes show as many each, in batches of the same size."""

    def __len__(self) -> int:
        """Batches an epoch, a smaller last one included."""
        return (self.pictures + self.batch_size - 1) // self.batch_size

    def order(self, epoch: int) -> np.ndarray:
        """Draws in the order of that epoch (counted from 1)."""
        if not self._shuffle:
            return np.arange(self.pictures)
        order = epoch_order(self.available, self._seed, epoch)[:self.pictures]
        return order if self._classes is None else self._repeated(self._classes, epoch)[order]

    def _repeated(self, classes: np.ndarray, epoch: int) -> np.ndarray:
        """The draws of an epoch, class by class."""
        draws: list[np.ndarray] = []
        for number, wanted in enumerate(self._drawn):
            members = np.flatnonzero(classes == number)
            if not len(members):
                continue
            times, more = divmod(wanted, len(members))
            draws += [members + self._count * turn for turn in range(times)]
            chosen = np.random.default_rng([self._seed, epoch, number]).permutation(members)[:more]
            draws.append(np.sort(chosen) + self._count * times)
        return np.concatenate(draws) if draws else np.arange(0)

    def make(self, epoch: int, draws: np.ndarray) -> Batch:
        """One batch of these draws, or several full batches and a rest."""
        indices = draws if self._classes is None else draws % self._count
        pictures = self._rows(indices)
        if self._augmenter is not None:
            pictures = self._augmenter(pictures, self._augmenter.draw(self._seed, epoch, draws))
        labels, weights = self._labels[indices], None if self._weights is None else self._weights[indices]
        if self._mixer is None:
            return pictures, labels, weights
        parts = [slice(begin, begin + self.batch_size) for begin in range(0, len(indices), self.batch_size)]
        mixes = [self._mixer.draw(self._seed, epoch, draws[part]) for part in parts]
        mixed_parts = list(zip(parts, mixes, strict=True))
        return (np.concatenate([self._mixer(pictures[part], mix) for part, mix in mixed_parts]),
                np.concatenate([mixed_labels(labels[part], mix) for part, mix in mixed_parts]),
                None if weights is None else np.concatenate([mixed_labels(weights[part], mix) for part, mix in mixed_parts]))

    def epoch(self, epoch: int, start: int = 0) -> Generator[Batch, None, None]:
        """The batches of an epoch from number `start` (counted from 0) on, computed ahead in a thread."""
        order = self.order(epoch)[start * self.batch_size:]
        together = self.batch_size * self.batches_together
        blocks = [order[begin:begin + together] for begin in range(0, len(order), together)]
        batches = ahead(lambda indices: self.make(epoch, indices), blocks)
        try:
            for pictures, labels, weights in batches:
                for begin in range(0, len(labels), self.batch_size):
                    part = slice(begin, begin + self.batch_size)
                    yield pictures[part], labels[part], None if weights is None else weights[part]
        finally:
            batches.close()

    def shortened(self, most: int) -> BatchSource:
        """The first pictures, at most so many, in the same batches without any change."""
        return BatchSource(self._rows, self._labels[:most], self.batch_size, seed=self._seed)

    @property
    def batches_together(self) -> int:
        """How many batches are computed in one block."""
        if not self.pictures:
            return 1
        return max(1, _BLOCK_BYTES // max(1, self._rows(np.arange(1)).nbytes * self.batch_size))


def ahead(work: Callable[[Any], Any], pieces: Sequence[Any], depth: int = AHEAD) -> Generator[Any, None, None]:
    """`map(work, pieces)`, computed in a thread up to `depth` results ahead.

    An exception of `work` is raised where its result would have come. Leaving early ends the thread.
    """
    results: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(maxsize=depth)
    left = threading.Event()

    def put(item: tuple[Any, BaseException | None]) -> bool:
        while not left.is_set():
            try:
                results.put(item, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        for piece in pieces:
            try:
                item = (work(piece), None)
            except BaseException as exception:  # noqa: BLE001 - raised again in the consumer's thread
                put((None, exception))
                return
            if not put(item):
                return

    thread = threading.Thread(target=produce, daemon=True, name="batches")
    thread.start()
    try:
        for _ in pieces:
            result, problem = results.get()
            if problem is not None:
                raise problem
            yield result
    finally:
        left.set()
        thread.join()
