"""Textures that look like photographed surfaces, made by formulas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.learning.course.data.entry import DataSet, write_picture

SIDE: Final = 128
_EACH: Final = 50
_SEED: Final = 5_107
_Field = np.ndarray[Any, np.dtype[np.float64]]
"""float (SIDE, SIDE), about 0 to 1."""


def _noise(rng: np.random.Generator, cells: float, octaves: int = 4) -> _Field:
    """Smooth random values from 0 to 1: `cells` bumps along a side, then finer ones at half the height."""
    total = np.zeros((SIDE, SIDE))
    for octave in range(octaves):
        points = max(2, round(cells * 2**octave))
        layer = cv2.resize(rng.random((points, points)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        total += layer / 2**octave
    low, high = float(total.min()), float(total.max())
    scaled: _Field = (total - low) / (high - low + 1e-9)
    return scaled


def _grid(rng: np.random.Generator, low: float, high: float) -> tuple[_Field, _Field]:
    """Coordinates of a plane that was photographed at some angle, `low` to `high` units along a side."""
    scale, angle = rng.uniform(low, high), rng.uniform(0, 2 * np.pi)
    y, x = np.meshgrid(*[np.linspace(-0.5, 0.5, SIDE)] * 2, indexing="ij")
    depth = 1 + rng.uniform(-0.35, 0.35) * y + rng.uniform(-0.35, 0.35) * x
    x, y = x / depth * scale, y / depth * scale
    shift = rng.uniform(0, 10, 2)
    return x * np.cos(angle) - y * np.sin(angle) + shift[0], x * np.sin(angle) + y * np.cos(angle) + shift[1]


def _wood(rng: np.random.Generator) -> _Field:
    x, y = _grid(rng, 1.5, 4)
    rings = x + 0.5 * _noise(rng, 2, 3) + 0.12 * np.sin(0.8 * y)
    grain = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(2, 4) * rings)
    fibre = cv2.resize(rng.random((SIDE, 12)), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return 0.35 + 0.45 * grain**1.5 + 0.2 * fibre


def _bricks(rng: np.random.Generator) -> _Field:
    x, y = _grid(rng, 3, 7)
    wall_row = np.floor(y)
    across = x / 2 + 0.5 * (wall_row % 2)
    own = np.sin(np.floor(across) * 12.9898 + wall_row * 78.233) * 43758.5453 % 1
    return _stones(np.minimum((0.5 - np.abs(across % 1 - 0.5)) * 2, 0.5 - np.abs(y % 1 - 0.5)), own, rng)


def _tiles(rng: np.random.Generator) -> _Field:
    x, y = _grid(rng, 3, 7)
    own = np.sin(np.floor(x) * 12.9898 + np.floor(y) * 78.233) * 43758.5453 % 1
    return _stones(np.minimum(0.5 - np.abs(x % 1 - 0.5), 0.5 - np.abs(y % 1 - 0.5)), own, rng)


def _stones(to_edge: _Field, own: _Field, rng: np.random.Generator) -> _Field:
    """Stones of their own shades with mortar between them; `to_edge` is the distance to the edge of a stone."""
    inside = np.clip((to_edge - rng.uniform(0.03, 0.09)) * 20, 0, 1)
    mortar = float(rng.choice((0.0, 0.9)))
    field: _Field = (inside * (0.2 + 0.5 * own) + (1 - inside) * mortar) * (0.75 + 0.35 * _noise(rng, 16, 2))
    return field


def _cloth(rng: np.random.Generator) -> _Field:
    x, y = _grid(rng, 8, 20)
    weft, warp = np.sin(np.pi * x) ** 2, np.sin(np.pi * y) ** 2
    over = (np.floor(x) + np.floor(y)) % 2
    threads = np.where(over > 0, weft * (0.5 + 0.5 * warp), warp * (0.5 + 0.5 * weft))
    folds = _noise(rng, 2, 2)
    return 0.2 + 0.55 * threads + 0.35 * folds


def _strokes(rng: np.random.Generator, count: int, length: float, thickness: int, spread: float, bend: float) -> _Field:
    """Bright strokes over one another, roughly in one direction."""
    finer = 2
    field = np.full((SIDE * finer, SIDE * finer), 0.15, np.float32)
    lean = rng.uniform(0, 2 * np.pi)
    for _ in range(count):
        foot = rng.uniform(-20, SIDE * finer + 20, 2)
        angle = lean + rng.normal(0, spread) + bend * np.array([0.0, 0.5, 1.0]) * rng.normal(0, 1)
        reach = length * rng.uniform(0.6, 1.4) / 3
        steps = reach * np.stack([np.sin(angle), -np.cos(angle)], axis=1)
        points = np.rint(np.vstack([foot, foot + np.cumsum(steps, axis=0)])).astype(np.int32)
        cv2.polylines(field, [points], False, float(rng.uniform(0.25, 1.0)), int(rng.integers(1, thickness + 1)), cv2.LINE_AA)
    return cv2.resize(field, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(float)


def _grass(rng: np.random.Generator) -> _Field:
    return _strokes(rng, 900, rng.uniform(14, 34), 3, 0.35, 0.0)


def _fur(rng: np.random.Generator) -> _Field:
    return _strokes(rng, 1400, rng.uniform(40, 80), 2, 0.15, 0.5)


def _cells(rng: np.random.Generator) -> tuple[_Field, _Field, _Field]:
    """A plane divided among random points: the distance to the nearest one, how far a cell's border is, its own value."""
    x, y = _grid(rng, 4, 9)
    nearest, second = np.full(x.shape, 9.0), np.full(x.shape, 9.0)
    own = np.zeros(x.shape)
    for across in range(-1, 2):
        for down in range(-1, 2):
            column, line = np.floor(x) + across, np.floor(y) + down
            seed = np.sin(column * 127.1 + line * 311.7) * 43758.5453
            distance = np.hypot(column + seed % 1 - x, line + seed * 7.13 % 1 - y)
            closer = distance < nearest
            second = np.where(closer, nearest, np.minimum(second, distance))
            own = np.where(closer, seed * 3.77 % 1, own)
            nearest = np.where(closer, distance, nearest)
    return nearest, second - nearest, own


def _pebbles(rng: np.random.Generator) -> _Field:
    middle, border, own = _cells(rng)
    return np.clip(border * 4, 0, 1) * (0.35 + 0.55 * own) * (1.1 - 0.6 * middle) + 0.08 * _noise(rng, 20, 1)


def _cracks(rng: np.random.Generator) -> _Field:
    _middle, border, own = _cells(rng)
    width = rng.uniform(0.04, 0.12)
    return np.clip(border / width, 0.05, 1) * (0.6 + 0.1 * own) * (0.7 + 0.4 * _noise(rng, 10, 3))


_KINDS: Final[tuple[tuple[Text, Callable[[np.random.Generator], _Field]], ...]] = (
    (Text("bricks", "ladrillos"), _bricks), (Text("cloth", "tela"), _cloth),
    (Text("cracked earth", "tierra agrietada"), _cracks), (Text("fur", "pelo"), _fur),
    (Text("grass", "hierba"), _grass), (Text("pebbles", "guijarros"), _pebbles),
    (Text("tiles", "baldosas"), _tiles), (Text("wood", "madera"), _wood))


def _photograph(field: _Field, rng: np.random.Generator) -> np.ndarray:
    """Colour, contrast, light, blur and noise, none of which tells the class."""
    hue, tint = rng.uniform(0, 2 * np.pi), rng.uniform(0.02, 0.3)
    color = 1 + tint * np.cos(hue + np.array([0.0, 2.1, 4.2]))
    middle, contrast = rng.uniform(90, 160), rng.uniform(0.35, 1.0)
    dark, bright = middle * (1 - contrast * 0.85) * color, (middle + contrast * (245 - middle)) * color
    y, x = np.meshgrid(*[np.linspace(-1, 1, SIDE)] * 2, indexing="ij")
    light = 1 + rng.uniform(-0.3, 0.3) * x + rng.uniform(-0.3, 0.3) * y
    picture = (dark + np.clip(field, 0, 1)[..., None] * (bright - dark)) * light[..., None]
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.6)), float)
    noisy = np.clip(picture + rng.normal(0, rng.uniform(2, 14), picture.shape), 0, 255)
    return np.asarray(noisy, np.uint8)


def _write(folder: Path) -> None:
    rng = np.random.default_rng(_SEED)
    numbers = rng.permutation(len(_KINDS) * _EACH)
    for place, number in enumerate(numbers):
        name, make = _KINDS[place // _EACH]
        write_picture(folder / str(name) / f"{number:04d}.jpg", _photograph(make(rng), rng))


TEXTURES: Final = DataSet(
    id="textures", title=Text("Surfaces", "Superficies"), licence="CC0 1.0", pictures=len(_KINDS) * _EACH, write=_write,
    about=Text("400 surfaces of eight kinds, 50 of each, that look like photographs but were computed by this program from "
               "formulas: scale, angle, perspective, colours, light, blur and noise vary at random. Results with them say how "
               "transfer learning behaves with few pictures, not how well it does on photographs of yours.",
               "400 superficies de ocho tipos, 50 de cada uno, que parecen fotografías pero que este programa calculó con "
               "fórmulas: la escala, el ángulo, la perspectiva, los colores, la luz, el desenfoque y el ruido varían al azar. "
               "Los resultados muestran cómo se comporta el aprendizaje por transferencia con pocas imágenes, no lo bien que "
               "irá con sus fotografías."))
