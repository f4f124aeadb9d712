"""Repeatable random numbers: a draw depends on seed, epoch, step and picture only."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class CounterRng:
    """Uniform numbers that depend on seed, epoch, step and picture only, not on the order of drawing."""

    def __init__(self, seed: int, epoch: int, indices: NDArray[np.int64], step: str) -> None:
        base = _mix(np.array([seed & 0xFFFFFFFFFFFFFFFF], np.uint64))
        base = _mix(base ^ np.uint64(epoch & 0xFFFFFFFFFFFFFFFF))
        base = _mix(base ^ np.uint64(zlib.crc32(step.encode("utf-8"))))
        self._state = _mix(base ^ indices.view(np.uint64))
        self._drawn = 0
        self.count = len(indices)

    def uniform(self, low: float, high: float) -> Floats:
        """One number for each picture from `low` to `high`."""
        self._drawn += 1
        bits = _mix(self._state + np.uint64(self._drawn * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF))
        return low + (high - low) * ((bits >> np.uint64(11)).astype(np.float64) / float(1 << 53))

    def happens(self, step: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Which pictures the step applies to, by its probability."""
        probability = float(step["params"].get("probability", 1.0))
        return self.uniform(0.0, 1.0) < probability

    def keys(self) -> Floats:
        """A whole number for each picture, the key of more numbers for it (see `normal`)."""
        return np.floor(self.uniform(0.0, float(1 << 53)))


def normal(key: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Standard normal numbers that depend on `key` only."""
    return np.random.Generator(np.random.SFC64(int(key))).standard_normal(shape, np.float32)


def beta(alpha: float, uniform: Floats) -> Floats:
    """Numbers of the distribution Beta(alpha, alpha) from uniform ones, by its inverse distribution function.

    In s = log(x / (1 - x)) the density is (x (1 - x))^alpha, smooth for every alpha; it is summed up on a grid.
    """
    reach = min(600.0, 40.0 / alpha + 10.0)
    grid = np.linspace(-reach, reach, 8193)
    heights = np.exp(alpha * (-np.logaddexp(0.0, grid) - np.logaddexp(0.0, -grid) + 2.0 * np.log(2.0)))
    sums = np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2.0)])
    places: Floats = np.interp(uniform, sums / sums[-1], grid)
    answer: Floats = 1.0 / (1.0 + np.exp(-places))
    return answer


def epoch_order(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order in which an epoch (counted from 1) shows the `count` pictures of the training split."""
    return np.random.default_rng([seed, epoch]).permutation(count).astype(np.int64)


def factor_range(factor: float | Sequence[float], least: float = float("-inf")) -> tuple[float, float]:
    """Keras's reading of a factor: one number f means -|f| to |f|, two are the ends in any order.

    Nothing is below `least`: where a factor cannot be negative, one number f means 0 to f.
    """
    if isinstance(factor, (int, float)):
        return max(-abs(float(factor)), least), abs(float(factor))
    first, second = (float(value) for value in factor)
    return max(min(first, second), least), max(first, second)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64: every bit of the input reaches every bit of the output."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
