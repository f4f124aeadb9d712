"""Finished searches that are made in a second: a folder, Optuna's study, and runs with the events of a training."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from cnnstudio.core.events import Epoch, Failed, Finished, Hello, Stopped
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.project import Project
from cnnstudio.core.search import Choices, Objective, Range, SearchSpec, Varied
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Entry, Header, write_manifest
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.runs.folder import RunFolder, create_run
from cnnstudio.workers.runs.origin import RunOrigin
from cnnstudio.workers.search.folder import SearchFolder, make_search
from cnnstudio.workers.search.reading import ENDING_KEY, PROBLEM_KEY, RUNS_KEY, SECONDS_KEY, WHY_KEY, WORKED_KEY
from cnnstudio.workers.search.study import create_study, distribution, open_study

VARIED = (
    Varied(key="training.optimizer.learning_rate", values=Range(low=1e-4, high=1e-1, log=True)),
    Varied(key="training.batch_size", values=Range(low=8, high=128, log=True, whole=True)),
    Varied(key="network.conv.filters", values=Range(low=4, high=64, step=4, whole=True)),
    Varied(key="network.dense.activation", values=Choices(values=("relu", "tanh", "gelu"))),
    Varied(key="augmentation.preset", values=Choices(values=("none", "light", "strong"))),
    Varied(key="training.optimizer.beta_1", values=Range(low=0.6, high=0.99)),
)
FRONT = (Objective(name="val_accuracy"), Objective(name="parameters", direction="minimize"))
EPOCHS = 6
NO_NUMBER = error("nan_loss", Text("The loss became not a number in epoch 1.",
                                   "La pérdida dejó de ser un número en la época 1."), "training")


def spec_of(trials: int = 16, objectives: tuple[Objective, ...] = (Objective(name="val_accuracy"),), **settings: Any
            ) -> SearchSpec:
    """A search over six keys of different kinds."""
    pruner = "median" if len(objectives) == 1 else "none"
    return SearchSpec(**{"varied": VARIED, "objectives": objectives, "trials": trials, "pruner": pruner, "seed": 1} | settings)


def project_of(folder: Path) -> Project:
    """A small project of two classes, whose file is not written."""
    return new_project("pets", str(folder), Facts(classes=("cat", "dog")), template="lenet5")


def finished_search(project_folder: Path, project: Project | None = None, spec: SearchSpec | None = None,
                    runs: bool = True) -> SearchFolder:
    """A search that is over. The third trial failed, the sixth and every fifth after it was pruned (if anything prunes).

    The accuracy depends most on the learning rate. `runs`: the runs are there, too, with events but without models.
    """
    project = project or project_of(project_folder)
    spec = spec or spec_of()
    search = make_search(project_folder, project, spec)
    study, curves = _told_study(spec)
    search.study_path.write_bytes(study)
    if runs:
        made = [_run(project_folder, project, search, number, curve, _prunes(spec, number), _problem(number)).id
                for number, curve in enumerate(curves)]
        with contextlib.closing(sqlite3.connect(search.study_path)) as connection, connection:
            connection.executemany(
                "INSERT INTO trial_user_attributes (trial_id, key, value_json) "
                "SELECT trial_id, ?, ? FROM trials WHERE number = ?",
                [(RUNS_KEY, json.dumps([run]), number) for number, run in enumerate(made)])
    return search


def _prunes(spec: SearchSpec, number: int) -> bool:
    return spec.pruner != "none" and number >= 5 and number % 5 == 0


def _problem(number: int) -> Problem | None:
    return NO_NUMBER if number == 2 else None


@functools.cache
def _told_study(spec: SearchSpec) -> tuple[bytes, list[list[float]]]:
    """The file of a study to which all trials were told, without their runs, and the accuracies of each trial by epoch.

    Optuna takes a second for it: made once, and copied.
    """
    from optuna.samplers import RandomSampler

    curves = []
    with tempfile.TemporaryDirectory() as folder:
        search = SearchFolder(Path(folder))
        create_study(search, spec)
        with open_study(search, RandomSampler(seed=spec.seed)) as study:
            for number in range(spec.trials):
                trial = study.ask({item.key: distribution(item) for item in spec.varied})
                prunes = _prunes(spec, number)
                curve = [_accuracy(trial.params, epoch) for epoch in range(1, (2 if prunes else EPOCHS) + 1)]
                curves.append(curve)
                trial.set_user_attr(SECONDS_KEY, round(3.0 + number / 7, 3))
                if (problem := _problem(number)) is not None:
                    trial.set_user_attr(PROBLEM_KEY, msgspec.to_builtins(problem))
                    study.tell(trial, state=_state("FAIL"))
                    continue
                if len(spec.objectives) == 1:
                    for epoch, value in enumerate(curve, start=1):
                        trial.report(value, epoch)
                if prunes:
                    study.tell(trial, state=_state("PRUNED"))
                else:
                    study.tell(trial, [curve[-1] if objective.name == "val_accuracy" else _size(trial.params)
                                       for objective in spec.objectives])
            study.set_user_attr(ENDING_KEY, "trials")
            study.set_user_attr(WHY_KEY, None)
            study.set_user_attr(WORKED_KEY, 120.0)
        # Without a last reader the write-ahead log is in the file.
        with contextlib.closing(sqlite3.connect(search.study_path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return search.study_path.read_bytes(), curves


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]


def _accuracy(params: dict[str, Any], epoch: int) -> float:
    """A smooth function of the parameters that are there, best at a rate of 0.003."""
    rate = params.get("training.optimizer.learning_rate", 0.003)
    width = params.get("network.conv.filters", 32)
    best = 0.97 - 0.12 * abs(math.log10(rate / 0.003)) + 0.03 * math.log2(width / 32) / 3
    return round(min(0.995, max(0.1, best - 0.04 * params.get("training.optimizer.beta_1", 0.9))) * (1 - math.exp(-epoch)), 5)


def _size(params: dict[str, Any]) -> float:
    return 1000.0 * params.get("network.conv.filters", 32) + 61_706


def _run(folder: Path, project: Project, search: SearchFolder, number: int, curve: list[float], pruned: bool, problem: Any
         ) -> RunFolder:
    header = Header(root=str(folder), class_names=("cat", "dog"), label_mode="categorical")
    entries = [Entry(path=f"{name}/{n}.png", label=label, split=split) for label, name in enumerate(("cat", "dog"))
               for n, split in enumerate(("train", "validation"))]
    run = create_run(folder, project, lambda path: write_manifest(path, header, entries),
                     RunOrigin(search=search.id, trial=number))
    events: list[Any] = [Hello(pid=1, time=1.0)]
    if problem is None:
        events += [Epoch(epoch=epoch, epochs=EPOCHS, seconds=0.5, pictures_per_second=100.0, time=1.0 + epoch,
                         metrics={"loss": 1 - value, "val_loss": 1 - value, "accuracy": value, "val_accuracy": value})
                   for epoch, value in enumerate(curve, start=1)]
        metrics = {"val_accuracy": curve[-1], "val_loss": 1 - curve[-1]}
        events.append(Stopped(run=run.id, metrics=metrics, time=9.0) if pruned else
                      Finished(run=run.id, metrics=metrics, time=9.0))
    else:
        events.append(Failed(problem=problem, time=2.0))
    run.events_path.write_bytes(b"".join(encode_event(event) + b"\n" for event in events))
    return run
