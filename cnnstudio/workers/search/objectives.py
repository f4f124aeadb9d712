"""The registry of what trials can be judged by. Besides, any metric of the run can, as Keras's logs call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from cnnstudio.core.registry import Registry
from cnnstudio.core.search import Direction, Objective
from cnnstudio.core.text import Text, format_number
from cnnstudio.network.shapes import NetworkReport
from cnnstudio.workers.runs.folder import RunFolder


class ObjectiveType(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of a trial. `by_epoch`: it is a metric of Keras's logs, so that a trial can end early by it. Else it comes from
    the analysed network (`of_network`), from the files of the trained run (`of_run`), or is `timed` by a job of its own.
    `form` is that of `format_number`, `unit` what follows."""

    id: str
    label: Text
    help: Text
    direction: Direction
    by_epoch: bool = False
    timed: bool = False
    of_network: Callable[[NetworkReport], float] | None = None
    of_run: Callable[[RunFolder], float] | None = None
    form: str = ".4f"
    unit: str = ""

    def format(self, value: float) -> str:
        """The value with its unit."""
        return format_number(value, self.form) + (f" {self.unit}" if self.unit else "")


def _model_size(run: RunFolder) -> float:
    """10^6 bytes of the model's file; raises OSError."""
    return run.model_path.stat().st_size / 1e6


OBJECTIVES: Final[Registry[ObjectiveType]] = Registry("objective", (
    ObjectiveType(
        id="val_accuracy", direction="maximize", by_epoch=True, form=".2%",
        label=Text("Validation accuracy", "Exactitud de validación"),
        help=Text("The share of right answers on the validation pictures, of the weights that are kept.",
                  "La proporción de aciertos en las imágenes de validación, de los pesos que se conservan.")),
    ObjectiveType(
        id="val_loss", direction="minimize", by_epoch=True,
        label=Text("Validation loss", "Pérdida de validación"),
        help=Text("The loss on the validation pictures: finer than the accuracy where there are few of them, and it also "
                  "counts how sure the answers are.",
                  "La pérdida en las imágenes de validación: más fina que la exactitud si hay pocas, y además cuenta lo "
                  "seguras que son las respuestas.")),
    ObjectiveType(
        id="parameters", direction="minimize", form=",.0f", of_network=lambda report: float(report.parameters),
        label=Text("Parameters", "Parámetros"),
        help=Text("The number of weights of the network, those of a frozen base included.",
                  "El número de pesos de la red, incluidos los de una base congelada.")),
    ObjectiveType(
        id="multiply_adds", direction="minimize", form=",.0f", of_network=lambda report: float(report.multiply_adds),
        label=Text("Multiply-adds", "Multiplicaciones y sumas"),
        help=Text("How much a picture costs to compute, without measuring it on a device.",
                  "Cuánto cuesta calcular una imagen, sin medirlo en un dispositivo.")),
    ObjectiveType(
        id="size", direction="minimize", form=",.2f", unit="MB", of_run=_model_size,
        label=Text("Model size", "Tamaño del modelo"),
        help=Text("The size of the trained model's file in MB.", "El tamaño del archivo del modelo entrenado, en MB.")),
    ObjectiveType(
        id="latency", direction="minimize", form=".3g", unit="ms", timed=True,
        label=Text("Latency", "Latencia"),
        help=Text("How many milliseconds the answer for one picture takes on this computer, by the engine that also answers "
                  "on the Predict page. The fastest of many tries, so that other programs disturb little.",
                  "Cuántos milisegundos tarda en este equipo la respuesta para una imagen, con el motor que también responde "
                  "en la página Predecir. Es el más rápido de muchos intentos, para que otros programas influyan poco.")),
))


def default_direction(name: str) -> Direction:
    """The direction of an objective of that name: less of a loss is better, and more of any other metric."""
    entry = OBJECTIVES.find(name)
    if entry is not None:
        return entry.direction
    return "minimize" if "loss" in name else "maximize"


def objective_type(objective: Objective) -> ObjectiveType:
    """The entry of an objective; for a metric that has none, one that is made for it."""
    entry = OBJECTIVES.find(objective.name)
    if entry is not None:
        return entry
    label = Text("{name}", "{name}").fill(name=objective.name)
    text = Text("The metric {name} of the run, of the weights that are kept.",
                "La métrica {name} del entrenamiento, de los pesos que se conservan.").fill(name=objective.name)
    return ObjectiveType(id=objective.name, label=label, help=text, direction=default_direction(objective.name), by_epoch=True)
