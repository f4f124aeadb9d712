"""What the state of the layers says, in words: units that are dead, updates that are large or small, gradients that vanish."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from cnnstudio.core.events import LayersObserved, LayerState
from cnnstudio.core.text import Text

USUAL_RATIO: Final = (1e-4, 1e-2)
"""A power of ten on either side of 1e-3, the rule of thumb for the change of the weights in a step (CS231n)."""
_MANY_DEAD: Final = 0.5
_LITTLE_GRADIENT: Final = 1e-4
"""The share of the largest gradient in the network below which little arrives."""
_NAMED: Final = 3
"""So many layers are named; the others are counted."""


class Reading(NamedTuple):
    """Something unusual, and the layers of which it is true, in the order of the network."""

    layers: tuple[str, ...]
    text: Text


def readings(observed: LayersObserved) -> list[Reading]:
    """What is unusual in the layers, one reading for each kind; none where all is well."""
    largest = max((layer.gradient_norm or 0.0 for layer in observed.layers), default=0.0)

    def is_dead(layer: LayerState) -> bool:
        return layer.dead is not None and layer.dead >= _MANY_DEAD

    def gets_little(layer: LayerState) -> bool:
        return layer.gradient_norm is not None and layer.gradient_norm < _LITTLE_GRADIENT * largest

    def changes_much(layer: LayerState) -> bool:
        return layer.update_ratio is not None and layer.update_ratio > USUAL_RATIO[1]

    def changes_little(layer: LayerState) -> bool:
        return layer.update_ratio is not None and layer.update_ratio < USUAL_RATIO[0]

    kinds: tuple[tuple[Callable[[LayerState], bool], Text], ...] = (
        (is_dead, Text(
            "Half of the units or more answer 0 to every picture and learn nothing (dead): {layers}. A lower learning rate, "
            "LeakyReLU, or batch normalisation before the activation helps.",
            "La mitad de las unidades o más responde 0 a todas las imágenes y no aprende nada (muertas): {layers}. Ayuda una "
            "tasa de aprendizaje menor, LeakyReLU o normalización por lotes antes de la activación.")),
        (gets_little, Text(
            "Hardly any gradient arrives, less than a ten-thousandth of the largest: {layers}. Batch normalisation, residual "
            "connections or another initialisation helps.",
            "Apenas llega gradiente, menos de una diezmilésima del mayor: {layers}. Ayudan la normalización por lotes, las "
            "conexiones residuales u otra inicialización.")),
        (changes_much, Text(
            "Each step changes the weights by more than a hundredth of their size: {layers}. The learning rate may be too "
            "high.",
            "Cada paso cambia los pesos en más de una centésima de su tamaño: {layers}. La tasa de aprendizaje puede ser "
            "demasiado alta.")),
        (changes_little, Text(
            "Each step changes the weights by less than a ten-thousandth of their size: {layers}. Little more is learned at "
            "this learning rate; at the beginning of a training, this is a sign that it is too low.",
            "Cada paso cambia los pesos en menos de una diezmilésima de su tamaño: {layers}. Con esta tasa de aprendizaje ya "
            "se aprende poco; al comienzo de un entrenamiento, es señal de que es demasiado baja.")),
    )
    found = [(tuple(layer.name for layer in observed.layers if applies(layer)), text) for applies, text in kinds]
    return [Reading(names, text.fill(layers=_listed(names))) for names, text in found if names]


def _listed(names: tuple[str, ...]) -> Text:
    listed = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return Text("{listed} and {n} more", "{listed} y {n} más").fill(listed=listed, n=more) if more > 0 else Text(listed, listed)
