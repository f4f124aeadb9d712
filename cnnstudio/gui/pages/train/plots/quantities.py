"""What can be plotted of a training."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from cnnstudio.core.text import Text, same
from cnnstudio.gui.pages.train.plots.history import Curves

Source = Literal["metric", "load"]


class Quantity(NamedTuple):
    """`id` is the name of the metric in Keras's logs, or of the load; `positive` ones can be drawn on a log scale."""

    id: str
    title: Text
    source: Source = "metric"
    unit: str = ""
    positive: bool = False


LOADS: Final = (
    Quantity("learning_rate", Text("Learning rate", "Tasa de aprendizaje"), "load", positive=True),
    Quantity("pictures_per_second", Text("Pictures per second", "Imágenes por segundo"), "load"),
    Quantity("cpu", Text("Processor", "Procesador"), "load", "%"),
    Quantity("memory", Text("Memory", "Memoria"), "load", "MB"),
    Quantity("gpu", Text("GPU load", "Carga de la GPU"), "load", "%"),
    Quantity("gpu_memory", Text("GPU memory", "Memoria de la GPU"), "load", "MB"),
    Quantity("gpu_temperature", Text("GPU temperature", "Temperatura de la GPU"), "load", "°C"),
)
USUAL: Final = ("loss", "accuracy")
"""What is shown until the user chooses otherwise."""
_METRICS: Final = (Quantity("loss", Text("Loss", "Pérdida"), positive=True),
                   Quantity("accuracy", Text("Accuracy", "Exactitud")))


def quantities_of(curves: Curves) -> list[Quantity]:
    """Everything that this run has values of, the metrics first; loss and accuracy always."""
    names = [name for name in (*curves.epoch_values, *curves.batch_values)
             if not name.startswith("val_") and name != "learning_rate"]
    known = [item.id for item in _METRICS]
    others = [Quantity(name, same(name)) for name in dict.fromkeys(names) if name not in known]
    return [*_METRICS, *others, *(item for item in LOADS if len(curves.load(item.id)[0]))]


def quantity(identifier: str) -> Quantity:
    """The quantity of that id: a load, else a metric of that name."""
    return next((item for item in (*_METRICS, *LOADS) if item.id == identifier), Quantity(identifier, same(identifier)))
