"""Maps drawn over pictures, and several of them on one sheet. Pictures are uint8 (height, width, 3), red first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.places import resource
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same

from .decode import convert

LARGEST: Final = 1600
"""The longer side of an overlay, in pixels; larger pictures are reduced."""
CELL: Final = 240
_MARGIN, _CAPTION = 10, 38
_PAPER, _INK = (250, 250, 250), (40, 40, 40)


@dataclass(frozen=True)
class Palette:
    """Colours of a map; `number` is that of the colour map in OpenCV."""

    id: str
    label: Text
    number: int


PALETTES: Final = Registry("palette", (
    Palette("turbo", Text("Blue to red", "De azul a rojo"), cv2.COLORMAP_TURBO),
    Palette("inferno", same("Inferno"), cv2.COLORMAP_INFERNO),
    Palette("viridis", same("Viridis"), cv2.COLORMAP_VIRIDIS),
    Palette("hot", Text("Black to white", "De negro a blanco"), cv2.COLORMAP_HOT)))
FOR, AGAINST = (213, 94, 0), (0, 114, 178)
"""Vermilion and blue of Okabe and Ito, which the colour-blind tell apart."""


def smoothed(values: np.ndarray, grain: float) -> np.ndarray:
    """A map smoothed by a Gaussian of `grain` times its longer side: single pixels cannot be seen."""
    if grain <= 0:
        return values
    return np.asarray(cv2.GaussianBlur(np.asarray(values, np.float32), (0, 0), max(0.5, grain * max(values.shape))))


def normalized(values: np.ndarray, grain: float = 0.0) -> np.ndarray:
    """The positive part of a map as it is shown, smoothed, 0 to 1; the brightest two thousandths are all 1, so that one pixel
    does not darken the others."""
    positive = smoothed(np.maximum(np.asarray(values, np.float32), 0), grain)
    most = float(np.quantile(positive, 0.998)) or float(positive.max(initial=0))
    return np.clip(positive / most, 0, 1) if most > 0 else positive


def signed_normalized(values: np.ndarray, grain: float = 0.0) -> np.ndarray:
    """A map of both signs as it is shown, -1 to 1, scaled alike on both sides."""
    values = smoothed(np.asarray(values, np.float32), grain)
    most = float(np.quantile(np.abs(values), 0.998)) or float(np.abs(values).max(initial=0))
    return np.clip(values / most, -1, 1) if most > 0 else np.zeros_like(values)


def heat(values: np.ndarray, palette: str = "turbo", *, signed: bool = False) -> np.ndarray:
    """A map (height, width; -1 to 1) as colours with their opacity, uint8 (height, width, 4): that of the square root, so that
    the picture shows through where the map says nothing. In a signed map values above 0 are vermilion, below 0 blue; in others
    they are none."""
    size = np.abs(values) if signed else np.clip(values, 0, 1)
    if signed:
        colors = np.where((values < 0)[..., None], np.asarray(AGAINST, np.uint8), np.asarray(FOR, np.uint8))
    else:
        colors = cv2.cvtColor(cv2.applyColorMap((255 * size).astype(np.uint8), PALETTES[palette].number), cv2.COLOR_BGR2RGB)
    opacity = np.rint(255 * np.sqrt(size)).astype(np.uint8)
    return np.dstack([colors, opacity])


def overlay(picture: np.ndarray, values: np.ndarray, strength: float) -> np.ndarray:
    """The picture with a map (height, width; 0 to 1) over it: the larger a value, the redder and the less transparent, up to
    `strength`."""
    colors = cv2.cvtColor(cv2.applyColorMap((255 * values).astype(np.uint8), cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    share = (strength * np.sqrt(values))[..., None]
    return np.asarray(picture * (1 - share) + colors * share + 0.5, np.uint8)


def reduced(picture: np.ndarray, longest: int = LARGEST) -> np.ndarray:
    """The picture in colour, reduced to that longer side where it is larger."""
    picture = np.ascontiguousarray(convert(picture, 3, (255, 255, 255)))
    scale = longest / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def resized(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A map in the size of a picture."""
    if values.shape == like.shape[:2]:
        return values
    size = (like.shape[1], like.shape[0])
    return np.clip(cv2.resize(values, size, interpolation=cv2.INTER_AREA), 0, 1)


def resized_signed(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A map of both signs (-1 to 1) in the size of a picture, linear in between."""
    shrinks = values.shape[0] > like.shape[0] and values.shape[1] > like.shape[1]
    return np.clip(cv2.resize(np.asarray(values, np.float32), (like.shape[1], like.shape[0]),
                              interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), -1, 1)


def with_box(picture: np.ndarray, box: Sequence[int], color: tuple[int, int, int] = (255, 40, 40)) -> np.ndarray:
    """The picture with the border of a box (top, left, height, width)."""
    top, left, high, wide = box
    thick = max(1, round(max(picture.shape[:2]) / 200))
    return np.asarray(cv2.rectangle(np.ascontiguousarray(picture), (left, top), (left + wide - 1, top + high - 1), color,
                                    thick))


def grey_tiles(maps: np.ndarray) -> list[np.ndarray]:
    """Feature maps (height, width, n) as n grey pictures, each from its least value (black) to its greatest (white)."""
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    shown = 255 * (maps - low) / np.where(high > low, high - low, 1)
    return [np.repeat(shown[..., number, None], 3, axis=2).astype(np.uint8) for number in range(maps.shape[-1])]


def sheet(pictures: Sequence[np.ndarray], captions: Sequence[str] = (), cell: int = CELL, columns: int = 0) -> np.ndarray:
    """Pictures side by side in cells of that side, small ones enlarged pixel by pixel, each with its caption below."""
    columns = columns or max(1, min(len(pictures), round(np.sqrt(len(pictures) * 1.3))))
    rows = -(-len(pictures) // columns)
    below = _CAPTION if captions else 0
    paper = Image.new("RGB", (columns * (cell + _MARGIN) + _MARGIN, rows * (cell + below + _MARGIN) + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(paper)
    font = ImageFont.truetype(str(resource("fonts", "Inter-Regular.otf")), 13)
    for number, picture in enumerate(pictures):
        left = _MARGIN + number % columns * (cell + _MARGIN)
        top = _MARGIN + number // columns * (cell + below + _MARGIN)
        scale = min(cell / side for side in picture.shape[:2])
        size = tuple(max(1, round(side * scale)) for side in (picture.shape[1], picture.shape[0]))
        shown = Image.fromarray(picture).resize(size, Image.Resampling.NEAREST if scale > 2 else Image.Resampling.LANCZOS)
        paper.paste(shown, (left + (cell - size[0]) // 2, top + (cell - size[1]) // 2))
        if captions:
            for line, text in enumerate(captions[number].splitlines()[:2]):
                draw.text((left, top + cell + 2 + 17 * line), _shortened(text, font, cell), _INK, font)
    return np.asarray(paper)


def _shortened(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    while len(text) > 1 and font.getlength(text) > width:
        text = text[:-2] + "…"
    return text


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write a picture atomically; raises ProblemError."""
    _done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    write_atomically(path, data.tobytes())
