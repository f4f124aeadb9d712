"""The sample pictures that come with the benches: uint8 (height, width, 3), drawn here, and digits of the sample project."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.core.places import resource
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text

Pixels = NDArray[np.uint8]


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that comes with the program. `draw` makes it, always the same."""

    id: str
    label: Text
    draw: Callable[[], Pixels]


def _rgb(gray: np.ndarray) -> Pixels:
    return np.repeat(np.asarray(gray, np.uint8)[..., None], 3, axis=2)


def _digit(number: int) -> Callable[[], Pixels]:
    def draw() -> Pixels:
        with np.load(resource("sample", "digits.npz")) as data:
            place = int(np.flatnonzero(data["labels"] == number)[3])
            return _rgb(data["pictures"][place])

    return draw


def _edge() -> Pixels:
    gray = np.full((8, 8), 40)
    gray[:, 4:] = 200
    return _rgb(gray)


def _cross() -> Pixels:
    gray = np.zeros((9, 9))
    gray[4, 1:8] = gray[1:8, 4] = 255
    return _rgb(gray)


def _checkers() -> Pixels:
    rows, columns = np.mgrid[:32, :32]
    return _rgb(np.where((rows // 4 + columns // 4) % 2, 230, 25))


def _shapes() -> Pixels:
    picture = np.full((64, 64, 3), (238, 236, 228), np.uint8)
    cv2.circle(picture, (19, 20), 12, (200, 62, 52), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (38, 9), (57, 30), (44, 98, 186), -1)
    cv2.fillPoly(picture, [np.asarray([[10, 56], [22, 38], [34, 56]], np.int32)], (42, 140, 92), cv2.LINE_AA)
    cv2.circle(picture, (48, 47), 11, (226, 160, 30), 3, cv2.LINE_AA)
    return picture


def _landscape() -> Pixels:
    """A lake between hills in the evening: soft and hard edges, fine grain, dark and light areas."""
    height, width = 150, 200
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    sky = np.clip(rows / 80, 0, 1)[..., None]
    picture = (1 - sky) * np.asarray([70, 110, 190]) + sky * np.asarray([250, 196, 130])
    sun = np.exp(-((rows - 46) ** 2 + (columns - 138) ** 2) / 300)[..., None]
    picture += sun * np.asarray([120, 90, 30])
    disc = (rows - 46) ** 2 + (columns - 138) ** 2 < 64
    picture[disc] = (255, 244, 214)
    hills = ((58 + 12 * np.sin(columns / 23) + 5 * np.sin(columns / 7 + 1), (92, 84, 120)),
             (72 + 9 * np.sin(columns / 31 + 2) + 4 * np.sin(columns / 9), (58, 74, 82)),
             (84 + 5 * np.sin(columns / 17 + 4), (34, 52, 44)))
    for edge, color in hills:
        picture[rows > edge] = color
    water = rows > 94
    picture[water] = picture[np.clip(188 - rows[water], 0, height - 1).astype(int), columns[water].astype(int)] * 0.72 + (
        np.asarray([8, 18, 34]))
    waves = (np.sin(rows * 1.9 + 3 * np.sin(columns / 13)) > 0.6) & water
    picture[waves] += 16
    for x, top in ((22, 52), (34, 60), (46, 48), (178, 56)):
        for row in range(top, 100):
            half = int((row - top) * 0.22 * (0.6 + 0.4 * ((row - top) % 9) / 9))
            picture[row, max(0, x - half):min(width, x + half + 1)] = (18, 34, 30)
    grain = np.random.default_rng(7).normal(0, 4, picture.shape)
    return np.asarray(np.clip(picture + grain, 0, 255), np.uint8)


def _speckled() -> Pixels:
    """The landscape with white and black specks: what a median filter removes and a Gaussian one smears."""
    picture = _landscape()
    chance = np.random.default_rng(11).random(picture.shape[:2])
    picture[chance < 0.03] = 0
    picture[chance > 0.97] = 255
    return picture


def _page() -> Pixels:
    """A written page in bad light: what equalising by tiles mends."""
    height, width = 150, 200
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    gray = np.full((height, width), 225, np.uint8)
    lines = ("convolution", "pooling", "activation", "dense layer", "softmax")
    for number, text in enumerate(lines):
        cv2.putText(gray, text, (14, 30 + number * 26), cv2.FONT_HERSHEY_SIMPLEX, 0.62, 60, 1, cv2.LINE_AA)
    light = 0.18 + 0.5 * np.exp(-(((rows - 20) / 90) ** 2 + ((columns - 30) / 90) ** 2))
    grain = np.random.default_rng(3).normal(0, 2, gray.shape)
    return _rgb(np.clip(gray * light + grain, 0, 255))


SAMPLES: Final[Registry[Sample]] = Registry("sample picture", (
    Sample(id="digit", label=Text("Digit 5", "Dígito 5"), draw=_digit(5)),
    Sample(id="digit_3", label=Text("Digit 3", "Dígito 3"), draw=_digit(3)),
    Sample(id="edge", label=Text("Edge, 8 by 8", "Borde, 8 por 8"), draw=_edge),
    Sample(id="cross", label=Text("Cross, 9 by 9", "Cruz, 9 por 9"), draw=_cross),
    Sample(id="checkers", label=Text("Checkers", "Tablero"), draw=_checkers),
    Sample(id="shapes", label=Text("Coloured shapes", "Formas de colores"), draw=_shapes),
    Sample(id="landscape", label=Text("Landscape", "Paisaje"), draw=_landscape),
    Sample(id="speckled", label=Text("Landscape with specks", "Paisaje con motas"), draw=_speckled),
    Sample(id="page", label=Text("Page in bad light", "Página mal iluminada"), draw=_page),
))


@functools.lru_cache(maxsize=16)
def draw_sample(identifier: str) -> Pixels:
    """The pixels of a sample, drawn once; do not modify the result. An unknown one is the first."""
    sample = SAMPLES.find(identifier) or next(iter(SAMPLES))
    return np.ascontiguousarray(sample.draw())
