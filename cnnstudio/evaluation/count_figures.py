"""Figures that follow from the confusion matrix alone, in many resamples at once.

scikit-learn computes the figures themselves; these formulas repeat its own for a thousand resamples, and a test compares
them. Arrays are (classes, r): pictures, predictions and right predictions of each class.
"""

from __future__ import annotations

import numpy as np

from cnnstudio.evaluation.sample import CountResample


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """The quotient; NaN where the denominator is 0."""
    return np.where(denominator != 0, numerator / np.where(denominator != 0, denominator, 1), np.nan)


def class_precision(drawn: CountResample) -> np.ndarray:
    return _divide(drawn.right, drawn.called)


def class_recall(drawn: CountResample) -> np.ndarray:
    return _divide(drawn.right, drawn.support)


def class_f1(drawn: CountResample) -> np.ndarray:
    return _divide(2 * drawn.right, drawn.support + drawn.called)


def _macro(values: np.ndarray, drawn: CountResample) -> np.ndarray:
    """The plain mean over the classes that have pictures or predictions, undefined values counting 0."""
    seen = drawn.support + drawn.called > 0
    return np.asarray(np.where(seen, np.nan_to_num(values), 0).sum(axis=0) / seen.sum(axis=0))


def _weighted(values: np.ndarray, drawn: CountResample) -> np.ndarray:
    """The mean weighted by the pictures of each class."""
    return np.asarray((np.nan_to_num(values) * drawn.support).sum(axis=0) / drawn.images)


def balanced_accuracy(drawn: CountResample) -> np.ndarray:
    pictured = drawn.support > 0
    return np.asarray(np.where(pictured, np.nan_to_num(class_recall(drawn)), 0).sum(axis=0) / pictured.sum(axis=0))


def macro_precision(drawn: CountResample) -> np.ndarray:
    return _macro(class_precision(drawn), drawn)


def macro_recall(drawn: CountResample) -> np.ndarray:
    return _macro(class_recall(drawn), drawn)


def macro_f1(drawn: CountResample) -> np.ndarray:
    return _macro(class_f1(drawn), drawn)


def weighted_precision(drawn: CountResample) -> np.ndarray:
    return _weighted(class_precision(drawn), drawn)


def weighted_recall(drawn: CountResample) -> np.ndarray:
    return _weighted(class_recall(drawn), drawn)


def weighted_f1(drawn: CountResample) -> np.ndarray:
    return _weighted(class_f1(drawn), drawn)


def kappa(drawn: CountResample) -> np.ndarray:
    """Cohen's kappa: agreement beyond chance."""
    expected = (drawn.support * drawn.called).sum(axis=0) / drawn.images ** 2
    return _divide(drawn.right.sum(axis=0) / drawn.images - expected, 1 - expected)


def matthews(drawn: CountResample) -> np.ndarray:
    """Matthews's correlation for several classes (Gorodkin, 2004)."""
    total = drawn.images
    covariance = drawn.right.sum(axis=0) * total - (drawn.support * drawn.called).sum(axis=0)
    spread = (total ** 2 - (drawn.support ** 2).sum(axis=0)) * (total ** 2 - (drawn.called ** 2).sum(axis=0))
    return _divide(covariance, np.sqrt(np.maximum(spread, 0)))
