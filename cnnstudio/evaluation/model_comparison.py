"""Two models on the same pictures: where they differ, and by how much."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np


class PictureDifference(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answers of both models for a picture. `difference` is the largest difference of the probabilities of a class."""

    path: str
    first: str
    first_probability: float
    second: str
    second_probability: float
    difference: float

    @property
    def agrees(self) -> bool:
        return self.first == self.second


class ModelComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The pictures that both models answered, in their order.

    `counts[i][j]`: pictures that the first model calls `first_names[i]` and the second one `second_names[j]`.
    `unanswered`: pictures that one of them could not answer.
    """

    pictures: tuple[PictureDifference, ...]
    first_names: tuple[str, ...]
    second_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    unanswered: int = 0

    @property
    def changes(self) -> int:
        """How many pictures the second model calls otherwise."""
        return sum(1 for picture in self.pictures if not picture.agrees)

    @property
    def agreement(self) -> float | None:
        """The share of the pictures with the same answer; None without pictures."""
        return 1 - self.changes / len(self.pictures) if self.pictures else None

    @property
    def mean_difference(self) -> float | None:
        """The mean of the differences of the pictures; None without pictures."""
        return sum(picture.difference for picture in self.pictures) / len(self.pictures) if self.pictures else None

    @property
    def largest_difference(self) -> PictureDifference | None:
        """The picture with the largest difference."""
        return max(self.pictures, key=lambda picture: picture.difference, default=None)

    def by_difference(self, only_changes: bool = False) -> list[PictureDifference]:
        """The pictures, the largest difference first; of equal ones the first in the order of the pictures."""
        return sorted((picture for picture in self.pictures if not (only_changes and picture.agrees)),
                      key=lambda picture: -picture.difference)


class Comparer:
    """Compares answers as they come. The probabilities are those of all classes, in the order of the names."""

    def __init__(self, first_names: Sequence[str], second_names: Sequence[str]) -> None:
        self._first_names, self._second_names = tuple(first_names), tuple(second_names)
        union = list(dict.fromkeys((*self._first_names, *self._second_names)))
        self._size = len(union)
        self._first_places = np.array([union.index(name) for name in self._first_names], np.intp)
        self._second_places = np.array([union.index(name) for name in self._second_names], np.intp)
        self._counts = np.zeros((len(self._first_names), len(self._second_names)), np.int64)
        self._pictures: list[PictureDifference] = []
        self._unanswered = 0

    def add(self, path: str, first: np.ndarray | None, second: np.ndarray | None) -> PictureDifference | None:
        """Add a picture with both answers, or None where there is none. A class that one model does not have counts as
        probability 0 there."""
        if first is None or second is None:
            self._unanswered += 1
            return None
        one, other = np.zeros(self._size), np.zeros(self._size)
        one[self._first_places] = first
        other[self._second_places] = second
        row, column = int(np.argmax(first)), int(np.argmax(second))
        self._counts[row, column] += 1
        picture = PictureDifference(
            path=path, first=self._first_names[row], first_probability=float(first[row]),
            second=self._second_names[column], second_probability=float(second[column]),
            difference=float(np.abs(one - other).max(initial=0.0)))
        self._pictures.append(picture)
        return picture

    def result(self) -> ModelComparison:
        """The comparison of all pictures so far."""
        return ModelComparison(pictures=tuple(self._pictures), first_names=self._first_names,
                               second_names=self._second_names, unanswered=self._unanswered,
                               counts=tuple(tuple(row) for row in self._counts.tolist()))
