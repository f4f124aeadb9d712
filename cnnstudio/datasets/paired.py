"""Two classifiers on the same pictures: how they differ, and whether that can be chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.intervals import wilson_interval

RESAMPLES: Final = 2000
"""Resamplings of the bootstrap."""
_TAILS: Final = (2.5, 97.5)
_NAMES: Final = ("accuracy", "balanced_accuracy", "macro_f1", "loss")
SIGNIFICANT: Final = 0.05
"""Chance below which a difference is called significant."""


class Answers(msgspec.Struct, frozen=True):
    """What a classifier answered for pictures in a common order: class numbers (n,), and the loss of each picture."""

    predicted: tuple[int, ...]
    losses: tuple[float, ...]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of both classifiers, with 95 % intervals; `difference` is second minus first.

    Accuracies have Wilson's interval; all others, and every difference, that of the paired bootstrap (percentiles).
    """

    name: str
    first: float
    second: float
    first_interval: tuple[float, float]
    second_interval: tuple[float, float]
    difference: float
    difference_interval: tuple[float, float]


class McNemar(msgspec.Struct, frozen=True, kw_only=True):
    """McNemar's exact test of the pictures that just one of the two answers right.

    `p_value` is the chance of so uneven a division, or a more uneven one, between equally good classifiers
    (https://en.wikipedia.org/wiki/McNemar%27s_test, the exact binomial form, two-sided).
    """

    only_first: int
    only_second: int
    p_value: float

    @property
    def significant(self) -> bool:
        return self.p_value < SIGNIFICANT


class PairedComparison(msgspec.Struct, frozen=True, kw_only=True):
    """`confusion_difference[i][j]`: how many pictures more of class i the second classifier takes for class j."""

    images: int
    figures: tuple[Figure, ...]
    mcnemar: McNemar
    confusion_difference: tuple[tuple[int, ...], ...]


def mcnemar(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> McNemar:
    """The exact test, from class numbers (n,)."""
    from scipy.stats import binomtest

    only_first = int(((first == labels) & (second != labels)).sum())
    only_second = int(((first != labels) & (second == labels)).sum())
    apart = only_first + only_second
    p_value = float(binomtest(only_first, apart).pvalue) if apart else 1.0
    return McNemar(only_first=only_first, only_second=only_second, p_value=p_value)


def compare_answers(labels: Sequence[int], first: Answers, second: Answers, classes: int, seed: int = 0) -> PairedComparison:
    """Compare two classifiers on n >= 1 pictures with these class numbers. The same seed gives the same intervals."""
    truth = np.asarray(labels, np.int64)
    sides = [(np.asarray(side.predicted, np.int64), np.asarray(side.losses, np.float64)) for side in (first, second)]
    whole = [_measured(_confusion(truth, predicted, classes), losses) for predicted, losses in sides]
    random = np.random.default_rng(seed)
    drawn = np.empty((RESAMPLES, len(sides), len(_NAMES)))
    for row in drawn:
        # Both are measured on the same resampled pictures, so that the difference is one of pairs.
        chosen = random.integers(0, len(truth), len(truth))
        for number, (predicted, losses) in enumerate(sides):
            row[number] = _measured(_confusion(truth[chosen], predicted[chosen], classes), losses[chosen])
    low, high = np.percentile(drawn, _TAILS, axis=0)
    apart = np.percentile(drawn[:, 1] - drawn[:, 0], _TAILS, axis=0)
    figures = []
    for place, name in enumerate(_NAMES):
        intervals = [(float(low[number, place]), float(high[number, place])) for number in range(len(sides))]
        if name == "accuracy":
            intervals = [wilson_interval(float(values[place]), len(truth)) for values in whole]
        figures.append(Figure(
            name=name, first=float(whole[0][place]), second=float(whole[1][place]), first_interval=intervals[0],
            second_interval=intervals[1], difference=float(whole[1][place] - whole[0][place]),
            difference_interval=(float(apart[0, place]), float(apart[1, place]))))
    change = _confusion(truth, sides[1][0], classes) - _confusion(truth, sides[0][0], classes)
    return PairedComparison(images=len(truth), figures=tuple(figures), mcnemar=mcnemar(truth, sides[0][0], sides[1][0]),
                            confusion_difference=tuple(tuple(int(item) for item in row) for row in change))


def _confusion(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    return np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def _measured(confusion: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """The figures of `_NAMES`, averaged over classes as scikit-learn does."""
    right, support, called = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    pictured, seen = support > 0, support + called > 0
    recall = right[pictured] / support[pictured]
    f1 = 2 * right[seen] / (support + called)[seen]
    return np.asarray([right.sum() / support.sum(), recall.mean(), f1.mean(), losses.mean()])
