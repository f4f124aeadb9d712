"""Drawn shapes that differ in more than their class: place, size, angle, colour, ground and noise."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.learning.course.data.entry import DataSet, write_picture

SIDE: Final = 32
_FINER: Final = 4
"""Drawn this many times larger and reduced, so that edges are smooth."""
_EACH: Final = 200
_SEED: Final = 20_260
CLASSES: Final = (Text("circle", "círculo"), Text("square", "cuadrado"), Text("star", "estrella"),
                  Text("triangle", "triángulo"))
_CORNERS: Final = {"square": 4, "star": 10, "triangle": 3}


def draw_shape(name: str, rng: np.random.Generator) -> np.ndarray:
    """One picture of a shape, uint8 (SIDE, SIDE, 3)."""
    side = SIDE * _FINER
    # Light on dark: what a network has to learn is the form alone, and a few hundred pictures are enough for that.
    ink, ground = rng.integers(150, 256, 3), rng.integers(0, 90, 3)
    slope = rng.uniform(-30, 30, (2, 1, 1, 1)) * np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, side)] * 2, indexing="ij"))[
        ..., None]
    picture = np.clip(ground + slope.sum(0), 0, 255).astype(np.uint8)
    radius = rng.uniform(0.22, 0.4) * side
    middle = rng.uniform(radius, side - radius, 2)
    mask = np.zeros((side, side), np.uint8)
    if name == "circle":
        cv2.circle(mask, tuple(np.rint(middle).astype(int).tolist()), round(radius), 255, -1)
    else:
        corners = _CORNERS[name]
        angles = rng.uniform(0, 2 * np.pi) + np.arange(corners) * 2 * np.pi / corners
        reach = radius * (np.where(np.arange(corners) % 2, 0.45, 1.0) if name == "star" else np.ones(corners))
        points = middle + reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 255)
    picture[mask > 0] = ink
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    noisy: np.ndarray = np.clip(small + rng.normal(0, rng.uniform(2, 12), small.shape), 0, 255).astype(np.uint8)
    return noisy


def _write(folder: Path) -> None:
    rng = np.random.default_rng(_SEED)
    numbers = rng.permutation(len(CLASSES) * _EACH)
    for place, number in enumerate(numbers):
        name = CLASSES[place // _EACH]
        write_picture(folder / str(name) / f"{number:04d}.png", draw_shape(name.en, rng))


SHAPES: Final = DataSet(
    id="shapes", title=Text("Shapes", "Figuras"), licence="CC0 1.0", pictures=len(CLASSES) * _EACH, write=_write,
    about=Text("800 shapes of four kinds, drawn by this program: place, size, angle, colours, light and noise vary at random, "
               "so that only the form tells the class. No photograph.",
               "800 figuras de cuatro tipos, dibujadas por este programa: el lugar, el tamaño, el ángulo, los colores, la luz "
               "y el ruido varían al azar, de modo que solo la forma indica la clase. No son fotografías."))
