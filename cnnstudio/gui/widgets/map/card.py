"""The card beside the pointer: the picture of a dot, its name, its class and a note; and the outline of a selection."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from cnnstudio.core.text import on_one_line
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.widgets.picture import draw_rounded

CARD: Final = 168
"""The longer side of the picture."""


def paint_card(painter: QPainter, room: QRect, at: QPointF, image: QImage | None, color: QColor, name: str,
               class_name: str, note: str) -> None:
    """Draw the card beside the point `at`, inside `room`; without an image an empty well."""
    side = QSizeF(CARD, CARD)
    shape = side if image is None else image.size().toSizeF().scaled(side, Qt.AspectRatioMode.KeepAspectRatio)
    high = shape.height() + (78 if note else 60)
    left, top = at.x() + 18, at.y() + 18
    left = left if left + CARD + 20 < room.width() else at.x() - 34 - CARD
    rect = QRectF(max(4.0, left), max(4.0, min(top, room.height() - high - 4)), CARD + 16, high)
    painter.setPen(QPen(theme.color("line"), 1))
    painter.setBrush(theme.color("raised"))
    painter.drawRoundedRect(rect, tokens.CARD_RADIUS, tokens.CARD_RADIUS)
    well = QRectF(rect.center().x() - shape.width() / 2, rect.y() + 8, shape.width(), shape.height())
    painter.setPen(Qt.PenStyle.NoPen)
    if image is None:
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(well, tokens.THUMBNAIL_RADIUS, tokens.THUMBNAIL_RADIUS)
    else:
        draw_rounded(painter, image, well, tokens.THUMBNAIL_RADIUS)
    line = QRectF(rect.x() + 8, well.bottom() + 6, CARD, 18)
    painter.setBrush(color)
    painter.drawRoundedRect(QRectF(line.x(), line.bottom() + 5, 10, 10), 3, 3)
    for text, style, token, indent in ((name, "body", "text", 0), (class_name, "secondary", "dim", 16),
                                       (note, "secondary", "warn", 0)):
        painter.setFont(theme.font(style))
        painter.setPen(theme.color(token))
        painter.drawText(line.adjusted(indent, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter,
                         painter.fontMetrics().elidedText(on_one_line(text), Qt.TextElideMode.ElideMiddle, CARD - indent))
        line.translate(0, 19)


def paint_outline(painter: QPainter, outline: QPolygonF) -> None:
    """Draw the lasso or the rectangle that selects."""
    if outline.isEmpty():
        return
    ground = QColor(theme.color("accent"))
    ground.setAlphaF(0.14)
    painter.setBrush(ground)
    painter.setPen(QPen(theme.color("accent"), 1.5, Qt.PenStyle.DashLine))
    painter.drawPolygon(outline)
