"""The confusion matrix: shares, an order that puts confused classes side by side, and the most confused pairs."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

_MOST_ORDERED: Final = 300
"""Classes up to which the leaves are ordered optimally: above, that takes seconds."""


class ConfusedPair(msgspec.Struct, frozen=True, kw_only=True):
    """`count` pictures of class `label` were predicted as class `predicted` (numbers of classes): `share` (0 to 1) of the
    pictures of that class. `back` counts the opposite confusion."""

    label: int
    predicted: int
    count: int
    share: float
    back: int


def row_shares(confusion: np.ndarray) -> np.ndarray:
    """float (classes, classes): what share of the pictures of a class was predicted as each; NaN for a class without
    pictures."""
    return _shares(confusion, 1)


def column_shares(confusion: np.ndarray) -> np.ndarray:
    """float (classes, classes): what share of the predictions of a class belongs to each; NaN for a class never predicted."""
    return _shares(confusion, 0)


def _shares(confusion: np.ndarray, axis: int) -> np.ndarray:
    totals = confusion.sum(axis=axis, keepdims=True)
    return np.where(totals > 0, confusion / np.maximum(totals, 1), np.nan)


def confusion_order(confusion: np.ndarray) -> tuple[int, ...]:
    """The classes in an order in which confused ones stand side by side: the leaves of an average-linkage clustering, ordered
    optimally (Bar-Joseph, Gifford and Jaakkola, 2001). Classes that are confused with none keep their order at the end."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    shares = np.nan_to_num(row_shares(confusion))
    np.fill_diagonal(shares, 0)
    mutual = shares + shares.T
    confused = np.flatnonzero(mutual.any(axis=1))
    rest = [number for number in range(len(confusion)) if number not in set(confused.tolist())]
    if len(confused) < 3:
        return (*confused.tolist(), *rest)
    distances = 2.0 - mutual[np.ix_(confused, confused)]
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=len(confused) <= _MOST_ORDERED)
    return (*confused[leaves_list(tree)].tolist(), *rest)


def confused_pairs(confusion: np.ndarray, most: int = 100) -> tuple[ConfusedPair, ...]:
    """The confusions with the most pictures first, of equal ones that with the larger share."""
    shares = np.nan_to_num(row_shares(confusion))
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    labels, predicted = np.nonzero(wrong)
    order = np.lexsort((-shares[labels, predicted], -wrong[labels, predicted]))[:most]
    return tuple(ConfusedPair(label=int(label), predicted=int(called), count=int(wrong[label, called]),
                              share=float(shares[label, called]), back=int(wrong[called, label]))
                 for label, called in zip(labels[order], predicted[order], strict=True))
