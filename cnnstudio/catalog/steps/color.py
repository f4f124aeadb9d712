"""Augmentations of colours, with the meaning of Keras's preprocessing layers.

Where Keras's differs: a saturation above 1 is cut off; RandomContrast follows its documentation: a single factor means
[1 - factor, 1 + factor]. Changes of hue and saturation do nothing to grey pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.steps.common import (
    OTHER_COLOR,
    PROBABILITY,
    draw_expression,
    factor,
    pair,
    plain_probability,
    share,
)
from cnnstudio.catalog.steps.entry import Augmentation, PixelScript
from cnnstudio.core.display import HALF_TURN, PERCENT
from cnnstudio.core.params import Factor
from cnnstudio.core.text import Text, same
from cnnstudio.imaging.changes import ArrayChange, Chosen, Group, Look, Params, Picture, TableChange, round_to_uint8
from cnnstudio.imaging.counter_rng import CounterRng, Floats, factor_range

DOWN_AND_UP: Final = Text("How far the contrast can decrease and increase: 0.2 and 0.2 give factors from 0.8 to 1.2.",
                          "Cuánto puede bajar y subir el contraste: 0,2 y 0,2 dan factores de 0,8 a 1,2.")


def _equals(neutral: float) -> Callable[[Any], bool]:
    """A test whether a drawn value is neutral."""
    return lambda value: bool(value == neutral)


def _draw_nothing(_params: Params, _rng: CounterRng, chosen: Chosen) -> Floats:
    """For a change without a strength: 1 where it applies."""
    return chosen.astype(np.float64)


# Brightness and contrast -------------------------------------------------------------------------

def _draw_brightness(params: Params, rng: CounterRng, chosen: Chosen) -> Floats:
    return np.where(chosen, rng.uniform(*factor_range(params["factor"])) * 255.0, 0.0)


_BRIGHTNESS: Final = TableChange(_draw_brightness, _equals(0.0),
                                 lambda table, value, _look: np.asarray(np.clip(table + value, 0.0, 255.0)))


def _brightness_script(values: Values, _channels: int) -> list[str]:
    return [f"pixels = np.clip(pixels + {draw_expression(values['factor'], times=255)}, 0, 255)"]


def _draw_contrast(params: Params, rng: CounterRng, chosen: Chosen) -> Floats:
    low, high = factor_range(params["factor"])
    if not isinstance(params["factor"], int | float):
        low = -low  # two numbers are how far down and how far up
    return np.where(chosen, rng.uniform(1.0 + low, 1.0 + high), 1.0)


def _apply_contrast(table: Floats, value: Any, look: Look) -> Floats:
    mean = look.means()
    return np.asarray(np.clip((table - mean) * value + mean, 0.0, 255.0))


_CONTRAST: Final = TableChange(_draw_contrast, _equals(1.0), _apply_contrast)


def _contrast_script(values: Values, _channels: int) -> list[str]:
    strength = values["factor"]
    # Two numbers are how far down and how far up.
    low, high = pair(strength) if isinstance(strength, int | float) else (-min(strength), max(strength))
    return ["mean = pixels.mean(axis=(0, 1))",
            f"pixels = np.clip((pixels - mean) * {draw_expression((low, high), plus=1.0)} + mean, 0, 255)"]


# Hue, saturation, grey ---------------------------------------------------------------------------

def _on_hsv(picture: Picture, change: Callable[[NDArray[np.float32]], None]) -> Picture:
    """The picture with changed hue (degrees), saturation and value."""
    hsv = cv2.cvtColor(picture.astype(np.float32) / np.float32(255.0), cv2.COLOR_RGB2HSV).astype(np.float32, copy=False)
    change(hsv)
    return round_to_uint8(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * np.float32(255.0))


def _hsv_script(change: str) -> list[str]:
    return ["hsv = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)", change,
            "pixels = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255"]


def _draw_hue(params: Params, rng: CounterRng, chosen: Chosen, _height: int, _width: int) -> Floats:
    low, high = factor_range(params["factor"], 0.0)
    sign = np.where(rng.uniform(0.0, 1.0) > 0.5, -1.0, 1.0)
    return np.where(chosen, sign * rng.uniform(low, high) * 0.5, 0.0)


def _apply_hue(picture: Picture, value: Any, _params: Params) -> Picture:
    def turn(hsv: NDArray[np.float32]) -> None:
        hsv[..., 0] = (hsv[..., 0] + np.float32(360.0 * value)) % np.float32(360.0)

    return _on_hsv(picture, turn)


def _hue_script(values: Values, _channels: int) -> list[str]:
    turned = draw_expression(values["factor"], 0.0, 180)
    return _hsv_script(f"hsv[..., 0] = (hsv[..., 0] + rng.choice([-1, 1]) * {turned}) % 360  # degrees")


def _draw_saturation(params: Params, rng: CounterRng, chosen: Chosen, _height: int, _width: int) -> Floats:
    strength = rng.uniform(*factor_range(params["factor"], 0.0))
    return np.where(chosen, strength / (1.0 - strength + 1e-7), 1.0)


def _apply_saturation(picture: Picture, value: Any, _params: Params) -> Picture:
    def strengthen(hsv: NDArray[np.float32]) -> None:
        hsv[..., 1] = np.minimum(hsv[..., 1] * np.float32(value), np.float32(1.0))

    return _on_hsv(picture, strengthen)


def _saturation_script(values: Values, _channels: int) -> list[str]:
    return [f"factor = {draw_expression(values['factor'], 0.0)}",
            *_hsv_script("hsv[..., 1] = np.minimum(hsv[..., 1] * factor / (1 - factor + 1e-7), 1)")]


def _apply_grayscale(picture: Picture, _value: Any, _params: Params) -> NDArray[Any]:
    return np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def _grayscale_script(_values: Values, _channels: int) -> list[str]:
    return ["gray = cv2.cvtColor(np.rint(pixels).astype(np.uint8), cv2.COLOR_RGB2GRAY)",
            "pixels = np.repeat(gray[..., None], 3, axis=2).astype(np.float32)"]


# Jitter ------------------------------------------------------------------------------------------

_JITTER: Final = (("brightness_factor", "random_brightness", _brightness_script),
                  ("contrast_factor", "random_contrast", _contrast_script),
                  ("saturation_factor", "random_saturation", _saturation_script),
                  ("hue_factor", "random_hue", _hue_script))
_OF_COLOR: Final = ("saturation_factor", "hue_factor")


def _jitter_parts(params: Params) -> list[tuple[str, str, dict[str, Any]]]:
    return [(name, kind, {"factor": params[name]}) for name, kind, _script in _JITTER if params[name] is not None]


def _jitter_script(values: Values, channels: int) -> list[str]:
    return [line for name, _kind, script in _JITTER if values[name] is not None and not (channels == 1 and name in _OF_COLOR)
            for line in script({"factor": values[name]}, channels)]


# Histograms and inverting ------------------------------------------------------------------------

def _apply_equalization(table: Floats, _value: Any, look: Look) -> Floats:
    levels = np.rint(table).astype(np.int64)
    return np.stack([_equalize_column(levels[:, channel], look.counts(channel)) for channel in range(look.colors)], 1)


def _equalize_column(values: NDArray[np.int64], counts: NDArray[np.int64]) -> Floats:
    """A column of the table with its values spread evenly over the range."""
    sums = np.cumsum(np.bincount(values, weights=counts, minlength=256))
    first = sums[np.flatnonzero(sums)[0]]
    if sums[-1] == first:
        return values.astype(np.float64)
    spread = np.clip(np.round((sums - first) * 255.0 / (sums[-1] - first)), 0.0, 255.0)
    return np.asarray(spread[values], np.float64)


def _equalization_script(_values: Values, _channels: int) -> list[str]:
    return ["whole = np.rint(pixels).astype(np.uint8)",
            "pixels = np.stack([cv2.equalizeHist(np.ascontiguousarray(whole[..., channel]))",
            "                   for channel in range(whole.shape[2])], axis=2).astype(np.float32)"]


def _draw_posterization(params: Params, rng: CounterRng, chosen: Chosen) -> Floats:
    low, high = factor_range(params["factor"], 1.0)
    bits = np.floor(rng.uniform(low, high)) if low != high else np.full(rng.count, low)
    return np.where(chosen, bits, 8.0)


def _apply_posterization(table: Floats, value: Any, _look: Look) -> Floats:
    shift = 8 - int(value)
    return (np.rint(table).astype(np.int64) >> shift << shift).astype(np.float64)


def _posterization_script(values: Values, _channels: int) -> list[str]:
    return [f"lost = 8 - int({draw_expression(values['factor'], 1.0)})  # bits",
            "pixels = (np.rint(pixels).astype(np.uint8) >> lost << lost).astype(np.float32)"]


def _draw_solarization(params: Params, rng: CounterRng, chosen: Chosen) -> Floats:
    (least, most), (low, high) = (factor_range(params[name], 0.0) for name in ("addition_factor", "threshold_factor"))
    added, threshold = rng.uniform(least, most) * 255.0, rng.uniform(low, high) * 255.0
    return np.stack([np.where(chosen, added, 0.0), np.where(chosen, threshold, 256.0)], 1)


def _apply_solarization(table: Floats, value: Any, _look: Look) -> Floats:
    lighter = np.clip(table + value[0], 0.0, 255.0)
    return np.asarray(np.where(lighter < value[1], lighter, 255.0 - lighter))


def _solarization_script(values: Values, _channels: int) -> list[str]:
    added, threshold = (draw_expression(values[name], 0.0, 255) for name in ("addition_factor", "threshold_factor"))
    return [f"pixels = np.clip(pixels + {added}, 0, 255)" if added != "0.0" else "# What is brighter is inverted.",
            f"pixels = np.where(pixels < {threshold}, pixels, 255 - pixels)"]


STEPS: Final = (
    Augmentation(
        id="random_brightness", label=Text("Brightness", "Brillo"), group="color",
        keras="keras.layers.RandomBrightness",
        help=Text("Makes pictures lighter or darker at random.", "Aclara u oscurece las imágenes al azar."),
        params=(factor("factor", 0.2, Text("Fraction of the full range that is added.",
                                            "Fracción del rango completo que se suma.")), PROBABILITY),
        change=_BRIGHTNESS, script=PixelScript(_brightness_script)),
    Augmentation(
        id="random_contrast", label=Text("Contrast", "Contraste"), group="color",
        keras="keras.layers.RandomContrast",
        help=Text("Increases or reduces the contrast at random.", "Aumenta o reduce el contraste al azar."),
        params=(Factor(name="factor", default=(0.2, 0.2), minimum=0, maximum=1, label=same("factor"), display=PERCENT,
                       help=DOWN_AND_UP), PROBABILITY),
        change=_CONTRAST, script=PixelScript(_contrast_script)),
    Augmentation(
        id="random_hue", label=Text("Hue", "Tono"), group="color",
        keras="keras.layers.RandomHue", changes_color=OTHER_COLOR,
        help=Text("Shifts all colours around the colour circle.", "Desplaza todos los colores por el círculo cromático."),
        params=(share("factor", (0.0, 0.1), Text("1 is half a turn: red becomes cyan.",
                                                  "1 es media vuelta: el rojo pasa a cian."), display=HALF_TURN), PROBABILITY),
        change=ArrayChange(_draw_hue, _equals(0.0), _apply_hue, needs_color=True), script=PixelScript(_hue_script)),
    Augmentation(
        id="random_saturation", label=Text("Saturation", "Saturación"), group="color",
        keras="keras.layers.RandomSaturation", changes_color=OTHER_COLOR,
        help=Text("Makes colours paler or stronger at random.", "Hace los colores más pálidos o más vivos al azar."),
        params=(share("factor", (0.4, 0.6), Text("0.5 changes nothing, 0 gives grey, 0.75 colours three times as strong.",
                                                  "0,5 no cambia nada, 0 da gris, 0,75 colores el triple de vivos.")),
                PROBABILITY),
        change=ArrayChange(_draw_saturation, _equals(1.0), _apply_saturation, needs_color=True),
        script=PixelScript(_saturation_script)),
    Augmentation(
        id="random_color_jitter", label=Text("Colour jitter", "Variación de color"), group="color",
        keras="keras.layers.RandomColorJitter", changes_color=OTHER_COLOR,
        help=Text("Brightness, contrast, saturation and hue in one step; none switches one of them off.",
                  "Brillo, contraste, saturación y tono en un solo paso; none desactiva uno de ellos."),
        params=(factor("brightness_factor", 0.2, Text("Fraction of the full range that is added.",
                                                       "Fracción del rango completo que se suma."), optional=True),
                Factor(name="contrast_factor", default=(0.2, 0.2), minimum=0, maximum=1, optional=True,
                       label=same("contrast_factor"), display=PERCENT, help=DOWN_AND_UP),
                share("saturation_factor", (0.4, 0.6), Text("0.5 changes nothing, 0 gives grey.",
                                                             "0,5 no cambia nada, 0 da gris."), optional=True),
                share("hue_factor", (0.0, 0.05), Text("1 is half a turn of the colour circle.",
                                                       "1 es media vuelta del círculo cromático."),
                       optional=True, display=HALF_TURN),
                PROBABILITY),
        change=Group(_jitter_parts), script=PixelScript(_jitter_script)),
    Augmentation(
        id="random_grayscale", label=Text("Greyscale", "Escala de grises"), group="color",
        keras="keras.layers.RandomGrayscale", changes_color=OTHER_COLOR,
        help=Text("Removes the colour from some pictures; the number of channels does not change.",
                  "Quita el color a algunas imágenes; el número de canales no cambia."),
        params=(plain_probability(0.2),),
        change=ArrayChange(lambda params, rng, chosen, _height, _width: _draw_nothing(params, rng, chosen), _equals(0.0),
                           _apply_grayscale, needs_color=True), script=PixelScript(_grayscale_script)),
    Augmentation(
        id="equalization", label=Text("Equalisation", "Ecualización"), group="color",
        keras="keras.layers.Equalization",
        help=Text("Spreads the histogram of each channel over the whole range.",
                  "Reparte el histograma de cada canal por todo el rango."),
        params=(plain_probability(0.2),),
        change=TableChange(_draw_nothing, _equals(0.0), _apply_equalization), script=PixelScript(_equalization_script)),
    Augmentation(
        id="random_posterization", label=Text("Posterisation", "Posterización"), group="color",
        keras="keras.layers.RandomPosterization",
        help=Text("Reduces the number of shades of every colour.", "Reduce el número de tonos de cada color."),
        params=(share("factor", (3.0, 8.0), Text("Number of bits kept of every value, upper limit excluded: 1 leaves two "
                                                 "shades, 8 changes nothing.",
                                                  "Número de bits que se conservan de cada valor, sin incluir el límite "
                                                  "superior: 1 deja dos tonos, 8 no cambia nada."),
                       maximum=8.0, minimum=1.0), PROBABILITY),
        change=TableChange(_draw_posterization, _equals(8.0), _apply_posterization), script=PixelScript(_posterization_script)),
    Augmentation(
        id="solarization", label=Text("Solarisation", "Solarización"), group="color",
        keras="keras.layers.Solarization", changes_color=OTHER_COLOR,
        help=Text("Inverts the values above a threshold.", "Invierte los valores por encima de un umbral."),
        params=(share("addition_factor", (0.0, 0.0), Text("Fraction of the full range that is added first.",
                                                           "Fracción del rango completo que se suma "
                                                           "antes."), display=PERCENT),
                share("threshold_factor", (0.5, 1.0), Text("Threshold, as a fraction of the full range.",
                                                            "Umbral, como fracción del rango completo."), display=PERCENT),
                PROBABILITY),
        change=TableChange(_draw_solarization, lambda value: bool(value[1] > 255.0 and value[0] == 0.0), _apply_solarization),
        script=PixelScript(_solarization_script)),
    Augmentation(
        id="random_invert", label=Text("Invert", "Invertir"), group="color",
        keras="keras.layers.RandomInvert", changes_color=OTHER_COLOR,
        help=Text("Turns some pictures into their negative.", "Convierte algunas imágenes en su negativo."),
        params=(plain_probability(0.2),),
        change=TableChange(_draw_nothing, _equals(0.0), lambda table, _value, _look: 255.0 - table),
        script=PixelScript(lambda _values, _channels: ["pixels = 255 - pixels"])),
)
