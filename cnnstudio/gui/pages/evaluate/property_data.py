"""What the view of the properties shows, computed in a thread. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.by_property import PropertyAccuracy, accuracies_by
from cnnstudio.gui.state.jobs import Report
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.properties import PropertyValues, property_values


@dataclass(frozen=True, eq=False)
class MeasuredValues:
    """The values for the pictures of `answers`; not `complete` where the user cancelled."""

    answers: Answers
    values: PropertyValues
    complete: bool


@dataclass(frozen=True, eq=False)
class PropertyRequest:
    """All properties with numbers in `bins` ranges (0: as many as suit)."""

    measured: MeasuredValues
    bins: int


def measure_values(run: RunFolder, answers: Answers, report: Report) -> MeasuredValues:
    """Find the values, and measure files that were never measured. Raises ProblemError."""
    values = property_values(run, answers, on_progress=report.progress, cancelled=report.is_cancelled)
    return MeasuredValues(answers, values, not report.cancelled)


def compute_accuracies(request: PropertyRequest, _report: Any) -> list[PropertyAccuracy]:
    """The accuracies by all properties, the most telling first."""
    return accuracies_by(request.measured.answers, request.measured.values.values, request.bins)
