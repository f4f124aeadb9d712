"""Checks of the loss of a training."""

from __future__ import annotations

from cnnstudio.catalog.training.losses import AUTO, LOSSES, losses_for
from cnnstudio.core.params import check
from cnnstudio.core.problems import Fix, Problem, error
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
