"""A picture before and after, with a slider between."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.picture import fit_rect

_STEP: Final = 0.02
_HANDLE: Final = 11.0


class CompareView(QWidget):
    """Left of the slider the picture before, right of it the picture after. `split_moved(share)` by the mouse or the arrow
    keys. Pictures of different sizes fill the same place, so that their pixels can be compared."""

    split_moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before, self._after = QImage(), QImage()
        self._split = 0.5
        self.setMinimumSize(200, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setAccessibleName(tr("Before and after", "Antes y después"))

    @property
    def split(self) -> float:
        """Where the slider stands, from 0 to 1."""
        return self._split

    def show_pictures(self, before: QImage, after: QImage) -> None:
        """Show two pictures."""
        self._before, self._after = before, after
        self.update()

    def set_split(self, share: float) -> None:
        """Move the slider; nothing is emitted."""
        self._split = max(0.0, min(1.0, share))
        self.setAccessibleDescription(tr("Slider at {share}", "Deslizador en {share}",
                                         share=format_number(self._split, ".0%")))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    def _places(self) -> tuple[QRectF, QRectF]:
        """Where both are drawn: in the same place as far as their shapes are alike."""
        room = QRectF(self.rect()).adjusted(0, 0, 0, -24)
        return fit_rect(self._before.size(), room), fit_rect(self._after.size(), room)

    def _middle(self) -> float:
        before, after = self._places()
        both = before.united(after)
        return both.x() + both.width() * self._split

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._before.isNull() or self._after.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        before, after = self._places()
        middle = self._middle()
        for image, place, room in ((self._before, before, QRectF(0, 0, middle, self.height())),
                                   (self._after, after, QRectF(middle, 0, self.width() - middle, self.height()))):
            painter.save()
            painter.setClipRect(room)
            enlarged = place.width() >= 2 * image.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not enlarged)
            painter.drawImage(place, image)
            painter.restore()
        both = before.united(after)
        self._paint_slider(painter, middle, both)
        self._paint_words(painter, both)

    def _paint_slider(self, painter: QPainter, middle: float, both: QRectF) -> None:
        painter.setPen(QPen(theme.color("surface"), 4))
        painter.drawLine(QPointF(middle, both.top()), QPointF(middle, both.bottom()))
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawLine(QPointF(middle, both.top()), QPointF(middle, both.bottom()))
        painter.setPen(QPen(theme.color("accent"), 3 if self.hasFocus() else 1.5))
        painter.setBrush(theme.color("surface"))
        centre = QPointF(middle, both.center().y())
        painter.drawEllipse(centre, _HANDLE, _HANDLE)
        painter.setPen(QPen(theme.color("accent"), 1.8))
        for way in (-1, 1):
            tip = centre + QPointF(way * 7, 0)
            painter.drawPolyline([tip + QPointF(-way * 3.5, -3.5), tip, tip + QPointF(-way * 3.5, 3.5)])

    def _paint_words(self, painter: QPainter, both: QRectF) -> None:
        painter.setFont(theme.font("body_strong"))
        painter.setPen(theme.color("text"))
        line = QRectF(both.x(), both.bottom() + 4, both.width(), 20)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, tr("Before", "Antes"))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, tr("After", "Después"))

    def _move(self, x: float) -> None:
        before, after = self._places()
        both = before.united(after)
        self.set_split((x - both.x()) / max(1.0, both.width()))
        self.split_moved.emit(self._split)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._move(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP, Qt.Key.Key_Home: -1.0, Qt.Key.Key_End: 1.0}
        if Qt.Key(event.key()) in steps:
            self.set_split(self._split + steps[Qt.Key(event.key())])
            self.split_moved.emit(self._split)
        else:
            super().keyPressEvent(event)
