"""Pictures on screen, from numpy arrays or files, crisp and with rounded corners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.gui.look import icons, theme, tokens

if TYPE_CHECKING:
    import numpy as np


def image_of(pixels: np.ndarray) -> QImage:
    """A QImage of uint8 pixels (height, width, 1, 3 or 4) or (height, width); the data is copied."""
    import numpy as np

    data = np.ascontiguousarray(pixels)
    if data.ndim == 3 and data.shape[2] == 1:
        data = np.ascontiguousarray(data[:, :, 0])
    height, width = data.shape[:2]
    if data.ndim == 2:
        kind, stride = QImage.Format.Format_Grayscale8, width
    elif data.shape[2] == 4:
        kind, stride = QImage.Format.Format_RGBA8888, width * 4
    else:
        kind, stride = QImage.Format.Format_RGB888, width * 3
    return QImage(data.data, width, height, stride, kind).copy()


@dataclass(frozen=True, eq=False)
class Overlay:
    """Colours over a picture: an image with its own transparency, the part of the picture that it covers (x, y, width and
    height as shares of the picture's), and its opacity (0 to 1)."""

    image: QImage
    part: QRectF
    opacity: float = 1.0


def paint_overlay(painter: QPainter, overlay: Overlay, target: QRectF) -> None:
    """Draw an overlay onto the picture that fills `target`."""
    painter.save()
    painter.setOpacity(painter.opacity() * overlay.opacity)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    part = overlay.part
    painter.drawImage(QRectF(target.x() + part.x() * target.width(), target.y() + part.y() * target.height(),
                             part.width() * target.width(), part.height() * target.height()), overlay.image)
    painter.restore()


class PictureView(QWidget):
    """One picture, fitted into the widget. Small pictures are enlarged with sharp pixels.

    `set_image(QImage)`, `set_message(text)` when there is none.
    With `width_for_height` the height follows the picture's shape, up to `most` pixels.
    """

    def __init__(self, *, follow_shape: bool = False, most: int = 320, radius: int = tokens.THUMBNAIL_RADIUS,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._overlay: Overlay | None = None
        self._message = ""
        self._icon = "image"
        self._follow, self._most, self._radius = follow_shape, most, radius
        policy = QSizePolicy(QSizePolicy.Policy.Expanding,
                             QSizePolicy.Policy.Fixed if follow_shape else QSizePolicy.Policy.Expanding)
        policy.setHeightForWidth(follow_shape)
        self.setSizePolicy(policy)
        self.setMinimumSize(48, 48)

    @property
    def message(self) -> str:
        """The text in place of a picture."""
        return self._message

    def set_most(self, most: int) -> None:
        """Let the picture be at most so high."""
        if most != self._most:
            self._most = most
            self.updateGeometry()

    def set_image(self, image: QImage | None) -> None:
        self._image = image
        self._message = ""
        self.updateGeometry()
        self.update()

    def set_message(self, text: str, icon: str = "image") -> None:
        """Show a text in place of a picture."""
        self._image, self._message, self._icon = None, text, icon
        self.updateGeometry()
        self.update()

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Show colours over the picture, or none."""
        self._overlay = overlay
        self.update()

    @property
    def overlay(self) -> Overlay | None:
        return self._overlay

    @property
    def image(self) -> QImage | None:
        return self._image

    def hasHeightForWidth(self) -> bool:
        return self._follow

    def heightForWidth(self, width: int) -> int:
        if self._image is None or not self._image.width():
            return min(self._most, round(width * 0.75))
        return max(48, min(self._most, round(width * self._image.height() / self._image.width())))

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240)) if self._follow else QSize(240, 180)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._image is None or self._image.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("sunk"))
            painter.drawRoundedRect(QRectF(self.rect()), self._radius, self._radius)
            middle = QRectF(self.rect()).center()
            icons.paint(painter, QRectF(middle.x() - 14, middle.y() - (26 if self._message else 14), 28, 28),
                        self._icon, "faint")
            if self._message:
                painter.setPen(theme.color("dim"))
                painter.setFont(theme.font("secondary"))
                painter.drawText(QRectF(12, middle.y() + 8, self.width() - 24, self.height() / 2 - 12),
                                 Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
                                 | Qt.TextFlag.TextWordWrap, self._message)
            return
        # At the top where the room is much higher than the picture: its middle may be out of sight.
        room = QRectF(self.rect())
        target = fit_rect(self._image.size(), room)
        if room.height() > 2 * target.height():
            target.moveTop(0)
        draw_rounded(painter, self._image, target, self._radius)
        if self._overlay is not None:
            path = QPainterPath()
            path.addRoundedRect(target, self._radius, self._radius)
            painter.setClipPath(path)
            paint_overlay(painter, self._overlay, target)


def fit_rect(size: QSize, room: QRectF) -> QRectF:
    """The largest rectangle of the shape of `size` in the middle of `room`."""
    scaled = size.toSizeF().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    return QRectF(room.x() + (room.width() - scaled.width()) / 2, room.y() + (room.height() - scaled.height()) / 2,
                  scaled.width(), scaled.height())


def draw_rounded(painter: QPainter, image: QImage | QPixmap, target: QRectF, radius: float) -> None:
    """Draw a picture with rounded corners: smoothly when shrunk, with sharp pixels when enlarged twice or more."""
    enlarged = target.width() >= 2 * image.width()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not enlarged)
    if radius:
        path = QPainterPath()
        path.addRoundedRect(target, radius, radius)
        painter.setClipPath(path)
    if isinstance(image, QImage):
        painter.drawImage(target, image)
    else:
        painter.drawPixmap(target, image, QRectF(image.rect()))
    painter.restore()


def thumbnail_face(image: QImage | None, color: QColor | None, size: int, ratio: float) -> QPixmap:
    """The square of `size` pixels in a grid: picture, border, and the class colour; or an empty well.

    Everything that rarely changes is drawn once: scrolling then only copies pixmaps.
    """
    face = QPixmap(round(size * ratio), round(size * ratio))
    face.setDevicePixelRatio(ratio)
    face.fill(Qt.GlobalColor.transparent)
    painter = QPainter(face)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = tokens.THUMBNAIL_RADIUS
    shape = QPainterPath()
    shape.addRoundedRect(QRectF(0, 0, size, size), radius, radius)
    if image is None:
        painter.fillPath(shape, theme.color("sunk"))
    else:
        painter.setClipPath(shape)
        side = min(image.width(), image.height())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, size * ratio < 2 * side)
        source = QRectF((image.width() - side) / 2, (image.height() - side) / 2, side, side)
        painter.drawImage(QRectF(0, 0, size, size), image, source)
        painter.setClipping(False)
    if color is not None and size >= 64:
        painter.setPen(QPen(QColor(16, 18, 20), 1.4))
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(7.5, size - 18.5, 11, 11), 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("line"), 1))
    painter.drawRoundedRect(QRectF(0.5, 0.5, size - 1, size - 1), radius, radius)
    painter.end()
    return face
