"""What of a project a search can vary: every number and choice by its name, with a range around its present value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from cnnstudio.catalog.bases.resolver import BaseResolver
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.optimizers import OPTIMIZERS
from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.catalog.training.callbacks import CALLBACKS
from cnnstudio.catalog.training.losses import LOSSES
from cnnstudio.core.network import BASE, Node
from cnnstudio.core.params import Bool, Choice, Factor, Float, Int, Param, Seed, is_relevant, with_defaults
from cnnstudio.core.project import Project
from cnnstudio.core.search import Choices, Range, Varied, tidy_number
from cnnstudio.core.text import Text
from cnnstudio.core.training import STAGE_PARAMS, TRAINING_PARAMS, Stage
from cnnstudio.workers.search.special_keys import SPECIAL_KEYS

_NO_SETTINGS: Final = frozenset({"seed", "backend", "device", "determinism", "jit_compile", "keep_features", "class_weight",
                                 "trainable_from", "mode", "baseline", "restore_best_weights"})
"""What decides nothing of how good a network is, or has an entry of its own."""
_TRAINING: Final = Text("Training", "Entrenamiento")
_AUGMENTATION: Final = Text("Augmentation", "Aumento de datos")
_RECIPE: Final = Text("Preparation", "Preparación")
_FEW: Final = 3
"""So many choices are taken at first; others are added by the user."""
_FREEZE: Final = ("none", "last:20", "all")


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A key that can be varied. `group` is what it belongs to; `values` what is tried at first; `options` all choices with
    their labels, empty where there is no fixed list; `now` its present value as a text. Numbers lie between `minimum` and
    `maximum` (above the minimum with `above`) and are `whole` for some keys."""

    key: str
    group: Text
    label: Text
    help: Text
    values: Range | Choices
    now: str = ""
    options: tuple[tuple[str, Text], ...] = ()
    minimum: float = -math.inf
    maximum: float = math.inf
    whole: bool = False
    advanced: bool = False

    @property
    def varied(self) -> Varied:
        """It as a search takes it at first."""
        return Varied(key=self.key, values=self.values)


def candidates(project: Project, classes: Sequence[str], bases: BaseResolver) -> tuple[Candidate, ...]:
    """Everything of a project that can be varied, what is varied most often first."""
    return (*_training(project), *_special(project, classes, bases), *_network(project),
            *_steps("augmentation", _AUGMENTATION, project.augmentation.active, AUGMENTATIONS),
            *_steps("recipe", _RECIPE, tuple(step for step in project.recipe.steps if step.enabled), RECIPE_STEPS))


def usual(found: Sequence[Candidate]) -> tuple[Varied, ...]:
    """What a first search varies: the learning rate, the batch size, and how much of a base learns."""
    wanted = ("optimizer.learning_rate", "batch_size", "trainable_from")
    return tuple(item.varied for item in found if any(item.key.endswith(end) for end in wanted)
                 and item.key.split(".")[0] in ("training", "network"))[:4]


# The parts of a project -----------------------------------------------------------------------------


def _training(project: Project) -> Iterator[Candidate]:
    training = project.training
    several = len(training.stages) > 1
    for stage in reversed(training.stages):
        prefix = f"training.stages.{stage.id}" if several else "training"
        group = Text("Training, {stage}", "Entrenamiento, {stage}").fill(stage=stage.id) if several else _TRAINING
        yield from _stage(prefix, group, stage)
    yield from _of_params("training", _TRAINING, TRAINING_PARAMS, {name: getattr(training, name) for name in (
        param.name for param in TRAINING_PARAMS)})
    loss = LOSSES.find(training.loss.type)
    if loss is not None:
        yield from _of_params("training.loss", loss.label, loss.params, with_defaults(loss.params, training.loss.params))


def _stage(prefix: str, group: Text, stage: Stage) -> Iterator[Candidate]:
    optimizer = OPTIMIZERS.find(stage.optimizer.type)
    if optimizer is not None:
        yield from _of_params(f"{prefix}.optimizer", group, optimizer.params,
                              with_defaults(optimizer.params, stage.optimizer.params))
    yield Candidate(
        key=f"{prefix}.optimizer", group=group, label=Text("Optimizer", "Optimizador"), now=stage.optimizer.type,
        help=Text("Which optimizer trains, each with its default settings.",
                  "Qué optimizador entrena, cada uno con sus ajustes por defecto."),
        values=Choices(values=_first((stage.optimizer.type, "adam", "adamw", "sgd"))),
        options=tuple((entry.id, entry.label) for entry in OPTIMIZERS))
    yield from _of_params(prefix, group, STAGE_PARAMS, {"epochs": stage.epochs, "base_rate_factor": stage.base_rate_factor})
    if stage.schedule is not None and (schedule := SCHEDULES.find(stage.schedule.type)) is not None:
        yield from _of_params(f"{prefix}.schedule", schedule.label, schedule.params,
                              with_defaults(schedule.params, stage.schedule.params))
    for step in stage.callbacks:
        entry = CALLBACKS.find(step.type)
        if entry is not None and step.enabled:
            yield from _of_params(f"{prefix}.callbacks.{step.id}", entry.label, entry.params,
                                  with_defaults(entry.params, step.params))


def _special(project: Project, classes: Sequence[str], bases: BaseResolver) -> Iterator[Candidate]:
    for special in SPECIAL_KEYS:
        if special.id == BASE_KEY and _base(project) is None:
            continue
        choices = special.choices(project, bases)
        now = special.present(project, classes)
        taken = _first((*(() if now is None else (now,)), *choices))
        yield Candidate(key=special.id, group=_AUGMENTATION if special.id.startswith("augmentation") else special.label,
                        label=special.label, help=special.help, values=Choices(values=taken), now=now or "",
                        options=tuple((choice, _choice_label(special.id, choice, bases)) for choice in choices))


BASE_KEY: Final = "base"


def _choice_label(key: str, choice: str, bases: BaseResolver) -> Text:
    if key == BASE_KEY:
        base = bases.find(choice)
        return Text(choice, choice) if base is None else base.label
    from cnnstudio.catalog.augmentation_presets import AUGMENTATION_PRESETS

    preset = AUGMENTATION_PRESETS.find(choice)
    return Text(choice, choice) if preset is None else preset.label


def _base(project: Project) -> Node | None:
    return next((node for node in project.network.nodes if node.type == BASE), None)


def _network(project: Project) -> Iterator[Candidate]:
    for node in project.network.nodes:
        entry = LAYERS.find(node.type)
        if entry is None:
            continue
        group = Text(node.id, node.id) if entry.label is None else Text("{layer} {id}", "{layer} {id}").fill(
            layer=entry.label, id=node.id)
        if node.type == BASE:
            yield _freeze_line(node, group)
        yield from _of_params(f"network.{node.id}", group, entry.params, with_defaults(entry.params, node.params))


def _freeze_line(node: Node, group: Text) -> Candidate:
    now = str(node.params.get("trainable_from", "none"))
    return Candidate(
        key=f"network.{node.id}.trainable_from", group=group, label=Text("Freeze line", "Línea de congelación"), now=now,
        help=Text("From where the base learns: none, all, the name of one of its blocks, or last:20 for its last 20 layers.",
                  "Desde dónde aprende la base: none, all, el nombre de uno de sus bloques o last:20 para sus últimas 20 "
                  "capas."),
        values=Choices(values=tuple(dict.fromkeys((now, *_FREEZE)))))


def _steps(prefix: str, group: Text, steps: Sequence[Any], registry: Any) -> Iterator[Candidate]:
    for step in steps:
        entry = registry.find(step.type)
        if entry is not None:
            yield from _of_params(f"{prefix}.{step.id}", Text("{part}, {step}", "{part}, {step}").fill(
                part=group, step=entry.label), entry.params, with_defaults(entry.params, step.params))


# Parameters -----------------------------------------------------------------------------------------


def _of_params(prefix: str, group: Text, params: Sequence[Param], values: dict[str, Any]) -> Iterator[Candidate]:
    for param in params:
        if param.name in _NO_SETTINGS or isinstance(param, Seed) or param.name not in values or not is_relevant(param, values):
            continue
        tried = _tried(param, values[param.name])
        if tried is not None:
            whole = isinstance(param, Int)
            yield Candidate(
                key=f"{prefix}.{param.name}", group=group, label=param.label, help=param.help, values=tried,
                now=_text(values[param.name]), options=_options(param), whole=whole, advanced=param.advanced,
                minimum=getattr(param, "minimum", -math.inf), maximum=getattr(param, "maximum", math.inf))


def _tried(param: Param, value: Any) -> Range | Choices | None:
    """What is tried of a parameter at first; None for one that cannot be varied."""
    if isinstance(param, Bool):
        return Choices(values=("true", "false"))
    if isinstance(param, Choice):
        texts = [_text(option.value) for option in param.options]
        return Choices(values=_first((_text(value), *texts))) if len(texts) > 1 else None
    if isinstance(param, Int):
        return _whole_range(param, value)
    if isinstance(param, Float):
        return _float_range(param, value)
    if isinstance(param, Factor) and isinstance(value, int | float) and value > 0:
        return Range(low=0.0, high=min(param.maximum, tidy_number(2 * value, 0, math.inf)))
    return None


def _options(param: Param) -> tuple[tuple[str, Text], ...]:
    if isinstance(param, Bool):
        return (("true", Text("Yes", "Sí")), ("false", Text("No", "No")))
    if isinstance(param, Choice):
        return tuple((_text(option.value), option.label) for option in param.options)
    return ()


def _whole_range(param: Int, value: Any) -> Range | None:
    """From half to twice the value; sizes, whose double is a step, on a logarithmic scale."""
    if not isinstance(value, int) or isinstance(value, bool) or param.odd:
        return None
    low = max(param.minimum, value // 2)
    high = min(param.maximum, max(2 * value, low + 2))
    if low >= high:
        return None
    return Range(low=low, high=high, log=low >= 4, whole=True)


def _float_range(param: Float, value: Any) -> Range | None:
    """Around the value: from a tenth to ten times of what has no scale of its own, by 0.3 less and more of a share."""
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        return None
    if value is None or (value == 0 and param.step < 0.01):
        low, high, log = param.step, 100 * param.step, True
    elif param.logarithmic and value > 0:
        low, high, log = value / 10, value * 10, True
    elif param.minimum >= 0 and param.maximum <= 1:
        low, high, log = value - 0.3, min(value + 0.3, value + 0.9 * (1 - value)), False
    else:
        low, high, log = (value / 2, value * 2, False) if value > 0 else (value - 1, value + 1, False)
    low, high = max(param.minimum, float(f"{low:.3g}")), min(param.maximum, float(f"{high:.3g}"))
    if param.above and low <= param.minimum:
        low = param.step
    return Range(low=low, high=high, log=log) if low < high and not (log and low <= 0) else None


def _first(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))[:_FEW]


def _text(value: Any) -> str:
    """A value as a key takes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


