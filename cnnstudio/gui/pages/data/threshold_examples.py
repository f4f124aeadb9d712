"""Pictures on both sides of a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.state.collection import Collection
from cnnstudio.gui.state.thumbnails import SIZES, Thumbnails, Wanted
from cnnstudio.gui.widgets.picture import draw_rounded, fit_rect

if TYPE_CHECKING:
    from cnnstudio.gui.pages.data.thresholds import ThresholdCell

_EACH: Final = 3
_GAP: Final = 3
_MIDDLE: Final = 10
_SIDE: Final = 30


class ThresholdExamples(QWidget):
    """The pictures that lie nearest to the line, three on each side; it stands in the cell of the line in use."""

    def __init__(self, collection: Collection) -> None:
        super().__init__()
        self._collection = collection
        self._thumbnails = Thumbnails(self, threads=1)
        self._thumbnails.arrived.connect(self.update)
        self._cell: ThresholdCell | None = None
        self._ids: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        self._wanted: dict[int, Wanted] = {}
        self.setFixedHeight(_SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("The pictures nearest to the line", "Las imágenes más cercanas a la línea"))
        self.setToolTip(tr("The pictures nearest to the line, on both of its sides",
                           "Las imágenes más cercanas a la línea, a ambos lados"))
        self.hide()

    @property
    def sides(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The pictures (ids) to the left and to the right of the line, in rising order of their values."""
        return self._ids

    def show_side(self, cell: ThresholdCell) -> None:
        """Stand in that cell, for its line."""
        self._cell = cell
        cell.body.addWidget(self)
        self.refresh()

    def refresh(self) -> None:
        """Show the pictures at the present line."""
        drawn = self._cell.drawn if self._cell is not None else None
        if self._cell is None or drawn is None or not drawn.measured.pictures:
            self.hide()
            return
        measured, pictures = drawn.measured, drawn.measured.pictures
        count = measured.count(self._cell.value)
        place = len(pictures) - count if measured.above else count
        ids = pictures[max(0, place - _EACH):place], pictures[place:place + _EACH]
        self.show()
        if ids == self._ids:
            return
        self._ids = ids
        missing = [item for side in ids for item in side if item not in self._wanted]
        for picture in self._collection.rows(missing):
            self._wanted[picture.id] = Wanted(picture.id, self._collection.path(picture), picture.size,
                                              picture.modified_ns, SIZES[0])
        self._thumbnails.want([self._wanted[item] for side in ids for item in side if item in self._wanted])
        self.update()

    def close_threads(self) -> None:
        """Stop decoding."""
        self._thumbnails.close()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.width() / 2
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawLine(QPointF(middle, 2), QPointF(middle, self.height() - 2))
        side = min(float(_SIDE), (middle - _MIDDLE / 2 - _GAP * (_EACH - 1)) / _EACH)
        for number, item in enumerate(reversed(self._ids[0])):
            self._paint(painter, item, QRectF(middle - _MIDDLE / 2 - side - number * (side + _GAP), 0, side, side))
        for number, item in enumerate(self._ids[1]):
            self._paint(painter, item, QRectF(middle + _MIDDLE / 2 + number * (side + _GAP), 0, side, side))

    def _paint(self, painter: QPainter, item: int, cell: QRectF) -> None:
        wanted = self._wanted.get(item)
        image = self._thumbnails.get(wanted) if wanted is not None else None
        if image is None or image.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("sunk"))
            painter.drawRoundedRect(cell, 4, 4)
        else:
            draw_rounded(painter, image, fit_rect(image.size(), cell), 4)
