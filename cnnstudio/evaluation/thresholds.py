"""One class against the others with a threshold of its probability, and the threshold that costs least."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.curves import MOST_POINTS
from cnnstudio.evaluation.report import Report, count_report

_OTHERS: Final = Text("the others", "las demás")


class BestThreshold(msgspec.Struct, frozen=True, kw_only=True):
    """The threshold with the least cost a picture, and the cost over all thresholds (ascending) for a drawing. `present` is
    the cost of the threshold 0.5."""

    threshold: float
    cost: float
    present: float
    thresholds: tuple[float, ...]
    costs: tuple[float, ...]


def against_others(answers: Answers, number: int) -> Answers:
    """The answers as if there were two classes, the others and this one, with the probability of this one."""
    own = answers.probabilities[:, number]
    others = answers.class_names[1 - number] if len(answers.class_names) == 2 else str(_OTHERS)
    return replace(answers, labels=(answers.labels == number).astype(np.int64),
                   class_names=(others, answers.class_names[number]), probabilities=np.stack([1 - own, own], axis=1))


class OneClass:
    """A class as positive: predicted where its probability is at least the threshold. With two classes that is every
    decision of the model. The answers are sorted once; each threshold then takes milliseconds."""

    def __init__(self, answers: Answers, number: int) -> None:
        own = answers.labels == number
        scores = answers.probabilities[:, number].astype(np.float64)
        self._positives, self._negatives = np.sort(scores[own]), np.sort(scores[~own])
        self._scores = np.unique(scores)
        others = (answers.class_names[1 - number] if len(answers.class_names) == 2 else str(_OTHERS))
        self.class_names = (others, answers.class_names[number])

    def confusion(self, threshold: float) -> np.ndarray:
        """int (2, 2), rows by label, the others first: ((true negatives, false positives), (false negatives, true
        positives))."""
        missed = int(np.searchsorted(self._positives, threshold, "left"))
        refused = int(np.searchsorted(self._negatives, threshold, "left"))
        return np.asarray([[refused, len(self._negatives) - refused], [missed, len(self._positives) - missed]], np.int64)

    def report(self, threshold: float) -> Report:
        """All figures that need no probabilities at this threshold, with intervals."""
        return count_report(self.confusion(threshold), self.class_names)

    def best(self, false_positive: float, false_negative: float) -> BestThreshold:
        """The threshold for the costs (>= 0) of both errors; of equally good ones that nearest to 0.5. It lies in the middle
        between two probabilities, so that it holds for new pictures as well as possible."""
        edges = np.concatenate([[0.0], (self._scores[1:] + self._scores[:-1]) / 2,
                                [max(float(np.nextafter(1.0, 2.0)), float(self._scores[-1]) + 1e-9)]])
        missed = np.searchsorted(self._positives, edges, "left")
        alarms = len(self._negatives) - np.searchsorted(self._negatives, edges, "left")
        images = len(self._positives) + len(self._negatives)
        costs = (false_positive * alarms + false_negative * missed) / images
        least = np.flatnonzero(costs <= costs.min() + 1e-12)
        place = int(least[np.abs(edges[least] - 0.5).argmin()])
        (_refused, now_alarms), (now_missed, _found) = self.confusion(0.5).tolist()
        shown = np.unique(np.append(np.linspace(0, len(edges) - 1, min(MOST_POINTS, len(edges))).astype(int), place))
        return BestThreshold(
            threshold=float(edges[place]), cost=float(costs[place]),
            present=(false_positive * now_alarms + false_negative * now_missed) / images,
            thresholds=tuple(edges[shown].tolist()), costs=tuple(costs[shown].tolist()))
