"""A picture with the parts of it that layers see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.widgets.picture import fit_rect

_DARK: Final = 120
"""How dark what is not seen becomes, of 255."""
_STEP: Final = 0.05
_MOVES: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class SeenBox(NamedTuple):
    """Top, left, height and width of what is seen, in pixels of the picture, and the colour of its frame."""

    top: float
    left: float
    height: float
    width: float
    color: QColor


class FieldPicture(QWidget):
    """The picture, and frames from the innermost to the outermost; what lies outside the last one is darkened.

    `pointed(x, y)` with shares of the width and height where the user presses, drags, or moves with the arrow keys.
    """

    pointed = Signal(float, float)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._size = (1, 1)
        self._boxes: Sequence[SeenBox] = ()
        self._overlay = QImage()
        self._place = QPointF(0.5, 0.5)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 140)

    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    def show_picture(self, image: QImage, size: tuple[int, int]) -> None:
        """Show a picture that the network sees in `size` (height, width)."""
        self._image, self._size = image, size
        self.update()

    def show_overlay(self, overlay: QImage) -> None:
        """Colours over the whole picture, with their own transparency; a null image for none."""
        self._overlay = overlay
        self.update()

    def show_boxes(self, boxes: Sequence[SeenBox], place: tuple[float, float], description: str) -> None:
        """Show what is seen from `place` (shares of the width and height); `description` says it in words."""
        self._boxes, self._place = boxes, QPointF(*place)
        self.setAccessibleDescription(description)
        self.update()

    @property
    def boxes(self) -> Sequence[SeenBox]:
        return self._boxes

    def _target(self) -> QRectF:
        shape = self._image.size() if not self._image.isNull() else QSize(self._size[1], self._size[0])
        return fit_rect(shape, QRectF(self.rect()).adjusted(3, 3, -3, -3))

    def _rect(self, box: SeenBox, target: QRectF) -> QRectF:
        high, wide = target.height() / self._size[0], target.width() / self._size[1]
        return QRectF(target.x() + box.left * wide, target.y() + box.top * high, box.width * wide, box.height * high)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        target = self._target()
        painter.fillRect(target, theme.color("sunk"))
        if not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, target.width() < 2 * self._image.width())
            painter.drawImage(target, self._image)
        if not self._overlay.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, self._overlay)
        if self._boxes:
            self._paint_boxes(painter, target)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(target.adjusted(-2, -2, 2, 2), tokens.RADIUS / 2, tokens.RADIUS / 2)

    def _paint_boxes(self, painter: QPainter, target: QRectF) -> None:
        outer = self._rect(self._boxes[-1], target).intersected(target)
        shade = QColor(0, 0, 0, _DARK)
        painter.fillRect(QRectF(target.left(), target.top(), target.width(), outer.top() - target.top()), shade)
        painter.fillRect(QRectF(target.left(), outer.bottom(), target.width(), target.bottom() - outer.bottom()), shade)
        painter.fillRect(QRectF(target.left(), outer.top(), outer.left() - target.left(), outer.height()), shade)
        painter.fillRect(QRectF(outer.right(), outer.top(), target.right() - outer.right(), outer.height()), shade)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for number, box in enumerate(self._boxes):
            rect = self._rect(box, target).intersected(target)
            width = 2.5 if number == len(self._boxes) - 1 else 1.5
            # A dark line around the coloured one: it is seen on every picture.
            painter.setPen(QPen(QColor(0, 0, 0, 140), width + 2))
            painter.drawRect(rect)
            painter.setPen(QPen(box.color, width))
            painter.drawRect(rect)
        point = QPointF(target.x() + self._place.x() * target.width(), target.y() + self._place.y() * target.height())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 160), 1.5))
        painter.setBrush(QColor(255, 255, 255))
        painter.drawEllipse(point, 3.5, 3.5)

    # Mouse and keyboard --------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._point(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._point(event.position())

    def _point(self, at: QPointF) -> None:
        target = self._target()
        x, y = (at.x() - target.x()) / max(1.0, target.width()), (at.y() - target.y()) / max(1.0, target.height())
        self.pointed.emit(min(max(x, 0.0), 0.999), min(max(y, 0.0), 0.999))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        x, y = self._place.x() + move[0] * _STEP, self._place.y() + move[1] * _STEP
        self.pointed.emit(min(max(x, 0.0), 0.999), min(max(y, 0.0), 0.999))
