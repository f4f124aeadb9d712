"""Figures of two things with their intervals: two marks a row on a common scale, and the difference in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.gui.look import theme

_ROW: Final = 62.0
_NAME: Final = 136.0
_WORDS: Final = 216.0
_END: Final = 4.0


@dataclass(frozen=True)
class IntervalRow:
    """A figure: its name, (value, low, high) and text of both, and their difference in words."""

    name: str
    first: tuple[float, float, float]
    second: tuple[float, float, float]
    first_text: str
    second_text: str
    difference: str
    differs: bool


class IntervalPlot(QWidget):
    """One row a figure; each row has its own scale, which both marks share."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[IntervalRow, ...] = ()
        self._colors = (QColor(), QColor())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_rows(self, rows: Sequence[IntervalRow], first: QColor, second: QColor) -> None:
        """Show the figures, in these colours."""
        self._rows, self._colors = tuple(rows), (first, second)
        # For a screen reader, which sees no marks.
        self.setAccessibleDescription("; ".join(
            f"{row.name}: {row.first_text}, {row.second_text}, {row.difference}" for row in self._rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(_NAME + _WORDS + 260), round(_ROW * max(1, len(self._rows))))

    def minimumSizeHint(self) -> QSize:
        return QSize(round(_NAME + _WORDS + 160), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, item in enumerate(self._rows):
            self._paint_row(painter, QRectF(0, number * _ROW, self.width(), _ROW), item, last=number == len(self._rows) - 1)

    def _paint_row(self, painter: QPainter, place: QRectF, item: IntervalRow, last: bool) -> None:
        painter.setFont(theme.font("body"))
        painter.setPen(theme.color("text"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, place.top(), _NAME - 8, place.height()), middle, item.name)
        words = QRectF(place.right() - _WORDS + 12, place.top(), _WORDS - 12, place.height())
        painter.setFont(theme.font("body_strong" if item.differs else "body"))
        painter.setPen(theme.color("text" if item.differs else "dim"))
        painter.drawText(words, middle | Qt.TextFlag.TextWordWrap, item.difference)
        track = QRectF(_NAME, place.top(), place.width() - _NAME - _WORDS, place.height())
        low = min(item.first[1], item.second[1], item.first[0], item.second[0])
        high = max(item.first[2], item.second[2], item.first[0], item.second[0])
        room = QFontMetricsF(theme.font("secondary")).horizontalAdvance("00.00 %") / 2 + 2
        span = max(high - low, 1e-9)

        def at(value: float) -> float:
            return track.left() + room + (value - low) / span * (track.width() - 2 * room)

        for value, text, color, above in ((item.first, item.first_text, self._colors[0], True),
                                          (item.second, item.second_text, self._colors[1], False)):
            line = track.center().y() + (-7 if above else 7)
            painter.setPen(QPen(color, 2))
            painter.drawLine(QPointF(at(value[1]), line), QPointF(at(value[2]), line))
            for end in value[1:]:
                painter.drawLine(QPointF(at(end), line - _END), QPointF(at(end), line + _END))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(QPointF(at(value[0]), line), 4, 4)
            painter.setPen(theme.color("dim"))
            painter.setFont(theme.font("secondary"))
            box = QRectF(at(value[0]) - 60, line - 22 if above else line + 5, 120, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        if not last:
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(place.bottomLeft(), place.bottomRight())
