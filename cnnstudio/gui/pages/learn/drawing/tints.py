"""The grounds of cells: values to colours, as uint8 (rows, columns, 3)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtGui import QColor

from cnnstudio.gui.look import theme

Tint = Callable[[np.ndarray], np.ndarray]


def plain(token: str = "raised") -> Tint:
    """One colour for all cells."""
    def paint(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(_rgb(theme.color(token)), (*values.shape, 3)).astype(np.uint8)

    return paint


def gray(low: float = 0, high: float = 255) -> Tint:
    """`low` is black, `high` is white."""
    def paint(values: np.ndarray) -> np.ndarray:
        shares = _shares(values, low, high)
        return np.repeat((shares * 255 + 0.5).astype(np.uint8)[..., None], 3, axis=2)

    return paint


def channel(number: int, low: float = 0, high: float = 255) -> Tint:
    """Shades of red, green or blue."""
    def paint(values: np.ndarray) -> np.ndarray:
        result = np.zeros((*values.shape, 3), np.uint8)
        result[..., number % 3] = (_shares(values, low, high) * 255 + 0.5).astype(np.uint8)
        return result

    return paint


def diverging(limit: float = 0) -> Tint:
    """Blue for positive, orange for negative, the ground of cards for zero; `limit` is the strongest, 0 for the largest."""
    def paint(values: np.ndarray) -> np.ndarray:
        known = np.nan_to_num(np.asarray(values, np.float64))
        most = limit or float(np.abs(known).max(initial=0)) or 1.0
        shares = np.clip(known / most, -1, 1)[..., None]
        ground, plus, minus = (_rgb(color) for color in (theme.color("raised"), theme.class_color(0), theme.class_color(5)))
        mixed = ground + np.abs(shares) * (np.where(shares >= 0, plus, minus) - ground)
        return np.asarray(mixed + 0.5).astype(np.uint8)

    return paint


def fixed(picture: np.ndarray) -> Tint:
    """The pixels of a picture (rows, columns, 3), whatever the values."""
    def paint(_values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(picture, np.uint8)

    return paint


def _shares(values: np.ndarray, low: float, high: float) -> np.ndarray:
    known = np.nan_to_num(np.asarray(values, np.float64), nan=low)
    return np.asarray(np.clip((known - low) / ((high - low) or 1.0), 0, 1))


def _rgb(color: QColor) -> np.ndarray:
    return np.asarray([color.red(), color.green(), color.blue()], np.float64)
