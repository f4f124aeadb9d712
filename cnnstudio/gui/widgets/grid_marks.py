"""Marks over a picture of the grid: its problem, its finding, and the frame of a selection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen

from cnnstudio.gui.look import icons, theme, tokens

if TYPE_CHECKING:
    from cnnstudio.datasets.index import Picture

_WORDS_FROM = 84
"""From so many pixels a side a finding is a text; in smaller pictures it is a dot."""


def paint_state(painter: QPainter, rect: QRect, picture: Picture, badge_of: Callable[[tuple[str, ...]], tuple[str, str]],
                font: QFont) -> None:
    """Draw a sign on unreadable or excluded pictures, and the most severe finding in `font`."""
    if picture.problem is not None or picture.excluded:
        name, token = ("warning", "warn") if picture.problem is not None else ("eye-off", "text")
        side = min(28, rect.width() // 2)
        middle = QRectF(rect).center()
        icons.paint(painter, QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side), name, token)
    if picture.findings and rect.width() >= _WORDS_FROM:
        _paint_badge(painter, rect, badge_of(picture.findings), font)
    elif picture.findings:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("warn"))
        painter.drawEllipse(QRectF(rect.right() - 12, rect.top() + 5, 7, 7))


def paint_frame(painter: QPainter, rect: QRect, *, selected: bool, pointed: bool, current: bool) -> None:
    """Draw the frame of a picture that is selected or under the pointer, and the ring of the keyboard focus."""
    radius = tokens.THUMBNAIL_RADIUS
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if selected:
        painter.setPen(QPen(theme.color("accent"), 3))
        painter.drawRoundedRect(QRectF(rect).adjusted(-0.5, -0.5, 0.5, 0.5), radius, radius)
    elif pointed:
        painter.setPen(QPen(theme.color("faint"), 1))
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    if current:
        painter.setPen(QPen(theme.color("surface" if selected else "accent"), 1.5))
        painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), radius - 2, radius - 2)


def _paint_badge(painter: QPainter, rect: QRect, badge: tuple[str, str], font: QFont) -> None:
    """Draw a text at the upper right, on the colour of its token."""
    text, token = badge
    if not text:
        return
    painter.setFont(font)
    metrics = painter.fontMetrics()
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width() - 26)
    width = metrics.horizontalAdvance(text) + 14
    place = QRectF(rect.right() - width - 5, rect.top() + 6, width, 18)
    ground = theme.color(token)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(place, 9, 9)
    painter.setPen(theme.on_color(ground))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
