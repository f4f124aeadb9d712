"""One picture, large: zoom at the cursor, pan, and the value of every pixel."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme, tokens
from cnnstudio.gui.widgets.picture import Overlay, paint_overlay

_MOST: Final = 64.0
_STEP: Final = 1.25


class ZoomView(QWidget):
    """`zoomed(scale)` (1.0: a pixel of the picture is one of the screen), `moved` with every step of zoom and pan,
    `pixel_hovered(x, y)` or (-1, -1), `stepped(-1 or 1)` for the previous or next picture, `left` to go back."""

    zoomed = Signal(float)
    moved = Signal()
    pixel_hovered = Signal(int, int)
    stepped = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._fitted: QPixmap | None = None
        self._overlay: Overlay | None = None
        self._message = ""
        self._scale = 1.0
        self._middle = QPointF()
        self._fits = True
        self._by_key = False
        self._drag: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Picture", "Imagen"))
        self.setMinimumSize(120, 120)

    @property
    def image(self) -> QImage | None:
        return self._image

    @property
    def scale(self) -> float:
        """Screen pixels per pixel of the picture."""
        return self._scale

    def set_image(self, image: QImage | None, message: str = "") -> None:
        """Show a picture, fitted; None shows the message. A picture of the same size keeps zoom and position, to
        compare."""
        same = image is not None and self._image is not None and image.size() == self._image.size()
        self._image, self._message, self._fitted = image, message, None
        if not same or self._fits:
            self.fit()
        self.update()

    def follow(self, other: ZoomView) -> None:
        """Show the same part of the picture as another view, to compare."""
        if other._fits:
            self.fit()
            return
        self._scale, self._middle = other._scale, QPointF(other._middle)
        self._fits, self._fitted = False, None
        self.update()

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Show colours over the picture, or none; the values of the pixels stay those of the picture."""
        self._overlay = overlay
        self.update()

    @property
    def overlay(self) -> Overlay | None:
        return self._overlay

    def fit(self) -> None:
        """Show the whole picture; a small one is not enlarged beyond sharp pixels."""
        self._fits, self._fitted = True, None
        if self._image is None or self._image.isNull():
            return
        wide, high = self._image.width(), self._image.height()
        self._scale = min((self.width() - 8) / wide, (self.height() - 8) / high)
        self._scale = max(1e-3, self._scale if self._scale < 1 else float(max(1, int(self._scale))))
        self._middle = QPointF(wide / 2, high / 2)
        self.zoomed.emit(self._scale)
        self.moved.emit()
        self.update()

    def zoom_to(self, scale: float, at: QPointF | None = None) -> None:
        """Set the scale; the point of the picture under `at` (of the widget; its middle by default) stays there."""
        if self._image is None:
            return
        least = min(0.02, (self.width() - 8) / max(1, self._image.width()))
        scale = max(least, min(_MOST, scale))
        point = at if at is not None else QPointF(self.rect().center())
        anchor = self._to_picture(point)
        self._scale, self._fits, self._fitted = scale, False, None
        self._middle += anchor - self._to_picture(point)
        self._bound()
        self.zoomed.emit(scale)
        self.update()

    def _bound(self) -> None:
        assert self._image is not None
        self._middle = QPointF(max(0.0, min(self._image.width(), self._middle.x())),
                               max(0.0, min(self._image.height(), self._middle.y())))
        self.moved.emit()

    def _to_picture(self, point: QPointF) -> QPointF:
        centre = QRectF(self.rect()).center()
        return (point - centre) / self._scale + self._middle

    def _target(self) -> QRectF:
        assert self._image is not None
        centre = QRectF(self.rect()).center()
        corner = centre - self._middle * self._scale
        return QRectF(corner.x(), corner.y(), self._image.width() * self._scale, self._image.height() * self._scale)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # After Tab the focus is visible; after a click it needs no mark.
        self._by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint(painter)
        if self._by_key and self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), tokens.RADIUS, tokens.RADIUS)

    def _paint(self, painter: QPainter) -> None:
        if self._image is None or self._image.isNull():
            middle = QRectF(self.rect()).center()
            icons.paint(painter, QRectF(middle.x() - 16, middle.y() - 32, 32, 32), "image", "faint")
            painter.setPen(theme.color("dim"))
            painter.setFont(theme.font("body"))
            painter.drawText(self.rect().adjusted(24, 60, -24, 0), Qt.AlignmentFlag.AlignCenter
                             | Qt.TextFlag.TextWordWrap, self._message)
            return
        target = self._target()
        if self._fits and self._scale < 1:
            painter.drawPixmap(target.topLeft(), self._fit_pixmap(target))
            if self._overlay is not None:
                paint_overlay(painter, self._overlay, target)
            return
        # Only the visible part is scaled: a photo of 100 million pixels pans as smoothly as a small one.
        seen = target.intersected(QRectF(self.rect()))
        source = QRectF((seen.x() - target.x()) / self._scale, (seen.y() - target.y()) / self._scale,
                        seen.width() / self._scale, seen.height() / self._scale)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._scale < 2)
        painter.drawImage(seen, self._image, source)
        if self._overlay is not None:
            paint_overlay(painter, self._overlay, target)
        if self._scale >= 16:
            self._paint_grid(painter, target, seen)

    def _fit_pixmap(self, target: QRectF) -> QPixmap:
        if self._fitted is None:
            assert self._image is not None
            ratio = self.devicePixelRatioF()
            size = (target.size() * ratio).toSize()
            self._fitted = QPixmap.fromImage(self._image.scaled(
                max(1, size.width()), max(1, size.height()), Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation))
            self._fitted.setDevicePixelRatio(ratio)
        return self._fitted

    def _paint_grid(self, painter: QPainter, target: QRectF, seen: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        color = theme.color("faint")
        painter.setPen(QPen(color, 1))
        painter.setOpacity(0.4)
        column = target.x() + int((seen.x() - target.x()) / self._scale) * self._scale
        while column <= seen.right() + 1:
            painter.drawLine(QPointF(column, seen.top()), QPointF(column, seen.bottom()))
            column += self._scale
        line = target.y() + int((seen.y() - target.y()) / self._scale) * self._scale
        while line <= seen.bottom() + 1:
            painter.drawLine(QPointF(seen.left(), line), QPointF(seen.right(), line))
            line += self._scale

    # Mouse and keyboard --------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fitted = None
        if self._fits:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if turns:
            self.zoom_to(self._scale * _STEP ** turns, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._drag = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._image is None:
            return
        if self._drag is not None:
            self._middle -= (event.position() - self._drag) / self._scale
            self._drag = event.position()
            self._fits = False
            self._bound()
            self.update()
            return
        point = self._to_picture(event.position())
        inside = 0 <= point.x() < self._image.width() and 0 <= point.y() < self._image.height()
        self.setCursor(Qt.CursorShape.OpenHandCursor if inside else Qt.CursorShape.ArrowCursor)
        self.pixel_hovered.emit(*((int(point.x()), int(point.y())) if inside else (-1, -1)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._fits:
            self.zoom_to(1.0, event.position())
        else:
            self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        self.pixel_hovered.emit(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        pans = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and key in pans and self._image is not None:
            across, down = pans[Qt.Key(key)]
            self._middle += QPointF(across, down) * (80 / self._scale)
            self._fits = False
            self._bound()
            self.update()
        elif key in steps:
            self.stepped.emit(steps[Qt.Key(key)])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_to(self._scale * _STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom_to(self._scale / _STEP)
        elif key == Qt.Key.Key_Home:
            self.fit()
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)
