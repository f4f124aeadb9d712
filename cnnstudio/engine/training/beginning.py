"""The weights that a run begins with where it comes from another run: what fits by name and shape is taken over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import msgspec
import numpy as np

from cnnstudio.core.events import Notice
from cnnstudio.core.own_folders import is_link
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.renamed_classes import read_renamed
from cnnstudio.core.text import Text
from cnnstudio.engine import models
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.training.added_class import extend_classifier
from cnnstudio.engine.training.salvage import save_from_checkpoint
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.origin import START, RunOrigin, read_origin

_MOST_NAMED: Final = 8


@dataclass(frozen=True)
class Taken:
    """Layers with weights, by the path of their names: taken over; there with other shapes; with other classes (the
    classifier); not there; and those of the other network that this one does not have."""

    taken: tuple[str, ...] = ()
    other_shape: tuple[str, ...] = ()
    other_classes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def take_weights(run: RunFolder, model: Any, class_names: Sequence[str], link: Link, tell: bool = True) -> models.Loaded | None:
    """Set the weights of a new `model` from those that `run` begins with, if any, and tell what was taken over; returns the
    model that they are from.

    Raises ProblemError (nothing_fits, is_link, damaged_model, no_classifier...).
    """
    origin = read_origin(run.folder)
    if origin.kind != "weights":
        return None
    start = RunFolder(run.folder / START)
    if start.folder.is_symlink():
        raise ProblemError(is_link(start.folder))
    if not start.has_model_file:
        save_from_checkpoint(start, run.project_folder)
    loaded = models.load(start.folder)
    if origin.added:
        _take_with_more_classes(loaded, model, origin)
        if tell:
            link.emit(Notice(problem=_told_added(origin)))
        return loaded
    result = transfer(loaded.model, model, same_classes=same_classes(start.folder, loaded.card.class_names, class_names))
    if not result.taken:
        raise ProblemError(_nothing_fits(origin, result))
    if tell:
        link.emit(Notice(problem=_told(origin, result)))
    return loaded


def _take_with_more_classes(loaded: models.Loaded, model: Any, origin: RunOrigin) -> None:
    """The weights of a model that has fewer classes. Where the trunk is a base made of that model, the base has read its own;
    all else must be there. Raises ProblemError."""
    result = transfer(loaded.model, model, same_classes=False)
    theirs, ours = dict(_layers(loaded.model)), dict(_layers(model))
    nested = {layer.name for layer in model.layers if isinstance(layer, keras.Model)} - {
        path.partition("/")[0] for path in theirs}
    missing = [path for path in (*result.other_shape, *result.missing) if path.partition("/")[0] not in nested]
    if not theirs or not ours or [path for path in missing if path != next(reversed(ours))]:
        raise ProblemError(_nothing_fits(origin, result))
    extend_classifier(theirs[next(reversed(theirs))], ours[next(reversed(ours))], len(loaded.card.class_names),
                      loaded.card.label_mode == "binary" and loaded.model.output_shape[-1] == 1, origin.parent)


def same_classes(start: Path, names: Sequence[str], class_names: Sequence[str]) -> bool:
    """Whether the run that the weights in `start` are from has these classes in this order: by the present `names`, or, where
    they are others, by those that it was trained with."""
    renamed = read_renamed(start)
    if renamed is not None and set(names) != set(class_names):
        names = renamed.trained
    return tuple(names) == tuple(class_names)


def transfer(source: Any, model: Any, same_classes: bool = True) -> Taken:
    """Set the weights of every layer of `model` that `source` has under the same name with the same shapes.

    Without `same_classes` the last layer with weights, the classifier, keeps its own: its outputs mean something else.
    """
    theirs, ours = dict(_layers(source)), dict(_layers(model))
    classifier = next(reversed(ours), "") if not same_classes else ""
    parts: dict[str, list[str]] = {name: [] for name in ("taken", "other_shape", "other_classes", "missing")}
    for path, layer in ours.items():
        if path not in theirs:
            parts["missing"].append(path)
        elif path == classifier:
            parts["other_classes"].append(path)
        elif _shapes(theirs[path]) != _shapes(layer):
            parts["other_shape"].append(path)
        else:
            for variable, value in zip(layer.weights, theirs[path].weights, strict=True):
                variable.assign(np.array(numpy_of(value)))
            parts["taken"].append(path)
    unused = tuple(path for path in theirs if path not in ours)
    return Taken(**{name: tuple(paths) for name, paths in parts.items()}, unused=unused)


def _layers(model: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The layers with weights by the path of their names, those of models within the model one by one."""
    for layer in model.layers:
        path = f"{before}{layer.name}"
        if isinstance(layer, keras.Model):
            yield from _layers(layer, f"{path}/")
        elif layer.weights:
            yield path, layer


def _shapes(layer: Any) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]


def _named(paths: Sequence[str]) -> Text:
    names = ", ".join(paths[:_MOST_NAMED])
    if len(paths) <= _MOST_NAMED:
        return Text(names, names)
    return Text("{names} and {n} more", "{names} y {n} más").fill(names=names, n=len(paths) - _MOST_NAMED)


def _left_out(result: Taken) -> tuple[Text, ...]:
    """What was not taken over, and why."""
    reasons = ((result.other_shape, Text("other shapes", "otras formas")),
               (result.other_classes, Text("other classes", "otras clases")),
               (result.missing, Text("not in that run", "no están en ese entrenamiento")),
               (result.unused, Text("not in this network", "no están en esta red")))
    return tuple(Text("{reason}: {names}", "{reason}: {names}").fill(reason=reason, names=_named(paths))
                 for paths, reason in reasons if paths)


def _joined(parts: Sequence[Text]) -> Text:
    return Text("; ".join(part.en for part in parts), "; ".join(part.es for part in parts))


def _told(origin: RunOrigin, result: Taken) -> Problem:
    total = len(result.taken) + len(result.other_shape) + len(result.other_classes) + len(result.missing)
    left = _left_out(result)
    text = Text("The training begins with weights of {run}, epoch {epoch}: layers taken over {n} of {total}.",
                "El entrenamiento parte de los pesos de {run}, época {epoch}: capas tomadas, {n} de {total}.")
    if left:
        text = Text(f"{text.en} Not taken over: {{left}}.", f"{text.es} No se tomaron: {{left}}.")
    filled = text.fill(run=origin.parent, epoch=origin.epoch or "?", n=len(result.taken), total=total,
                       **({"left": _joined(left)} if left else {}))
    whole = not (result.other_shape or result.other_classes or result.missing)
    return msgspec.structs.replace(warning("weights_taken", filled, "training"), severity="info" if whole else "warning")


def _told_added(origin: RunOrigin) -> Problem:
    text = Text("The training begins with what {run} has learned. The outputs of its classes keep their weights; that of "
                "{names} begins with their mean, so that at first no answer changes.",
                "El entrenamiento parte de lo que aprendió {run}. Las salidas de sus clases conservan sus pesos; la de {names} "
                "empieza con su media, de modo que al principio no cambia ninguna respuesta.")
    return msgspec.structs.replace(warning("class_added", text.fill(run=origin.parent, names=", ".join(origin.added)),
                                           "training"), severity="info")


def _nothing_fits(origin: RunOrigin, result: Taken) -> Problem:
    text = Text("No layer of this network has the name and the shapes of one of the run {run} ({left}), so no weights can be "
                "taken over. Use the network of that run, or start without its weights.",
                "Ninguna capa de esta red tiene el nombre y las formas de una del entrenamiento {run} ({left}), así que no se "
                "pueden tomar sus pesos. Use la red de ese entrenamiento o empiece sin sus pesos.")
    return error("nothing_fits", text.fill(run=origin.parent, left=_joined(_left_out(result))), "network")
