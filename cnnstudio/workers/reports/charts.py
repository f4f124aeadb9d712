"""Small drawings of a report, as the points of SVG lines on a square of 100 x 100 with the origin below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cnnstudio.core.text import tr
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.curves import coverage_curve, reliability, roc_curve
from cnnstudio.workers.runs.folder import RunFolder

_MOST_CLASSES = 8
"""Classes whose curves can be told apart in one drawing."""


@dataclass(frozen=True)
class Line:
    """One line: what it shows, its points as an SVG attribute, and the number of its colour."""

    label: str
    points: str
    color: int
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """A drawing with its axes; `low` and `high` are the values at the ends of both."""

    title: str
    x: str
    y: str
    lines: tuple[Line, ...]
    x_ends: tuple[str, str] = ("0", "1")
    y_ends: tuple[str, str] = ("0", "1")


def history_charts(run: RunFolder) -> list[Chart]:
    """The loss and the first metric over the epochs, of training and validation."""
    epochs = run.epochs()
    if len(epochs) < 2:
        return []
    names = [name for name in epochs[0].metrics if name != "learning_rate" and not name.startswith("val_")][:2]
    charts = []
    for name in names:
        series = {key: [epoch.metrics[key] for epoch in epochs if key in epoch.metrics] for key in (name, f"val_{name}")}
        values = [value for numbers in series.values() for value in numbers]
        low, high = min(values), max(values)
        lines = tuple(Line(key, _points(range(len(numbers)), numbers, (0, len(epochs) - 1), (low, high)), number)
                      for number, (key, numbers) in enumerate(series.items()) if len(numbers) > 1)
        charts.append(Chart(name, tr("epoch", "época"), "", lines, ("1", str(len(epochs))), (f"{low:.3g}", f"{high:.3g}")))
    return charts


def answer_charts(answers: Answers) -> list[Chart]:
    """ROC curves, reliability, and accuracy against coverage."""
    present = [number for number in range(len(answers.class_names))
               if 0 < (answers.labels == number).sum() < len(answers.labels)]
    charts = []
    if present and len(present) <= _MOST_CLASSES:
        # Of two classes, one curve says all.
        shown = present[-1:] if len(answers.class_names) == 2 else present
        curves = [(number, roc_curve(answers, number)) for number in shown]
        charts.append(Chart(tr("ROC curves", "Curvas ROC"), tr("false positive rate", "tasa de falsos positivos"),
                            tr("recall", "exhaustividad"), tuple(
            Line(f"{answers.class_names[number]} ({curve.area:.3f})", _points(curve.x, curve.y), number)
            for number, curve in curves)))
    bins = reliability(answers)
    diagonal = Line(tr("as sure as right", "tan segura como acertada"), _points((0, 1), (0, 1)), 7, dashed=True)
    charts.append(Chart(tr("Reliability", "Fiabilidad"), tr("confidence", "confianza"), tr("accuracy", "exactitud"), (
        diagonal, Line(tr("this model", "este modelo"), _points([item.confidence for item in bins],
                                                                [item.accuracy for item in bins]), 0))))
    coverage = coverage_curve(answers)
    low = min(point.accuracy for point in coverage)
    bottom = min(0.9, int(low * 10) / 10)
    charts.append(Chart(tr("The surest answers alone", "Solo las respuestas más seguras"),
                        tr("share of the pictures", "proporción de las imágenes"), tr("accuracy", "exactitud"), (
        Line("", _points([point.coverage for point in coverage], [point.accuracy for point in coverage], (0, 1), (bottom, 1)),
             0),), y_ends=(f"{bottom:.1f}", "1")))
    return charts


def _points(x: Sequence[float], y: Sequence[float], x_range: tuple[float, float] = (0, 1),
            y_range: tuple[float, float] = (0, 1)) -> str:
    """"x,y x,y ..." of values in their ranges; what is not a number is left out."""
    def scaled(value: float, low: float, high: float) -> float:
        return 100 * (value - low) / (high - low) if high > low else 50.0

    pairs = [(scaled(one, *x_range), 100 - scaled(other, *y_range)) for one, other in zip(x, y, strict=True)
             if math.isfinite(one) and math.isfinite(other)]
    return " ".join(f"{one:.2f},{other:.2f}" for one, other in pairs)
