"""The visible part of the map, and its zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ROOM: Final = 28.0
"""Free pixels around the whole map."""


@dataclass
class Camera:
    """The point `(x, y)` of the map lies in the middle of a screen of `width` x `height`; `zoom` 1 shows all of it."""

    width: float = 1.0
    height: float = 1.0
    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    most: float = 64.0
    middle: tuple[float, float] = (0.0, 0.0)
    reach: tuple[float, float] = (1.0, 1.0)

    def measure(self, position: NDArray[np.float32]) -> None:
        """Measure the extent of the map and the largest useful zoom."""
        if not len(position):
            return
        low, high = position.min(axis=0), position.max(axis=0)
        self.middle = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
        self.reach = (max(0.01, float(high[0] - low[0]) / 2), max(0.01, float(high[1] - low[1]) / 2))
        self.most = max(24.0, 3 * math.sqrt(len(position)))

    @property
    def scale(self) -> float:
        """Screen pixels per unit of the map."""
        wide = max(16.0, self.width / 2 - _ROOM) / self.reach[0]
        high = max(16.0, self.height / 2 - _ROOM) / self.reach[1]
        return self.zoom * min(wide, high)

    def resize(self, width: float, height: float) -> None:
        self.width, self.height = max(1.0, width), max(1.0, height)

    def fit(self) -> None:
        """Show the whole map."""
        self.zoom = 1.0
        self.x, self.y = self.middle

    def to_screen(self, position: NDArray[np.float32], ratio: float = 1.0) -> tuple[NDArray[np.float32],
                                                                                  NDArray[np.float32]]:
        """The screen positions of points of the map."""
        scale = np.float32(self.scale * ratio)
        return ((position[:, 0] - np.float32(self.x)) * scale + np.float32(self.width / 2 * ratio),
                (position[:, 1] - np.float32(self.y)) * scale + np.float32(self.height / 2 * ratio))

    def zoom_by(self, factor: float, x: float, y: float) -> None:
        """Zoom; the point at the pixel (x, y) stays in place."""
        before = self.scale
        self.zoom = min(self.most, max(0.5, self.zoom * factor))
        away_x, away_y = x - self.width / 2, y - self.height / 2
        self.x += away_x / before - away_x / self.scale
        self.y += away_y / before - away_y / self.scale
        self._keep()

    def pan_by(self, x: float, y: float) -> None:
        """Move the map by pixels."""
        self.x -= x / self.scale
        self.y -= y / self.scale
        self._keep()

    def show(self, x: float, y: float) -> None:
        """Move the map until a point is in view."""
        inside_x = self.width / 2 - 40 - abs(x - self.x) * self.scale
        inside_y = self.height / 2 - 40 - abs(y - self.y) * self.scale
        if inside_x < 0 or inside_y < 0:
            self.x, self.y = x, y

    def _keep(self) -> None:
        """Keep the middle of the screen on the map, so that the map never leaves the view."""
        for axis, name in enumerate("xy"):
            low, high = self.middle[axis] - self.reach[axis], self.middle[axis] + self.reach[axis]
            setattr(self, name, min(high, max(low, getattr(self, name))))
