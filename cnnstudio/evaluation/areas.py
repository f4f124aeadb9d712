"""The area under the ROC curve, and the average precision, in many resamples at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstudio.evaluation.sample import Resample


def class_area(resample: Resample, number: int) -> np.ndarray:
    """The area of one class against the others in each resample, (r,); NaN where a resample has no pair of them.

    It is the share of pairs in which the picture of the class has the higher probability, ties counting half (Hanley and
    McNeil, 1982). The others are put between the sorted pictures of the class once; what is drawn changes only weights.
    """
    from scipy.sparse import csr_array

    sample = resample.sample
    scores, own = sample.probabilities[:, number], sample.labels == number
    positives = np.flatnonzero(own)
    positives = positives[np.argsort(scores[positives], kind="stable")]
    negatives = np.flatnonzero(~own)
    below = np.searchsorted(scores[positives], scores[negatives], "left")
    up_to = np.searchsorted(scores[positives], scores[negatives], "right")
    count = len(positives) + 1
    # Half of what lies above and half of what lies above or is equal.
    rows, columns = np.concatenate([below, up_to]), np.concatenate([negatives, negatives])
    places: Any = csr_array((np.full(len(rows), 0.5), (rows, columns)), shape=(count, sample.images))
    others = np.asarray(places @ resample.weights)
    drawn = resample.weights[positives]
    above = np.zeros((count, drawn.shape[1]))
    above[:-1] = np.cumsum(drawn[::-1], axis=0)[::-1]
    pairs = drawn.sum(axis=0) * (sample.images - drawn.sum(axis=0))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(pairs > 0, (others * above).sum(axis=0) / np.where(pairs > 0, pairs, 1), np.nan))


def mean_area(resample: Resample) -> np.ndarray:
    """The plain mean over the classes that have both pictures and others, (r,)."""
    sample = resample.sample
    return _mean([class_area(resample, number) for number in range(sample.classes)
                  if 0 < sample.support[number] < sample.images])


def mean_average_precision(resample: Resample) -> np.ndarray:
    """The plain mean over the classes that have both pictures and others, (r,)."""
    sample = resample.sample
    return _mean([class_average_precision(resample, number) for number in range(sample.classes)
                  if 0 < sample.support[number] < sample.images])


def _mean(values: list[np.ndarray]) -> np.ndarray:
    table = np.stack(values)
    known = np.isfinite(table)
    return np.asarray(np.where(known, table, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def class_average_precision(resample: Resample, number: int) -> np.ndarray:
    """The average precision of one class against the others in each resample, (r,); NaN where a resample has none of its
    pictures.

    It is the mean over the pictures of the class of the precision at their probability, as scikit-learn's. As in `class_area`
    the others are put between the sorted pictures of the class once.
    """
    from scipy.sparse import csr_array

    sample = resample.sample
    scores, own = sample.probabilities[:, number], sample.labels == number
    positives = np.flatnonzero(own)
    positives = positives[np.argsort(scores[positives], kind="stable")]
    negatives = np.flatnonzero(~own)
    sorted_scores = scores[positives]
    columns, count = np.searchsorted(sorted_scores, scores[negatives], "right"), len(positives) + 1
    places: Any = csr_array((np.ones(len(negatives)), (columns, negatives)), shape=(count, sample.images))
    # Of each picture of the class: the others with at least its probability, and those of its class.
    alarms = np.cumsum(np.asarray(places @ resample.weights)[::-1], axis=0)[::-1][1:]
    drawn = resample.weights[positives]
    found = np.cumsum(drawn[::-1], axis=0)[::-1][np.searchsorted(sorted_scores, sorted_scores, "left")]
    called, total = found + alarms, drawn.sum(axis=0)
    sums = (drawn * found / np.where(called > 0, called, 1)).sum(axis=0)
    return np.asarray(np.where(total > 0, sums / np.where(total > 0, total, 1), np.nan))
