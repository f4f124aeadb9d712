"""A small histogram with a threshold as a line that can be dragged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.settling import Settling

_PLOT: Final = 46
_LABELS: Final = 16
_NEAR: Final = 10
_EDGE: Final = 5
"""Room at both sides, so that a line at an end can be grasped."""
_KEYS: Final = {Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1,
                Qt.Key.Key_PageUp: 5, Qt.Key.Key_PageDown: -5}


@dataclass(frozen=True)
class Bars:
    """Counts in bins of equal width from `low` to `high`; of equal factor where `logarithmic`."""

    low: float
    high: float
    counts: Sequence[int]
    logarithmic: bool = False


class ThresholdPlot(QWidget):
    """Bars in two colours, on the found side of the line and on the other. `moved(value)` follows the line, `settled`
    when it is let go; `focused` when the plot gets the keyboard or the mouse.

    `above`: values above the line are found. `step` is that of an arrow key, `format_value` writes the ends of the axis,
    `token` is the colour of what is found.
    """

    moved = Signal(float)
    settled = Signal()
    focused = Signal()

    def __init__(self, name: str, minimum: float, maximum: float, step: float, format_value: Callable[[float], str],
                 token: str = "warn", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._minimum, self._maximum, self._step = name, minimum, maximum, step
        self._format, self._token = format_value, token
        self._mark: float | None = None
        self._bars: Bars | None = None
        self._above = False
        self._floor = 0.0
        self._value = minimum
        self._note = ""
        self._offset: float | None = None
        self._settling = Settling(self)
        self._settling.settled.connect(self.settled)
        self.setFixedHeight(_PLOT + _LABELS)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        return QSize(180, _PLOT + _LABELS)

    def show_bars(self, bars: Bars, above: bool, floor: float = 0.0) -> None:
        """Show a histogram; below `floor` the line finds no more than there."""
        if not self.dragging:
            self._bars, self._above, self._floor = bars, above, floor
            self.update()

    def show_value(self, value: float, note: str = "") -> None:
        """Show the threshold, with `note` (such as how many are found) for the tooltip and screen readers."""
        self._value, self._note = value, note
        self._describe()
        self.update()

    def show_mark(self, value: float | None) -> None:
        """Mark a value beside the line, such as the best one; None: no mark."""
        self._mark = value
        self.update()

    @property
    def bars(self) -> Bars | None:
        """The histogram, once there is one."""
        return self._bars

    @property
    def dragging(self) -> bool:
        """Whether the line is being dragged: the axis stays meanwhile."""
        return self._offset is not None

    def _describe(self) -> None:
        self.setAccessibleName(f"{self._name}: {self._format(self._value)}. {self._note}")
        self.setToolTip("\n".join(part for part in (self._note, tr(
            "Drag the line, or use the arrow keys.", "Arrastre la línea o use las flechas.")) if part))

    # Places --------------------------------------------------------------------------------------

    def _room(self) -> QRectF:
        return QRectF(_EDGE, 4, max(1, self.width() - 2 * _EDGE), _PLOT - 4)

    def x_of(self, value: float) -> float:
        """Where a value lies, in pixels from the left."""
        room, bars = self._room(), self._bars
        if bars is None or not math.isfinite(value):
            return room.right() if value > 0 else room.left()
        if bars.logarithmic:
            share = math.log(max(value, bars.low) / bars.low) / math.log(bars.high / bars.low)
        else:
            share = (value - bars.low) / (bars.high - bars.low)
        return room.left() + room.width() * min(1.0, max(0.0, share))

    def _value_at(self, x: float) -> float:
        room, bars = self._room(), self._bars
        assert bars is not None
        share = min(1.0, max(0.0, (x - room.left()) / room.width()))
        if bars.logarithmic:
            return float(bars.low * (bars.high / bars.low) ** share)
        return bars.low + share * (bars.high - bars.low)

    # Moving --------------------------------------------------------------------------------------

    def _send(self, value: float) -> None:
        value = min(max(value, self._minimum), self._maximum)
        if value != self._value:
            self._value = value
            self._settling.change()
            self.update()
            self.moved.emit(value)

    def _is_near(self, event: QMouseEvent) -> bool:
        return self._bars is not None and abs(event.position().x() - self.x_of(self._value)) <= _NEAR

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._is_near(event):
            self._offset = event.position().x() - self.x_of(self._value)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._offset is not None:
            self._send(self._value_at(event.position().x() - self._offset))
            return
        self.setCursor(Qt.CursorShape.SplitHCursor if self._is_near(event) else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._offset = None
        self._settling.settle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = _KEYS.get(Qt.Key(event.key()))
        if steps is None or self._bars is None:
            super().keyPressEvent(event)
        else:
            self._send(self._value + steps * self._step)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.focused.emit()
        super().focusInEvent(event)

    # Drawing -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room, bars = self._room(), self._bars
        if bars is None:
            return
        line = self.x_of(self._value)
        # Above the floor no more is found: the line in force stands there.
        divide = max(line, self.x_of(self._floor)) if self._above and self._floor > bars.low else line
        left = QRectF(0, 0, divide, self.height())
        right = QRectF(divide, 0, self.width() - divide, self.height())
        for side, found in ((left, not self._above), (right, self._above)):
            painter.save()
            painter.setClipRect(side)
            self._paint_bars(painter, room, bars, theme.color(self._token if found else "faint"), 1.0 if found else 0.55)
            painter.restore()
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(QPointF(room.left(), room.bottom() + 0.5), QPointF(room.right(), room.bottom() + 0.5))
        if divide != line:
            painter.setPen(QPen(theme.color("dim"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(divide, room.top()), QPointF(divide, room.bottom()))
        if self._mark is not None:
            painter.setPen(QPen(theme.color("ok"), 2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(self.x_of(self._mark), room.top()), QPointF(self.x_of(self._mark), room.bottom()))
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawLine(QPointF(line, room.top()), QPointF(line, room.bottom()))
        painter.setBrush(theme.color("accent"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(QPolygonF([QPointF(line - 5, 0), QPointF(line + 5, 0), QPointF(line, 8)]))
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("dim"))
        ends = QRectF(_EDGE, _PLOT, self.width() - 2 * _EDGE, _LABELS)
        painter.drawText(ends, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._format(bars.low))
        painter.drawText(ends, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._format(bars.high))
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    @staticmethod
    def _paint_bars(painter: QPainter, room: QRectF, bars: Bars, color: QColor, strength: float) -> None:
        ink = QColor(color)
        ink.setAlphaF(strength)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        width, most = room.width() / max(1, len(bars.counts)), max(1, *bars.counts)
        for number, count in enumerate(bars.counts):
            if count:
                # The square root keeps a few pictures visible beside thousands.
                high = max(3.0, (room.height() - 6) * (count / most) ** 0.5)
                painter.drawRect(QRectF(room.left() + number * width, room.bottom() - high, max(1.0, width - 0.6), high))
