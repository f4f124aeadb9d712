"""The pictures that excite a unit most, beside each other, with the part that the unit sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.explain_jobs import FeaturePicture
from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted, size_for
from cnnstudio.gui.widgets.formatting import format_number
from cnnstudio.gui.widgets.picture import fit_rect

SIDE: Final = 88
_GAP: Final = 8
_CAPTION: Final = 18


class ExcitingPictures(QWidget):
    """Shows as many of the pictures as have room in one line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: Sequence[FeaturePicture] = ()
        self._thumbnails = Thumbnails(self, threads=1)
        self._thumbnails.arrived.connect(self.update)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Pictures that excite the unit most", "Imágenes que más excitan la unidad"))

    def sizeHint(self) -> QSize:
        return QSize(3 * (SIDE + _GAP), SIDE + _CAPTION)

    def minimumSizeHint(self) -> QSize:
        return QSize(SIDE, SIDE + _CAPTION)

    def close_threads(self) -> None:
        self._thumbnails.close()

    @property
    def pictures(self) -> Sequence[FeaturePicture]:
        return self._pictures

    def show_pictures(self, pictures: Sequence[FeaturePicture]) -> None:
        """Show these pictures, the strongest first."""
        self._pictures = pictures
        self._thumbnails.want([self._wanted(picture) for picture in pictures])
        self.update()

    def _wanted(self, picture: FeaturePicture) -> Wanted:
        path = Path(picture.path)
        try:
            status = path.stat()
        except OSError:
            return Wanted(picture.path, path, 0, 0, SIDE)
        return Wanted(picture.path, path, status.st_size, status.st_mtime_ns, size_for(SIDE * self.devicePixelRatioF()))

    def _rect(self, place: int) -> QRect:
        return QRect(place * (SIDE + _GAP), 0, SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(theme.font("secondary"))
        for place, picture in enumerate(self._pictures):
            rect = self._rect(place)
            if rect.right() > self.width():
                break
            image = self._thumbnails.get(self._wanted(picture))
            painter.fillRect(rect, theme.color("sunk"))
            if image is not None and image.isNull():
                icons.paint(painter, QRectF(rect.center().x() - 10, rect.center().y() - 10, 20, 20), "warning", "faint")
            elif image is not None:
                target = fit_rect(image.size(), QRectF(rect))
                painter.drawImage(target, image)
                self._paint_box(painter, picture, target)
            painter.setPen(theme.color("dim"))
            painter.drawText(QRect(rect.x(), rect.bottom() + 2, rect.width(), _CAPTION), Qt.AlignmentFlag.AlignCenter,
                             format_number(picture.activation, 2))

    @staticmethod
    def _paint_box(painter: QPainter, picture: FeaturePicture, target: QRectF) -> None:
        """The part that the strongest position sees; none where it sees everything."""
        top, left, rows, columns = picture.box
        high, wide = picture.size
        if not high or not wide or (rows, columns) == (high, wide):
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawRect(QRectF(target.x() + left / wide * target.width(), target.y() + top / high * target.height(),
                                columns / wide * target.width(), rows / high * target.height()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = event.pos().x() // (SIDE + _GAP)
            text = self._pictures[place].path if 0 <= place < len(self._pictures) and event.pos().y() < SIDE else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)
