"""The view of the canvas: zoom, pan, keyboard, and the overlays in the corners."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsItem, QGraphicsView, QWidget

from cnnstudio.core.layout import WIDTH
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.network.canvas.corners import Totals, ZoomBar
from cnnstudio.gui.pages.network.canvas.extras import NoteItem
from cnnstudio.gui.pages.network.canvas.finder import Finder
from cnnstudio.gui.pages.network.canvas.minimap import Minimap
from cnnstudio.gui.pages.network.canvas.scene import NetworkScene

SMALLEST, LARGEST = 0.1, 3.0
_READABLE = 0.45
"""At this zoom the texts of a layer can just be read."""
GRID = 16
_APART = 16
"""Pixels between a revealed layer and the overlays in the corners."""
_BLOCK = 16
"""Up to so many dots of the grid are drawn per side."""
_DOTTED = 0.6
"""Below this zoom no dots are drawn: they would be a grey haze, and slow."""


class NetworkView(QGraphicsView):
    """Scroll with the wheel, zoom with Ctrl and the wheel, pan with the middle button or Space."""

    action_requested = Signal(str)
    """An action by its id (see `NetworkActions.do`), requested with a key."""
    typed = Signal(str)
    """A letter was typed: insert a layer by its name."""
    rename_requested = Signal()
    """F2 was pressed."""
    menu_requested = Signal(QPoint, QPointF)
    """The position on the screen, and on the canvas."""
    zoom_changed = Signal(float)
    activations_requested = Signal()
    resized = Signal()

    def __init__(self, scene: NetworkScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.network_scene = scene
        self._pan_from: QPoint | None = None
        self._space = False
        self._last_place: QPointF | None = None
        """Where the layers were that were removed last by a key."""
        self._follow: Callable[[], None] | None = self.show_start
        """What a change of size or of the network repeats; None after the user zoomed or moved."""
        self._dots = QPolygonF([QPointF(GRID * x, GRID * y) for x in range(_BLOCK) for y in range(_BLOCK)])
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setDragMode(QGraphicsView.DragMode.RubberBandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(True)
        self.setAccessibleName(tr("Network canvas", "Lienzo de la red"))
        self._zoom_bar = ZoomBar(self)
        self._zoom_bar.zoomed.connect(lambda factor: self.set_zoom(self.zoom * factor))
        self._zoom_bar.fit_chosen.connect(self.fit)
        self._zoom_bar.activations_chosen.connect(self.activations_requested)
        self.totals = Totals(self)
        self.minimap = Minimap(scene, self)
        self.minimap.position_chosen.connect(self.centerOn)
        self.finder = Finder(self)
        self.finder.layer_found.connect(self._go_to)
        self.finder.left.connect(self.setFocus)
        self.zoom_changed.connect(self._zoom_bar.show_zoom)
        self.zoom_changed.connect(lambda _zoom: self.minimap.show_visible(self.visible_part()))

    @property
    def zoom(self) -> float:
        return self.transform().m11()

    def set_zoom(self, zoom: float) -> None:
        """1.0 is 100 %."""
        wanted = min(LARGEST, max(min(SMALLEST, self.zoom), zoom))
        self._follow = None
        self.setTransform(self.transform().fromScale(wanted, wanted))
        self.zoom_changed.emit(wanted)

    def fit(self) -> None:
        """Show the whole network, at 100 % at most."""
        self._fit(0.0)
        self._follow = self.fit

    def show_start(self) -> None:
        """Show the whole network where its texts can be read then; a larger one starts at its top."""
        self._fit(_READABLE)
        self._follow = self.show_start

    def follow_network(self) -> None:
        """Another network is on the canvas: show it as the one before, or where it is out of sight."""
        if self._follow is not None:
            self._follow()
        elif not any(self.visible_part().intersects(item.sceneBoundingRect()) for item in self.network_scene.nodes.values()):
            self.show_start()

    def _fit(self, least: float) -> None:
        bounds = self.network_scene.bounds()
        room = self.viewport().rect()
        if room.width() < 10 or room.height() < 10:
            return
        zoom, top = self._fitting_zoom(bounds, 28.0, least)
        # The totals overlay the upper right corner: start below them where they would cover a layer.
        if room.width() / 2 + WIDTH * zoom / 2 + 16 > self.totals.x():
            zoom, top = self._fitting_zoom(bounds, self.totals.height() + 34.0, least)
        self.setTransform(self.transform().fromScale(zoom, zoom))
        middle = bounds.top() + (room.height() / 2 - top) / zoom
        if bounds.height() * zoom < room.height() - top - 28:
            middle = bounds.center().y() - (top - 28) / 2 / zoom
        self.centerOn(QPointF(bounds.center().x(), middle))
        self.zoom_changed.emit(zoom)

    def _fitting_zoom(self, bounds: QRectF, top: float, least: float) -> tuple[float, float]:
        """The zoom at which `bounds` fit below `top` pixels, `least` at least; and `top`."""
        room = self.viewport().rect()
        wide = (room.width() - 48) / bounds.width()
        high = (room.height() - top - 28) / bounds.height()
        return max(min(1.0, wide, high), least), top

    def visible_part(self) -> QRectF:
        """The visible part of the canvas."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        if self.scene() is not None:
            self.minimap.show_visible(self.visible_part())

    def detach_scene(self) -> None:
        """Detach the scene before it is deleted: otherwise Qt scrolls the canvas again while the items are removed."""
        self.minimap.hide()
        self.setScene(None)

    def _go_to(self, identifier: str) -> None:
        self.network_scene.choose([identifier])
        self.reveal(identifier)

    def reveal(self, identifier: str) -> None:
        """Scroll until a node is visible and no overlay covers it or, where both have room, the first node."""
        item = self.network_scene.card_of(identifier)
        if item is None:
            return
        self.ensureVisible(item, 60, 60)
        lower = (self._zoom_bar, self.minimap)
        for corner in lower:
            self._scroll_down(self._overlap(item, corner, below=False))
        for upper in (self.totals, self.finder):
            self._scroll_down(-self._overlap(item, upper))
        first = min(self.network_scene.nodes.values(), key=lambda node: node.y())
        before = self.verticalScrollBar().value()
        self._scroll_down(-self._overlap(first, self.totals))
        if (self._place_of(item).bottom() > self.viewport().height() - _APART
                or any(self._overlap(item, corner) for corner in lower)):
            self.verticalScrollBar().setValue(before)

    def _place_of(self, item: QGraphicsItem) -> QRect:
        """The rectangle of an item, in pixels of the view."""
        return self.mapFromScene(item.sceneBoundingRect()).boundingRect()

    def _overlap(self, item: QGraphicsItem, corner: QWidget, below: bool = True) -> int:
        """How far an item must move to be clear of a corner, in pixels; 0 where it is not covered."""
        place, taken = self._place_of(item), corner.geometry()
        if corner.isHidden() or not place.intersects(taken):
            return 0
        return (taken.bottom() - place.top() if below else place.bottom() - taken.top()) + _APART

    def _scroll_down(self, pixels: int) -> None:
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + pixels)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._zoom_bar.adjustSize()
        self._zoom_bar.move(16, self.height() - self._zoom_bar.height() - 16)
        self.minimap.move(self.width() - self.minimap.width() - 16, self.height() - self.minimap.height() - 16)
        self.place_totals()
        self.resized.emit()
        if self._follow is not None and self.scene() is not None:
            self._follow()

    def place_totals(self) -> None:
        self.totals.fit(self.width() - 2 * 16)
        self.totals.move(self.width() - self.totals.width() - 16, 16)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.fillRect(rect, theme.color("bg"))
        if self.zoom < _DOTTED:
            return
        painter.setPen(QPen(theme.color("line"), 1.4 / self.zoom))
        step = GRID * _BLOCK
        for x in range(math.floor(rect.left() / step), math.ceil(rect.right() / step)):
            for y in range(math.floor(rect.top() / step), math.ceil(rect.bottom() / step)):
                painter.save()
                painter.translate(x * step, y * step)
                painter.drawPoints(self._dots)
                painter.restore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self.zoom * 1.0015 ** event.angleDelta().y())
            event.accept()
        else:
            bars = self.verticalScrollBar(), self.horizontalScrollBar()
            delta = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta()
            shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            bars[0].setValue(bars[0].value() - (0 if shifted else delta.y()))
            bars[1].setValue(bars[1].value() - (delta.y() if shifted else delta.x()))
            event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton or (self._space and event.button() == Qt.MouseButton.LeftButton):
            self._pan_from = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            here = event.position().toPoint()
            moved = here - self._pan_from
            self._pan_from = here
            self._follow = None
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - moved.x())
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() - moved.y())
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            self._pan_from = None
            self.viewport().unsetCursor()
            return
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = self.mapToScene(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            under = next((item for item in self.network_scene.items(place) if item.flags() & _SELECTABLE), None)
            if under is not None and not under.isSelected():
                self.network_scene.clearSelection()
                under.setSelected(True)
        self.menu_requested.emit(event.globalPos(), place)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = Qt.Key(event.key()), event.modifiers()
        control, shift = bool(held & Qt.KeyboardModifier.ControlModifier), bool(held & Qt.KeyboardModifier.ShiftModifier)
        if isinstance(self.network_scene.focusItem(), NoteItem):
            super().keyPressEvent(event)
        elif control and key == Qt.Key.Key_F and not shift:
            self.finder.open()
        elif control and (key, shift) in _KEYS:
            self.action_requested.emit(_KEYS[key, shift])
        elif (direction := _ARROWS.get(key)) is not None:
            if held & Qt.KeyboardModifier.AltModifier:
                self._push(direction)
            else:
                self._walk(direction, add=shift)
        elif control:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            chosen = self.network_scene.chosen_items()
            self._last_place = chosen[0].pos() if chosen else self._last_place
            self.action_requested.emit("remove")
        elif key == Qt.Key.Key_Space:
            self._space = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.set_zoom(self.zoom * 1.2)
        elif key == Qt.Key.Key_Minus:
            self.set_zoom(self.zoom / 1.2)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_Escape:
            self.network_scene.choose([])
        elif key == Qt.Key.Key_F2:
            self.rename_requested.emit()
        elif key == Qt.Key.Key_Insert:
            self.typed.emit("")
        elif event.text().isalpha():
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._space = False
            self.viewport().unsetCursor()
        super().keyReleaseEvent(event)

    def _push(self, direction: QPointF) -> None:
        """Move the selection by one step of the grid."""
        self.network_scene.moved.emit({item.id: (item.x() + GRID * direction.x(), item.y() + GRID * direction.y())
                                       for item in self.network_scene.chosen_items()})

    def _walk(self, direction: QPointF, add: bool = False) -> None:
        """Select the nearest node in that direction; with `add` it is added to the selection."""
        items = self.network_scene.nodes
        chosen = self.network_scene.chosen_items()
        if not items:
            return
        if not chosen:
            # What was selected last may have been removed: the keys go on from there.
            last = self._last_place
            begin = min(items.values(), key=lambda item: item.y() if last is None else (item.pos() - last).manhattanLength())
            self.network_scene.choose([begin.id])
            self.reveal(begin.id)
            return
        ahead_of = max(chosen, key=lambda item: item.x() * direction.x() + item.y() * direction.y())
        here = ahead_of.pos()
        best, nearest = None, 1e18
        for item in items.values():
            offset = item.pos() - here
            ahead = offset.x() * direction.x() + offset.y() * direction.y()
            aside = abs(offset.x() * direction.y()) + abs(offset.y() * direction.x())
            if ahead > 1 and ahead + 3 * aside < nearest:
                best, nearest = item, ahead + 3 * aside
        if best is not None:
            self.network_scene.choose([*(item.id for item in chosen if add), best.id])
            self.reveal(best.id)


_SELECTABLE = QGraphicsItem.GraphicsItemFlag.ItemIsSelectable
_KEYS = {
    (Qt.Key.Key_C, False): "copy", (Qt.Key.Key_X, False): "cut", (Qt.Key.Key_V, False): "paste",
    (Qt.Key.Key_D, False): "duplicate", (Qt.Key.Key_G, False): "group", (Qt.Key.Key_G, True): "ungroup",
    (Qt.Key.Key_E, False): "toggle", (Qt.Key.Key_L, False): "connect",
    (Qt.Key.Key_A, False): "all",
}
"""With Ctrl held: (key, whether Shift is held, too) and the action."""
_ARROWS = {
    Qt.Key.Key_Up: QPointF(0, -1), Qt.Key.Key_Down: QPointF(0, 1),
    Qt.Key.Key_Left: QPointF(-1, 0), Qt.Key.Key_Right: QPointF(1, 0),
}
