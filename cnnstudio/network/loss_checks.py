"""Checks of the loss of a training and of the weights of the classes in it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cnnstudio.catalog.training.losses import AUTO, LOSSES, losses_for
from cnnstudio.core.params import check
from cnnstudio.core.problems import Fix, Problem, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text

_MODES = {"binary": Text("binary labels", "etiquetas binary"),
          "categorical": Text("categorical labels", "etiquetas categorical"),
          "int": Text("whole-number labels (int)", "etiquetas de números enteros (int)")}


def check_loss(project: Project) -> tuple[Problem, ...]:
    """Whether the loss is known and takes the labels of the project; its parameters have the node "loss"."""
    loss, mode = project.training.loss, project.dataset.label_mode
    if loss.type == AUTO:
        return ()
    fix = Fix(action="set_field", label=Text("Match the loss to the labels", "Ajustar la pérdida a las etiquetas"),
              arguments={"spec": "training", "field": "loss", "value": {"type": AUTO}})
    entry = LOSSES.find(loss.type)
    if entry is None:
        text = Text("There is no loss called {name}. Available: auto, {names}.",
                    "No hay ninguna pérdida llamada {name}. Disponibles: auto, {names}.")
        return (error("unknown_loss", text.fill(name=loss.type, names=", ".join(LOSSES.ids())), "training", field="loss",
                      fixes=(fix,)),)
    if entry.label_mode != mode:
        wanted = ", ".join(other.id for other in losses_for(mode))
        text = Text("The loss {have} does not match {mode} labels; use {want}.",
                    "La pérdida {have} no es adecuada para etiquetas {mode}; use {want}.")
        labels = Fix(action="set_field", label=Text("Use {mode}", "Usar {mode}").fill(mode=_MODES[entry.label_mode]),
                     arguments={"spec": "dataset", "field": "label_mode", "value": entry.label_mode})
        # Labels of the other form lose nothing where both have one unit for each class.
        return (error("wrong_loss", text.fill(have=loss.type, mode=mode, want=wanted), "training", field="loss",
                      fixes=(fix, *(() if "binary" in (mode, entry.label_mode) else (labels,)))),)
    return check(entry.params, loss.params, "training", node="loss")


def check_class_weights(project: Project, classes: Sequence[str] = ()) -> tuple[Problem, ...]:
    """Whether the weights by hand are numbers above 0 and, where `classes` are known, of classes that are there."""
    training = project.training
    if training.class_weight != "custom":
        return ()
    problems: list[Problem] = []
    for name, weight in training.class_weights.items():
        if not (math.isfinite(weight) and 0 < weight <= 1e6):
            text = Text("The weight of {name} must be above 0 and at most 1 000 000, not {value}. To leave a class out, hide "
                        "it.",
                        "El peso de {name} debe ser mayor que 0 y como máximo 1 000 000, no {value}. Para no usar una clase, "
                        "ocúltela.")
            problems.append(error("value", text.fill(name=name, value=weight), "training", node="class_weights", field=name,
                                  fixes=(_with_weights({**training.class_weights, name: 1.0},
                                                       Text("Use 1", "Usar 1")),)))
    strangers = [name for name in training.class_weights if classes and name not in classes]
    if strangers:
        text = Text("There are weights for classes that are not there: {names}. They have no effect.",
                    "Hay pesos para clases que no existen: {names}. No tienen efecto.")
        kept = {name: weight for name, weight in training.class_weights.items() if name in classes}
        problems.append(warning("weight_without_class", text.fill(names=", ".join(strangers[:8])), "training",
                                field="class_weight", fixes=(_with_weights(kept, Text(
                                    "Remove these weights", "Quitar estos pesos")),)))
    return tuple(problems)


def _with_weights(weights: dict[str, float], label: Text) -> Fix:
    return Fix(action="set_field", label=label,
               arguments={"spec": "training", "field": "class_weights", "value": weights})
