"""One of several answers, with room for a long one."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from cnnstudio.gui.look import theme

_CIRCLE: Final = 16
_LEFT: Final = 34
_PAD: Final = 7


class OptionButton(QAbstractButton):
    """A circle and its text, which wraps. In a QButtonGroup the arrow keys move between the options."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setFont(theme.font("body"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int) -> int:
        room = QRect(0, 0, max(40, width - _LEFT - _PAD), 10_000)
        text = QFontMetrics(self.font()).boundingRect(room, Qt.TextFlag.TextWordWrap, self.text())
        return max(_CIRCLE, text.height()) + 2 * _PAD

    def hasHeightForWidth(self) -> bool:
        return True

    def sizeHint(self) -> QSize:
        width = max(240, self.width())
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.heightForWidth(max(120, self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        around = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.hasFocus() or self.underMouse() or self.isChecked():
            painter.setPen(QPen(theme.color("accent"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_bg") if self.isChecked() else theme.color("hover"))
            painter.drawRoundedRect(around, 6, 6)
        circle = QRectF(10, _PAD + 1, _CIRCLE, _CIRCLE)
        painter.setPen(QPen(theme.color("accent" if self.isChecked() else "dim"), 1.6))
        painter.setBrush(theme.color("raised"))
        painter.drawEllipse(circle)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent"))
            painter.drawEllipse(circle.adjusted(4, 4, -4, -4))
        painter.setPen(theme.color("text" if self.isEnabled() else "faint"))
        painter.drawText(QRect(_LEFT, _PAD, self.width() - _LEFT - _PAD, self.height() - 2 * _PAD),
                         Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignVCenter, self.text())
