"""Fields: numbers, choices, switches, segments, search, colours."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from cnnstudio.core.text import figure, number, tr, written
from cnnstudio.gui.look import icons, theme, tokens
from cnnstudio.gui.widgets.basics import Button

_ARROWS = 22


class NumberBox(QLineEdit):
    """A number with a unit; arrow keys, wheel (while focused) and dragging the arrows change it.

    `value_changed(value)` follows every step, `settled` when the user let go; `refused(text)` when what
    was typed is no number within the limits. With `whole` values are int, else float; None if `optional`.
    """

    value_changed = Signal(object)
    settled = Signal()
    refused = Signal(str)

    def __init__(self, value: float | None = 0, *, minimum: float = -math.inf, maximum: float = math.inf,
                 step: float = 1, whole: bool = False, decimals: int = 4, logarithmic: bool = False, unit: str = "",
                 optional: bool = False, above: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._above = minimum, maximum, above
        self._step, self._whole, self._decimals = step, whole, decimals
        self._logarithmic, self._unit, self._optional = logarithmic, unit, optional
        self._value: float | None = value
        self._drag: tuple[float, float | None] | None = None
        self.setFont(theme.font())
        self.setMouseTracking(True)
        room = self.fontMetrics().horizontalAdvance(unit) + 8 if unit else 0
        self.setTextMargins(0, 0, _ARROWS + room, 0)
        self.setText(self._written(value))
        self.editingFinished.connect(self._typed)
        if optional:
            self.setPlaceholderText(tr("none", "ninguno"))

    @property
    def value(self) -> float | None:
        return self._value

    def set_value(self, value: float | None) -> None:
        """Show another value without announcing it."""
        if value != self._value or not self.hasFocus():
            self._value = value
            self.setText(self._written(value))
            self.setCursorPosition(0)

    def _written(self, value: float | None) -> str:
        if value is None:
            return ""
        if self._whole:
            return str(int(value))
        if value and abs(value) < 10 ** -max(self._decimals - 1, 1):
            return number(value, "g")
        return written(f"{value:.{self._decimals}f}".rstrip("0").rstrip(".") if self._decimals else f"{value:g}")

    def _typed(self) -> None:
        if self.text() == self._written(self._value):
            return
        text = figure(self.text())
        if not text and self._optional:
            self._take(None)
            self.settled.emit()
            return
        try:
            value: float = int(text) if self._whole else float(text)
        except ValueError:
            self.refused.emit(tr("This is not a number.", "Esto no es un número."))
            self.setText(self._written(self._value))
            return
        if not self._allowed(value):
            self.refused.emit(self._limits())
            value = self._clamped(value)
            if not self._allowed(value):
                self.setText(self._written(self._value))
                return
        self._take(value)
        self.settled.emit()

    def _limits(self) -> str:
        if math.isinf(self._maximum) or self._maximum >= 2**31 - 1:
            return tr("At least {low:g}.", "Al menos {low:g}.", low=self._minimum)
        return tr("From {low:g} to {high:g}.", "De {low:g} a {high:g}.", low=self._minimum, high=self._maximum)

    def _allowed(self, value: float) -> bool:
        return math.isfinite(value) and self._minimum <= value <= self._maximum and not (
            self._above and value == self._minimum)

    def _clamped(self, value: float) -> float:
        if not math.isfinite(value):
            return self._value if self._value is not None else 0
        return min(max(value, self._minimum), self._maximum)

    def _take(self, value: float | None) -> None:
        if value is not None and self._whole:
            value = int(value)
        self.setText(self._written(value))
        if value != self._value:
            self._value = value
            self.value_changed.emit(value)

    def step_by(self, steps: float) -> None:
        """One or more steps up (or, negative, down)."""
        start = self._value if self._value is not None else max(0.0, self._minimum)
        if self._logarithmic and start > 0:
            value = float(f"{start * 10 ** (steps / 10):.2g}")
        else:
            value = start + steps * self._step
            value = round(value, 10) if not self._whole else round(value)
        value = self._clamped(value)
        if self._allowed(value):
            self._take(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        factor = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        if event.key() in steps:
            self._typed()
            self.step_by(steps[Qt.Key(event.key())] * factor)
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and (
                not event.isAutoRepeat()):
            self.settled.emit()
        super().keyReleaseEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Without the focus the wheel scrolls the page, not the number under the pointer.
        if not self.hasFocus():
            event.ignore()
            return
        self.step_by(1 if event.angleDelta().y() > 0 else -1)
        event.accept()

    def _on_arrows(self, x: float) -> bool:
        return x >= self.width() - _ARROWS - 2

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._on_arrows(event.position().x()):
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
        self.setCursor(Qt.CursorShape.SizeVerCursor if self._on_arrows(event.position().x())
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


class Select(QComboBox):
    """One of a list; `chosen(value)` only when the user chose."""

    chosen = Signal(object)

    def __init__(self, choices: Iterable[tuple[object, str]] = (), value: object = None,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(theme.font())
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self._values: list[object] = []
        self.set_choices(choices, value)
        self.activated.connect(lambda index: self.chosen.emit(self._values[index]))

    @property
    def value(self) -> object:
        return self._values[self.currentIndex()] if 0 <= self.currentIndex() < len(self._values) else None

    def set_choices(self, choices: Iterable[tuple[object, str]], value: object) -> None:
        pairs = list(choices)
        self.blockSignals(True)
        self.clear()
        self._values = [each for each, _ in pairs]
        for index, (_, label) in enumerate(pairs):
            self.addItem(" ".join(label.splitlines()))
            self.setItemData(index, label, Qt.ItemDataRole.ToolTipRole)
        self.blockSignals(False)
        self.set_value(value)

    def set_value(self, value: object) -> None:
        self.setCurrentIndex(self._values.index(value) if value in self._values else -1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        icons.paint(painter, QRectF(self.width() - 24, self.height() / 2 - 7, 14, 14), "chevron-down",
                    "dim" if self.isEnabled() else "faint")


class Switch(QPushButton):
    """On or off; `switched(bool)` only when the user did it."""

    switched = Signal(bool)

    def __init__(self, on: bool = False, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setChecked(on)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(42, 26)
        self.toggled.connect(lambda _on: self.update())
        self.clicked.connect(self._announce)

    def _announce(self, on: bool) -> None:
        self.switched.emit(on)

    def set_value(self, on: bool) -> None:
        self.setChecked(on)

    def sizeHint(self) -> QSize:
        return QSize(42, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(4, 4, self.width() - 8, self.height() - 8)
        on = self.isChecked()
        painter.setPen(QPen(theme.color("accent" if on else "faint"), 1))
        painter.setBrush(theme.color("accent" if on else "sunk"))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("on_accent" if on else "dim"))
        x = track.right() - track.height() / 2 if on else track.left() + track.height() / 2
        painter.drawEllipse(QPointF(x, track.center().y()), 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(1, 1, self.width() - 2, self.height() - 2), 12, 12)


class SegmentedControl(QWidget):
    """Two to four choices side by side; `chosen(value)` only when the user chose."""

    chosen = Signal(object)

    def __init__(self, choices: Iterable[tuple[object, str]], value: object = None, *, stretch: bool = True,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(2, 2, 2, 2)
        self._layout.setSpacing(0)
        self._group = QButtonGroup(self)
        self._values: list[object] = []
        for each, label in choices:
            button = Button(label, "quiet", checkable=True)
            button.setProperty("segment", True)
            self._group.addButton(button, len(self._values))
            self._values.append(each)
            self._layout.addWidget(button, 1 if stretch else 0)
        self._group.setExclusive(True)
        self._group.idClicked.connect(lambda index: self.chosen.emit(self._values[index]))
        self._group.idToggled.connect(lambda _index, _on: self._show_way())
        self.set_value(value)
        self._show_way()

    def _chosen_button(self) -> QAbstractButton:
        return self._group.checkedButton() or self._group.buttons()[0]

    def _show_way(self) -> None:
        """Tab comes to what is chosen; arrows go on."""
        for button in self._group.buttons():
            way = Qt.FocusPolicy.StrongFocus if button is self._chosen_button() else Qt.FocusPolicy.ClickFocus
            button.setFocusPolicy(way)

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        """Give the keyboard to what is chosen."""
        self._chosen_button().setFocus(reason)

    def set_tooltips(self, tooltips: Iterable[str]) -> None:
        for index, text in enumerate(tooltips):
            self._group.button(index).setToolTip(text)

    @property
    def value(self) -> object:
        index = self._group.checkedId()
        return self._values[index] if index >= 0 else None

    def set_value(self, value: object) -> None:
        index = self._values.index(value) if value in self._values else -1
        if index >= 0:
            self._group.button(index).setChecked(True)
            return
        self._group.setExclusive(False)
        for button in self._group.buttons():
            button.setChecked(False)
        self._group.setExclusive(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1), tokens.RADIUS, tokens.RADIUS)


class SearchBox(QLineEdit):
    """A field with a magnifier; `textChanged` as QLineEdit has it, Escape empties it."""

    def __init__(self, placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder or tr("Search…", "Buscar…"))
        self.setAccessibleName(self.placeholderText())
        self.setFont(theme.font())
        self.setTextMargins(20, 0, 18, 0)
        self.textChanged.connect(lambda _text: self.update())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.text() and event.position().x() > self.width() - 26:
            self.clear()
            return
        super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        middle = self.height() / 2
        icons.paint(painter, QRectF(8, middle - 8, 16, 16), "search", "dim")
        if self.text():
            icons.paint(painter, QRectF(self.width() - 23, middle - 7, 14, 14), "close", "dim")


class ColorButton(QPushButton):
    """A colour that opens the colour dialog; `chosen((red, green, blue))`."""

    chosen = Signal(object)

    def __init__(self, value: tuple[int, int, int] = (255, 255, 255), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = value
        self.setFixedHeight(tokens.CONTROL_HEIGHT)
        self.clicked.connect(self._ask)

    def set_value(self, value: tuple[int, int, int]) -> None:
        self._value = tuple(value)  # type: ignore[assignment]
        self.update()

    def _ask(self) -> None:
        picked = QColorDialog.getColor(QColor(*self._value), self.window())
        if picked.isValid():
            self.set_value((picked.red(), picked.green(), picked.blue()))
            self.chosen.emit(self._value)

    def event(self, event: QEvent) -> bool:
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(QColor(*self._value))
        painter.drawRoundedRect(QRectF(8, 7, 28, self.height() - 14), 4, 4)
        painter.setPen(theme.color("text"))
        painter.setFont(theme.font())
        painter.drawText(QRectF(44, 0, self.width() - 50, self.height()), Qt.AlignmentFlag.AlignVCenter,
                         QColor(*self._value).name().upper())
