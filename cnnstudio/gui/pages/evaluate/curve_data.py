"""What the view of the curves shows, computed in a thread. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from cnnstudio.core.problems import ProblemError
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.curves import (
    Curve,
    macro_precision_recall_curve,
    macro_roc_curve,
    precision_recall_curve,
    roc_curve,
)
from cnnstudio.evaluation.report import Value, figure_value, make_report, mean_precision_value
from cnnstudio.evaluation.thresholds import OneClass, against_others

BINS: Final = 50
CELLS: Final = ("found", "missed", "alarm", "left")
"""The four kinds of pictures: those of the class that are called so and those that are not, then the others likewise."""


@dataclass(frozen=True, eq=False)
class CurveRequest:
    """The curves of class `number`; None: the mean over all classes."""

    answers: Answers
    number: int | None


@dataclass(frozen=True, eq=False)
class CurveData:
    """Both curves, or in `problem` why there are none; of a single class also its thresholds, and how many pictures have which
    probability of it, in BINS bins from 0 to 1."""

    roc: Curve | None = None
    precision_recall: Curve | None = None
    problem: str = ""
    one: OneClass | None = None
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Areas:
    """Both areas with their intervals, where they have one."""

    roc: Value
    precision_recall: Value


def compute_curves(request: CurveRequest) -> CurveData:
    """The curves of a class or of all."""
    answers, number = request.answers, request.number
    try:
        if number is None:
            return CurveData(macro_roc_curve(answers), macro_precision_recall_curve(answers))
        counts, _edges = np.histogram(answers.probabilities[:, number], BINS, (0.0, 1.0))
        one = OneClass(answers, number)
        # The first use of scikit-learn takes seconds: not while the threshold is dragged.
        one.report(0.5)
        return CurveData(roc_curve(answers, number), precision_recall_curve(answers, number), one=one,
                         counts=tuple(counts.tolist()))
    except ProblemError as none:
        return CurveData(problem=str(none.problems[0].text))


def compute_areas(request: CurveRequest, check: Callable[[], None] = lambda: None) -> Areas:
    """The areas with their intervals, which take longer; the curves must exist."""
    if request.number is None:
        mean = macro_precision_recall_curve(request.answers).area
        return Areas(figure_value(request.answers, "auc", check=check),
                     mean_precision_value(request.answers, mean, check=check))
    report = make_report(against_others(request.answers, request.number), check=check)
    own = report.classes[1]
    return Areas(own["auc"], own["average_precision"])


def cell_numbers(answers: Answers, number: int, threshold: float, cell: str) -> np.ndarray:
    """The numbers of the pictures of a cell, int (n,): the most probable first where the class is called, else the least."""
    scores = answers.probabilities[:, number].astype(np.float64)
    own, called = answers.labels == number, scores >= threshold
    chosen = {"found": own & called, "missed": own & ~called, "alarm": ~own & called, "left": ~own & ~called}[cell]
    numbers = np.flatnonzero(chosen)
    order = np.argsort(scores[numbers] if cell in ("missed", "left") else -scores[numbers], kind="stable")
    return np.asarray(numbers[order])
