"""The models that a run kept besides its final one (callback ModelCheckpoint), with their epochs and metrics."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cnnstudio.catalog.training import CALLBACKS
from cnnstudio.core.edits import add_step
from cnnstudio.core.own_folders import KEPT
from cnnstudio.core.params import with_defaults
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage
from cnnstudio.workers.runs.folder import RunFolder

_NAME: Final = re.compile(r"(?P<callback>.+)-epoch-(?P<epoch>\d{5,})\.keras")


@dataclass(frozen=True)
class KeptCheckpoint:
    """A whole model (.keras with its card): the epoch that it is of, counted from 1 over all stages, the callback that kept
    it, and the metrics of that epoch as far as the run tells them."""

    epoch: int
    callback: str
    path: Path
    metrics: dict[str, float] = field(default_factory=dict)


def kept_path(run: RunFolder, callback: str, epoch: int) -> Path:
    """The file of a model that `callback` keeps of that epoch (from 1)."""
    return run.folder / KEPT / f"{callback}-epoch-{epoch:05}.keras"


def kept_checkpoints(run: RunFolder) -> tuple[KeptCheckpoint, ...]:
    """The models that the run kept, by epoch and callback; empty where there are none."""
    metrics = {event.epoch: event.metrics for event in run.epochs()}
    folder = run.folder / KEPT
    found = []
    for path in folder.glob("*.keras") if folder.is_dir() else ():
        name = _NAME.fullmatch(path.name)
        if name is not None:
            epoch = int(name["epoch"])
            found.append(KeptCheckpoint(epoch, name["callback"], path, dict(metrics.get(epoch, {}))))
    return tuple(sorted(found, key=lambda item: (item.epoch, item.callback)))


def find_kept(run: RunFolder, epoch: int) -> KeptCheckpoint | None:
    """A model that was kept of that epoch, or None. Several callbacks may have kept it: their models are the same."""
    return next((item for item in kept_checkpoints(run) if item.epoch == epoch), None)


def keeps_every_epoch(project: Project) -> bool:
    """Whether a training with these settings keeps the model of every epoch."""
    return all(_keeps_all(stage) for stage in project.training.stages)


def keep_every_epoch(project: Project) -> Project:
    """The project whose stages all keep the model of every epoch: with a callback more where none does."""
    entry = next(entry for entry in CALLBACKS if entry.role == "models")
    for stage in project.training.stages:
        if not _keeps_all(stage):
            project = add_step(project, f"training.{stage.id}", entry.id, {"files": "all"})
    return project


def _keeps_all(stage: Stage) -> bool:
    for step in stage.callbacks:
        entry = CALLBACKS.find(step.type)
        if entry is not None and entry.role == "models" and step.enabled:
            values = with_defaults(entry.params, step.params)
            if values["files"] == "all" and values["epochs"] == 1 and not values["save_best_only"]:
                return True
    return False
