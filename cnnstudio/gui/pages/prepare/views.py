"""The pictures of the Prepare page: a tile for every stage with its histogram, and the 4 x 4 grid."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.pages.prepare.preview import GridCell, StageLook, StageRow
from cnnstudio.gui.widgets.picture import draw_rounded, fit_rect

_PICTURE, _LARGEST = 132, 240
"""Least and greatest height of the picture of a stage; it follows the width of its tile."""
_HISTOGRAM = 34
_CHANNELS = {1: "grayscale", 3: "rgb", 4: "rgba"}
_GAP = 8
_LEAST = 150
"""Least width of the tile of a stage."""
_WIDEST_CELL = 240


def format_look_size(look: StageLook) -> str:
    """Width, height and channels of a stage as text."""
    return f"{look.width} × {look.height} · {_CHANNELS.get(look.channels, look.channels)}"


class StageTile(QWidget):
    """One stage: its name, and for each picture the image, its size and the histogram of its channels."""

    AROUND = 20 + 6 + 18 + _HISTOGRAM + 2
    """Height beside the picture: title, size and histogram."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ""
        self.captions: tuple[str, ...] = ()
        self.looks: tuple[StageLook | None, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def look(self) -> StageLook | None:
        """The look of the first picture."""
        return self.looks[0] if self.looks else None

    def show_stage(self, title: str, looks: Sequence[StageLook | None], captions: Sequence[str] = ()) -> None:
        self.title, self.looks, self.captions = title, tuple(looks), tuple(captions)
        sizes = [format_look_size(look) if look is not None else "–" for look in looks]
        lines = [f"{caption}: {size}" for caption, size in zip(captions, sizes, strict=True)] if captions else sizes
        self.setAccessibleName(f"{title}: {', '.join(lines)}")
        self.setToolTip("\n".join((title, *lines)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(150, self.AROUND + _PICTURE)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("text"))
        title = painter.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, 0, self.width(), 18), Qt.AlignmentFlag.AlignVCenter, title)
        count = max(1, len(self.looks))
        width = (self.width() - _GAP * (count - 1)) / count
        for number, look in enumerate(self.looks):
            caption = self.captions[number] if self.captions else format_look_size(look) if look is not None else ""
            self._paint(painter, QRectF(number * (width + _GAP), 20, width, self.height() - 20), look, caption)

    @staticmethod
    def _paint(painter: QPainter, room: QRectF, look: StageLook | None, caption: str) -> None:
        well = QRectF(room.x(), room.y(), room.width(), room.height() - StageTile.AROUND + 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(well, tokens.THUMBNAIL_RADIUS, tokens.THUMBNAIL_RADIUS)
        if look is not None:
            draw_rounded(painter, look.image, fit_rect(look.image.size(), well), tokens.THUMBNAIL_RADIUS)
        painter.setPen(theme.color("dim"))
        below = well.bottom() + 5
        text = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(QRectF(room.x(), below, room.width(), 18), Qt.AlignmentFlag.AlignVCenter, text)
        if look is not None:
            draw_histogram(painter, QRectF(room.x(), below + 20, room.width(), _HISTOGRAM), look.histogram)


def draw_histogram(painter: QPainter, room: QRectF, rows: Sequence[Sequence[float]]) -> None:
    """Draw curves of a picture's channels from dark (left) to bright, on a thin line."""
    inks = [theme.color("dim")] if len(rows) == 1 else [theme.class_color(5), theme.class_color(2),
                                                       theme.class_color(0)]
    for values, ink in zip(rows, inks, strict=False):
        step = room.width() / max(1, len(values) - 1)
        # The square root keeps small bins visible beside a very tall one.
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
    """The tiles of all stages in order. Tiles are reused, so that a new result never flickers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles: list[StageTile] = []
        self._least = _LEAST
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_stages(self, stages: Sequence[tuple[str, StageRow]], captions: Sequence[str] = ()) -> None:
        """Show a tile for each stage, wide enough for all its pictures."""
        self._least = max(_LEAST, len(captions) * 100)
        while len(self._tiles) < len(stages):
            tile = StageTile(self)
            self._tiles.append(tile)
        for tile, (title, row) in zip(self._tiles, stages, strict=False):
            tile.show_stage(title, row.looks, captions)
        for number, tile in enumerate(self._tiles):
            tile.setVisible(number < len(stages))
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """Place the tiles in equal columns of at least a tile's width. By hand: a layout would require the width of a
        single column."""
        visible = [tile for tile in self._tiles if not tile.isHidden()]
        gap, least = 16, self._least
        columns = max(1, min(len(visible), (self.width() + gap) // (least + gap)))
        width = (self.width() - gap * (columns - 1)) // columns
        picture = max(_PICTURE, min(_LARGEST, round(0.75 * width))) if least == _LEAST else _PICTURE
        height = StageTile.AROUND + picture
        for number, tile in enumerate(visible):
            tile.setGeometry(number % columns * (width + gap), number // columns * (height + gap), width, height)
        lines = max(1, -(-len(visible) // columns))
        self.setFixedHeight(lines * height + (lines - 1) * gap)

    @property
    def tiles(self) -> list[StageTile]:
        """The visible tiles."""
        return [tile for tile in self._tiles if not tile.isHidden()]

    @property
    def titles(self) -> list[str]:
        """The titles of the visible tiles."""
        return [tile.title for tile in self._tiles if not tile.isHidden()]


class Mosaic(QWidget):
    """Four by four pictures of the training input."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images: list[QImage | None] = []
        self._captions: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 560)
        self.setAccessibleName(tr("Sixteen pictures as training will see them",
                                  "Dieciséis imágenes como las verá el entrenamiento"))

    def show_cells(self, cells: Sequence[GridCell], captions: Sequence[str]) -> None:
        """Show cells; `captions` are drawn on the pictures, such as the shares of their classes."""
        self.images = [cell.image for cell in cells]
        self._captions = list(captions)
        self._fit_width()
        self.update()

    @property
    def captions(self) -> list[str]:
        """The captions on the pictures."""
        return self._captions

    def _shape(self) -> float:
        """Height over width of a cell, within limits that still look like a grid."""
        first = next((image for image in self.images if image is not None), None)
        return max(0.5, min(2.0, first.height() / first.width())) if first is not None else 1.0

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_width()

    def _fit_width(self) -> None:
        """Be as high as four cells are that take the whole width, within limits."""
        across = min(_WIDEST_CELL, (self.width() - 3 * _GAP) / 4)
        self.setMinimumHeight(max(560, min(1200, round(4 * across * self._shape()) + 3 * _GAP)))

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
                painter.drawRoundedRect(cell, tokens.THUMBNAIL_RADIUS, tokens.THUMBNAIL_RADIUS)
            else:
                draw_rounded(painter, image, fit_rect(image.size(), cell), tokens.THUMBNAIL_RADIUS)
                self._paint_caption(painter, cell, self._captions[number] if number < len(self._captions) else "")

    @staticmethod
    def _paint_caption(painter: QPainter, cell: QRectF, caption: str) -> None:
        if not caption:
            return
        painter.setFont(theme.font("secondary"))
        plate = QRectF(cell.x(), cell.bottom() - 20, cell.width(), 20)
        ground = QColor(theme.color("surface"))
        ground.setAlpha(225)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(plate, 4, 4)
        painter.setPen(theme.color("text"))
        inside = plate.adjusted(6, 0, -6, 0)
        text = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideRight, int(inside.width()))
        painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, text)
