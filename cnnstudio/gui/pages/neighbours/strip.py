"""Neighbours beside each other: their pictures with class and distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
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
    """`chosen(id)` when the user clicks a neighbour, or presses Enter on it; arrows move. What has no room in a line goes on in
    the next one. `similar`: the cosine similarity is shown, not the distance."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None, *, similar: bool = False) -> None:
        super().__init__(parent)
        self._similar = similar
        self._cells: tuple[Cell, ...] = ()
        self._current = -1
        self._hover = -1
        self._thumbnails = Thumbnails(self, threads=2)
        self._thumbnails.arrived.connect(self.update)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(tr("Nearest pictures", "Imágenes más cercanas"))

    def sizeHint(self) -> QSize:
        return QSize(10 * (_SIDE + _GAP), self._high)

    def minimumSizeHint(self) -> QSize:
        return QSize(_SIDE, self.heightForWidth(self.width()))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        lines = -(-len(self._cells) // self._columns(width)) if self._cells else 1
        return lines * self._high

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def _columns(self, width: int) -> int:
        """As many as have room, but lines of equal length."""
        most = max(1, (width - 3 + _GAP) // (_SIDE + _GAP))
        lines = max(1, -(-len(self._cells) // most))
        return max(1, -(-len(self._cells) // lines))

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The neighbours that are shown."""
        return self._cells

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
        self.setAccessibleDescription(", ".join(f"{cell.neighbour.class_name} {self._value(cell.neighbour)}"
                                                for cell in self._cells))
        self.updateGeometry()
        self.update()

    def _value(self, neighbour: Neighbour, places: str = ".2f") -> str:
        return format_number(1 - neighbour.distance if self._similar else neighbour.distance, places)

    def _rect(self, place: int) -> QRectF:
        line, across = divmod(place, self._columns(self.width()))
        return QRectF(3 + across * (_SIDE + _GAP), 3 + line * self._high, _SIDE, _SIDE)

    def _at(self, point: QPointF) -> int:
        return next((place for place in range(len(self._cells))
                     if self._rect(place).adjusted(0, 0, 0, _CAPTION - 4).contains(point)), -1)

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
            for text, token in ((on_one_line(cell.neighbour.class_name) or "?", "text"), (self._value(cell.neighbour), "dim")):
                painter.setPen(theme.color(token))
                painter.drawText(line, Qt.AlignmentFlag.AlignCenter, painter.fontMetrics().elidedText(
                    text, Qt.TextElideMode.ElideMiddle, round(line.width())))
                line.translate(0, 15)
        self._thumbnails.want(missing)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self._at(QPointF(event.pos()))
            if place >= 0:
                item = self._cells[place].neighbour
                value = self._value(item, ".3f")
                what = tr("similarity {value}", "similitud {value}", value=value) if self._similar else tr(
                    "distance {value}", "distancia {value}", value=value)
                QToolTip.showText(event.globalPos(), f"{item.path}\n{item.class_name or '?'}, {what}", self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if self._hover >= 0 else Qt.CursorShape.ArrowCursor)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._at(event.position())
        if place >= 0:
            self._current = place
            self.chosen.emit(self._cells[place].identifier)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._columns(self.width())
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        step = steps.get(Qt.Key(event.key()), 0)
        if step and self._cells and (abs(step) == 1 or 0 <= self._current + step < len(self._cells)):
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
