"""What can be plotted of a training."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from cnnstudio.catalog.training import METRICS
from cnnstudio.core.text import Text, same
from cnnstudio.gui.pages.train.plots.history import Curves, metrics_in

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
_OF_GPU: Final = re.compile(r"gpu_(?:memory_)?(\d+)")
USUAL: Final = ("loss", "accuracy")
"""What is plotted of a run of which nothing is known yet."""
_LOSS: Final = Quantity("loss", Text("Loss", "Pérdida"), positive=True)


def quantities_of(curves: Curves) -> list[Quantity]:
    """Everything that this run has values of: the loss, its metrics, and the loads."""
    return [_LOSS, *(quantity(name) for name in metrics_in(curves)),
            *(item for item in LOADS if len(curves.load(item.id)[0])),
            *(item for number in range(1, curves.gpus + 1) for item in _of_gpu(number))]


def _of_gpu(number: int) -> tuple[Quantity, ...]:
    """The loads of one of several GPUs, counted from 1."""
    return (Quantity(f"gpu_{number}", Text("Load of GPU {n}", "Carga de la GPU {n}").fill(n=number), "load", "%"),
            Quantity(f"gpu_memory_{number}", Text("Memory of GPU {n}", "Memoria de la GPU {n}").fill(n=number), "load", "MB"))


def usual_of(curves: Curves) -> tuple[str, ...]:
    """What is plotted of a run until the user chooses: its loss and its first metric."""
    return "loss", next(iter(metrics_in(curves)), USUAL[1])


def quantity(identifier: str) -> Quantity:
    """The quantity of that id: a load, else a metric by its name in Keras's logs."""
    one_gpu = _OF_GPU.fullmatch(identifier)
    of_gpu = _of_gpu(int(one_gpu[1])) if one_gpu is not None else ()
    known = next((item for item in (_LOSS, *LOADS, *of_gpu) if item.id == identifier), None)
    entry = METRICS.find(identifier)
    return known or Quantity(identifier, same(identifier) if entry is None else entry.label)
