"""A grid of many small pictures of the same size: feature maps, or filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.picture import image_of

SMALLEST, LARGEST = 24, 320
_GAP: Final = 8
_CAPTION: Final = 18
_CAPTIONED: Final = 40
"""From this side in pixels a tile has its number below it."""


class TileGrid(QAbstractScrollArea):
    """`chosen(unit)` on a click or an arrow key, `zoomed(side)` with Ctrl and the wheel. `describe(unit)` is the tooltip."""

    chosen = Signal(int)
    zoomed = Signal(int)

    def __init__(self, describe: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._tiles: np.ndarray = np.zeros((0, 1, 1, 3), np.uint8)
        self._order: Sequence[int] = ()
        self._message = ""
        self._side = 72
        self._selected = -1
        self._by_key = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self.setMinimumSize(160, 96)

    @property
    def selected(self) -> int:
        """The chosen unit, -1 for none."""
        return self._selected

    @property
    def order(self) -> Sequence[int]:
        """The units in the order in which they are shown."""
        return self._order

    @property
    def message(self) -> str:
        return self._message

    def show_tiles(self, tiles: np.ndarray, order: Sequence[int], selected: int = -1) -> None:
        """Show uint8 pictures (n, height, width, 3) in an order of their numbers."""
        self._tiles, self._order, self._message = tiles, order, ""
        self._fit_bar()
        self.select(selected if selected in range(len(tiles)) else -1)

    def show_message(self, text: str) -> None:
        """Show why there are no tiles."""
        self._tiles, self._order, self._message, self._selected = np.zeros((0, 1, 1, 3), np.uint8), (), text, -1
        self._fit_bar()
        self.viewport().update()

    def select(self, unit: int) -> None:
        """Select a unit without announcing it, and scroll to it."""
        self._selected = unit
        if unit in self._order:
            self._reveal(list(self._order).index(unit))
        self.viewport().update()

    def set_side(self, side: int) -> None:
        """Show the tiles that large, in pixels."""
        side = max(SMALLEST, min(LARGEST, side))
        if side != self._side:
            self._side = side
            self._fit_bar()
            self.viewport().update()
            self.zoomed.emit(side)

    # Places --------------------------------------------------------------------------------------

    @property
    def _columns(self) -> int:
        return max(1, (self.viewport().width() - 4 + _GAP) // (self._side + _GAP))

    @property
    def _line(self) -> int:
        return self._side + _GAP + (_CAPTION if self._side >= _CAPTIONED else 0)

    def tile_rect(self, place: int) -> QRect:
        """Where the tile at a place of the order stands in the viewport."""
        return QRect(2 + place % self._columns * (self._side + _GAP),
                     2 + place // self._columns * self._line - self.verticalScrollBar().value(), self._side, self._side)

    def _place_at(self, point: QPoint) -> int:
        column, line = (point.x() - 2) // (self._side + _GAP), (point.y() - 2 + self.verticalScrollBar().value()) // self._line
        place = line * self._columns + column
        return place if 0 <= column < self._columns and 0 <= place < len(self._order) else -1

    def _fit_bar(self) -> None:
        lines = -(-len(self._order) // self._columns)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, lines * self._line + 4 - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(1, self._line // 2))

    def _reveal(self, place: int) -> None:
        rect, bar = self.tile_rect(place), self.verticalScrollBar()
        if rect.top() < 2:
            bar.setValue(bar.value() + rect.top() - 2)
        elif rect.top() + self._line > self.viewport().height():
            bar.setValue(bar.value() + rect.top() + self._line - self.viewport().height())

    # Drawing -------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(480, 300)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_bar()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary"))
        if self._message:
            painter.setPen(theme.color("dim"))
            painter.drawText(self.viewport().rect().adjusted(16, 16, -16, -16), Qt.AlignmentFlag.AlignCenter
                             | Qt.TextFlag.TextWordWrap, self._message)
            return
        first = max(0, (self.verticalScrollBar().value() - 2) // self._line) * self._columns
        for place in range(first, len(self._order)):
            rect = self.tile_rect(place)
            if rect.top() > self.viewport().height():
                break
            self._paint_tile(painter, self._order[place], rect)

    def _paint_tile(self, painter: QPainter, unit: int, rect: QRect) -> None:
        tile = self._tiles[unit]
        image = image_of(tile)
        size = image.size().scaled(rect.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(rect.x() + (rect.width() - size.width()) // 2, rect.y() + (rect.height() - size.height()) // 2,
                       size.width(), size.height())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, target.width() < 2 * image.width())
        painter.drawImage(target, image)
        if unit == self._selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 3 if self._by_key and self.hasFocus() else 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(-1.5, -1.5, 1.5, 1.5), 3, 3)
        if self._side >= _CAPTIONED:
            painter.setPen(theme.color("text" if unit == self._selected else "dim"))
            painter.drawText(QRect(rect.x(), rect.bottom() + 2, rect.width(), _CAPTION), Qt.AlignmentFlag.AlignCenter,
                             str(unit))

    # Mouse and keyboard --------------------------------------------------------------------------

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(event.pos())
            QToolTip.showText(event.globalPos(), self._describe(self._order[place]) if place >= 0 else "", self)
            return True
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position().toPoint())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(place)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        lines = max(1, self.viewport().height() // self._line)
        now = list(self._order).index(self._selected) if self._selected in self._order else -1
        moves = {Qt.Key.Key_Left: now - 1, Qt.Key.Key_Right: now + 1, Qt.Key.Key_Up: now - self._columns,
                 Qt.Key.Key_Down: now + self._columns if now >= 0 else 0, Qt.Key.Key_PageUp: now - lines * self._columns,
                 Qt.Key.Key_PageDown: now + lines * self._columns, Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(self._order) - 1}
        place = moves.get(Qt.Key(event.key()))
        if place is None or not len(self._order):
            super().keyPressEvent(event)
            return
        self._by_key = True
        self._choose(max(0, min(len(self._order) - 1, place)))

    def _choose(self, place: int) -> None:
        self._reveal(place)
        if self._order[place] != self._selected:
            self._selected = self._order[place]
            self.chosen.emit(self._selected)
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_side(round(self._side * 1.2 ** (event.angleDelta().y() / 120)))
            event.accept()
        else:
            super().wheelEvent(event)


def unit_text(unit: int) -> str:
    """What a unit is called."""
    return tr("Unit {unit}", "Unidad {unit}", unit=unit)
