"""What the state of the layers says, in words: units that are dead, updates that are too large or too small."""

from __future__ import annotations

from typing import Final, NamedTuple

from cnnstudio.core.events import LayersObserved
from cnnstudio.core.text import Text

USUAL_RATIO: Final = (1e-4, 1e-2)
"""A power of ten on either side of 1e-3, the rule of thumb for the change of the weights in a step (CS231n)."""
_MANY_DEAD: Final = 0.5
_LITTLE_GRADIENT: Final = 1e-4
"""The share of the largest gradient in the network below which little arrives."""


class Reading(NamedTuple):
    """Something about one layer."""

    layer: str
    text: Text


def readings(observed: LayersObserved) -> list[Reading]:
    """What is unusual in the layers, in the order of the network; none where all is well."""
    largest = max((layer.gradient_norm or 0.0 for layer in observed.layers), default=0.0)
    found: list[Reading] = []
    for layer in observed.layers:
        if layer.dead is not None and layer.dead >= _MANY_DEAD:
            found.append(Reading(layer.name, Text(
                "{layer}: {share:.0%} of its units answer 0 to every picture and learn nothing (dead). A lower learning rate, "
                "LeakyReLU or batch normalisation before the activation helps.",
                "{layer}: el {share:.0%} de sus unidades responde 0 a todas las imágenes y no aprende nada (muertas). Ayuda "
                "una tasa de aprendizaje menor, LeakyReLU o normalización por lotes antes de la activación.").fill(
                    layer=layer.name, share=layer.dead)))
        low, high = USUAL_RATIO
        if layer.update_ratio is not None and layer.update_ratio > high:
            found.append(Reading(layer.name, Text(
                "{layer}: each step changes its weights by {ratio:.1e} of their size, which is much: the learning rate may be "
                "too high.",
                "{layer}: cada paso cambia sus pesos en {ratio:.1e} de su tamaño, que es mucho: la tasa de aprendizaje puede "
                "ser demasiado alta.").fill(layer=layer.name, ratio=layer.update_ratio)))
        elif layer.update_ratio is not None and layer.update_ratio < low:
            found.append(Reading(layer.name, Text(
                "{layer}: each step changes its weights by {ratio:.1e} of their size, which is little: it hardly learns at "
                "this learning rate.",
                "{layer}: cada paso cambia sus pesos en {ratio:.1e} de su tamaño, que es poco: con esta tasa de aprendizaje "
                "apenas aprende.").fill(layer=layer.name, ratio=layer.update_ratio)))
        if layer.gradient_norm is not None and layer.gradient_norm < _LITTLE_GRADIENT * largest:
            found.append(Reading(layer.name, Text(
                "{layer}: hardly any gradient arrives here ({value:.1e}; the largest is {largest:.1e}). Batch normalisation, "
                "residual connections or another initialisation helps.",
                "{layer}: aquí apenas llega gradiente ({value:.1e}; el mayor es {largest:.1e}). Ayudan la normalización por "
                "lotes, las conexiones residuales u otra inicialización.").fill(
                    layer=layer.name, value=layer.gradient_norm, largest=largest)))
    return found

