"""Where a student stands: the limits, and the metric on the validation pictures, which are not the hidden ones."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.manifest import Manifest, read_manifest
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.report import figure_value
from cnnstudio.learning.assignments.facts import LimitOutcome, judge_limits, run_facts
from cnnstudio.learning.assignments.model import Assignment
from cnnstudio.learning.assignments.opening import assignment_of
from cnnstudio.workers.runs.calibration import calibrated_answers
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, list_runs


class RunStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One run: the metric on its validation pictures with its interval (None while unknown), and the limits."""

    run: str
    name: str
    value: float | None
    interval: tuple[float, float] | None
    limits: tuple[LimitOutcome, ...]
    reaches: bool

    @property
    def keeps_limits(self) -> bool:
        return all(outcome.kept for outcome in self.limits)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The assignment of a project and its runs that have a model, the best first."""

    assignment: Assignment
    runs: tuple[RunStanding, ...]


def reaches_goal(assignment: Assignment, value: float | None) -> bool:
    """Whether a value of the metric is good enough."""
    if value is None:
        return False
    higher = FIGURES[assignment.metric].higher_is_better
    return value >= assignment.threshold if higher else value <= assignment.threshold


def find_standing(project_folder: Path) -> Standing:
    """The standing of a project. Raises ProblemError where it belongs to no assignment."""
    assignment = assignment_of(project_folder)
    runs = [standing for summary in list_runs(project_folder) if summary.has_model and summary.state != "damaged"
            if (standing := _of_run(assignment, summary)) is not None]
    sign = 1 if FIGURES[assignment.metric].higher_is_better else -1
    worst = float("-inf")
    runs.sort(key=lambda run: (run.keeps_limits, worst if run.value is None else sign * run.value), reverse=True)
    return Standing(assignment=assignment, runs=tuple(runs))


def _of_run(assignment: Assignment, summary: RunSummary) -> RunStanding | None:
    run = RunFolder(summary.folder)
    try:
        manifest = read_manifest(run.manifest_path, as_trained=True)
        facts = run_facts(run, manifest)
    except ProblemError:
        return None
    value, interval = validation_figure(run, assignment.metric, summary.metrics, manifest)
    return RunStanding(run=run.id, name=summary.title, value=value, interval=interval,
                       limits=tuple(judge_limits(assignment.limits, facts)), reaches=reaches_goal(assignment, value))


def validation_figure(run: RunFolder, metric: str, metrics: dict[str, float], manifest: Manifest
                      ) -> tuple[float | None, tuple[float, float] | None]:
    """A figure on the validation pictures: by the kept answers of an evaluation, else of what was measured in training."""
    try:
        found = figure_value(calibrated_answers(run, "validation"), metric)
        return found.value, found.interval
    except ProblemError:
        # Not evaluated yet: the training has measured the accuracy alone.
        pass
    value = metrics.get(f"val_{metric}")
    count = len(manifest.split("validation"))
    if value is None or not count:
        return value, None
    return value, wilson_interval(min(1.0, max(0.0, value)), count) if FIGURES[metric].shares is not None else None
