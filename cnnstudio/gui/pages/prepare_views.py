"""How the Prepare page shows pictures: a tile for every stage with its histogram, and the 4 x 4 grid."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui import theme
from cnnstudio.gui.pages.prepare_preview import StageLook
from cnnstudio.gui.widgets.picture import draw_rounded, fitted

_PICTURE = 132
_HISTOGRAM = 34
_CHANNELS = {1: "grayscale", 3: "rgb", 4: "rgba"}
_GAP = 8


def size_words(look: StageLook) -> str:
    """Width, height and channels of a stage."""
    return f"{look.width} × {look.height} · {_CHANNELS.get(look.channels, look.channels)}"


class StageTile(QWidget):
    """One stage: its name, the picture, its size and the histogram of its channels."""

    HEIGHT = 20 + _PICTURE + 6 + 18 + _HISTOGRAM + 2

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ""
        self._look: StageLook | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_stage(self, title: str, look: StageLook) -> None:
        self._title, self._look = title, look
        self.setAccessibleName(f"{title}: {size_words(look)}")
        self.setToolTip(f"{title}\n{size_words(look)}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(150, self.HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self._look
        if look is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self.width()
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("text"))
        title = painter.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(0, 0, width, 18), Qt.AlignmentFlag.AlignVCenter, title)
        well = QRectF(0, 20, width, _PICTURE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(well, theme.THUMBNAIL_RADIUS, theme.THUMBNAIL_RADIUS)
        draw_rounded(painter, look.image, fitted(look.image.size(), well), theme.THUMBNAIL_RADIUS)
        painter.setPen(theme.color("dim"))
        below = well.bottom() + 5
        words = painter.fontMetrics().elidedText(size_words(look), Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(0, below, width, 18), Qt.AlignmentFlag.AlignVCenter, words)
        draw_histogram(painter, QRectF(0, below + 20, width, _HISTOGRAM), look.histogram)


def draw_histogram(painter: QPainter, room: QRectF, rows: Sequence[Sequence[float]]) -> None:
    """Curves of a picture's channels from dark (left) to bright, on a thin line."""
    inks = [theme.color("dim")] if len(rows) == 1 else [theme.class_color(5), theme.class_color(2),
                                                       theme.class_color(0)]
    for values, ink in zip(rows, inks, strict=False):
        step = room.width() / max(1, len(values) - 1)
        # The root of a share keeps small bins visible beside one that towers.
        points = [QPointF(room.x() + index * step, room.bottom() - room.height() * value ** 0.5)
                  for index, value in enumerate(values)]
        ground = QColor(ink)
        ground.setAlpha(36)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawPolygon(QPolygonF([room.bottomLeft(), *points, room.bottomRight()]))
        painter.setPen(QPen(ink, 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
    painter.setPen(QPen(theme.color("line"), 1))
    painter.drawLine(room.bottomLeft(), room.bottomRight())


class StageStrip(QWidget):
    """The tiles of all stages in order. Tiles are kept, so that a new answer never flickers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles: list[StageTile] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_stages(self, stages: Sequence[tuple[str, StageLook]]) -> None:
        while len(self._tiles) < len(stages):
            tile = StageTile(self)
            self._tiles.append(tile)
        for tile, (title, look) in zip(self._tiles, stages, strict=False):
            tile.show_stage(title, look)
        for number, tile in enumerate(self._tiles):
            tile.setVisible(number < len(stages))
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """Equal columns of at least a tile's width. By hand: a layout would ask for the room of one column."""
        shown = [tile for tile in self._tiles if not tile.isHidden()]
        gap, least = 16, 150
        columns = max(1, (self.width() + gap) // (least + gap))
        width = (self.width() - gap * (columns - 1)) // columns
        height = StageTile.HEIGHT
        for number, tile in enumerate(shown):
            tile.setGeometry(number % columns * (width + gap), number // columns * (height + gap), width, height)
        lines = max(1, -(-len(shown) // columns))
        self.setFixedHeight(lines * height + (lines - 1) * gap)

    @property
    def titles(self) -> list[str]:
        """The names of the tiles in view."""
        return [tile._title for tile in self._tiles if not tile.isHidden()]


class Mosaic(QWidget):
    """Four by four pictures as training will see them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images: list[QImage | None] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 320)
        self.setAccessibleName(tr("Sixteen pictures as training will see them",
                                  "Dieciséis imágenes como las verá el entrenamiento"))

    def show_images(self, images: Sequence[QImage | None]) -> None:
        self.images = list(images)
        self.update()

    def _shape(self) -> float:
        """Height over width of a cell, within what still looks like a grid."""
        first = next((each for each in self.images if each is not None), None)
        return max(0.5, min(2.0, first.height() / first.width())) if first is not None else 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = self._shape()
        across = min((self.width() - 3 * _GAP) / 4, (self.height() - 3 * _GAP) / 4 / shape)
        down = across * shape
        for number in range(16):
            cell = QRectF(number % 4 * (across + _GAP), number // 4 * (down + _GAP), across, down)
            image = self.images[number] if number < len(self.images) else None
            if image is None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("sunk"))
                painter.drawRoundedRect(cell, theme.THUMBNAIL_RADIUS, theme.THUMBNAIL_RADIUS)
            else:
                draw_rounded(painter, image, fitted(image.size(), cell), theme.THUMBNAIL_RADIUS)
