"""Parameters of callbacks that monitor a metric, with Keras's names."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.shapes import Values
from cnnstudio.core.params import Choice, Line, Option
from cnnstudio.core.text import Text, same

MONITOR: Final = Line(
    name="monitor", default="val_loss", label=same("monitor"),
    help=Text("The loss or the id of a metric of the training; val_ before it stands for the validation pictures.",
              "La pérdida o el id de una métrica del entrenamiento; con val_ delante, sobre las imágenes de validación."))
MODE: Final = Choice(
    name="mode", default="auto", advanced=True, label=same("mode"),
    help=Text("Whether lower (min) or higher (max) is better; auto decides by the name of the metric.",
              "Si es mejor un valor más bajo (min) o más alto (max); auto lo decide por el nombre de la métrica."),
    options=(Option("auto", same("auto")), Option("min", same("min")), Option("max", same("max"))))


def is_lower_better(values: Values) -> bool:
    """Whether less of the monitored metric is better; of all metrics but the loss more is."""
    if values["mode"] != "auto":
        return bool(values["mode"] == "min")
    return str(values["monitor"]).endswith("loss")
