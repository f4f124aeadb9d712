"""The registry of augmentation presets: steps that can be chosen together, and edited afterwards like any others."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.core.graph import unique_id
from cnnstudio.core.item import Step
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text


class AugmentationPreset(msgspec.Struct, frozen=True, kw_only=True):
    """`steps` in order, with ids of their own."""

    id: str
    label: Text
    help: Text
    steps: tuple[Step, ...] = ()


def _steps(*chosen: tuple[str, dict[str, Any]]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for kind, params in chosen:
        steps.append(Step(id=unique_id(kind, [step.id for step in steps]), type=kind, params=params))
    return tuple(steps)


_FLIP: Final = ("random_flip", {"mode": "horizontal"})
_KINDS: Final = 14
"""Kinds of change among which RandAugment and TrivialAugment draw; the identity is one of them."""


def _like_randaugment(probability: float, turn: float, slant: float, shift: float, factor: float, bits: float,
                      threshold: float) -> tuple[Step, ...]:
    """Every kind of change of RandAugment that there is here, each with the same probability and up to these strengths:
    `turn` of a full one, `slant` and `shift` of a side, `factor` of saturation, contrast, brightness and sharpness."""
    part = round(probability, 4)
    return _steps(
        ("random_rotation", {"factor": turn, "probability": part}),
        ("random_shear", {"x_factor": slant, "y_factor": 0.0, "probability": part}),
        ("random_shear", {"x_factor": 0.0, "y_factor": slant, "probability": part}),
        ("random_translation", {"height_factor": 0.0, "width_factor": shift, "probability": part}),
        ("random_translation", {"height_factor": shift, "width_factor": 0.0, "probability": part}),
        ("random_brightness", {"factor": factor, "probability": part}),
        ("random_contrast", {"factor": (factor, factor), "probability": part}),
        ("random_saturation", {"factor": (0.5 - factor / 2, 0.5 + factor / 2), "probability": part}),
        ("random_sharpness", {"factor": (0.5 - factor / 2, 0.5 + factor / 2), "probability": part}),
        ("random_posterization", {"factor": (bits, 8.0), "probability": part}),
        ("solarization", {"threshold_factor": (threshold, 1.0), "probability": part}),
        ("equalization", {"probability": part}))


AUGMENTATION_PRESETS: Final[Registry[AugmentationPreset]] = Registry("augmentation preset", (
    AugmentationPreset(
        id="none", label=Text("None", "Ninguno"),
        help=Text("The pictures stay as they are. The features of a frozen base can then be computed once.",
                  "Las imágenes se quedan como están. Entonces las características de una base congelada se pueden calcular "
                  "una sola vez.")),
    AugmentationPreset(
        id="light", label=Text("Light", "Ligero"),
        help=Text("A mirror, and small turns, zooms and shifts: right for almost any pictures, and what a new project begins "
                  "with.",
                  "Un volteo y pequeños giros, zooms y traslaciones: adecuado para casi cualquier imagen, y con lo que "
                  "empieza un proyecto nuevo."),
        steps=_steps(_FLIP, ("random_rotation", {"factor": 0.03}), ("random_zoom", {"height_factor": 0.1}),
                     ("random_translation", {"height_factor": 0.1, "width_factor": 0.1}))),
    AugmentationPreset(
        id="standard", label=Text("Standard", "Estándar"),
        help=Text("A mirror, turns up to 18 degrees, zooms, shifts, brightness and contrast: for photos taken in many ways.",
                  "Un volteo, giros de hasta 18 grados, zooms, traslaciones, brillo y contraste: para fotos tomadas de muchas "
                  "maneras."),
        steps=_steps(_FLIP, ("random_rotation", {"factor": 0.05}), ("random_zoom", {"height_factor": 0.2}),
                     ("random_translation", {"height_factor": 0.1, "width_factor": 0.1}),
                     ("random_brightness", {"factor": 0.15}), ("random_contrast", {"factor": (0.2, 0.2)}))),
    AugmentationPreset(
        id="strong", label=Text("Strong", "Fuerte"),
        help=Text("A mirror, turns up to 29 degrees, crops, slants, colour jitter, some blur and covered parts: for few "
                  "pictures and a large network, with more epochs.",
                  "Un volteo, giros de hasta 29 grados, recortes, inclinaciones, variación de color, algo de desenfoque y "
                  "partes tapadas: para pocas imágenes y una red grande, con más épocas."),
        steps=_steps(_FLIP, ("random_rotation", {"factor": 0.08}), ("random_crop", {"scale": (0.65, 1.0)}),
                     ("random_shear", {"x_factor": 0.1, "y_factor": 0.1}),
                     ("random_color_jitter", {"brightness_factor": 0.25, "contrast_factor": (0.3, 0.3),
                                              "saturation_factor": (0.3, 0.7), "hue_factor": (0.0, 0.05)}),
                     ("random_gaussian_blur", {"kernel_size": 5, "sigma": (0.1, 1.5), "probability": 0.2}),
                     ("random_erasing", {"scale": (0.02, 0.2), "probability": 0.25}))),
    AugmentationPreset(
        id="rand_augment", label=Text("Like RandAugment", "Al modo de RandAugment"),
        help=Text("Two of fourteen changes in the mean, at magnitude 9 of 30 (Cubuk et al., 2020). Other than there, each "
                  "change is drawn for itself, so that a picture can get more or fewer than two; the strength is drawn up to "
                  "the magnitude; the order is fixed, geometry first; brightness is added, not multiplied; and there is no "
                  "AutoContrast.",
                  "Dos de catorce cambios de media, con magnitud 9 de 30 (Cubuk et al., 2020). A diferencia del original, "
                  "cada cambio se sortea por separado, así que una imagen puede recibir más o menos de dos; la intensidad se "
                  "sortea hasta la magnitud; el orden es fijo, primero la geometría; el brillo se suma, no se multiplica; y "
                  "no hay AutoContrast."),
        steps=_like_randaugment(2 / _KINDS, turn=0.025, slant=0.09, shift=0.136, factor=0.27, bits=7.0, threshold=0.7)),
    AugmentationPreset(
        id="trivial_augment", label=Text("Like TrivialAugment", "Al modo de TrivialAugment"),
        help=Text("One of fourteen changes in the mean, of any strength in a wide range (Müller and Hutter, 2021). Other than "
                  "there, each change is drawn for itself, so that a picture can get none or several; brightness is added, "
                  "not multiplied; and there is no AutoContrast.",
                  "Uno de catorce cambios de media, de cualquier intensidad en un intervalo amplio (Müller y Hutter, 2021). A "
                  "diferencia del original, cada cambio se sortea por separado, así que una imagen puede no recibir ninguno "
                  "o recibir varios; el brillo se suma, no se multiplica; y no hay AutoContrast."),
        steps=_like_randaugment(1 / _KINDS, turn=0.375, slant=0.99, shift=0.145, factor=0.99, bits=2.0, threshold=0.0)),
))
