"""Numbers that arrive one by one and are read as arrays, and their moving average."""

from __future__ import annotations

from typing import Final

import numpy as np

_BLOCK: Final = 512


class Series:
    """A growing row of float64 numbers."""

    def __init__(self) -> None:
        self._room = np.empty(256)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Series) and bool(np.array_equal(self.values, other.values))

    __hash__ = None  # type: ignore[assignment]

    @property
    def values(self) -> np.ndarray:
        """The numbers, as a view that later ones do not change."""
        return self._room[:self._count]

    def append(self, value: float) -> None:
        if self._count == len(self._room):
            self._room = np.concatenate([self._room, np.empty(len(self._room))])
        self._room[self._count] = value
        self._count += 1

    def cut(self, count: int) -> None:
        """Keep the first `count` numbers."""
        if count < self._count:
            # A view of the old numbers must not change when others are appended.
            self._room = np.concatenate([self._room[:count], np.empty(max(256, count))])
            self._count = count


class Smoothed:
    """The exponential moving average of a series with bias correction (Kingma and Ba, 2015, section 3), continued as
    numbers arrive. `weight` is that of the past, from 0 to below 1."""

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._average = 0.0
        self._result = Series()

    def of(self, values: np.ndarray) -> np.ndarray:
        """The average at each of the values, which begin as those of the call before."""
        if len(values) < len(self._result):
            self._average, self._result = 0.0, Series()
        for begin in range(len(self._result), len(values), _BLOCK):
            self._add(values[begin:begin + _BLOCK])
        return self._result.values

    def _add(self, block: np.ndarray) -> None:
        weight, before, count = self.weight, len(self._result), len(block)
        distance = np.subtract.outer(np.arange(count), np.arange(count))
        kernel = np.where(distance >= 0, (1 - weight) * weight ** np.maximum(distance, 0), 0.0)
        averages = kernel @ block + self._average * weight ** np.arange(1, count + 1)
        self._average = float(averages[-1])
        for value in averages / (1 - weight ** np.arange(before + 1, before + count + 1)):
            self._result.append(value)
