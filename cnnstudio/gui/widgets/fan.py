"""A range of angles as a wedge of a circle, whose ends can be dragged."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QConicalGradient,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from cnnstudio.core.display import Display
from cnnstudio.core.text import localize_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.settling import Settling

_SIDE = 84
_LOW, _HIGH = 0, 1
_KEYS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1,
         Qt.Key.Key_PageUp: 5, Qt.Key.Key_PageDown: -5}


class Fan(QWidget):
    """The wedge from the lower to the upper angle; up is 0, to the left is positive, as a picture turns.

    A range that is even to both sides stays so, unless Ctrl is held. Where an angle has no side (`minimum` is 0) the
    wedge is drawn to both. `dragged(low, high)` follows the mouse and the arrow keys, in the stored unit; `settled` when
    they let go.
    """

    dragged = Signal(float, float)
    settled = Signal()

    def __init__(self, name: str, display: Display, minimum: float, maximum: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._display, self._minimum, self._maximum = name, display, minimum, maximum
        self._ends: tuple[float, float] | None = None
        self._end = _HIGH
        self._pressed = False
        self._settling = Settling(self)
        self._settling.settled.connect(self.settled)
        self.setFixedSize(_SIDE, _SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def show_range(self, low: float | None, high: float | None) -> None:
        """Show a range in the stored unit; None for none."""
        if self._pressed:
            return
        self._ends = None if low is None or high is None else (low, high)
        self._describe()
        self.update()

    @property
    def text(self) -> str:
        """The range, as "±36°" or "0° – 18°"."""
        if self._ends is None:
            return "–"
        low, high = (localize_number(f"{self._display.to_shown(end):.{self._display.decimals}f}".removesuffix(".0"))
                     for end in self._ends)
        unit = str(self._display.unit)
        if self._even or (self._minimum >= 0 and self._ends[0] == 0):
            return f"±{high}{unit}"
        return f"±({low} – {high}){unit}" if self._minimum >= 0 else f"{low}{unit} … {high}{unit}"

    @property
    def _even(self) -> bool:
        return self._ends is not None and self._ends[0] == -self._ends[1]

    def _describe(self) -> None:
        self.setAccessibleName(f"{self._name}: {self.text}")
        self.setToolTip(tr("{range}: drag an end of the wedge, or use the arrow keys. With Ctrl only that end moves.",
                           "{range}: arrastre un extremo del abanico o use las flechas. Con Ctrl solo se mueve ese "
                           "extremo.", range=self.text))

    # Changing ------------------------------------------------------------------------------------

    def _angles(self) -> list[tuple[int, float]]:
        """(end, degrees) of every line that can be dragged."""
        if self._ends is None:
            return []
        ends = [(end, self._display.to_shown(value)) for end, value in enumerate(self._ends)]
        return [*ends, *((end, -angle) for end, angle in ends)] if self._minimum >= 0 else ends

    def _angle_at(self, place: QPointF) -> float:
        middle = QRectF(self.rect()).center()
        return math.degrees(math.atan2(middle.x() - place.x(), middle.y() - place.y()))

    def _move(self, end: int, degrees: float, alone: bool) -> None:
        """Bring an end to that angle."""
        if self._ends is None:
            return
        if self._minimum >= 0:
            degrees = abs(degrees)
        value = min(max(self._display.to_stored(round(degrees)), self._minimum), self._maximum)
        low, high = self._ends
        if self._even and not alone:
            reach = max(0.0, min(value if end == _HIGH else -value, self._maximum))
            low, high = -reach, reach
        elif end == _LOW:
            low = min(value, high)
        else:
            high = max(value, low)
        if (low, high) != self._ends:
            self._ends = (low, high)
            self._settling.change()
            self._describe()
            self.update()
            self.dragged.emit(low, high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._ends is None:
            return
        at = self._angle_at(event.position())
        self._end = min(self._angles(), key=lambda item: abs(_nearest_turn(at, item[1]) - item[1]))[0]
        self._pressed = True
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._pressed or self._ends is None:
            self.setCursor(Qt.CursorShape.OpenHandCursor if self._ends is not None else Qt.CursorShape.ArrowCursor)
            return
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        at = self._angle_at(event.position())
        if self._minimum < 0:
            # Past the lower end of the circle the angle goes on, and does not jump to the other side.
            at = _nearest_turn(at, self._display.to_shown(self._ends[self._end]))
        self._move(self._end, at, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed:
            self._pressed = False
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self._settling.settle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._end = _LOW if self._end == _HIGH else _HIGH
            self.update()
            return
        steps = _KEYS.get(Qt.Key(event.key()))
        if steps is None or self._ends is None:
            super().keyPressEvent(event)
            return
        alone = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        end = _HIGH if self._even and not alone else self._end
        self._move(end, round(self._display.to_shown(self._ends[end])) + steps, alone)

    # Drawing -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(self.rect()).adjusted(5, 5, -5, -5)
        self._paint_ground(painter, circle)
        if self._ends is not None:
            self._paint_wedge(painter, circle)
            painter.setPen(theme.color("text"))
            painter.setFont(theme.font("secondary"))
            metrics = painter.fontMetrics()
            text = metrics.elidedText(self.text, Qt.TextElideMode.ElideRight, int(circle.width()) - 8)
            plate = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, 18)
            plate.moveCenter(QPointF(circle.center().x(), circle.center().y() + 20))
            ground = QColor(theme.color("surface"))
            ground.setAlpha(215)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(plate, 4, 4)
            painter.setPen(theme.color("text"))
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _paint_ground(self, painter: QPainter, circle: QRectF) -> None:
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(theme.color("sunk"))
        painter.drawEllipse(circle)
        if self._display.circle == "color":
            hues = QConicalGradient(circle.center(), 90)
            for step in range(13):
                hues.setColorAt(step / 12, QColor.fromHsvF(step % 12 / 12, 0.75, 0.9))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(hues, 6))
            painter.drawEllipse(circle.adjusted(3, 3, -3, -3))

    def _paint_wedge(self, painter: QPainter, circle: QRectF) -> None:
        low, high = (self._display.to_shown(end) for end in self._ends or (0.0, 0.0))
        ground = QColor(theme.color("accent"))
        ground.setAlpha(70)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        wedges = [(low, high), (-high, -low)] if self._minimum >= 0 else [(low, high)]
        for start, end in wedges:
            # Qt counts from the right, counter-clockwise, in sixteenths of a degree.
            painter.drawPie(circle, round((90 + start) * 16), round(min(360.0, end - start) * 16))
        middle, radius = circle.center(), circle.width() / 2
        painter.setPen(QPen(theme.color("faint"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(middle, QPointF(middle.x(), circle.top()))
        for end, angle in self._angles():
            turned = math.radians(angle)
            tip = QPointF(middle.x() - radius * math.sin(turned), middle.y() - radius * math.cos(turned))
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawLine(middle, tip)
            painter.setBrush(theme.color("accent" if end == self._end and self.hasFocus() and not self._even
                                         else "surface"))
            painter.drawEllipse(tip, 4, 4)


def _nearest_turn(angle: float, to: float) -> float:
    """The angle, or the same one some turns on, that is nearest to another."""
    return angle + 360.0 * round((to - angle) / 360.0)
