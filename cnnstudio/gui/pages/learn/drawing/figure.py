"""A number that changes sixty times a second."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.look import theme


class Figure(QWidget):
    """One line of text in a place of fixed size: unlike a label, another text does not lay the whole board out again."""

    def __init__(self, name: str, widest: str, style: str = "figure", token: str = "accent",
                 align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft, parent: QWidget | None = None) -> None:
        """`widest` is a text as wide as any that is expected; wider ones are shortened."""
        super().__init__(parent)
        self._text, self._token, self._align = "", token, align
        self.setFont(theme.font(style))
        self.setAccessibleName(name)
        self.set_widest(widest)

    def set_widest(self, widest: str) -> None:
        """Make room for a text."""
        metrics = QFontMetrics(self.font())
        self.setFixedSize(QSize(metrics.horizontalAdvance(widest) + 4, metrics.height() + 4))

    def text(self) -> str:
        return self._text

    def show_text(self, text: str) -> None:
        """Show a text."""
        if text != self._text:
            self._text = text
            self.setAccessibleDescription(text)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(theme.color(self._token))
        text = painter.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(self._text if text != self._text else "")
        painter.drawText(self.rect(), self._align | Qt.AlignmentFlag.AlignVCenter, text)
