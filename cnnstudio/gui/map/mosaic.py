"""Small pictures in the place of dots, where there is room: never two over each other, the same ones at every turn."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIZES: Final = (36, 48, 64, 96, 128)
CROWD: Final = 1500
"""More dots than this in view leave no room for pictures."""


def side_for(width: float, height: float, visible: float) -> int:
    """How large the pictures are when so many dots (by the zoom) are in view; 0 for none at all."""
    if visible > CROWD:
        return 0
    room = 0.6 * math.sqrt(width * height / max(1.0, visible))
    return next((size for size in reversed(SIZES) if size <= room), SIZES[0])


def placed(x: NDArray[np.float32], y: NDArray[np.float32], order: Iterable[int], side: float) -> list[int]:
    """Of the dots in this order those whose pictures fit: each keeps `side` pixels from all chosen before."""
    taken: dict[tuple[int, int], list[tuple[float, float]]] = {}
    chosen: list[int] = []
    for place in order:
        across, down = float(x[place]), float(y[place])
        column, line = math.floor(across / side), math.floor(down / side)
        free = True
        for near_column in (column - 1, column, column + 1):
            for near_line in (line - 1, line, line + 1):
                for other_x, other_y in taken.get((near_column, near_line), ()):
                    if abs(other_x - across) < side and abs(other_y - down) < side:
                        free = False
        if free:
            taken.setdefault((column, line), []).append((across, down))
            chosen.append(place)
    return chosen
