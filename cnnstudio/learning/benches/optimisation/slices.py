"""A slice through the loss of a trained network as a surface: measured points, and a smooth surface between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.optimisation.surfaces import Surface

SLICE: Final = "slice"
_SOURCE: Final = '''\
from scipy.interpolate import RectBivariateSpline

AXIS = np.linspace({low!r}, {high!r}, {count})
LOSSES = np.array({values}).reshape({count}, {count})  # measured at every (x, y) of the axis
SURFACE = RectBivariateSpline(AXIS, AXIS, LOSSES)  # cubic between the measured points


def loss(x, y):
    return SURFACE.ev(x, y)


def gradient(x, y, step):
    return np.array([SURFACE.ev(x, y, dx=1), SURFACE.ev(x, y, dy=1)])
'''


def slice_surface(losses: Sequence[Sequence[float]], span: float) -> Surface:
    """The surface of losses (n, n) at the points of a square from -span to span in two directions; (0, 0) is the trained
    network. What is no number, or higher than a hundred times the middle, is drawn at that height: a spline cannot have
    infinite points."""
    values = np.asarray(losses, np.float64)
    count = len(values)
    finite = values[np.isfinite(values)]
    ceiling = float(np.median(finite) * 100) if len(finite) else 1.0
    values = np.asarray(np.clip(np.nan_to_num(values, nan=ceiling, posinf=ceiling), None, ceiling).round(6), np.float64)
    source = _SOURCE.format(low=-span, high=span, count=count, values=_numbers(values))
    steep = float(np.abs(np.gradient(values, 2 * span / (count - 1))).mean()) or 1.0
    # Steps of a fiftieth of the width where the slope is average.
    right = float(f"{2 * span / 50 / steep:.2g}")
    lowest = np.unravel_index(int(values.argmin()), values.shape)
    axis = np.linspace(-span, span, count)
    return Surface(
        SLICE, Text("Slice through a trained network", "Corte por una red entrenada"),
        Text("The real loss of your network, measured along two random directions around its trained weights, which are at "
             "(0, 0) (Li et al., 2018).",
             "La pérdida real de su red, medida en dos direcciones aleatorias alrededor de sus pesos entrenados, que están en "
             "(0, 0) (Li et al., 2018)."),
        source, (-span, -span), (span, span), (-0.8 * span, 0.7 * span),
        ((float(axis[lowest[0]]), float(axis[lowest[1]])),), (right / 20, right, right * 60), needs=("scipy",))


def _numbers(values: np.ndarray) -> str:
    """The numbers in lines that can be read."""
    texts = [f"{value:g}" if value == float(f"{value:g}") else repr(float(value)) for value in values.reshape(-1)]
    lines = ["    " + ", ".join(texts[start:start + 10]) for start in range(0, len(texts), 10)]
    return "[\n" + ",\n".join(lines) + "]"
