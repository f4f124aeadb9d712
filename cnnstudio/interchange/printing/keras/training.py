"""The training part of a printed Keras script: a `compile` and a `fit` for each stage."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.resolver import BaseResolver, base_of_node
from cnnstudio.catalog.call import Call, literal
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.schedules import SCHEDULES, learning_rate_of
from cnnstudio.catalog.training import CALLBACKS, LOSSES, OPTIMIZERS
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import BASE
from cnnstudio.core.params import with_defaults
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage

METRICS: Final = {"binary": "BinaryAccuracy", "categorical": "CategoricalAccuracy", "int": "SparseCategoricalAccuracy"}


def training_lines(project: Project, context: Context, pictures: int) -> list[str]:
    """The lines from `model.compile` to the last `model.fit`; `pictures` is the number of the training split."""
    training = project.training
    batches = max(1, -(-pictures // training.batch_size))
    several = len(training.stages) > 1
    lines: list[str] = []
    for number, stage in enumerate(training.stages):
        if several:
            lines += [*([""] if number else []), f"# Stage {number + 1} of {len(training.stages)}."]
        lines += _trainable(project, stage, several, context.bases)
        lines += [*_compile(project, context, stage, batches), *([] if number else ["model.summary()", ""])]
        lines += [*_callbacks(stage), *(_class_weight(project) if not number else []), *_fit(project, stage)]
    return lines


def _compile(project: Project, context: Context, stage: Stage, batches: int) -> list[str]:
    training = project.training
    loss = LOSSES[context.loss if training.loss == "auto" else training.loss]
    return ["model.compile(", f"    optimizer={_optimizer(project, stage, batches)},", f"    loss={loss.call.code({})},",
            f'    metrics=[keras.metrics.{METRICS[context.label_mode]}(name="accuracy")],', ")"]


def _optimizer(project: Project, stage: Stage, batches: int) -> str:
    entry = OPTIMIZERS.find(stage.optimizer.type)
    if entry is None:
        return f"...,  # unknown optimizer {stage.optimizer.type}"
    values: dict[str, Any] = with_defaults(entry.params, stage.optimizer.params)
    rate = learning_rate_of(stage, values["learning_rate"], batches)
    # Every argument of a schedule's call is written in it already.
    arguments = entry.call.arguments(values | {"learning_rate": rate})
    if project.training.accumulation > 1:
        arguments["gradient_accumulation_steps"] = project.training.accumulation
    unknown = stage.schedule is not None and SCHEDULES.find(stage.schedule.type) is None
    remark = f",  # unknown schedule {stage.schedule.type}" if unknown and stage.schedule is not None else ""
    return Call(entry.call.target, arguments).code({}) + remark


def _fit(project: Project, stage: Stage) -> list[str]:
    return ["history = model.fit(", "    train,", "    validation_data=validation,", f"    epochs={stage.epochs},",
            "    callbacks=callbacks,",
            *(["    class_weight=class_weight,"] if project.training.class_weight == "balanced" else []), ")"]


def _callbacks(stage: Stage) -> list[str]:
    lines = ["callbacks = ["]
    for step in stage.callbacks:
        entry = CALLBACKS.find(step.type)
        if entry is None:
            lines.append(f"    # unknown callback {step.type}")
        elif step.enabled:
            lines.append(f"    {entry.call.code(with_defaults(entry.params, step.params))},")
    return [*lines, "]"]


def _class_weight(project: Project) -> list[str]:
    if project.training.class_weight != "balanced":
        return []
    return ["# Rare classes count more: n / (classes * pictures of the class).",
            'seen = [number for number, word in zip(numbers, words) if word == "train"]',
            "class_weight = {number: len(seen) / (len(CLASSES) * max(1, seen.count(number)))",
            "                for number in range(len(CLASSES))}"]


def _trainable(project: Project, stage: Stage, several: bool, bases: BaseResolver) -> list[str]:
    """The trainable layers of the bases, if this stage changes them or an earlier one may have."""
    if not stage.trainable_from and not (several and any(other.trainable_from for other in project.training.stages)):
        return []
    lines: list[str] = []
    for node in expand_repeats(project.network)[0].nodes:
        base = base_of_node(node, bases)
        if base is None:
            continue
        line = stage.trainable_from or str(values_of(node, LAYERS[BASE])["trainable_from"])
        lines += _base_lines(base, line)
    return lines


def _base_lines(base: Base, line: str) -> list[str]:
    graph = base.graph() if base.own is None else base.own.network
    learning = base.trainable_layers(line if line in ("none", "all", *base.lines) else "none")
    names = [node.id for node in graph.nodes]
    learning_names = [name for name in names if name in learning]
    state = {"none": "is frozen", "all": "learns, its normalisation does not"}.get(line, f"learns from {line} on")
    return [f"# {base.label.en} {state}.", f"base_layers = {_names(names)}", f"learning = {_names(learning_names)}",
            "for layer in model.layers:",
            "    for part in layer.layers if isinstance(layer, keras.Model) else [layer]:",
            "        if part.name in base_layers:", "            part.trainable = part.name in learning"]


def _names(names: list[str]) -> str:
    """A set of names as source, in lines of readable length."""
    if not names:
        return "set()"
    lines, line = ["{"], "   "
    for name in names:
        if len(line) + len(name) > 110:
            lines.append(line)
            line = "   "
        line += f" {literal(name)},"
    return "\n".join([*lines, line, "}"])
