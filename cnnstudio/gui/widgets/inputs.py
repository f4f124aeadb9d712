"""Fields: choices, switches, segments, search, colours."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QButtonGroup,
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme, tokens
from cnnstudio.gui.widgets.basics import Button, press_by_enter

_WIDEST: Final = 480
"""The most pixels of a list that opens, unless its field is wider."""
_LABEL_MARGIN: Final = 4
"""Pixels that Qt leaves free beside the label of a closed list."""


class Select(QComboBox):
    """A choice from a list; `chosen(value)` only when the user chose."""

    chosen = Signal(object)

    def __init__(self, choices: Iterable[tuple[object, str]] = (), value: object = None,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(theme.font())
        # The wheel that scrolls the page over a choice must not move the focus to it.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self._values: list[object] = []
        self._elided = ""
        self._typed, self._since = "", QElapsedTimer()
        self.set_choices(choices, value)
        self.activated.connect(lambda index: self.chosen.emit(self._values[index]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        self._prefer_exact(event.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            # The list takes the key first.
            QTimer.singleShot(0, self, partial(self._prefer_exact, event.text()))
        return False

    def _prefer_exact(self, text: str) -> None:
        """What is typed finds the entry of exactly that name; Qt stays at the first one below the present that begins like it,
        so that "relu" finds "relu6"."""
        if not text or not text.isprintable():
            return
        goes_on = self._since.isValid() and self._since.elapsed() <= QApplication.keyboardInputInterval()
        self._typed = self._typed + text if goes_on else text
        self._since.start()
        row = self.findText(self._typed, Qt.MatchFlag.MatchFixedString)
        if row < 0:
            return
        if self.view().isVisible():
            self.view().setCurrentIndex(self.model().index(row, 0))
        elif row != self.currentIndex():
            self.setCurrentIndex(row)
            self.activated.emit(row)

    @property
    def values(self) -> list[object]:
        """The values of the choices."""
        return list(self._values)

    @property
    def value(self) -> object:
        return self._values[self.currentIndex()] if 0 <= self.currentIndex() < len(self._values) else None

    def set_choices(self, choices: Iterable[tuple[object, str]], value: object) -> None:
        pairs = list(choices)
        self.blockSignals(True)
        self.clear()
        self._values = [choice for choice, _ in pairs]
        for index, (_, label) in enumerate(pairs):
            self.addItem(" ".join(label.splitlines()))
            self.setItemData(index, label, Qt.ItemDataRole.ToolTipRole)
        self.blockSignals(False)
        self.set_value(value)

    def set_value(self, value: object) -> None:
        self.setCurrentIndex(self._values.index(value) if value in self._values else -1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        # Qt cuts a long label off; an ellipsis and a tooltip say that there is more.
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option,
                                           QStyle.SubControl.SC_ComboBoxEditField, self).width() - _LABEL_MARGIN
        if self.currentIndex() < 0 and self.placeholderText():
            option.currentText = self.placeholderText()
            option.palette.setColor(QPalette.ColorRole.ButtonText, theme.color("dim"))
            option.palette.setColor(QPalette.ColorRole.Text, theme.color("dim"))
        whole = option.currentText
        option.currentText = self.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideRight, room)
        if self.toolTip() == self._elided:
            self._elided = whole if option.currentText != whole else ""
            self.setToolTip(self._elided)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        icons.paint(painter, QRectF(self.width() - 24, self.height() / 2 - 7, 14, 14), "chevron-down",
                    "dim" if self.isEnabled() else "faint")

    def showPopup(self) -> None:
        self.view().installEventFilter(self)
        # Long labels may be wider than the field.
        self.view().setMinimumWidth(min(_WIDEST, self.view().sizeHintForColumn(0) + 24))
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # A choice changes much at once (a whole base): the wheel scrolls the page instead.
        event.ignore()


class Switch(QAbstractButton):
    """On or off; `switched(bool)` only when the user did it. No push button: the style sheet would make it as high as one."""

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
        for choice, label in choices:
            button = Button(label, "quiet", checkable=True)
            button.setProperty("segment", True)
            self._group.addButton(button, len(self._values))
            self._values.append(choice)
            self._layout.addWidget(button, 1 if stretch else 0)
        self._group.setExclusive(True)
        self._group.idClicked.connect(lambda index: self.chosen.emit(self._values[index]))
        self._group.idToggled.connect(lambda _index, _on: self._show_way())
        self.set_value(value)
        self._show_way()

    def _chosen_button(self) -> QAbstractButton:
        return self._group.checkedButton() or self._group.buttons()[0]

    def _show_way(self) -> None:
        """Tab focuses the chosen button; arrows move on."""
        for button in self._group.buttons():
            way = Qt.FocusPolicy.StrongFocus if button is self._chosen_button() else Qt.FocusPolicy.ClickFocus
            button.setFocusPolicy(way)

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        """Give the focus to the chosen button."""
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not press_by_enter(self, event):
            super().keyPressEvent(event)

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
