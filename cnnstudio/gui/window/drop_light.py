"""A light over the page while files are dragged over the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.look import theme, tokens


class DropLight(QWidget):
    """Covers `target` and says what a drop does; it takes no events itself."""

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self._target = target
        self.text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        target.installEventFilter(self)
        self.hide()

    def light(self, text: str) -> None:
        """Show what a drop does."""
        self.text = text
        self.setAccessibleName(text)
        self.setGeometry(self._target.rect())
        self.show()
        self.raise_()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._target.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(8, 8, -8, -8)
        ground = QColor(theme.color("accent_bg"))
        ground.setAlphaF(0.72)
        painter.setBrush(ground)
        painter.setPen(QPen(theme.color("accent"), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(area, tokens.CARD_RADIUS, tokens.CARD_RADIUS)
        if not self.text:
            return
        painter.setFont(theme.font("title"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        # On a plate of its own: the text is also read over pictures.
        plate = painter.boundingRect(area.adjusted(24, 0, -24, 0), flags, self.text).adjusted(-18, -10, 18, 10)
        painter.setPen(QPen(theme.color("accent"), 1))
        painter.setBrush(theme.color("raised"))
        painter.drawRoundedRect(plate, tokens.RADIUS, tokens.RADIUS)
        painter.setPen(theme.color("accent"))
        painter.drawText(plate, flags, self.text)
