"""The figures of an evaluation, and of other runs beside it, computed in a thread. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.jobs import Evaluated
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.report import ClassValues, Report, Value, count_report, make_report
from cnnstudio.workers.runs.calibration import has_answers
from cnnstudio.workers.runs.folder import RunFolder, RunSummary
from cnnstudio.workers.runs.side_by_side import answers_side_by_side


@dataclass(frozen=True, eq=False)
class Wanted:
    """The figures of `answers` and of the runs `beside` for the same split; `intervals`: those of the bootstrap, too. Without
    answers there are those of `evaluated` that need no probabilities."""

    run: RunFolder
    split: str
    evaluated: Evaluated
    answers: Answers | None
    beside: tuple[RunSummary, ...] = ()
    intervals: bool = True


@dataclass(frozen=True, eq=False)
class Reports:
    """`own` figures, those of each run beside it, the reasons why some cannot stand there, and the runs that were not
    evaluated on these pictures."""

    own: Report
    beside: tuple[tuple[RunSummary, Report], ...] = ()
    refused: tuple[Problem, ...] = ()
    missing: tuple[RunSummary, ...] = field(default=())


def make_reports(wanted: Wanted, check: Callable[[], None]) -> Reports:
    """Compute them; `check` may raise to stop."""
    beside: list[tuple[RunSummary, Answers]] = []
    refused: list[Problem] = []
    missing: list[RunSummary] = []
    if wanted.answers is None:
        names = [entry.name for entry in wanted.evaluated.classes]
        return Reports(count_report(np.asarray(wanted.evaluated.confusion, np.int64), names))
    for summary in wanted.beside:
        run = RunFolder(summary.folder)
        check()
        if not has_answers(run, wanted.split):
            missing.append(summary)
            continue
        try:
            beside.append((summary, answers_side_by_side((wanted.run, run), wanted.split)[1]))
        except ProblemError as unlike:
            refused += unlike.problems
    own = make_report(wanted.answers, intervals=wanted.intervals, check=check)
    reports = tuple((summary, make_report(answers, intervals=wanted.intervals, check=check)) for summary, answers in beside)
    return Reports(own, reports, tuple(refused), tuple(missing))


def kept_report(evaluated: Evaluated) -> Report:
    """What an evaluation keeps ready, without intervals: shown until its figures are computed."""
    values = {"log_loss": evaluated.loss}
    accuracy = Value(id="accuracy", value=evaluated.accuracy, method="wilson",
                     interval=wilson_interval(evaluated.accuracy, evaluated.images))
    classes = tuple(
        ClassValues(name=entry.name, support=entry.support, called=0, right=0, figures=tuple(
            Value(id=name, value=getattr(entry, name) if entry.support else None) for name in ("precision", "recall", "f1")))
        for entry in evaluated.classes)
    return Report(images=evaluated.images, classes=classes,
                  figures=tuple(accuracy if figure.id == accuracy.id else Value(id=figure.id, value=values.get(figure.id))
                                for figure in FIGURES if not figure.passed_over))
