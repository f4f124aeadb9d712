"""The field in which the number of one cell is typed."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.core.text import normalize_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.numbers import MINUS, format_exact

_LEAST_WIDTH: Final = 54
_MOST: Final = 99_999.0
_DECIMALS: Final = 3


class CellField(QLineEdit):
    """Enter takes the number and goes one cell down, Tab one to the right, Escape leaves the cell as it was."""

    entered = Signal(float, int, int)
    """The number, and how many cells down and to the right the cursor goes."""

    def __init__(self, parent: QWidget, *, integer: bool = False) -> None:
        super().__init__(parent)
        self._matrix, self._integer = parent, integer
        self.setFont(theme.font())
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAccessibleName(tr("Number of the cell", "Número de la celda"))
        self.setTextMargins(-6, 0, -6, 0)
        self.hide()
        self.installEventFilter(self)

    def open_at(self, cell: QRectF, value: float, typed: str = "") -> None:
        """Show the field over a cell."""
        width = max(_LEAST_WIDTH, round(cell.width()))
        height = max(28, round(cell.height()))
        self.setGeometry(round(cell.center().x() - width / 2), round(cell.center().y() - height / 2), width, height)
        self.setText(typed or format_exact(value).replace(MINUS, "-"))
        if not typed:
            self.selectAll()
        self.show()
        self.raise_()
        self.setFocus()

    def take(self, down: int = 0, across: int = 0) -> None:
        """Take what was typed, if it is a number."""
        if self.isHidden():
            return
        try:
            value = float(normalize_number(self.text().replace(MINUS, "-")))
        except ValueError:
            value = math.nan
        self.abandon()
        if math.isfinite(value):
            value = max(-_MOST, min(_MOST, float(round(value)) if self._integer else round(value, _DECIMALS)))
            self.entered.emit(value, down, across)
        else:
            self._matrix.setFocus(Qt.FocusReason.OtherFocusReason)

    def abandon(self) -> None:
        """Leave the cell as it was."""
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Tab would leave the field before `keyPressEvent` sees it.
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Return: (1, 0), Qt.Key.Key_Enter: (1, 0), Qt.Key.Key_Tab: (0, 1), Qt.Key.Key_Backtab: (0, -1),
                     Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Up: (-1, 0)}
            if Qt.Key(event.key()) in steps:
                self.take(*steps[Qt.Key(event.key())])
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.abandon()
                self._matrix.setFocus(Qt.FocusReason.OtherFocusReason)
                return True
        return super().eventFilter(watched, event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self.isHidden():
            self.take()
