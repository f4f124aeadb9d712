"""Augmentations of details: noise, blur, sharpness, erasing, with the meaning of Keras's preprocessing layers.

Where Keras fills the outside of a picture with zeros (sharpness, blur), which darkens its border, the border is continued
here.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.steps.common import PROBABILITY, draw_expression, share
from cnnstudio.catalog.steps.entry import Augmentation, PixelScript
from cnnstudio.core.display import PERCENT
from cnnstudio.core.params import Float, Int
from cnnstudio.core.text import Text, same
from cnnstudio.imaging.changes import ArrayChange, Chosen, Params, Picture, round_to_uint8
from cnnstudio.imaging.counter_rng import CounterRng, Floats, factor_range, normal


def _draw_noise(params: Params, rng: CounterRng, chosen: Chosen, _height: int, _width: int) -> Floats:
    """(n, 2): the standard deviation, and the key of the noise."""
    low, high = factor_range(params["stddev"], 0.0)
    return np.stack([np.where(chosen, rng.uniform(low, high) * 255.0, 0.0), rng.keys()], 1)


def _apply_noise(picture: Picture, value: Any, _params: Params) -> Picture:
    return round_to_uint8(picture + normal(value[1], picture.shape) * np.float32(value[0]))


def _noise_script(values: Values, _channels: int) -> list[str]:
    return [f"pixels = np.clip(pixels + rng.normal(0, {draw_expression(values['stddev'], 0.0, 255)}, pixels.shape), 0, 255)"]


def _draw_blur(params: Params, rng: CounterRng, chosen: Chosen, _height: int, _width: int) -> Floats:
    """(n, 2): the width of the bell across and down."""
    low, high = factor_range(params["sigma"], 0.0)
    both = np.stack([rng.uniform(low, high), rng.uniform(low, high)], 1)
    return np.where(chosen[:, None], both, 0.0)


def _apply_blur(picture: Picture, value: Any, params: Params) -> NDArray[Any]:
    across, down = (max(0.01, float(sigma)) for sigma in value)
    side = int(params["kernel_size"]) | 1
    return cv2.GaussianBlur(picture, (side, side), across, sigmaY=down, borderType=cv2.BORDER_REPLICATE)


def _blur_script(values: Values, _channels: int) -> list[str]:
    sigma = draw_expression(values["sigma"], 0.0)
    side = int(values["kernel_size"]) | 1
    return [f"across, down = max(0.01, {sigma}), max(0.01, {sigma})",
            f"blurred = cv2.GaussianBlur(pixels.astype(np.float32), ({side}, {side}), across, sigmaY=down, "
            "borderType=cv2.BORDER_REPLICATE)",
            "pixels = blurred.reshape(pixels.shape)"]


def _draw_sharpness(params: Params, rng: CounterRng, chosen: Chosen, _height: int, _width: int) -> Floats:
    return np.where(chosen, rng.uniform(*factor_range(params["factor"], 0.0)) * 2.0, 1.0)


def _apply_sharpness(picture: Picture, value: Any, _params: Params) -> Picture:
    kernel = np.full((3, 3), 1 / 13, np.float32)
    kernel[1, 1] = 5 / 13
    exact = picture.astype(np.float32)
    smooth = cv2.filter2D(exact, -1, kernel, borderType=cv2.BORDER_REPLICATE).reshape(picture.shape)
    return round_to_uint8(exact + np.float32(1.0 - value) * (smooth - exact))


def _sharpness_script(values: Values, _channels: int) -> list[str]:
    return ["kernel = np.full((3, 3), 1 / 13, np.float32)", "kernel[1, 1] = 5 / 13",
            "smooth = cv2.filter2D(pixels.astype(np.float32), -1, kernel, borderType=cv2.BORDER_REPLICATE)",
            f"sharpness = {draw_expression(values['factor'], 0.0, 2)}",
            "pixels = np.clip(pixels + (1 - sharpness) * (smooth.reshape(pixels.shape) - pixels), 0, 255)"]


def _draw_erasing(params: Params, rng: CounterRng, chosen: Chosen, height: int, width: int) -> Floats:
    """(n, 5): first and one past the last column, the same of rows, and the key of the noise.

    As in Keras each side is the root of a share drawn for itself.
    """
    low, high = factor_range(params["scale"], 0.0)
    ends = []
    for length in (width, height):
        side = np.sqrt(rng.uniform(low, high)) * length
        start = rng.uniform(0.0, 1.0) * (length - side)
        ends += [np.ceil(start), np.where(chosen, np.ceil(start + side), np.ceil(start))]
    return np.stack([*ends, rng.keys()], 1)


def _apply_erasing(picture: Picture, value: Any, params: Params) -> Picture:
    left, right, top, bottom = (int(end) for end in value[:4])
    erased = picture.copy()
    inside = erased[top:bottom, left:right]
    fill = params["fill_value"]
    inside[...] = round_to_uint8(normal(value[4], inside.shape) * np.float32(255.0)) if fill is None else round(fill)
    return erased


def _erasing_script(values: Values, _channels: int) -> list[str]:
    part, fill = draw_expression(values["scale"], 0.0), values["fill_value"]
    filling = (repr(float(fill)) if fill is not None else
               "np.clip(rng.normal(0, 255, (bottom - top, right - left, pixels.shape[2])), 0, 255)")
    return ["rows, columns = pixels.shape[:2]",
            f"high, wide = np.sqrt({part}) * rows, np.sqrt({part}) * columns",
            "first_row, first_column = rng.random() * (rows - high), rng.random() * (columns - wide)",
            "top, bottom = int(np.ceil(first_row)), int(np.ceil(first_row + high))",
            "left, right = int(np.ceil(first_column)), int(np.ceil(first_column + wide))",
            "pixels = pixels.copy()", f"pixels[top:bottom, left:right] = {filling}"]


STEPS: Final = (
    Augmentation(
        id="random_gaussian_noise", label=Text("Gaussian noise", "Ruido gaussiano"), group="detail",
        keras="keras.layers.GaussianNoise",
        help=Text("Adds noise to every value.", "Añade ruido a cada valor."),
        params=(share("stddev", (0.0, 0.05), Text("Standard deviation, as a fraction of the full range.",
                                                   "Desviación estándar, como fracción del rango "
                                                   "completo."), display=PERCENT),
                PROBABILITY),
        change=ArrayChange(_draw_noise, lambda value: bool(value[0] <= 0.0), _apply_noise), script=PixelScript(_noise_script)),
    Augmentation(
        id="random_gaussian_blur", label=Text("Gaussian blur", "Desenfoque gaussiano"), group="detail",
        keras="keras.layers.RandomGaussianBlur",
        help=Text("Blurs the picture by a random amount.", "Desenfoca la imagen en una medida aleatoria."),
        params=(Int(name="kernel_size", default=5, minimum=1, maximum=63, step=2, odd=True,
                    label=same("kernel_size"), help=Text("Side of the window in pixels, an odd number.",
                                                         "Lado de la ventana en píxeles, un número impar.")),
                share("sigma", (0.1, 1.5),
                      Text("Standard deviation of the blur in pixels.",
                           "Desviación estándar del desenfoque en píxeles."),
                      maximum=20.0), PROBABILITY),
        change=ArrayChange(_draw_blur, lambda value: bool(value.max() < 0.05), _apply_blur), script=PixelScript(_blur_script)),
    Augmentation(
        id="random_sharpness", label=Text("Sharpness", "Nitidez"), group="detail",
        keras="keras.layers.RandomSharpness",
        help=Text("Softens or sharpens pictures at random.", "Suaviza o enfoca las imágenes al azar."),
        params=(share("factor", (0.0, 1.0), Text("0 softens, 0.5 changes nothing, 1 sharpens.",
                                                  "0 suaviza, 0,5 no cambia nada, 1 enfoca.")), PROBABILITY),
        change=ArrayChange(_draw_sharpness, lambda value: bool(value == 1.0), _apply_sharpness),
        script=PixelScript(_sharpness_script)),
    Augmentation(
        id="random_erasing", label=Text("Erasing (cutout)", "Borrado (cutout)"), group="detail",
        keras="keras.layers.RandomErasing",
        help=Text("Covers a random rectangle, so that the prediction does not depend on a single part.",
                  "Tapa un rectángulo al azar, para que la predicción no dependa de una sola parte."),
        params=(share("scale", (0.02, 0.33), Text("Square of the fraction of each side that is covered.",
                                                   "Cuadrado de la fracción de cada lado que se tapa.")),
                Float(name="fill_value", default=None, minimum=0, maximum=255, step=1, decimals=0, optional=True,
                      label=same("fill_value"), help=Text("Value from 0 to 255; none: noise.",
                                                          "Valor de 0 a 255; none: ruido.")), PROBABILITY),
        change=ArrayChange(_draw_erasing, lambda value: bool(value[1] <= value[0] or value[3] <= value[2]),
                           _apply_erasing), script=PixelScript(_erasing_script)),
)
