"""The field for a number."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.core.display import Display
from cnnstudio.core.text import format_number, localize_number, normalize_number, tr
from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.widgets.wheel import WheelGuard

_ARROWS = 22


class NumberBox(QLineEdit):
    """A number with a unit; arrow keys, the wheel (with the focus) and dragging the arrows change it.

    `value_changed(value)` follows every step, `settled` when the user let go; `refused(text)` when the typed text is no
    number within the limits. With `integer` values are int, else float; None if `optional`. With `display` the number is
    shown, typed and stepped in that unit; value and limits stay in the stored one.
    """

    value_changed = Signal(object)
    settled = Signal()
    refused = Signal(str)

    def __init__(self, value: float | None = 0, *, minimum: float = -math.inf, maximum: float = math.inf,
                 step: float = 1, integer: bool = False, decimals: int = 4, logarithmic: bool = False, unit: str = "",
                 optional: bool = False, above: bool = False, display: Display | None = None,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display = display
        if display is not None:
            step, decimals, unit = display.step, display.decimals, str(display.unit)
        self._minimum, self._maximum, self._above = minimum, maximum, above
        self._step, self._integer, self._decimals = step, integer, decimals
        self._logarithmic, self._unit, self._optional = logarithmic, unit, optional
        self._value: float | None = value
        self._drag: tuple[float, float | None] | None = None
        self.setFont(theme.font())
        self._guard = WheelGuard(self)
        room = self.fontMetrics().horizontalAdvance(unit) + 8 if unit else 0
        self.setTextMargins(0, 0, _ARROWS + room, 0)
        self.setText(self._format_value(value))
        self.editingFinished.connect(self._on_editing_finished)
        if optional:
            self.setPlaceholderText(tr("None", "Ninguno"))

    @property
    def value(self) -> float | None:
        return self._value

    def set_value(self, value: float | None) -> None:
        """Set a value without emitting signals."""
        if value != self._value or not self.hasFocus():
            self._value = value
            self.setText(self._format_value(value))
            self.setCursorPosition(0)

    def forget(self) -> None:
        """Drop the value, whatever is being typed."""
        self._value = None
        self.setText("")

    def _format_value(self, value: float | None) -> str:
        if value is None:
            return ""
        if self._integer:
            return str(int(value))
        value = self._to_shown(value)
        if value and abs(value) < 10 ** -max(self._decimals - 1, 1):
            return format_number(value, "g")
        return localize_number(f"{value:.{self._decimals}f}".rstrip("0").rstrip(".") if self._decimals else f"{value:g}")

    def _to_shown(self, value: float) -> float:
        return value if self._display is None else self._display.to_shown(value)

    def _to_stored(self, shown: float) -> float:
        return shown if self._display is None else self._display.to_stored(shown)

    def _on_editing_finished(self) -> None:
        if self.text() == self._format_value(self._value):
            return
        text = normalize_number(self.text().strip().removesuffix(self._unit) if self._unit else self.text())
        if not text and self._optional:
            self._take(None)
            self.settled.emit()
            return
        try:
            value: float = int(text) if self._integer else self._to_stored(float(text))
        except ValueError:
            self.refused.emit(tr("This is not a number.", "Esto no es un número."))
            self.setText(self._format_value(self._value))
            return
        if not self._is_allowed(value):
            self.refused.emit(self._limits_text())
            value = self._clamp(value)
            if not self._is_allowed(value):
                self.setText(self._format_value(self._value))
                return
        self._take(value)
        self.settled.emit()

    def _limits_text(self) -> str:
        low, high = self._to_shown(self._minimum), self._to_shown(self._maximum)
        if math.isinf(high) or high >= 2**31 - 1:
            return tr("At least {low:g}.", "Al menos {low:g}.", low=low)
        return tr("From {low:g} to {high:g}.", "De {low:g} a {high:g}.", low=low, high=high)

    def _is_allowed(self, value: float) -> bool:
        return math.isfinite(value) and self._minimum <= value <= self._maximum and not (
            self._above and value == self._minimum)

    def _clamp(self, value: float) -> float:
        if not math.isfinite(value):
            return self._value if self._value is not None else 0
        return min(max(value, self._minimum), self._maximum)

    def _take(self, value: float | None) -> None:
        if value is not None and self._integer:
            value = int(value)
        self.setText(self._format_value(value))
        if value != self._value:
            self._value = value
            self.value_changed.emit(value)

    def step_by(self, steps: float) -> None:
        """One or more steps up (or, negative, down)."""
        start = self._value if self._value is not None else max(0.0, self._minimum)
        if self._logarithmic and start > 0:
            value = float(f"{start * 10 ** (steps / 10):.2g}")
        else:
            decimals = 10 if self._display is None else self._decimals
            value = self._to_stored(round(self._to_shown(start) + steps * self._step, decimals))
            value = round(value) if self._integer else value
        value = self._clamp(value)
        if self._is_allowed(value):
            self._take(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        factor = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        if event.key() in steps:
            self._on_editing_finished()
            self.step_by(steps[Qt.Key(event.key())] * factor)
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and (
                not event.isAutoRepeat()):
            self.settled.emit()
        super().keyReleaseEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.step_by(1 if event.angleDelta().y() > 0 else -1)
        event.accept()

    def _is_over_arrows(self, x: float) -> bool:
        return x >= self.width() - _ARROWS - 2

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._is_over_arrows(event.position().x()):
            self._drag = (event.position().y(), self._value)
            self.step_by(1 if event.position().y() < self.height() / 2 else -1)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            start, value = self._drag
            moved = round((start - event.position().y()) / 6)
            if moved:
                self._value_silently(value)
                self.step_by(moved)
            return
        self.setCursor(Qt.CursorShape.SizeVerCursor if self._is_over_arrows(event.position().x())
                       else Qt.CursorShape.IBeamCursor)
        super().mouseMoveEvent(event)

    def _value_silently(self, value: float | None) -> None:
        self._value = value

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            self._drag = None
            self.settled.emit()
            return
        super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        middle = self.height() / 2
        left = self.width() - _ARROWS + 1
        tone = "dim" if self.isEnabled() else "faint"
        icons.paint(painter, QRectF(left, middle - 12, 13, 13), "chevron-up", tone)
        icons.paint(painter, QRectF(left, middle - 1, 13, 13), "chevron-down", tone)
        if self._unit:
            painter.setFont(self.font())
            painter.setPen(theme.color("dim"))
            painter.drawText(QRectF(0, 0, left - 5, self.height()),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._unit)
