"""The key of a stage's learning rate, as `cnnstudio set` takes it."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.training import OPTIMIZERS
from cnnstudio.core.params import with_defaults
from cnnstudio.core.training import Stage, TrainingSpec

_INITIAL: Final = "initial_learning_rate"


def stage_place(training: TrainingSpec, stage: Stage) -> str:
    """The key of a stage: without its name for the last one."""
    return "training" if stage.id == training.last_stage.id else f"training.stages.{stage.id}"


def rate_key(training: TrainingSpec, stage: Stage) -> str:
    """The key of the learning rate of a stage, "" if its schedule has several."""
    place = stage_place(training, stage)
    if stage.schedule is None:
        return f"{place}.optimizer.learning_rate"
    entry = SCHEDULES.find(stage.schedule.type)
    return f"{place}.schedule.{_INITIAL}" if entry is not None and any(
        param.name == _INITIAL for param in entry.params) else ""


def rate_of(stage: Stage) -> float | None:
    """The learning rate that the stage starts with; None where it is not a single number."""
    item, name = (stage.optimizer, "learning_rate") if stage.schedule is None else (stage.schedule, _INITIAL)
    entry = OPTIMIZERS.find(item.type) if stage.schedule is None else SCHEDULES.find(item.type)
    if entry is None:
        return None
    value = with_defaults(entry.params, item.params).get(name)
    return float(value) if isinstance(value, int | float) else None


def rounded_rate(rate: float) -> float:
    """Two digits: no rule is more exact."""
    return float(f"{rate:.1e}")
