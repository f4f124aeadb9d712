"""The kernels that the bench offers, at every size: whole numbers and what their sum is divided by.

With whole numbers the sums are exact in float64, whatever the order of the terms: NumPy and OpenCV agree to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text


class KernelPreset(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel. `values(size)` are whole numbers (size, size), `divisor(size)` divides their sum; below `least` it has no
    meaning."""

    id: str
    label: Text
    help: Text
    values: Callable[[int], np.ndarray]
    divisor: Callable[[int], int] = lambda _size: 1
    least: int = 2


def _middle(size: int) -> int:
    """The middle of an odd kernel; of an even one the upper left of the four middle cells."""
    return (size - 1) // 2


def _zeros(size: int) -> np.ndarray:
    return np.zeros((size, size))


def _identity(size: int) -> np.ndarray:
    kernel = _zeros(size)
    kernel[_middle(size), _middle(size)] = 1
    return kernel


def _edges(size: int) -> np.ndarray:
    kernel = -np.ones((size, size))
    kernel[_middle(size), _middle(size)] = size * size - 1
    return kernel


def binomial(size: int) -> np.ndarray:
    """A line of Pascal's triangle: 1 2 1, 1 4 6 4 1."""
    return np.asarray([math.comb(size - 1, place) for place in range(size)], np.float64)


def _sobel(size: int) -> np.ndarray:
    """Smoothed across, differentiated along; of size 3 Sobel's own, of others as OpenCV has it."""
    return np.asarray(np.outer(binomial(size), np.convolve(binomial(size - 1), [-1, 1])))


def _cross(size: int, arm: int, middle: int) -> np.ndarray:
    kernel, at = _zeros(size), _middle(size)
    kernel[at, :] = kernel[:, at] = arm
    kernel[at, at] = middle
    return kernel


def _emboss(size: int) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    return np.asarray((rows + columns - (size - 1)) + _identity(size))


KERNELS: Final[Registry[KernelPreset]] = Registry("kernel", (
    KernelPreset(id="identity", label=Text("Identity", "Identidad"), least=1, values=_identity,
                 help=Text("Takes the pixel itself: the picture does not change.",
                           "Toma el propio píxel: la imagen no cambia.")),
    KernelPreset(id="edges", label=Text("Edges", "Bordes"), values=_edges,
                 help=Text("The pixel against all its neighbours: zero on flat areas, large at edges and lines.",
                           "El píxel frente a todos sus vecinos: cero en zonas lisas, grande en bordes y líneas.")),
    KernelPreset(id="sobel_x", label=Text("Sobel, vertical edges", "Sobel, bordes verticales"), values=_sobel,
                 help=Text("Right minus left, smoothed from top to bottom.",
                           "Derecha menos izquierda, suavizado de arriba abajo.")),
    KernelPreset(id="sobel_y", label=Text("Sobel, horizontal edges", "Sobel, bordes horizontales"),
                 values=lambda size: _sobel(size).T,
                 help=Text("Below minus above, smoothed from left to right.",
                           "Abajo menos arriba, suavizado de izquierda a derecha.")),
    KernelPreset(id="blur", label=Text("Blur (mean)", "Desenfoque (media)"), least=1,
                 values=lambda size: np.ones((size, size)), divisor=lambda size: size * size,
                 help=Text("The mean of all pixels below the kernel.", "La media de todos los píxeles bajo el núcleo.")),
    KernelPreset(id="gaussian", label=Text("Gaussian blur", "Desenfoque gaussiano"), least=1,
                 values=lambda size: np.outer(binomial(size), binomial(size)), divisor=lambda size: 4 ** (size - 1),
                 help=Text("A mean in which near pixels count more; the weights are binomial numbers.",
                           "Una media en la que los píxeles cercanos pesan más; los pesos son números binomiales.")),
    KernelPreset(id="sharpen", label=Text("Sharpen", "Enfoque"), values=lambda size: _cross(size, -1, 2 * size - 1),
                 help=Text("The picture plus its edges.", "La imagen más sus bordes.")),
    KernelPreset(id="emboss", label=Text("Emboss", "Relieve"), values=_emboss,
                 help=Text("Light from one side: a relief.", "Luz desde un lado: un relieve.")),
    KernelPreset(id="laplacian", label=Text("Laplacian", "Laplaciano"), values=lambda size: _cross(size, 1, 2 - 2 * size),
                 help=Text("The second derivative: it changes sign at an edge.",
                           "La segunda derivada: cambia de signo en un borde.")),
))
EDITED: Final = "edited"
"""The id in place of a preset's where cells were edited."""
TRAINED: Final = "trained"
"""The id in place of a preset's of weights from a trained layer."""
