"""The picture with what one unit sees of it: its map as heat, or the receptive field of one position."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.picture import PictureView, fit_rect


class UnitPicture(PictureView):
    """`pointed(x, y)` on a click, as shares (0 to 1) of the picture."""

    pointed = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(radius=4, parent=parent)
        self._box: QRectF | None = None
        self.setCursor(Qt.CursorShape.CrossCursor)

    def set_box(self, box: QRectF | None) -> None:
        """Frame a part of the picture, in shares of its sides; None frames nothing."""
        self._box = box
        self.update()

    def _target(self) -> QRectF:
        assert self.image is not None
        return fit_rect(self.image.size(), QRectF(self.rect()))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._box is None or self.image is None or self.image.isNull():
            return
        target, box = self._target(), self._box
        painter = QPainter(self)
        frame = QRectF(target.x() + box.x() * target.width(), target.y() + box.y() * target.height(),
                       box.width() * target.width(), box.height() * target.height())
        painter.setPen(QPen(theme.color("surface"), 4))
        painter.drawRect(frame)
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawRect(frame)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.image is None or self.image.isNull() or event.button() != Qt.MouseButton.LeftButton:
            return
        target = self._target()
        at: QPointF = event.position() - target.topLeft()
        x, y = at.x() / target.width(), at.y() / target.height()
        if 0 <= x < 1 and 0 <= y < 1:
            self.pointed.emit(x, y)
