"""Very many dots as one image: NumPy writes the pixels of all dots at once, Qt only shows the result."""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

_MARGIN: Final = 16
"""Extra pixels around the image, so that no dot must be clipped."""


class Raster:
    """An image of `width` x `height` device pixels that dots are drawn into; later ones cover earlier ones."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(1, width), max(1, height)
        self._stride = self.width + 2 * _MARGIN
        self._pixels = np.zeros((self.height + 2 * _MARGIN, self._stride), np.uint32)
        self._ground = 0

    def clear(self, ground: int) -> None:
        """Fill with the ground colour; the rims of dots blend into it."""
        self._ground = ground
        self._pixels.fill(ground)

    def inside(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.intp]:
        """The indices of the dots of which something may be visible."""
        most = _MARGIN / 2
        return np.flatnonzero((x > -most) & (x < self.width + most) & (y > -most) & (y < self.height + most))

    def dots(self, x: NDArray[np.float32], y: NDArray[np.float32], colors: NDArray[np.uint32] | int,
             radius: float) -> None:
        """Draw discs at these device pixels, all of them `inside`; `colors` come from `opaque`.

        The soft rims are drawn before all cores, so no dot covers a part of another core.
        """
        core, rim = _footprint(round(min(radius, _MARGIN / 2 - 1) * 4))
        base = (y + _MARGIN).astype(np.intp) * self._stride + (x + _MARGIN).astype(np.intp)
        flat = self._pixels.reshape(-1)
        if len(rim):
            soft = mix_with_ground(np.atleast_1d(np.asarray(colors, np.uint32)), self._ground, 0.5)
            for down, right in rim:
                flat[base + (down * self._stride + right)] = soft
        for down, right in core:
            flat[base + (down * self._stride + right)] = colors

    def image(self) -> QImage:
        """The image without the margin; valid until the next change."""
        padded = self._pixels
        start = padded.reshape(-1)[_MARGIN * self._stride + _MARGIN:]
        return QImage(start.data, self.width, self.height, self._stride * 4,
                      QImage.Format.Format_RGB32)


@functools.lru_cache(maxsize=64)
def _footprint(quarters: int) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """The pixels of a disc with a radius of so many quarter pixels around (0, 0): wholly inside, and on its rim."""
    radius = quarters / 4
    reach = int(np.ceil(radius)) + 1
    down, right = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    apart = np.hypot(down, right)
    core, rim = apart <= radius, (apart > radius) & (apart <= radius + 0.5)
    pairs = [list(zip(down[item].tolist(), right[item].tolist(), strict=True)) for item in (core, rim)]
    return tuple(pairs[0]), tuple(pairs[1])


def pack_color(color: QColor) -> int:
    """A colour as a pixel of the raster."""
    return 255 << 24 | color.red() << 16 | color.green() << 8 | color.blue()


def unpack_color(value: int) -> QColor:
    """The colour of a pixel."""
    return QColor(value >> 16 & 255, value >> 8 & 255, value & 255)


def opaque_pixels(colors: NDArray[np.uint8], ground: int) -> NDArray[np.uint32]:
    """Opaque pixels for uint8 (n, 4) RGBA colours on a ground."""
    wide = colors.astype(np.uint32)
    alpha = wide[:, 3]
    red, green, blue = ((wide[:, channel] * alpha + (ground >> shift & 255) * (255 - alpha) + 127) // 255
                        for channel, shift in ((0, 16), (1, 8), (2, 0)))
    return (255 << 24 | red << 16 | green << 8 | blue).astype(np.uint32)


def mix_with_ground(colors: NDArray[np.uint32], ground: int, strength: float) -> NDArray[np.uint32]:
    """Pixels mixed with the ground by the given share."""
    part = round(strength * 256)
    low, high = np.uint32(0x00FF00FF), np.uint32(0x0000FF00)
    rest = ((ground & 0xFF00FF) * (256 - part), (ground & 0xFF00) * (256 - part))
    even = ((colors & low) * np.uint32(part) + np.uint32(rest[0])) >> np.uint32(8) & low
    odd = ((colors & high) * np.uint32(part) + np.uint32(rest[1])) >> np.uint32(8) & high
    return (np.uint32(0xFF000000) | even | odd).astype(np.uint32)


def points_within(path: QPainterPath, width: int, height: int, x: NDArray[np.float32],
                  y: NDArray[np.float32]) -> NDArray[np.intp]:
    """The indices of the dots inside a closed path on a screen of that size: the path is filled once and looked up,
    which is fast for any number of corners."""
    mask = QImage(max(1, width), max(1, height), QImage.Format.Format_Grayscale8)
    mask.fill(0)
    painter = QPainter(mask)
    painter.fillPath(path, QColor(255, 255, 255))
    painter.end()
    lines = np.frombuffer(mask.constBits(), np.uint8).reshape(mask.height(), mask.bytesPerLine())
    seen = np.flatnonzero((x >= 0) & (x < mask.width()) & (y >= 0) & (y < mask.height()))
    hit = lines[y[seen].astype(np.intp), x[seen].astype(np.intp)] > 0
    return seen[hit]


def id_array(ids: Iterable[int]) -> NDArray[np.int64]:
    """Ids as an array."""
    return np.asarray(ids if isinstance(ids, list | tuple | range | array | np.ndarray) else list(ids), np.int64)
