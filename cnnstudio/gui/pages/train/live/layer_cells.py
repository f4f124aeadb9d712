"""The small pictures of one layer over the epochs: a strip of histograms, a line on a logarithmic scale, a share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from cnnstudio.core.events import Histogram
from cnnstudio.gui.look import theme

_LEVELS: Final = 48
"""Rows of a strip."""
_WIDEST: Final = 26.0
"""A column of a strip is not wider, so that a training of two epochs does not look like a flag."""


def common_range(told: Sequence[Histogram | None]) -> tuple[float, float] | None:
    """The range of all histograms together."""
    known = [item for item in told if item is not None]
    return (min(item.low for item in known), max(item.high for item in known)) if known else None


def densities(told: Sequence[Histogram | None]) -> np.ndarray:
    """Histograms on their common range: (levels, n) from 0 to 1, the highest values in the first row; each column has its
    own maximum. A column is 0 where there is no histogram."""
    result = np.zeros((_LEVELS, len(told)))
    bounds = common_range(told)
    if bounds is None:
        return result
    low, high = bounds
    middles = low + (np.arange(_LEVELS) + 0.5) / _LEVELS * (high - low)
    for place, item in enumerate(told):
        if item is None:
            continue
        bins = np.floor((middles - item.low) / (item.high - item.low) * len(item.shares)).astype(int)
        shares = np.asarray(item.shares, float)
        inside = (bins >= 0) & (bins < len(shares))
        column = np.where(inside, shares[np.clip(bins, 0, len(shares) - 1)], 0.0)
        # A narrow distribution on a wide range falls between two levels.
        if not column.any():
            column[int(np.abs(middles - (item.low + item.high) / 2).argmin())] = 1.0
        result[::-1, place] = column / column.max()
    return result


def paint_strip(painter: QPainter, room: QRectF, told: Sequence[Histogram | None], color: QColor) -> None:
    """Epochs from left to right, values from bottom to top; the stronger the colour, the more values."""
    _paint_ground(painter, room)
    values = np.sqrt(densities(told))
    if not values.size:
        return
    ground, full = theme.color("sunk"), color
    channels = [ground_part + (full_part - ground_part) * values for ground_part, full_part in zip(
        (ground.red(), ground.green(), ground.blue()), (full.red(), full.green(), full.blue()), strict=True)]
    pixels = np.ascontiguousarray(np.stack([*channels[::-1], np.full_like(values, 255)], axis=-1).astype(np.uint8))
    image = QImage(pixels.data, values.shape[1], values.shape[0], 4 * values.shape[1], QImage.Format.Format_RGB32)
    width = min(room.width(), _WIDEST * len(told))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
    painter.drawImage(QRectF(room.left(), room.top(), width, room.height()), image)


def paint_line(painter: QPainter, room: QRectF, values: Sequence[float | None], span: tuple[float, float], color: QColor,
               band: tuple[float, float] | None = None) -> None:
    """Values over the epochs on a logarithmic scale from `span[0]` to `span[1]`, with a band behind them."""
    _paint_ground(painter, room)
    low, high = math.log10(span[0]), math.log10(span[1])

    def height(value: float) -> float:
        share = (math.log10(value) - low) / (high - low)
        return room.bottom() - 2 - min(1.0, max(0.0, share)) * (room.height() - 4)

    if band is not None:
        tone = theme.color("ok")
        tone.setAlphaF(0.22)
        painter.fillRect(QRectF(QPointF(room.left(), height(band[1])), QPointF(room.right(), height(band[0]))), tone)
    step = min(room.width() / max(1, len(values)), _WIDEST)
    points = [QPointF(room.left() + (place + 0.5) * step, height(value)) if value is not None and value > 0 else None
              for place, value in enumerate(values)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.6))
    for first, second in zip(points, points[1:], strict=False):
        if first is not None and second is not None:
            painter.drawLine(first, second)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    for place, point in enumerate(points):
        alone = all(not 0 <= other < len(points) or points[other] is None for other in (place - 1, place + 1))
        if point is not None and (alone or place == len(points) - 1):
            painter.drawEllipse(point, 2.2, 2.2)


def paint_share(painter: QPainter, room: QRectF, values: Sequence[float | None], color: QColor) -> None:
    """Shares from 0 to 1 over the epochs, as bars."""
    _paint_ground(painter, room)
    step = min(room.width() / max(1, len(values)), _WIDEST)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    for place, value in enumerate(values):
        if value:
            height = max(1.5, room.height() * value)
            painter.fillRect(QRectF(room.left() + place * step, room.bottom() - height, max(1.0, step - (1 if step > 4 else 0)),
                                    height), color)


def _paint_ground(painter: QPainter, room: QRectF) -> None:
    painter.fillRect(room, theme.color("sunk"))
