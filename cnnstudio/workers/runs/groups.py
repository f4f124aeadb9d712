"""Several runs of the same settings as one group: with different seeds, or on the folds of a cross-validation."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.runs.folder import RunFolder, delete_run, list_runs
from cnnstudio.workers.runs.origin import RunOrigin

replace = msgspec.structs.replace
MOST_SEEDS: Final = 100
MOST_FOLDS: Final = 20
_LARGEST_SEED: Final = 2**32 - 1

Member = tuple[RunFolder, Train]
"""A run that was not trained yet, and the job that trains it."""


def prepare_seeds(folder: Path, project: Project, index: Index, count: int, noticed: Sequence[Problem] = (),
                  origin: RunOrigin | None = None, begin: Callable[[Path], object] | None = None) -> list[Member]:
    """`count` new runs that differ in their seed alone: that of the project, and the ones after it.

    Raises ProblemError (bad_seeds, and as `prepare_training`), and then leaves no run.
    """
    first = project.training.seed
    if not 2 <= count <= MOST_SEEDS or first + count - 1 > _LARGEST_SEED:
        text = Text("The number of seeds must be from 2 to {most}, not {n}.",
                    "El número de semillas debe estar entre 2 y {most}, no {n}.")
        raise ProblemError(error("bad_seeds", text.fill(n=count, most=MOST_SEEDS), "training", field="seed"))
    group = _new_group(folder, "seeds")

    def prepare(number: int) -> Member:
        seeded = replace(project, training=replace(project.training, seed=first + number))
        own = replace(origin or RunOrigin(), group=group, grouped_by="seeds", member=number, members=count)
        return prepare_training(folder, seeded, index, noticed if not number else (), origin=own, begin=begin)

    return _prepared(prepare, count)


def prepare_folds(folder: Path, project: Project, index: Index, folds: int, noticed: Sequence[Problem] = ()) -> list[Member]:
    """A new run for each fold of a stratified cross-validation of the training and validation pictures.

    The division is that of the project's setting `dataset.splits.folds`: test pictures stay what they are, near
    duplicates stay on one side. Pictures that the user pinned to validation are drawn like the others, so that each
    is validated once; those pinned to training are in no fold. Raises ProblemError (bad_folds, and as
    `prepare_training`), and then leaves no run.
    """
    if not 2 <= folds <= MOST_FOLDS:
        text = Text("The number of folds must be from 2 to {most}, not {n}.",
                    "El número de pliegues debe estar entre 2 y {most}, no {n}.")
        raise ProblemError(error("bad_folds", text.fill(n=folds, most=MOST_FOLDS), "dataset", field="splits.folds"))
    group = _new_group(folder, "folds")

    def prepare(number: int) -> Member:
        splits = replace(project.dataset.splits, folds=folds, fold=number)
        folded = replace(project, dataset=replace(project.dataset, splits=splits))
        drawn = index.draw(folded.dataset, unpinned=("validation",))
        own = RunOrigin(group=group, grouped_by="folds", member=number, members=folds)
        try:
            return prepare_training(folder, folded, index, noticed if not number else (), origin=own, splits=drawn)
        except ProblemError as problem_error:
            raise ProblemError(*(_in_fold(problem, number, folds) for problem in problem_error.problems)) from problem_error

    return _prepared(prepare, folds)


def _in_fold(problem: Problem, number: int, folds: int) -> Problem:
    text = Text("Fold {n} of {total}: {text}", "Pliegue {n} de {total}: {text}")
    return replace(problem, text=text.fill(n=number + 1, total=folds, text=problem.text))


def _prepared(prepare: Callable[[int], Member], count: int) -> list[Member]:
    members: list[Member] = []
    try:
        for number in range(count):
            members.append(prepare(number))
    except BaseException:
        for run, _job in members:
            delete_run(run)
        raise
    return members


def _new_group(folder: Path, kind: Literal["seeds", "folds"]) -> str:
    """An id for a group that no other one has, from the time."""
    taken = {summary.origin.group for summary in list_runs(folder)}
    name = base = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{kind}"
    number = 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name
