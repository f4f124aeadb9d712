"""The answers of an evaluation as figures need them, and resamples of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

import numpy as np

from cnnstudio.evaluation.answers import Answers

BINS: Final = 15
"""Bins of the confidence for the expected calibration error, as in Guo and others, 2017."""
_BLOCK: Final = 2_000_000
"""Weights that are in memory at once."""


class Counts:
    """A confusion matrix as figures need it: each of its cells stands for `weights` pictures. scikit-learn computes on these
    arrays. `counts` is int (classes, classes), rows by label."""

    def __init__(self, counts: np.ndarray) -> None:
        self.labels, self.predicted = np.nonzero(counts)
        self.weights: np.ndarray | None = counts[self.labels, self.predicted]
        self.classes = len(counts)
        self.images = int(counts.sum())

    def _counted(self, numbers: np.ndarray, chosen: np.ndarray | slice) -> np.ndarray:
        weights = None if self.weights is None else self.weights[chosen]
        return np.bincount(numbers[chosen], weights, self.classes).astype(np.int64)

    @cached_property
    def support(self) -> np.ndarray:
        """Pictures of each class, (classes,)."""
        return self._counted(self.labels, slice(None))

    @cached_property
    def called(self) -> np.ndarray:
        """How often each class was predicted, (classes,)."""
        return self._counted(self.predicted, slice(None))

    @cached_property
    def right(self) -> np.ndarray:
        """Right predictions of each class, (classes,)."""
        return self._counted(self.labels, self.is_right)

    @cached_property
    def is_right(self) -> np.ndarray:
        return np.asarray(self.labels == self.predicted)

    @cached_property
    def by_class(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Precision, recall and F1 of each class by scikit-learn; NaN where one is undefined."""
        from sklearn.metrics import precision_recall_fscore_support

        precision, recall, f1, _support = precision_recall_fscore_support(
            self.labels, self.predicted, labels=range(self.classes), zero_division=np.nan, sample_weight=self.weights)
        return precision, recall, f1

    @cached_property
    def averages(self) -> dict[str, float]:
        """Precision, recall and F1 over all classes by scikit-learn, as "macro_precision", "weighted_f1"."""
        from sklearn.metrics import precision_recall_fscore_support

        found: dict[str, float] = {}
        for kind in ("macro", "weighted"):
            values = precision_recall_fscore_support(self.labels, self.predicted, average=kind, zero_division=0,
                                                     sample_weight=self.weights)
            found |= {f"{kind}_{name}": float(value) for name, value in zip(("precision", "recall", "f1"), values[:3],
                                                                            strict=True)}
        return found


class Sample(Counts):
    """Labels and answers of pictures, each of which counts once."""

    def __init__(self, answers: Answers) -> None:
        self.labels, self.predicted = answers.labels, answers.predicted
        self.weights = None
        self.probabilities = answers.probabilities
        self.classes = len(answers.class_names)
        self.images = len(answers)
        self.are_shares = answers.are_shares

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of the predicted class, float64 (n,)."""
        return np.asarray(self.probabilities[np.arange(self.images), self.predicted], np.float64)

    @cached_property
    def bins(self) -> np.ndarray:
        """The bin of the confidence, 0 to BINS - 1, (n,)."""
        from scipy.stats import binned_statistic

        return np.asarray(binned_statistic(self.confidence, None, "count", BINS, (0.0, 1.0)).binnumber) - 1

    @cached_property
    def areas(self) -> np.ndarray:
        """The area under the ROC curve of each class against the others by scikit-learn; NaN where it is undefined."""
        from sklearn.metrics import roc_auc_score

        return np.asarray([
            roc_auc_score(self.labels == number, self.probabilities[:, number])
            if 0 < self.support[number] < self.images else np.nan for number in range(self.classes)])

    @cached_property
    def picture_losses(self) -> np.ndarray:
        """Minus the logarithm of the label's probability, bounded as in scikit-learn's log_loss, (n,)."""
        smallest = np.finfo(np.float32).eps
        own = self.probabilities[np.arange(self.images), self.labels].astype(np.float64)
        return np.asarray(-np.log(np.clip(own, smallest, 1 - smallest)))

    @cached_property
    def picture_squares(self) -> np.ndarray:
        """The squared distance of the probabilities from the truth, (n,); half of it for two classes, as in scikit-learn's
        brier_score_loss."""
        chances = self.probabilities.astype(np.float64)
        own = chances[np.arange(self.images), self.labels]
        squares = (chances ** 2).sum(axis=1) - 2 * own + 1
        return np.asarray(squares / 2 if self.classes == 2 else squares)


def one_hot(numbers: np.ndarray, count: int, values: np.ndarray | None = None) -> Any:
    """A sparse matrix (count, n) with `values` (or ones) in the row of each of the n numbers."""
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(numbers)) if values is None else values, (numbers, np.arange(len(numbers)))),
                     shape=(count, len(numbers)))


class CountResample:
    """A block of r resamples of a confusion matrix: `weights` (n, r) say how often each cell, or each picture, was drawn."""

    def __init__(self, counts: Counts, weights: np.ndarray) -> None:
        self._counts, self.weights = counts, weights
        self.images = counts.images

    @cached_property
    def support(self) -> np.ndarray:
        """(classes, r), as those of the whole."""
        return self._sums(self._counts.labels)

    @cached_property
    def called(self) -> np.ndarray:
        return self._sums(self._counts.predicted)

    @cached_property
    def right(self) -> np.ndarray:
        return self._sums(self._counts.labels, self._counts.is_right.astype(float))

    def _sums(self, numbers: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        return np.asarray(one_hot(numbers, self._counts.classes, values) @ self.weights)


class Resample(CountResample):
    """A block of r resamples of pictures."""

    def __init__(self, sample: Sample, weights: np.ndarray) -> None:
        super().__init__(sample, weights)
        self.sample = sample

    def mean(self, values: np.ndarray) -> np.ndarray:
        """The mean of values (n,) in each resample, (r,)."""
        return np.asarray(values @ self.weights / self.images)


def resamples(sample: Sample, count: int, seed: int = 0) -> Iterator[Resample]:
    """`count` resamples with replacement in blocks of bounded memory; the same seed gives the same ones."""
    random = np.random.default_rng(seed)
    block = max(1, min(count, _BLOCK // max(1, sample.images)))
    for begin in range(0, count, block):
        number = min(block, count - begin)
        weights = np.empty((number, sample.images))
        for row in weights:
            row[:] = np.bincount(random.integers(0, sample.images, sample.images), minlength=sample.images)
        yield Resample(sample, np.ascontiguousarray(weights.T))


def count_resamples(counts: Counts, count: int, seed: int = 0) -> CountResample:
    """`count` resamples of a confusion matrix: drawing pictures with replacement draws its cells by their counts."""
    weights = np.asarray(counts.weights, np.float64)
    drawn = np.random.default_rng(seed).multinomial(counts.images, weights / weights.sum(), size=count)
    return CountResample(counts, np.ascontiguousarray(drawn.T.astype(np.float64)))
