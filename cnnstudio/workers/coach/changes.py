"""Changes of a project by keys, as rules propose them."""

from __future__ import annotations

from typing import Any

import msgspec

from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.rate_keys import rate_key, rate_of, rounded_rate, stage_place
from cnnstudio.catalog.training import CALLBACKS
from cnnstudio.core.item import Step
from cnnstudio.core.network import OUTPUT
from cnnstudio.core.params import Int, find_param
from cnnstudio.core.project import Project
from cnnstudio.workers.coach.evidence import Evidence


def other_rate(evidence: Evidence, factor: float) -> dict[str, Any]:
    """The learning rate of the last stage times `factor`; nothing where its schedule has no single rate."""
    training, stage = evidence.project.training, evidence.stage
    key, rate = rate_key(training, stage), rate_of(stage)
    return {key: rounded_rate(rate * factor)} if key and rate else {}


def clipped(evidence: Evidence) -> dict[str, Any]:
    """Gradients of at most norm 1 together."""
    return {f"{stage_place(evidence.project.training, evidence.stage)}.optimizer.global_clipnorm": 1.0}


def with_callback(evidence: Evidence, kind: str, identifier: str, params: dict[str, Any]) -> dict[str, Any]:
    """A callback of the last stage switched on, or added."""
    place = stage_place(evidence.project.training, evidence.stage)
    present = next((step for step in evidence.stage.callbacks if step.type == kind), None)
    if present is not None:
        return {f"{place}.{present.id}": True}
    steps = (*evidence.stage.callbacks, Step(id=identifier, type=kind, params=params))
    return {f"{place}.callbacks": msgspec.to_builtins(steps)}


def rate_changes(evidence: Evidence) -> bool:
    """Whether a schedule or a callback changes the learning rate during the stage."""
    entries = (CALLBACKS.find(step.type) for step in evidence.stage.callbacks if step.enabled)
    return evidence.stage.schedule is not None or any(entry is not None and entry.changes_rate for entry in entries)


def more_capacity(project: Project) -> dict[str, Any]:
    """Twice the filters or units of every layer that has a number of them, but the output."""
    change: dict[str, Any] = {}
    for node in project.network.nodes:
        layer = LAYERS.find(node.type)
        if layer is None or node.type == OUTPUT:
            continue
        for name in ("filters", "units"):
            param = find_param(layer.params, name)
            value = values_of(node, layer).get(name)
            if param is not None and isinstance(value, int):
                most = param.maximum if isinstance(param, Int) and param.maximum is not None else 2 * value
                change[f"network.{node.id}.{name}"] = min(int(most), 2 * value)
    return change
