"""What the view of the confidence shows, read and computed in a thread. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from cnnstudio.core.calibration import Calibration, Rejection
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.curves import CoveragePoint, ReliabilityBin, coverage_curve, reliability
from cnnstudio.evaluation.rejection import (
    REJECTIONS,
    RejectionFigures,
    RejectOption,
    fit_rejection,
    rejection_figures,
    rejection_problems,
)
from cnnstudio.evaluation.report import Value, figure_value
from cnnstudio.evaluation.sample import Sample
from cnnstudio.evaluation.temperature import temperature_problems
from cnnstudio.workers.runs.calibration import CALIBRATED_ON, kept_answers, present_calibration
from cnnstudio.workers.runs.folder import RunFolder

BINS: Final = 40


@dataclass(frozen=True, eq=False)
class Reliability:
    """The bins of the confidence, the expected calibration error, and how sure and how often right the model is on average."""

    bins: tuple[ReliabilityBin, ...]
    error: Value
    confidence: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class ConfidenceData:
    """`own` of the model's own answers, `calibrated` of those after its temperature (None without one).

    `calibration` is what is in force, `notes` say why a kept one is not. `validation` are the validation answers after the
    temperature, None where there are none yet; `obstacles` say why no temperature can be found. `coverage` and `counts`
    (BINS bins from 0 to 1) describe the confidence of `answers`, which are those that are shown.
    """

    answers: Answers
    own: Reliability
    calibrated: Reliability | None
    calibration: Calibration | None
    notes: tuple[Problem, ...]
    validation: Answers | None
    validation_pictures: int
    obstacles: tuple[Problem, ...]
    coverage: tuple[CoveragePoint, ...]
    counts: tuple[int, ...]

    @property
    def rejection(self) -> Rejection | None:
        return None if self.calibration is None else self.calibration.rejection

    @property
    def temperature(self) -> float:
        return 1.0 if self.calibration is None else self.calibration.temperature


@dataclass(frozen=True, eq=False)
class ConfidenceRequest:
    """`answers` of the split, after the calibration of the run."""

    run: RunFolder
    split: str
    answers: Answers


def read_confidence(request: ConfidenceRequest, check: Callable[[], None] = lambda: None) -> ConfidenceData:
    """Everything of a run and a split. Raises ProblemError where there are no answers."""
    run, answers = request.run, request.answers
    notes: tuple[Problem, ...] = ()
    calibration: Calibration | None = None
    try:
        calibration, notes = present_calibration(run)
    except ProblemError as damaged:
        notes = damaged.problems
    scaled = calibration is not None and calibration.outstanding != 1.0
    own = _reliability(kept_answers(run, request.split) if scaled else answers, check)
    validation: Answers | None = None
    try:
        unscaled = kept_answers(run, CALIBRATED_ON)
        validation, obstacles = unscaled.calibrated(calibration), temperature_problems(unscaled)
    except ProblemError:
        obstacles = ()
    counts, _edges = np.histogram(Sample(answers).confidence, BINS, (0.0, 1.0))
    return ConfidenceData(
        answers=answers, own=own, calibrated=_reliability(answers, check) if scaled else None, calibration=calibration,
        notes=notes, validation=validation, validation_pictures=_validation_pictures(run), obstacles=obstacles,
        coverage=coverage_curve(answers), counts=tuple(counts.tolist()))


def _validation_pictures(run: RunFolder) -> int:
    try:
        return len(read_manifest(run.manifest_path).split(CALIBRATED_ON))
    except ProblemError:
        return 0


def _reliability(answers: Answers, check: Callable[[], None]) -> Reliability:
    sample = Sample(answers)
    return Reliability(bins=reliability(answers), error=figure_value(answers, "ece", check=check),
                       confidence=float(sample.confidence.mean()), accuracy=float(sample.is_right.mean()))


@dataclass(frozen=True, eq=False)
class RejectRequest:
    """What an option would do at a level."""

    data: ConfidenceData
    kind: str
    level: float

    @property
    def option(self) -> RejectOption:
        return REJECTIONS[self.kind]


@dataclass(frozen=True, eq=False)
class RejectPreview:
    """What the option does on the pictures that are shown, or why it cannot be set."""

    figures: RejectionFigures | None
    problem: Problem | None = None


def preview_rejection(request: RejectRequest) -> RejectPreview:
    """Try an option on the answers that are shown."""
    data, option = request.data, request.option
    if not option.needs_pictures:
        return RejectPreview(rejection_figures(data.answers, Rejection(kind=option.id, level=request.level,
                                                                       threshold=request.level)))
    if data.validation is None:
        return RejectPreview(None)
    problems = rejection_problems(option, data.validation)
    if problems:
        return RejectPreview(None, problems[0])
    try:
        return RejectPreview(rejection_figures(data.answers, fit_rejection(option, request.level, data.validation)))
    except ProblemError as refused:
        return RejectPreview(None, refused.problems[0])
