"""A picture brought into the range of an activation function, and passed through it."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from cnnstudio.learning.benches.activation.functions import FUNCTIONS, ActivationFunction
from cnnstudio.learning.benches.activation.settings import ActivationSettings

SATURATED: Final = 0.01
"""The gradient below which nearly nothing is learned."""


class Activated(msgspec.Struct, frozen=True):
    """`z` (rows, columns, channels) are the numbers before the function, `result` those behind it, `gradient` its slope."""

    settings: ActivationSettings
    pixels: np.ndarray
    z: np.ndarray
    result: np.ndarray
    gradient: np.ndarray

    @property
    def function(self) -> ActivationFunction:
        return FUNCTIONS[self.settings.function]

    @property
    def zeros(self) -> float:
        """The share of results that are zero."""
        return float(np.mean(self.result == 0))

    @property
    def saturated(self) -> float:
        """The share of places through which nearly no gradient flows."""
        return float(np.mean(np.abs(self.gradient) < SATURATED))


def before_activation(pixels: np.ndarray, settings: ActivationSettings) -> np.ndarray:
    """The numbers that go into the function: the pixels from −1 to 1, or Sobel's vertical edges, times `gain`."""
    if settings.before == "pixels":
        return np.asarray((pixels / 255 * 2 - 1) * settings.gain + settings.shift)
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.float64)
    across = padded[:, 2:] - padded[:, :-2]
    edges = across[:-2] + 2 * across[1:-1] + across[2:]
    return np.asarray(edges / 1020 * settings.gain + settings.shift)


def activate(pixels: np.ndarray, settings: ActivationSettings) -> Activated:
    """Pass a picture through the function."""
    function, z = FUNCTIONS[settings.function], before_activation(pixels, settings)
    return Activated(settings, pixels, z, function.value(z, settings.param), function.gradient(z, settings.param))
