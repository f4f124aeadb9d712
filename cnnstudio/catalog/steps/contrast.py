"""Deterministic steps that change the range of the grey values: levels, percentile stretch, local contrast."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.steps.entry import RecipeStep
from cnnstudio.core.params import Float, Int
from cnnstudio.core.text import Text
from cnnstudio.imaging.operations import Picture, on_colors


def levels(picture: Picture, black: int = 16, white: int = 240) -> Picture:
    """`black` becomes 0 and `white` 255, linearly between; what lies outside is clipped. A `white` at or below `black`
    makes a threshold of it."""
    table = np.rint(np.clip((np.arange(256) - black) / max(white - black, 1e-9), 0, 1) * 255).astype(np.uint8)
    return on_colors(picture, lambda colors: cv2.LUT(colors, table))


LEVELS: Final = RecipeStep(
    id="levels", label=Text("Levels", "Niveles"),
    help=Text("Stretches the values between two limits over the whole range.",
              "Estira los valores entre dos límites a todo el rango."),
    params=(
        Int(name="black", default=16, minimum=0, maximum=254, label=Text("Black", "Negro"),
            help=Text("This value and all lower ones become 0.", "Este valor y todos los menores pasan a 0.")),
        Int(name="white", default=240, minimum=1, maximum=255, label=Text("White", "Blanco"),
            help=Text("This value and all higher ones become 255.", "Este valor y todos los mayores pasan a 255."))),
    pixels=levels,
    opencv=lambda values, _channels: [
        f"table = np.clip((np.arange(256) - {values['black']}) / max({values['white']} - {values['black']}, 1e-9), 0, 1)",
        "picture = cv2.LUT(picture, np.rint(table * 255).astype(np.uint8))"],
)


def percentile_stretch(picture: Picture, low: float = 2.0, high: float = 98.0) -> Picture:
    """The percentiles `low` and `high` of all values of the picture become 0 and 255; a flat picture stays as it is."""

    def apply(colors: Picture) -> NDArray[Any]:
        black, white = np.percentile(colors, (min(float(low), float(high)), max(float(low), float(high))))
        if not white > black:
            return colors
        table = np.rint(np.clip((np.arange(256) - black) / (white - black), 0, 1) * 255).astype(np.uint8)
        return cv2.LUT(colors, table)

    return on_colors(picture, apply)


def _percentile_code(values: Values, _channels: int) -> list[str]:
    low, high = sorted((float(values["low"]), float(values["high"])))
    return [f"black, white = np.percentile(picture, ({low}, {high}))",
            "if white > black:",
            "    table = np.rint(np.clip((np.arange(256) - black) / (white - black), 0, 1) * 255).astype(np.uint8)",
            "    picture = cv2.LUT(picture, table)"]


PERCENTILE_STRETCH: Final = RecipeStep(
    id="percentile_stretch", label=Text("Percentile stretch", "Estiramiento por percentiles"),
    help=Text("Stretches the range from the dark to the light values of each picture; a few extreme pixels are ignored.",
              "Estira el rango entre los valores oscuros y los claros de cada imagen; unos pocos píxeles extremos se "
              "ignoran."),
    params=(
        Float(name="low", default=2.0, minimum=0, maximum=100, step=0.5, decimals=2, unit=Text("%", "%"),
              label=Text("Black below", "Negro por debajo"),
              help=Text("This share of the darkest values becomes 0.",
                        "Esta proporción de los valores más oscuros pasa a 0.")),
        Float(name="high", default=98.0, minimum=0, maximum=100, step=0.5, decimals=2, unit=Text("%", "%"),
              label=Text("White above", "Blanco por encima"),
              help=Text("Values lighter than this share of all values become 255.",
                        "Los valores más claros que esta proporción del total pasan a 255."))),
    pixels=percentile_stretch,
    opencv=_percentile_code,
)


def local_contrast(picture: Picture, sigma: float = 8.0, amount: float = 40.0) -> Picture:
    """Local contrast normalisation: 128 + `amount` (v - m) / (s + 1), with mean m and deviation s of a Gaussian
    neighbourhood of `sigma` pixels, channel by channel."""

    def apply(colors: Picture) -> NDArray[Any]:
        values = colors.astype(np.float32)
        mean = cv2.GaussianBlur(values, (0, 0), float(sigma)).reshape(values.shape)
        variance = cv2.GaussianBlur(values * values, (0, 0), float(sigma)).reshape(values.shape) - mean * mean
        normalized = (values - mean) / (np.sqrt(np.maximum(variance, 0)) + 1)
        contrasted: NDArray[np.uint8] = np.clip(np.rint(128 + np.float32(amount) * normalized), 0, 255).astype(np.uint8)
        return contrasted

    return on_colors(picture, apply)


def _local_contrast_code(values: Values, _channels: int) -> list[str]:
    sigma = float(values["sigma"])
    return ["values = picture.astype(np.float32)",
            f"mean = cv2.GaussianBlur(values, (0, 0), {sigma})",
            f"variance = cv2.GaussianBlur(values * values, (0, 0), {sigma}) - mean * mean",
            "normalized = (values - mean) / (np.sqrt(np.maximum(variance, 0)) + 1)",
            f"picture = np.clip(np.rint(128 + np.float32({float(values['amount'])}) * normalized), 0, 255).astype(np.uint8)"]


LOCAL_CONTRAST: Final = RecipeStep(
    id="local_contrast", label=Text("Local contrast", "Contraste local"),
    help=Text("Gives every neighbourhood the same brightness and contrast: removes uneven lighting.",
              "Da a cada vecindad el mismo brillo y contraste: elimina la iluminación desigual."),
    params=(
        Float(name="sigma", default=8.0, minimum=0.5, maximum=200, step=1, decimals=1, label=Text("Sigma", "Sigma"),
              help=Text("Size of the neighbourhood in pixels.", "Tamaño de la vecindad en píxeles.")),
        Float(name="amount", default=40.0, minimum=0, above=True, maximum=128, step=5, decimals=1,
              label=Text("Contrast", "Contraste"),
              help=Text("Difference from grey, in the result, of a pixel that differs from the mean by one standard "
                        "deviation.",
                        "Diferencia con el gris, en el resultado, de un píxel que se aparta de la media una desviación "
                        "estándar."))),
    pixels=local_contrast,
    opencv=_local_contrast_code,
)

STEPS: Final = (LEVELS, PERCENTILE_STRETCH, LOCAL_CONTRAST)
