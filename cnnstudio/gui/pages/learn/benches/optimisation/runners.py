"""The runners of the race as rows: on or off, colour, name and learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.widgets.basics import box, column, row
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.learning.benches.optimisation.rules import RULES


def rule_color(identifier: str) -> QColor:
    """The colour of a rule, the same everywhere."""
    return theme.class_color(RULES.ids().index(identifier))


class _Check(QAbstractButton):
    """A name with a box in its colour."""

    def __init__(self, text: str, color: QColor) -> None:
        super().__init__()
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumHeight(28)
        self.setMinimumWidth(60)
        self._color = color

    def sizeHint(self) -> QSize:
        return QSize(26 + self.fontMetrics().horizontalAdvance(self.text()), 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        square = QRectF(2, self.height() / 2 - 8, 16, 16)
        painter.setPen(QPen(self._color, 2))
        painter.setBrush(self._color if self.isChecked() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(square, 4, 4)
        if self.isChecked():
            icons.paint(painter, square.adjusted(1, 1, -1, -1), "check", theme.on_color(self._color).name())
        painter.setPen(theme.color("text" if self.isChecked() else "dim"))
        painter.setFont(theme.font())
        room = QRectF(26, 0, self.width() - 26, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, int(room.width())))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0, 1, -1, -1), 5, 5)


class RunnerRows(QWidget):
    """`toggled(id, on)` and `rate_changed(id, rate)`, each by the user."""

    toggled = Signal(str, bool)
    rate_changed = Signal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._checks: dict[str, _Check] = {}
        self._rates: dict[str, NumberBox] = {}
        lines = []
        for rule in RULES:
            check = _Check(str(rule.label), rule_color(rule.id))
            check.setToolTip(f"{rule.formula}\n\n{rule.entry.help}")
            check.clicked.connect(partial(self._on_clicked, rule.id))
            rate = NumberBox(0.1, minimum=0, above=True, maximum=100, decimals=6, logarithmic=True)
            rate.setFixedWidth(104)
            rate.setAccessibleName(tr("Learning rate of {name}", "Tasa de aprendizaje de {name}", name=rule.label))
            rate.setToolTip(tr("Learning rate", "Tasa de aprendizaje"))
            rate.value_changed.connect(partial(self._on_rate, rule.id))
            self._checks[rule.id], self._rates[rule.id] = check, rate
            line = row(check, rate, spacing=6)
            line.setStretch(0, 1)
            lines.append(box(line))
        self.setLayout(column(*lines, spacing=4))

    def _on_clicked(self, identifier: str) -> None:
        self.toggled.emit(identifier, self._checks[identifier].isChecked())

    def _on_rate(self, identifier: str, value: object) -> None:
        if isinstance(value, float | int):
            self.rate_changed.emit(identifier, float(value))

    def show_runners(self, on: tuple[str, ...], rates: Mapping[str, float]) -> None:
        """Show which rules run, and the rates of all."""
        for rule in RULES:
            self._checks[rule.id].setChecked(rule.id in on)
            self._rates[rule.id].set_value(float(f"{rates[rule.id]:.3g}"))
            self._rates[rule.id].setEnabled(rule.id in on)


