"""What is compared: sets of networks that differ in one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from cnnstudio.core.learning_jobs import Remedy, RemedyEpoch
from cnnstudio.core.params import Bool, Float, Int, Param
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, format_number, same

MOST: Final = 4
"""Networks side by side."""
PER_CLASS: Final = (5, 10, 20, 40, 80)
"""Training pictures of each class."""
EPOCHS: Final = (10, 25, 50, 100)


REMEDY_PARAMS: Final[tuple[Param, ...]] = (
    Float(name="dropout", default=0.0, minimum=0, maximum=0.9, step=0.05, decimals=2, label=same("Dropout"),
          help=Text("Share of the units that are switched off in every step; 0: none.",
                    "Parte de las unidades que se apagan en cada paso; 0: ninguna.")),
    Float(name="l2", default=0.0, minimum=0, maximum=1, step=0.001, decimals=5, label=same("L2"),
          help=Text("Cost of the squares of the weights.", "Coste de los cuadrados de los pesos.")),
    Float(name="l1", default=0.0, minimum=0, maximum=1, step=0.0005, decimals=5, label=same("L1"),
          help=Text("Cost of the sizes of the weights.", "Coste de los valores absolutos de los pesos.")),
    Bool(name="batch_normalization", default=False, label=Text("Batch normalisation", "Normalización por lotes"),
         help=Text("Behind each convolution.", "Tras cada convolución.")),
    Bool(name="augmentation", default=False, label=Text("Augmentation", "Aumento de datos"),
         help=Text("Turns, shifts and zooms of up to a tenth.", "Giros, desplazamientos y ampliaciones de hasta un décimo.")),
    Int(name="batch_size", default=32, minimum=1, maximum=256, label=same("batch_size"),
        help=Text("Pictures of a batch.", "Imágenes de un lote.")),
)


class RemedySet(msgspec.Struct, frozen=True, kw_only=True):
    """A question with the networks that answer it."""

    id: str
    label: Text
    help: Text
    remedies: tuple[Remedy, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of the bench. `pictures`: "digits" that come with the program, or those of the "project"."""

    remedies: tuple[Remedy, ...] = (Remedy(), Remedy(dropout=0.5))
    per_class: int = 10
    epochs: int = 25
    learning_rate: float = 0.003
    pictures: str = "digits"


SETS: Final[Registry[RemedySet]] = Registry("remedy set", (
    RemedySet(id="dropout", label=Text("Dropout", "Dropout"),
              help=Text("Half of the units are switched off at random in every step: no unit can rely on another one.",
                        "En cada paso se apaga al azar la mitad de las unidades: ninguna puede depender de otra."),
              remedies=(Remedy(), Remedy(dropout=0.25), Remedy(dropout=0.5))),
    RemedySet(id="weights", label=Text("L1 and L2", "L1 y L2"),
              help=Text("Large weights cost something: L2 keeps all small, L1 brings many to zero.",
                        "Los pesos grandes tienen un coste: L2 los mantiene todos pequeños, L1 lleva muchos a cero."),
              remedies=(Remedy(), Remedy(l2=0.01), Remedy(l1=0.001))),
    RemedySet(id="augmentation", label=Text("Augmentation", "Aumento de datos"),
              help=Text("Turned, shifted and zoomed pictures in every epoch: the network never sees the same one twice.",
                        "Imágenes giradas, desplazadas y ampliadas en cada época: la red no ve dos veces la misma."),
              remedies=(Remedy(), Remedy(augmentation=True), Remedy(augmentation=True, dropout=0.5))),
    RemedySet(id="batch_normalization", label=Text("Batch normalisation", "Normalización por lotes"),
              help=Text("The statistics of each batch also act as noise. It is meant to speed up learning; against overfitting "
                        "it helps little.",
                        "Las estadísticas de cada lote actúan también como ruido. Sirve para acelerar el aprendizaje; contra "
                        "el sobreajuste ayuda poco."),
              remedies=(Remedy(), Remedy(batch_normalization=True))),
    RemedySet(id="batches", label=Text("Batch normalisation: batch 2 or 32", "Normalización por lotes: lote 2 o 32"),
              help=Text("Mean and variance of two pictures say little: with batches of 2 the statistics are noise.",
                        "La media y la varianza de dos imágenes dicen poco: con lotes de 2 las estadísticas son ruido."),
              remedies=(Remedy(batch_normalization=True, batch_size=2), Remedy(batch_normalization=True, batch_size=32),
                        Remedy(batch_size=2))),
))


def describe(remedy: Remedy) -> str:
    """A remedy in a few words, in the chosen language."""
    words = [str(text) for text in (
        Text("dropout {n}", "dropout {n}").fill(n=format_number(remedy.dropout)) if remedy.dropout else None,
        Text("L1 {n}", "L1 {n}").fill(n=format_number(remedy.l1)) if remedy.l1 else None,
        Text("L2 {n}", "L2 {n}").fill(n=format_number(remedy.l2)) if remedy.l2 else None,
        Text("batch normalisation", "normalización por lotes") if remedy.batch_normalization else None,
        Text("augmentation", "aumento") if remedy.augmentation else None) if text is not None]
    result = ", ".join(words) or str(Text("no remedy", "sin remedio"))
    if remedy.batch_size != Remedy().batch_size:
        result += str(Text(", batch {n}", ", lote {n}").fill(n=remedy.batch_size))
    return result[:1].upper() + result[1:]


def to_comparison(values: Mapping[str, Any]) -> Comparison:
    """The comparison of plain values; unknown names and impossible values are left out."""
    kept: dict[str, Any] = {}
    for field in msgspec.structs.fields(Comparison):
        with suppress(msgspec.ValidationError, KeyError):
            kept[field.name] = msgspec.convert(values[field.name], field.type)
    chosen, plain = Comparison(**kept), Comparison()
    remedies = tuple(_within_limits(remedy) for remedy in chosen.remedies[:MOST]) or plain.remedies
    return msgspec.structs.replace(
        chosen, remedies=remedies, per_class=chosen.per_class if chosen.per_class in PER_CLASS else plain.per_class,
        epochs=chosen.epochs if chosen.epochs in EPOCHS else plain.epochs,
        learning_rate=min(max(chosen.learning_rate, 1e-5), 0.1),
        pictures=chosen.pictures if chosen.pictures in ("digits", "project") else plain.pictures)


def _within_limits(remedy: Remedy) -> Remedy:
    return msgspec.structs.replace(
        remedy, dropout=min(max(remedy.dropout, 0.0), 0.9), l1=min(max(remedy.l1, 0.0), 1.0),
        l2=min(max(remedy.l2, 0.0), 1.0), batch_size=min(max(remedy.batch_size, 1), 256))


def gap(epochs: Sequence[RemedyEpoch]) -> float:
    """How much better the network answers what it learned from than what it did not, at the end: the difference of the
    accuracies (-1 to 1), the mean of the last three epochs."""
    last = epochs[-3:]
    return sum(item.accuracy - item.val_accuracy for item in last) / len(last)
