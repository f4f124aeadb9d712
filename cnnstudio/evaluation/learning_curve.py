"""How the accuracy grows with the number of training pictures, and what more of them would bring.

The error is fitted as a power law with a floor, error(n) = c + a * n ** -b, which the curves of most learners follow (Hestness
et al., "Deep learning scaling is predictable, empirically", 2017; Viering and Loog, "The shape of learning curves: a review",
IEEE TPAMI 45, 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

FEWEST_POINTS: Final = 4
_RESAMPLES: Final = 1000
_POWERS: Final = tuple(float(power) for power in np.linspace(0.05, 2, 40))


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """With `pictures` training pictures, `right` of `of` measured ones were right."""

    pictures: int
    right: int
    of: int


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """What `pictures` training pictures are expected to bring: the accuracy (0 to 1), which is what was measured with
    the most pictures and the gain, and the 95 % interval of the gain."""

    pictures: int
    accuracy: float
    gain: float
    interval: tuple[float, float]


def expected_gain(points: Sequence[Measured], factor: float = 2.0, seed: int = 0) -> Gain | None:
    """The expectation for `factor` times the most pictures of `points`; None with fewer than `FEWEST_POINTS` different
    numbers of pictures. The interval is that of a parametric bootstrap: every point is drawn anew from its binomial
    distribution and the curve fitted again. All points are measured on the same pictures, which makes it rather too wide."""
    # Of a rare class a small share may have none: the law says nothing about no pictures.
    points = [point for point in points if point.pictures > 0]
    if len({point.pictures for point in points}) < FEWEST_POINTS or any(point.of < 1 for point in points):
        return None
    sizes, errors, of = _arrays(points)
    fitted = _fit(sizes, np.vstack([errors, _drawn(errors, of, seed)]), of)
    most = float(sizes.max())
    gains = _law(fitted, most) - _law(fitted, most * factor)
    low, high = np.percentile(gains[1:], [2.5, 97.5])
    gain = float(gains[0])
    at_most = sizes == most
    present = float(1 - (errors * of)[at_most].sum() / of[at_most].sum())
    return Gain(pictures=round(most * factor), accuracy=min(1.0, present + gain), gain=gain,
                interval=(min(float(low), gain), max(float(high), gain)))


def curve(points: Sequence[Measured], sizes: Sequence[float]) -> list[float]:
    """The fitted accuracy (0 to 1) for each number of pictures."""
    known, errors, of = _arrays(points)
    fitted = _fit(known, errors[None], of)
    return [float(1 - _law(fitted, size)[0]) for size in sizes]


def curve_band(points: Sequence[Measured], sizes: Sequence[float], seed: int = 0) -> list[tuple[float, float]]:
    """The 95 % band (low, high) of the fitted accuracy for each number of pictures, by the bootstrap of `expected_gain`."""
    known, errors, of = _arrays(points)
    fitted = _fit(known, _drawn(errors, of, seed), of)
    accuracies = np.stack([1 - _law(fitted, size) for size in sizes])
    low, high = np.percentile(accuracies, [2.5, 97.5], axis=1)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _drawn(errors: np.ndarray, of: np.ndarray, seed: int) -> np.ndarray:
    """Errors drawn anew from their binomial distributions: (resamples, points)."""
    # As Agresti and Coull: a point without an error is not without doubt.
    chances = (errors * of + 1) / (of + 2)
    return np.asarray(np.random.default_rng(seed).binomial(of.astype(int), chances, (_RESAMPLES, len(of))) / of)


def _arrays(points: Sequence[Measured]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    of = np.asarray([point.of for point in points], float)
    errors = 1 - np.asarray([point.right for point in points], float) / of
    return np.asarray([point.pictures for point in points], float), errors, of


def _fit(sizes: np.ndarray, errors: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Floor, scale (in units of the largest size), power and that size for each row of errors (r, points): (r, 4).

    For a given power the least squares, weighted by the binomial variance, are linear in floor and scale, neither of which
    may be negative; the power is the best of `_POWERS`.
    """
    largest = float(sizes.max())
    chances = (errors * of + 1) / (of + 2)
    weights = of / (chances * (1 - chances))  # (r, points)
    best = np.full((len(errors), 5), np.inf)
    total = weights.sum(axis=1)
    mean = (weights * errors).sum(axis=1) / total
    for power in _POWERS:
        terms = (sizes / largest) ** -power
        middle = (weights * terms).sum(axis=1) / total
        square = (weights * terms * terms).sum(axis=1) / total
        mixed = (weights * terms * errors).sum(axis=1) / total
        scale = np.maximum(0, (mixed - middle * mean) / np.maximum(square - middle * middle, 1e-12))
        floor = mean - scale * middle
        scale = np.where(floor < 0, np.maximum(0, mixed / square), scale)
        floor = np.where(scale > 0, np.maximum(0, floor), mean)
        loss = (weights * (floor[:, None] + scale[:, None] * terms - errors) ** 2).sum(axis=1)
        better = loss < best[:, 4]
        best[better] = np.stack([floor, scale, np.full_like(floor, power), np.full_like(floor, largest), loss], axis=1)[better]
    return best[:, :4]


def _law(fitted: np.ndarray, size: float) -> np.ndarray:
    """The error at that size by each row of `_fit`."""
    floor, scale, power, largest = fitted.T
    return np.asarray(np.minimum(1.0, floor + scale * (size / largest) ** -power))
