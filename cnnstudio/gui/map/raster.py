"""Very many dots as one picture: NumPy writes the pixels of all dots at once, Qt only shows the result."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

_MARGIN: Final = 16
"""Pixels around what is shown, so that no dot needs to be cut at the edge."""


class Raster:
    """A picture of `width` x `height` device pixels that dots are put on; later ones cover earlier ones."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(1, width), max(1, height)
        self._stride = self.width + 2 * _MARGIN
        self._pixels = np.zeros((self.height + 2 * _MARGIN, self._stride), np.uint32)

    def clear(self) -> None:
        """Make every pixel transparent."""
        self._pixels.fill(0)

    def inside(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.intp]:
        """The places of the dots of which something may be seen."""
        most = _MARGIN / 2
        return np.flatnonzero((x > -most) & (x < self.width + most) & (y > -most) & (y < self.height + most))

    def dots(self, x: NDArray[np.float32], y: NDArray[np.float32], colors: NDArray[np.uint32] | int,
             radius: float) -> None:
        """Discs at these device pixels, all of them `inside`; `colors` are premultiplied ARGB.

        The soft rims are drawn before all cores: no dot eats into the core of another.
        """
        core, rim = _footprint(round(min(radius, _MARGIN / 2 - 1) * 4))
        base = (y + _MARGIN).astype(np.intp) * self._stride + (x + _MARGIN).astype(np.intp)
        flat = self._pixels.reshape(-1)
        if len(rim):
            soft = faded(np.atleast_1d(np.asarray(colors, np.uint32)), 0.5)
            soft = soft if len(soft) == len(base) else soft[:1]
            for down, right in rim:
                flat[base + (down * self._stride + right)] = soft
        for down, right in core:
            flat[base + (down * self._stride + right)] = colors

    def image(self) -> QImage:
        """The picture without the margin; valid as long as the raster is, and only until the next change."""
        whole = self._pixels
        start = whole.reshape(-1)[_MARGIN * self._stride + _MARGIN:]
        return QImage(start.data, self.width, self.height, self._stride * 4,
                      QImage.Format.Format_ARGB32_Premultiplied)


@functools.lru_cache(maxsize=64)
def _footprint(quarters: int) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """The pixels of a disc of so many quarter pixels' radius around (0, 0): wholly inside, and on its rim."""
    radius = quarters / 4
    reach = int(np.ceil(radius)) + 1
    down, right = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    apart = np.hypot(down, right)
    core, rim = apart <= radius, (apart > radius) & (apart <= radius + 0.5)
    pairs = [list(zip(down[each].tolist(), right[each].tolist(), strict=True)) for each in (core, rim)]
    return tuple(pairs[0]), tuple(pairs[1])


def packed(color: QColor) -> int:
    """A colour as premultiplied ARGB."""
    alpha = color.alphaF()
    red, green, blue = (round(each * alpha) for each in (color.red(), color.green(), color.blue()))
    return color.alpha() << 24 | red << 16 | green << 8 | blue


def packed_all(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """uint8 (n, 4) RGBA as premultiplied ARGB."""
    wide = colors.astype(np.uint32)
    alpha = wide[:, 3]
    red, green, blue = ((wide[:, each] * alpha + 127) // 255 for each in range(3))
    return (alpha << 24 | red << 16 | green << 8 | blue).astype(np.uint32)


def unpacked(value: int) -> QColor:
    """The colour of a premultiplied ARGB."""
    alpha = value >> 24
    red, green, blue = (min(255, round((value >> shift & 255) * 255 / max(1, alpha))) for shift in (16, 8, 0))
    return QColor(red, green, blue, alpha)


def faded(colors: NDArray[np.uint32], strength: float) -> NDArray[np.uint32]:
    """Premultiplied colours with less of everything."""
    channels = colors.view(np.uint8) * np.float32(strength)
    return np.ascontiguousarray(channels.astype(np.uint8)).view(np.uint32)


def within(path: QPainterPath, width: int, height: int, x: NDArray[np.float32],
           y: NDArray[np.float32]) -> NDArray[np.intp]:
    """The places of the dots inside a closed path on a screen of that size: the path is filled once and looked up,
    however many corners it has."""
    mask = QImage(max(1, width), max(1, height), QImage.Format.Format_Grayscale8)
    mask.fill(0)
    painter = QPainter(mask)
    painter.fillPath(path, QColor(255, 255, 255))
    painter.end()
    lines = np.frombuffer(mask.constBits(), np.uint8).reshape(mask.height(), mask.bytesPerLine())
    seen = np.flatnonzero((x >= 0) & (x < mask.width()) & (y >= 0) & (y < mask.height()))
    hit = lines[y[seen].astype(np.intp), x[seen].astype(np.intp)] > 0
    return seen[hit]
