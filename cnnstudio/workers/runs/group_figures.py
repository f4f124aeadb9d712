"""The figures of a group of runs: mean and standard deviation, also by epoch, and the pooled accuracy of a
cross-validation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev
from typing import Final

import msgspec

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.workers.runs.answers import is_outdated
from cnnstudio.workers.runs.data import data_facts
from cnnstudio.workers.runs.folder import RunFolder, RunSummary

_NO_MEASURES: Final = ("epoch", "learning_rate")
DONE: Final = ("finished", "stopped")
"""States of runs whose figures count."""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """The mean of `count` runs and their sample standard deviation (n - 1; None of a single one)."""

    mean: float
    deviation: float | None
    count: int


class EpochSpread(msgspec.Struct, frozen=True, kw_only=True):
    """The spread of a metric after an epoch, over the runs that came so far."""

    epoch: int
    spread: Spread


class Pooled(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of all folds together: `right` of `images` pictures, each by the model that did not learn it.

    `interval` is Wilson's 95 % interval (0 to 1); it knows nothing of how models differ, only of how few the pictures are.
    """

    right: int
    images: int
    accuracy: float
    interval: tuple[float, float]


class GroupFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`metrics` are those of the kept weights of the `runs` that are done, of `members` in all."""

    group: str
    kind: str
    members: int
    runs: tuple[str, ...]
    metrics: dict[str, Spread]
    pooled: Pooled | None = None


def spread_of(values: Sequence[float]) -> Spread:
    """The spread of n >= 1 values."""
    return Spread(mean=fmean(values), deviation=stdev(values) if len(values) > 1 else None, count=len(values))


def group_figures(runs: Sequence[RunSummary]) -> GroupFigures:
    """The figures of the runs of one group; those that are not done do not count."""
    ordered = sorted(runs, key=lambda run: (run.origin.member, run.started, run.id))
    done = [run for run in ordered if run.state in DONE and run.metrics]
    values: dict[str, list[float]] = defaultdict(list)
    for run in done:
        for name, value in run.metrics.items():
            if name not in _NO_MEASURES:
                values[name].append(value)
    kinds = {run.origin.grouped_by for run in runs if run.group == run.origin.group or are_trained_together(runs)}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return GroupFigures(
        group=runs[0].group if runs else "", kind=kind, members=len(runs), runs=tuple(run.id for run in done),
        metrics={name: spread_of(of_name) for name, of_name in values.items()},
        pooled=_pooled(done) if kind == "folds" else None)


def are_trained_together(runs: Sequence[RunSummary]) -> bool:
    """Whether these runs are seeds or folds of one training, whatever the user calls their group."""
    groups = {run.origin.group for run in runs}
    return len(groups) == 1 and groups != {""}


def _pooled(runs: Sequence[RunSummary]) -> Pooled | None:
    counts = [_answers(run) for run in runs]
    known = [count for count in counts if count is not None]
    images = sum(of for _right, of in known)
    if len(known) < len(counts) or not images:
        return None
    right = sum(right for right, _of in known)
    return Pooled(right=right, images=images, accuracy=right / images, interval=wilson_interval(right / images, images))


def _answers(run: RunSummary) -> tuple[int, int] | None:
    """(right answers, pictures) of the validation: of its evaluation if there is one, else by its accuracy, which is a mean
    over the pictures; None where neither is known."""
    folder = RunFolder(run.folder)
    evaluated = folder.evaluation("validation")
    if evaluated is not None and not is_outdated(folder, "validation"):
        return sum(line[number] for number, line in enumerate(evaluated.confusion)), evaluated.images
    accuracy = run.metrics.get("val_accuracy")
    if accuracy is None:
        return None
    images = data_facts(folder.manifest_path, thorough=True).pictures.get("validation", 0)
    return round(accuracy * images), images


def spread_by_epoch(runs: Iterable[RunFolder], metric: str) -> tuple[EpochSpread, ...]:
    """The mean and deviation of a metric after every epoch: what a band in a plot shows."""
    values: dict[int, list[float]] = defaultdict(list)
    for run in runs:
        for epoch in run.epochs():
            if metric in epoch.metrics:
                values[epoch.epoch].append(epoch.metrics[metric])
    return tuple(EpochSpread(epoch=number, spread=spread_of(values[number])) for number in sorted(values))
