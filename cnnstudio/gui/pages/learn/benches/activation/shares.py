"""The results of softmax as bars."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.numbers import format_exact
from cnnstudio.gui.widgets.formatting import format_percent

_LINE: Final = 26
_NAME: Final = 74
_VALUE: Final = 64


class ShareBars(QWidget):
    """One bar for each number, with the number at the left and its share at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values, self._shares = np.zeros(0), np.zeros(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Shares", "Partes"))

    def show_shares(self, values: np.ndarray, shares: np.ndarray) -> None:
        """Show numbers and the shares that softmax gives them."""
        self._values, self._shares = values, shares
        self.setFixedHeight(max(1, len(values)) * _LINE)
        self.setAccessibleDescription("; ".join(
            f"{format_number(value, '.3g')}: {format_percent(share)}" for value, share in zip(values, shares, strict=True)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, max(1, len(self._values)) * _LINE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("body"))
        room = max(1, self.width() - _NAME - _VALUE)
        for number, (value, share) in enumerate(zip(self._values.tolist(), self._shares.tolist(), strict=True)):
            top = number * _LINE
            painter.setPen(theme.color("dim"))
            painter.drawText(QRectF(0, top, _NAME - 8, _LINE), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                             f"z = {format_exact(value)}")
            track = QRectF(_NAME, top + 6, room, _LINE - 12)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("sunk"))
            painter.drawRoundedRect(track, 4, 4)
            painter.setBrush(theme.class_color(number))
            painter.drawRoundedRect(QRectF(track.x(), track.y(), max(2.0, room * share), track.height()), 4, 4)
            painter.setPen(theme.color("text"))
            painter.drawText(QRectF(_NAME + room + 8, top, _VALUE - 8, _LINE), Qt.AlignmentFlag.AlignVCenter,
                             format_percent(share))
