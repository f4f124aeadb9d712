"""Curves of an evaluation: ROC, precision and recall, reliability, and coverage against accuracy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.sample import Sample

MOST_POINTS: Final = 500
"""Points of a curve that is drawn; more are not seen."""
_GRID: Final = 201
"""Points of a mean over classes."""


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Points (x, y) with the threshold of each (none for a mean over classes); `operating` is where the model's own decisions
    stand (the most probable class). `area`: under the ROC curve, or the average precision."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float, ...]
    operating: tuple[float, float]
    area: float


class ReliabilityBin(msgspec.Struct, frozen=True, kw_only=True):
    """The pictures whose confidence is between `low` and `high`: their number, mean confidence and accuracy, with Wilson's
    interval."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float
    interval: tuple[float, float]


class CoveragePoint(msgspec.Struct, frozen=True, kw_only=True):
    """With answers from this confidence on only, `coverage` of the pictures have one, of which `accuracy` is right."""

    threshold: float
    coverage: float
    accuracy: float


def roc_curve(answers: Answers, number: int) -> Curve:
    """Recall (y) against the false positive rate (x) of one class against the others. Raises ProblemError (one_class)."""
    from sklearn import metrics

    own, scores = _one_against_others(answers, number)
    x, y, thresholds = metrics.roc_curve(own, scores)
    called = answers.predicted == number
    return _thin(x, y, thresholds, (float((called & ~own).sum() / (~own).sum()), float((called & own).sum() / own.sum())),
                 float(metrics.roc_auc_score(own, scores)))


def precision_recall_curve(answers: Answers, number: int) -> Curve:
    """Precision (y) against recall (x) of one class against the others. Raises ProblemError (one_class)."""
    from sklearn import metrics

    own, scores = _one_against_others(answers, number)
    y, x, thresholds = metrics.precision_recall_curve(own, scores, drop_intermediate=True)
    called = answers.predicted == number
    right = float((called & own).sum())
    operating = (right / float(own.sum()), right / float(called.sum()) if called.any() else 1.0)
    # scikit-learn's last point, (0, 1), has no threshold.
    return _thin(x, y, np.append(thresholds, np.inf), operating, float(metrics.average_precision_score(own, scores)))


def macro_roc_curve(answers: Answers) -> Curve:
    """The mean over the classes of their ROC curves at each false positive rate, and of their areas; it has no thresholds.
    Classes without a curve are left out. Raises ProblemError (one_class) where none has one."""
    curves = _class_curves(answers, roc_curve)
    grid = np.linspace(0.0, 1.0, _GRID)
    # It begins where nothing is called.
    return _mean_curve(np.append(0.0, grid), [np.append(0.0, np.interp(grid, curve.x, curve.y)) for curve in curves], curves)


def macro_precision_recall_curve(answers: Answers) -> Curve:
    """The mean over the classes of their precisions at each recall, and of their average precisions; as `macro_roc_curve`."""
    curves = _class_curves(answers, precision_recall_curve)
    grid = np.linspace(0.0, 1.0, _GRID)
    means = []
    for curve in curves:
        # By rising recall; a recall between two points takes the threshold of the next one.
        recalls, precisions = np.asarray(curve.x[::-1]), np.asarray(curve.y[::-1])
        means.append(precisions[np.searchsorted(recalls, grid, "left").clip(0, len(recalls) - 1)])
    return _mean_curve(grid, means, curves)


def _class_curves(answers: Answers, make: Callable[[Answers, int], Curve]) -> list[Curve]:
    support = np.bincount(answers.labels, minlength=len(answers.class_names))
    curves = [make(answers, number) for number in np.flatnonzero((support > 0) & (support < len(answers))).tolist()]
    if not curves:
        text = Text("There are no curves: the pictures are all of one class.",
                    "No hay curvas: todas las imágenes son de una sola clase.")
        raise ProblemError(error("one_class", text, "run"))
    return curves


def _mean_curve(grid: np.ndarray, values: list[np.ndarray], curves: list[Curve]) -> Curve:
    operating = np.mean([curve.operating for curve in curves], axis=0)
    return Curve(x=tuple(grid.tolist()), y=tuple(np.mean(values, axis=0).tolist()), thresholds=(),
                 operating=(float(operating[0]), float(operating[1])), area=float(np.mean([curve.area for curve in curves])))


def _one_against_others(answers: Answers, number: int) -> tuple[np.ndarray, np.ndarray]:
    own = answers.labels == number
    if own.all() or not own.any():
        text = Text("There is no curve for {name}: it needs pictures of this class and of others.",
                    "No hay curva de {name}: hacen falta imágenes de esta clase y de otras.")
        raise ProblemError(error("one_class", text.fill(name=answers.class_names[number]), "run"))
    return own, answers.probabilities[:, number]


def _thin(x: np.ndarray, y: np.ndarray, thresholds: np.ndarray, operating: tuple[float, float], area: float) -> Curve:
    """The curve by at most MOST_POINTS of its points: those that a step along the curve reaches, with both ends."""
    if len(x) > MOST_POINTS:
        length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        chosen = np.unique(np.searchsorted(length, np.linspace(0, length[-1], MOST_POINTS)).clip(0, len(x) - 1))
        x, y, thresholds = x[chosen], y[chosen], thresholds[chosen]
    bounded = np.minimum(thresholds.astype(float), 1.0)
    return Curve(x=tuple(x.tolist()), y=tuple(y.tolist()), thresholds=tuple(bounded.tolist()), operating=operating, area=area)


def reliability(answers: Answers, bins: int = 10) -> tuple[ReliabilityBin, ...]:
    """The bins of equal width that have pictures, by the confidence of the prediction."""
    from scipy.stats import binned_statistic

    sample = Sample(answers)
    counts, edges, _numbers = binned_statistic(sample.confidence, None, "count", bins, (0.0, 1.0))
    means = [binned_statistic(sample.confidence, values, "mean", bins, (0.0, 1.0)).statistic
             for values in (sample.confidence, sample.is_right.astype(float))]
    return tuple(
        ReliabilityBin(low=float(edges[number]), high=float(edges[number + 1]), count=int(counts[number]),
                       confidence=float(means[0][number]), accuracy=float(means[1][number]),
                       interval=wilson_interval(float(means[1][number]), int(counts[number])))
        for number in range(bins) if counts[number])


def coverage_curve(answers: Answers) -> tuple[CoveragePoint, ...]:
    """From the surest pictures alone to all of them, at most MOST_POINTS points; equal confidences stand together."""
    sample = Sample(answers)
    order = np.argsort(-sample.confidence, kind="stable")
    confidence, right = sample.confidence[order], np.cumsum(sample.is_right[order])
    last = np.flatnonzero(np.append(np.diff(confidence) != 0, True))
    if len(last) > MOST_POINTS:
        last = last[np.unique(np.linspace(0, len(last) - 1, MOST_POINTS).astype(int))]
    return tuple(CoveragePoint(threshold=float(confidence[place]), coverage=float((place + 1) / sample.images),
                               accuracy=float(right[place] / (place + 1))) for place in last.tolist())
