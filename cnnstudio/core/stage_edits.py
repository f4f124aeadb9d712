"""Edits of the training's stages: pure functions from a project to a project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cnnstudio.core.item import as_immutable
from cnnstudio.core.network import BASE
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage

replace = msgspec.structs.replace


def stage_of(project: Project, spec: str) -> Stage | None:
    """The stage that "training.<id>" names; the last one for "training"."""
    _, _, identifier = spec.partition(".")
    return project.training.stage(identifier) if identifier else project.training.last_stage


def with_stages(project: Project, stages: Iterable[Stage]) -> Project:
    return replace(project, training=replace(project.training, stages=tuple(stages)))


def set_stage_field(project: Project, stage: str, field: str, value: Any) -> Project:
    """Set one field of a stage; raises msgspec.ValidationError for a value of another type."""
    wanted = {item.name: item.type for item in msgspec.structs.fields(Stage)}[field]
    converted = msgspec.convert(as_immutable(value), wanted)
    return with_stages(project, (replace(item, **{field: converted}) if item.id == stage else item
                                 for item in project.training.stages))


def duplicate_stage(project: Project, stage: str) -> Project:
    """Insert a copy behind the stage, with a new id."""
    stages = list(project.training.stages)
    index = _index(stages, stage)
    if index is None:
        return project
    stages.insert(index + 1, replace(stages[index], id=fresh_id(stages)))
    return with_stages(project, stages)


def add_stage(project: Project) -> Project:
    """Add a stage that fine-tunes the whole base at a hundredth of the rate.

    Without a pretrained base it repeats the last stage at a tenth of the rate.
    """
    stages = list(project.training.stages)
    last = project.training.last_stage
    base = any(node.type == BASE for node in project.network.nodes)
    rate = last.optimizer.params.get("learning_rate", 0.001)
    optimizer = replace(last.optimizer, params=last.optimizer.params | {"learning_rate": rate / (100 if base else 10)})
    added = replace(last, id=fresh_id(stages), optimizer=optimizer, schedule=None, trainable_from="all" if base else "")
    return with_stages(project, (*stages, added))


def remove_stage(project: Project, stage: str) -> Project:
    """Remove the stage, unless it is the only one."""
    rest = tuple(item for item in project.training.stages if item.id != stage)
    return with_stages(project, rest) if rest else project


def move_stage(project: Project, stage: str, index: int) -> Project:
    """Move a stage to `index`."""
    stages = list(project.training.stages)
    present = _index(stages, stage)
    if present is None:
        return project
    moved = stages.pop(present)
    stages.insert(max(0, min(index, len(stages))), moved)
    return with_stages(project, stages)


def _index(stages: list[Stage], identifier: str) -> int | None:
    return next((number for number, stage in enumerate(stages) if stage.id == identifier), None)


def fresh_id(stages: Sequence[Stage]) -> str:
    """An id that none of the stages has."""
    used = {stage.id for stage in stages}
    number = len(stages) + 1
    while f"stage_{number}" in used:
        number += 1
    return f"stage_{number}"
