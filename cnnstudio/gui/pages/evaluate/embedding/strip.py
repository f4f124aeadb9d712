"""A row of neighbours: their pictures with class and distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.text import format_number, on_one_line, tr
from cnnstudio.evaluation.feature_sets import Neighbour
from cnnstudio.gui.look import theme
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted, size_for
from cnnstudio.gui.widgets.picture import thumbnail_face

_SIDE: Final = 56
_GAP: Final = 8
_CAPTION: Final = 34


@dataclass(frozen=True)
class Cell:
    """A neighbour with the id of its dot and the colour of its class; `agrees`: it is of the class that was predicted."""

    identifier: int
    neighbour: Neighbour
    color: QColor


class NeighbourStrip(QWidget):
    """`chosen(id)` when the user clicks a neighbour, or presses Enter on it; arrows move."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells: tuple[Cell, ...] = ()
        self._current = -1
        self._hover = -1
        self._thumbnails = Thumbnails(self, threads=2)
        self._thumbnails.arrived.connect(self.update)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Nearest pictures", "Imágenes más cercanas"))

    def sizeHint(self) -> QSize:
        return QSize(10 * (_SIDE + _GAP), self._high)

    def minimumSizeHint(self) -> QSize:
        return QSize(_SIDE, self._high)

    @property
    def _high(self) -> int:
        return _SIDE + _CAPTION

    def close_threads(self) -> None:
        self._thumbnails.close()

    def show_cells(self, cells: Sequence[Cell]) -> None:
        """Show neighbours, the nearest first."""
        self._cells = tuple(cells)
        self._current = 0 if cells else -1
        self._hover = -1
        self.setAccessibleDescription(", ".join(f"{cell.neighbour.class_name} {format_number(cell.neighbour.distance, '.2f')}"
                                                for cell in self._cells))
        self.update()

    def _rect(self, place: int) -> QRectF:
        return QRectF(3 + place * (_SIDE + _GAP), 3, _SIDE, _SIDE)

    def _at(self, x: float) -> int:
        place = int((x - 3) // (_SIDE + _GAP))
        return place if 0 <= place < len(self._cells) else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary"))
        missing = []
        ratio = self.devicePixelRatioF()
        for place, cell in enumerate(self._cells):
            rect = self._rect(place)
            wanted = Wanted(cell.neighbour.path, Path(cell.neighbour.path), 0, 0, size_for(_SIDE * ratio))
            image = self._thumbnails.get(wanted)
            if image is None:
                missing.append(wanted)
            painter.drawPixmap(rect.topLeft(), thumbnail_face(
                None if image is None or image.isNull() else image, None, _SIDE, ratio))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(cell.color, 2))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 7, 7)
            if (place == self._current and self.hasFocus()) or place == self._hover:
                painter.setPen(QPen(theme.color("accent" if place != self._hover else "text"), 2))
                painter.drawRoundedRect(rect.adjusted(-2, -2, 2, 2), 9, 9)
            line = QRectF(rect.x() - 2, rect.bottom() + 1, _SIDE + 4, 15)
            distance = format_number(cell.neighbour.distance, ".2f")
            for text, token in ((on_one_line(cell.neighbour.class_name) or "?", "text"), (distance, "dim")):
                painter.setPen(theme.color(token))
                painter.drawText(line, Qt.AlignmentFlag.AlignCenter, painter.fontMetrics().elidedText(
                    text, Qt.TextElideMode.ElideMiddle, round(line.width())))
                line.translate(0, 15)
        self._thumbnails.want(missing)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self._at(event.pos().x())
            if place >= 0:
                item = self._cells[place].neighbour
                QToolTip.showText(event.globalPos(), tr("{path}\n{name}, distance {distance}", "{path}\n{name}, distancia "
                                                        "{distance}", path=item.path, name=item.class_name or "?",
                                                        distance=format_number(item.distance, ".3f")), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._at(event.position().x())
        self.setCursor(Qt.CursorShape.PointingHandCursor if self._hover >= 0 else Qt.CursorShape.ArrowCursor)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._at(event.position().x())
        if place >= 0:
            self._current = place
            self.chosen.emit(self._cells[place].identifier)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._cells:
            step = 1 if event.key() == Qt.Key.Key_Right else -1
            self._current = min(len(self._cells) - 1, max(0, self._current + step))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            self.chosen.emit(self._cells[self._current].identifier)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
