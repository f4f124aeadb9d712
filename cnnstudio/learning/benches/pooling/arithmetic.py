"""Pooling as one would calculate it on a blackboard: whole pixels, so that maxima and sums are exact."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
import numpy as np

from cnnstudio.learning.benches.convolution.arithmetic import Side, make_side
from cnnstudio.learning.benches.pooling.settings import FARTHEST, PoolingSettings

Kind = Literal["max", "average"]
NOTHING: Final = "nothing"
GLOBAL_AVERAGE: Final = "global"


class Pooled(msgspec.Struct, frozen=True):
    """A picture (height, width, channels) and its pooled versions, (rows, columns, channels) each."""

    settings: PoolingSettings
    pixels: np.ndarray
    rows: Side
    columns: Side
    maximum: np.ndarray
    average: np.ndarray

    @property
    def channels(self) -> int:
        return int(self.pixels.shape[2])

    @property
    def positions(self) -> int:
        return self.rows.positions * self.columns.positions

    @property
    def global_maximum(self) -> np.ndarray:
        """One number for each channel."""
        return np.asarray(self.pixels.max(axis=(0, 1)), np.float64)

    @property
    def global_average(self) -> np.ndarray:
        return np.asarray(self.pixels.sum(axis=(0, 1)) / (self.pixels.shape[0] * self.pixels.shape[1]))

    def window(self, position: int) -> tuple[int, int, int, int]:
        """Top, left, height and width of the window in the picture; padding is no part of it."""
        row, column = divmod(position, max(1, self.columns.positions))
        top, left = row * self.rows.stride - self.rows.before, column * self.columns.stride - self.columns.before
        size = self.settings.size
        bottom, right = min(top + size, self.pixels.shape[0]), min(left + size, self.pixels.shape[1])
        top, left = max(0, top), max(0, left)
        return top, left, bottom - top, right - left

    def patch(self, position: int) -> np.ndarray:
        """The pixels in the window (rows, columns, channels)."""
        top, left, height, width = self.window(position)
        return self.pixels[top:top + height, left:left + width]


def pool(pixels: np.ndarray, settings: PoolingSettings) -> Pooled:
    """Both kinds of pooling of a picture. The mean is that of the pixels, without padding, as Keras has it."""
    rows, columns = (make_side(length, settings.size, settings.stride, 1, settings.padding) for length in pixels.shape[:2])
    return Pooled(settings, pixels, rows, columns, _maximum(pixels, rows, columns, settings.size),
                  _average(pixels, rows, columns, settings.size))


def _windows(padded: np.ndarray, rows: Side, columns: Side, size: int) -> list[np.ndarray]:
    """One shifted picture for each cell of the window."""
    high, wide = rows.positions, columns.positions
    if not high or not wide:
        return [np.zeros((high, wide, padded.shape[2]))]
    return [padded[row:row + (high - 1) * rows.stride + 1:rows.stride,
                   column:column + (wide - 1) * columns.stride + 1:columns.stride]
            for row in range(size) for column in range(size)]


def _pad(pixels: np.ndarray, rows: Side, columns: Side, value: float) -> np.ndarray:
    return np.pad(pixels.astype(np.float64), ((rows.before, rows.behind), (columns.before, columns.behind), (0, 0)),
                  constant_values=value)


def _maximum(pixels: np.ndarray, rows: Side, columns: Side, size: int) -> np.ndarray:
    return np.asarray(np.maximum.reduce(_windows(_pad(pixels, rows, columns, -np.inf), rows, columns, size)))


def _average(pixels: np.ndarray, rows: Side, columns: Side, size: int) -> np.ndarray:
    total = np.add.reduce(_windows(_pad(pixels, rows, columns, 0), rows, columns, size))
    count = np.add.reduce(_windows(_pad(np.ones_like(pixels), rows, columns, 0), rows, columns, size))
    return np.asarray(total / np.maximum(count, 1))


def shift_right(pixels: np.ndarray, by: int) -> np.ndarray:
    """The picture moved to the right; its left edge is repeated."""
    return np.concatenate([np.repeat(pixels[:, :1], by, axis=1), pixels[:, :pixels.shape[1] - by]], axis=1) if by else pixels


def change(before: np.ndarray, after: np.ndarray) -> float:
    """The change (root mean square) as a share of how much the values differ among each other (their standard deviation); 0
    for a picture of one colour."""
    spread = float(np.std(before)) if before.size else 0.0
    return float(np.sqrt(np.mean((after - before) ** 2)) / spread) if spread else 0.0


class Robustness(msgspec.Struct, frozen=True):
    """How much each representation changes when the picture is shifted by 0, 1, 2... pixels."""

    shifts: tuple[int, ...]
    curves: dict[str, tuple[float, ...]]


def measure_robustness(pooled: Pooled) -> Robustness:
    """Shift the picture and pool it again. Numbers of one value per channel are compared with the spread of the picture."""
    pixels, settings = pooled.pixels, pooled.settings
    shifts = tuple(range(min(FARTHEST, pixels.shape[1] - 1) + 1))
    curves: dict[str, list[float]] = {NOTHING: [], "max": [], "average": [], GLOBAL_AVERAGE: []}
    spread = float(np.std(pixels)) or 1.0
    for by in shifts:
        moved = pool(shift_right(pixels, by), settings)
        curves[NOTHING].append(change(pixels, moved.pixels))
        curves["max"].append(change(pooled.maximum, moved.maximum))
        curves["average"].append(change(pooled.average, moved.average))
        curves[GLOBAL_AVERAGE].append(float(np.abs(moved.global_average - pooled.global_average).mean() / spread))
    return Robustness(shifts, {name: tuple(values) for name, values in curves.items()})


def enlarge(pooled: Pooled, kind: Kind) -> np.ndarray:
    """The picture that the pooled numbers still tell: each pixel has the value of its first window; one that no window covers
    that of the nearest."""
    values = pooled.maximum if kind == "max" else pooled.average
    rows, columns = (np.clip((np.arange(side.length) + side.before) // side.stride, 0, side.positions - 1)
                     for side in (pooled.rows, pooled.columns))
    return np.asarray(values[rows][:, columns])


def mean_error(pooled: Pooled, kind: Kind) -> float:
    """By how much that picture differs from the original, in grey levels a pixel."""
    return float(np.abs(enlarge(pooled, kind) - pooled.pixels).mean())
