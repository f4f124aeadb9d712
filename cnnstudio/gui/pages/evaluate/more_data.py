"""What the view of the learning curve shows, computed in a thread. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.trial_jobs import CurveFitted, CurvePoint, ExpectedGain
from cnnstudio.evaluation.learning_curve import FEWEST_POINTS, Measured, curve, curve_band
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.learning_curves import read_curve

WHOLE = -1
"""The number of all classes together."""
_PLACES = 60


@dataclass(frozen=True, eq=False)
class MoreRequest:
    """The curve of a run and the class to show (`WHOLE`: all); `points` are those of a job that works."""

    run: RunFolder
    number: int
    points: tuple[CurvePoint, ...] = ()


@dataclass(frozen=True, eq=False)
class ShownPoint:
    """One training: its pictures, the accuracy and its 95 % interval."""

    pictures: int
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True, eq=False)
class MoreData:
    """`sizes`, `fitted` and `band` are those of the curve, empty with too few points; `most` is twice the most pictures."""

    kept: CurveFitted | None
    points: tuple[ShownPoint, ...]
    sizes: tuple[float, ...] = ()
    fitted: tuple[float, ...] = ()
    band: tuple[tuple[float, float], ...] = ()
    most: int = 0
    expected: ExpectedGain | None = None


def read_more(request: MoreRequest, _report: Any) -> MoreData:
    """The kept curve, or that of the points so far."""
    kept = read_curve(request.run) if not request.points else None
    points = kept.points if kept is not None else request.points
    measured = [_measured(point, request.number) for point in points]
    measured = [point for point in measured if point.of and point.pictures]
    shown = tuple(ShownPoint(point.pictures, point.right / point.of, wilson_interval(point.right / point.of, point.of))
                  for point in measured)
    most = 2 * max((point.pictures for point in measured), default=0)
    expected = None if kept is None else kept.expected if request.number == WHOLE else kept.classes[request.number][1]
    if len({point.pictures for point in measured}) < FEWEST_POINTS:
        return MoreData(kept, shown, most=most, expected=expected)
    sizes = np.geomspace(max(1, min(point.pictures for point in measured)), most, _PLACES).tolist()
    fitted, band = tuple(curve(measured, sizes)), tuple(curve_band(measured, sizes))
    return MoreData(kept, shown, tuple(sizes), fitted, band, most, expected)


def _measured(point: CurvePoint, number: int) -> Measured:
    if number == WHOLE:
        return Measured(pictures=point.pictures, right=sum(point.rights), of=point.of)
    return Measured(pictures=point.learned[number], right=point.rights[number], of=point.supports[number])


def class_gains(kept: CurveFitted | None) -> Sequence[tuple[str, ExpectedGain | None]]:
    """What twice as many pictures bring each class, the highest gain first."""
    rows = [] if kept is None else list(kept.classes)
    return sorted(rows, key=lambda item: -1.0 if item[1] is None else -item[1].gain)
