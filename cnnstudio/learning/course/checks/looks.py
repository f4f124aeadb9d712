"""What can be measured of a project or of a run: one entry for each figure, used in the conditions of checks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from cnnstudio.catalog.bases.resolver import base_of_node
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.params import params_of
from cnnstudio.core import edits
from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.keys import get_value
from cnnstudio.core.network import BASE
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same
from cnnstudio.datasets.index import FILE as INDEX_FILE
from cnnstudio.datasets.index import open_index
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.learning.course.checks.activations import activated_convolutions
from cnnstudio.learning.course.evidence import RunSubject, Subject
from cnnstudio.network.freeze_line import freeze_line
from cnnstudio.workers.runs.answers import is_outdated
from cnnstudio.workers.runs.calibration import read_calibration
from cnnstudio.workers.runs.exports import list_exports

Value = float | int | str | bool | None
Unit = Literal["count", "percent", "points", "pixels", "value", "yes"]


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A figure. `measure(subject, of)` gives its value, None where it is not known; `of` narrows it, such as the key of a
    setting. `label(of)` names it. `needs_run`: it is known of a run only."""

    id: str
    label: Callable[[str], Text]
    unit: Unit
    measure: Callable[[Any, str], Value]
    needs_run: bool = False


def format_value(value: Value, unit: Unit) -> Text:
    """A value as a reader expects it, in both languages."""
    if value is None:
        return Text("unknown", "desconocido")
    if unit == "yes" or isinstance(value, bool):
        return Text("yes", "sí") if value else Text("no", "no")
    if isinstance(value, str):
        return same(value)
    if isinstance(value, float) and not math.isfinite(value):
        return Text("no number", "ningún número")
    whole = round(value * 1000) % 10 == 0
    formats: dict[str, Text] = {
        "count": Text("{v:,.0f}", "{v:,.0f}"), "pixels": Text("{v:,.0f} px", "{v:,.0f} px"),
        "percent": Text("{v:.0%}", "{v:.0%}") if whole else Text("{v:.1%}", "{v:.1%}"),
        "points": Text("{v:.0f} points", "{v:.0f} puntos") if whole else Text("{v:.1f} points", "{v:.1f} puntos"),
        "value": Text("{v:g}", "{v:g}")}
    return formats[unit].fill(v=100 * value if unit == "points" else value)


# The project --------------------------------------------------------------------------------------


def _setting(subject: Subject, of: str) -> Value:
    try:
        value = get_value(subject.project, of, params_of)
    except ProblemError:
        return None
    return value if isinstance(value, float | int | str | bool) else None if value is None else str(value)


def _layers(subject: Subject, of: str) -> int:
    wanted = of.split()
    return sum(count for kind, count in Counter(node.type for node in subject.network.network.nodes).items() if kind in wanted)


def _field(subject: Subject, _of: str) -> Value:
    field = subject.network.field
    return None if field is None else min(field.size)


def _learning_base(subject: Subject, _of: str) -> Value:
    """Weights of pretrained bases that learn in the stage in which most do."""
    bases, recipe = ProjectBases(subject.folder), subject.project.recipe
    most = 0
    for node in subject.project.network.nodes:
        base = base_of_node(node, bases) if node.type == BASE else None
        if base is None:
            continue
        values = values_of(node, LAYERS[BASE])
        line = freeze_line(base, (recipe.height, recipe.width), str(values["ends_at"]))
        most = max([most, *(line.weights(stage.trainable_from or str(values["trainable_from"]))
                            for stage in subject.project.training.stages)])
    return most


def _steps(subject: Subject, of: str) -> int:
    """How many of the named steps stand in the recipe or the augmentation, in that order: "recipe gaussian_blur canny"."""
    spec, *wanted = of.split()
    found = 0
    for step in edits.steps_of(subject.project, spec):
        if found < len(wanted) and step.enabled and step.type == wanted[found]:
            found += 1
    return found


def _augmentations(subject: Subject, _of: str) -> int:
    return len(subject.project.augmentation.active)


def _unreadable(subject: Subject, _of: str) -> Value:
    if not (subject.folder / INDEX_FILE).is_file():
        return None
    index = open_index(subject.folder)
    try:
        return sum(index.problem_counts().values())
    finally:
        index.close()


# A run --------------------------------------------------------------------------------------------


def _metric(subject: RunSubject, of: str) -> Value:
    return subject.summary.metrics.get(of)


def _gap(subject: RunSubject, _of: str) -> Value:
    """How far the two curves of the accuracy are apart at the end."""
    epochs = subject.run.epochs()
    last = epochs[-1].metrics if epochs else {}
    if "accuracy" not in last or "val_accuracy" not in last:
        return None
    return last["accuracy"] - last["val_accuracy"]


def _accuracy(subject: RunSubject, of: str) -> Value:
    evaluated = subject.run.evaluation(of)
    return None if evaluated is None or is_outdated(subject.run, of) else evaluated.accuracy


def _mistakes(subject: RunSubject, of: str) -> Value:
    evaluated = subject.run.evaluation(of)
    if evaluated is None or is_outdated(subject.run, of):
        return None
    return sum(sum(row) - row[place] for place, row in enumerate(evaluated.confusion))


def _stopped_early(subject: RunSubject, _of: str) -> bool:
    stops = any(step.enabled and step.type == "EarlyStopping" for step in subject.project.training.last_stage.callbacks)
    return stops and subject.summary.state == "finished" and subject.summary.epochs < subject.summary.planned


def _pictures(subject: RunSubject, of: str) -> int:
    return len(subject.manifest.split(of))


def _rejects(subject: RunSubject, _of: str) -> bool:
    calibration = read_calibration(subject.run)
    return calibration is not None and calibration.rejection is not None


def _exported(subject: RunSubject, of: str) -> int:
    """How many exports of these formats exist that were checked or need no check."""
    return sum(record.format in of.split() for record in list_exports([subject.run]))


def _named(text: Text) -> Callable[[str], Text]:
    return lambda _of: text


def _of_split(text: Text) -> Callable[[str], Text]:
    return lambda of: text.fill(split=SPLIT_NAMES[of]) if of in SPLIT_NAMES else text.fill(split=of)


_METRIC_NAMES: Final = {
    "accuracy": Text("training accuracy", "exactitud de entrenamiento"),
    "val_accuracy": Text("validation accuracy", "exactitud de validación"),
    "loss": Text("training loss", "pérdida de entrenamiento"),
    "val_loss": Text("validation loss", "pérdida de validación"),
}

LOOKS: Final[Registry[Look]] = Registry("look", (
    Look(id="setting", label=same, unit="value", measure=_setting),
    Look(id="parameters", label=_named(Text("parameters", "parámetros")), unit="count",
         measure=lambda subject, _of: subject.network.parameters),
    Look(id="trainable", label=_named(Text("trainable parameters", "parámetros entrenables")), unit="count",
         measure=lambda subject, _of: subject.network.trainable),
    Look(id="multiply_adds", label=_named(Text("multiply-adds", "multiplicaciones y sumas")), unit="count",
         measure=lambda subject, _of: subject.network.multiply_adds),
    Look(id="receptive_field", label=_named(Text("receptive field", "campo receptivo")), unit="pixels", measure=_field),
    Look(id="layers", label=lambda of: Text("layers {of}", "capas {of}").fill(of=" / ".join(of.split())), unit="count",
         measure=_layers),
    Look(id="activated", label=lambda of: Text("convolutions with {of}", "convoluciones con {of}").fill(of=of), unit="count",
         measure=lambda subject, of: activated_convolutions(subject.network.network, of)),
    Look(id="learning_base", unit="count", measure=_learning_base,
         label=_named(Text("weights of the base that learn", "pesos de la base que aprenden"))),
    Look(id="steps", label=lambda of: Text("steps {of} in this order", "pasos {of} en este orden").fill(
        of=" → ".join(of.split()[1:])), unit="count", measure=_steps),
    Look(id="augmentations", label=_named(Text("augmentations", "aumentos de datos")), unit="count", measure=_augmentations),
    Look(id="unreadable", label=_named(Text("unreadable files", "archivos ilegibles")), unit="count", measure=_unreadable),
    Look(id="metric", label=lambda of: _METRIC_NAMES.get(of, same(of)), unit="percent", measure=_metric, needs_run=True),
    Look(id="loss", label=lambda of: _METRIC_NAMES.get(of, same(of)), unit="value", measure=_metric, needs_run=True),
    Look(id="gap", label=_named(Text("training minus validation accuracy", "exactitud de entrenamiento menos la de "
                                     "validación")), unit="points", measure=_gap, needs_run=True),
    Look(id="accuracy", label=_of_split(Text("evaluated accuracy ({split})", "exactitud evaluada ({split})")), unit="percent",
         measure=_accuracy, needs_run=True),
    Look(id="mistakes", label=_of_split(Text("wrong answers ({split})", "respuestas equivocadas ({split})")), unit="count",
         measure=_mistakes, needs_run=True),
    Look(id="epochs", label=_named(Text("epochs", "épocas")), unit="count",
         measure=lambda subject, _of: subject.summary.epochs, needs_run=True),
    Look(id="stopped_early", label=_named(Text("stopped early", "parada temprana")), unit="yes", measure=_stopped_early,
         needs_run=True),
    Look(id="pictures", label=_of_split(Text("pictures ({split})", "imágenes ({split})")), unit="count", measure=_pictures,
         needs_run=True),
    Look(id="rejects", label=_named(Text("may say “not sure”", "puede decir «no está seguro»")), unit="yes", measure=_rejects,
         needs_run=True),
    Look(id="exported", label=lambda of: Text("exports as {of}", "exportaciones a {of}").fill(of=" / ".join(of.split())),
         unit="count", measure=_exported, needs_run=True),
))
