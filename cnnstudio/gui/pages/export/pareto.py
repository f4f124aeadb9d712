"""Accuracy against size or time, over the exports of all runs: what is better in one is worse in the other. No Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cnnstudio.core.export_jobs import Share
from cnnstudio.workers.runs.exports import ExportRecord

Cost = Literal["size", "time"]


@dataclass(frozen=True)
class ParetoPoint:
    """An export with its accuracy and its cost, in bytes or milliseconds; `best`: no other is as accurate for less."""

    record: ExportRecord
    accuracy: Share
    cost: float
    best: bool


def pareto_points(records: Sequence[ExportRecord], cost: Cost) -> list[ParetoPoint]:
    """The exports of which both are known, the least cost first."""
    known = []
    for record in records:
        check = record.check
        value = None if check is None else float(check.bytes) if cost == "size" else check.latency_ms
        if check is not None and check.accuracy is not None and value:
            known.append((value, check.accuracy, record))
    known.sort(key=lambda item: (item[0], -item[1].value))
    points, most = [], -math.inf
    for value, accuracy, record in known:
        points.append(ParetoPoint(record, accuracy, value, accuracy.value > most))
        most = max(most, accuracy.value)
    return points
