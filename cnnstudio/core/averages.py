"""Figures of an evaluation over all classes."""

from __future__ import annotations

from typing import Protocol

import msgspec

from cnnstudio.core.intervals import wilson_interval


class ClassFigures(Protocol):
    """Figures of one class; `support` is its pictures."""

    @property
    def precision(self) -> float: ...

    @property
    def recall(self) -> float: ...

    @property
    def f1(self) -> float: ...

    @property
    def support(self) -> int: ...


class Averages(msgspec.Struct, frozen=True, kw_only=True):
    """Wilson's 95 % interval of the accuracy; the mean recall of the classes that have pictures; and the plain means over
    the classes that have pictures or were predicted, as scikit-learn averages."""

    accuracy_interval: tuple[float, float]
    balanced_accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float


def averages(accuracy: float, classes: tuple[ClassFigures, ...], confusion: tuple[tuple[int, ...], ...]) -> Averages:
    """The figures over all classes; `confusion[i][j]` counts pictures of class i that were predicted as class j."""
    predicted = [sum(column) for column in zip(*confusion, strict=True)]
    pictured = [figures for figures in classes if figures.support]
    seen = [figures for figures, count in zip(classes, predicted, strict=True) if figures.support or count]

    def mean(values: list[float]) -> float:
        return sum(values) / len(values) if values else 0.0

    return Averages(
        accuracy_interval=wilson_interval(accuracy, sum(figures.support for figures in classes)),
        balanced_accuracy=mean([figures.recall for figures in pictured]),
        macro_precision=mean([figures.precision for figures in seen]),
        macro_recall=mean([figures.recall for figures in seen]), macro_f1=mean([figures.f1 for figures in seen]))
