"""Thumbnails in place of dots, where there is room: never overlapping, and the same ones at every repaint."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIZES: Final = (36, 48, 64, 96, 128)
CROWD: Final = 1500
"""With more dots than this in view there is no room for thumbnails."""
_LINES: Final = 1 << 20
_AROUND: Final = tuple(column * _LINES + line for column in (-1, 0, 1) for line in (-1, 0, 1) if column or line)


def thumbnail_side(width: float, height: float, visible: float) -> int:
    """The side of the thumbnails for so many dots in view; 0 for none."""
    if visible > CROWD:
        return 0
    room = 0.6 * math.sqrt(width * height / max(1.0, visible))
    return next((size for size in reversed(SIZES) if size <= room), SIZES[0])


def place_thumbnails(x: NDArray[np.float32], y: NDArray[np.float32], order: NDArray[np.intp], side: float) -> list[int]:
    """The dots, in this order, whose thumbnails fit: each keeps `side` pixels from all chosen before.

    A cell of that size never holds two of them, so checking nine cells is enough.
    """
    taken: dict[int, tuple[float, float]] = {}
    chosen: list[int] = []
    across, down = x[order], y[order]
    cells = np.floor(across / side).astype(np.int64) * _LINES + np.floor(down / side).astype(np.int64)
    for place, cell, right, below in zip(order.tolist(), cells.tolist(), across.tolist(), down.tolist(), strict=True):
        if cell in taken:
            continue
        for step in _AROUND:
            other = taken.get(cell + step)
            if other is not None and abs(other[0] - right) < side and abs(other[1] - below) < side:
                break
        else:
            taken[cell] = (right, below)
            chosen.append(place)
    return chosen
