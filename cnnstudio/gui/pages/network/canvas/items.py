"""Items of the canvas: nodes and edges, painted in the colours of the theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cnnstudio.core.layout import HEIGHT, ROW_GAP, WIDTH
from cnnstudio.core.network import Edge
from cnnstudio.gui.look import theme

PORT = 6.0
"""Radius of a connection point."""
MAPS = 2
"""Feature maps beside each other on a card."""
_MAP_SIDE = 42.0
_TINY = 0.15
"""Up to this zoom a layer is a few pixels wide, and all of it has the colour of its family: an edge would not be seen."""


@dataclass(frozen=True)
class NodeLook:
    """The appearance of a node. `stack`: how many cards lie on each other, for a group that is repeated."""

    title: str
    detail: str
    count: str
    family: str
    severity: str = ""
    tooltip: str = ""
    stack: int = 1


_NODE_BOUNDS = QRectF(-4, -4 - PORT, WIDTH + 16, HEIGHT + 16 + 2 * PORT)


class Follower(Protocol):
    """An item that is placed around nodes."""

    def follow(self) -> None:
        """Move to the place that the nodes give now."""


class NodeItem(QGraphicsItem):
    """A layer: colour of its family, name, parameters, output shape; movable and selectable."""

    def __init__(self, identifier: str, look: NodeLook) -> None:
        super().__init__()
        self.id = identifier
        self.look = look
        self.entering: list[EdgeItem] = []
        self.leaving: list[EdgeItem] = []
        self.frame: Follower | None = None
        self.target = False
        self._hovered = False
        self._maps: QImage | None = None
        flag = QGraphicsItem.GraphicsItemFlag
        self.setFlags(flag.ItemIsMovable | flag.ItemIsSelectable)
        self.setAcceptHoverEvents(True)
        self.setZValue(2)
        self.setToolTip(look.tooltip)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def set_look(self, look: NodeLook) -> None:
        if look != self.look:
            self.look = look
            self.setToolTip(look.tooltip)
            self.update()

    def set_maps(self, maps: QImage | None) -> None:
        """Show feature maps, side by side in one image, at the right of the card; None shows the number of weights again."""
        self._maps = maps
        self.update()

    @property
    def shows_maps(self) -> bool:
        """Whether feature maps stand on the card."""
        return self._maps is not None

    def set_followed(self, followed: bool) -> None:
        """Whether connections and frame follow every move, as they do while the node is dragged; the scene, which moves
        many nodes at once, routes the connections afterwards."""
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemSendsGeometryChanges, followed)

    def set_target(self, target: bool) -> None:
        """Highlight the node while a connection or a layer is dragged over it."""
        if target != self.target:
            self.target = target
            self.update()

    def boundingRect(self) -> QRectF:
        return _NODE_BOUNDS

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(QRectF(0, 0, WIDTH, HEIGHT))
        path.addEllipse(self.out_port(), PORT + 4, PORT + 4)
        return path

    def in_port(self) -> QPointF:
        """Where connections enter, in the item's coordinates."""
        return QPointF(WIDTH / 2, 0)

    def out_port(self) -> QPointF:
        """Where connections leave, in the item's coordinates."""
        return QPointF(WIDTH / 2, HEIGHT)

    def on_out_port(self, position: QPointF) -> bool:
        """Whether a press at this point starts a connection."""
        offset = position - self.out_port()
        return offset.x() ** 2 + offset.y() ** 2 <= (PORT + 5) ** 2

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: object) -> object:
        if change == QGraphicsItem.GraphicsItemChange.ItemPositionHasChanged:
            for edge in (*self.entering, *self.leaving):
                edge.follow()
            if self.frame is not None:
                self.frame.follow()
        if change == QGraphicsItem.GraphicsItemChange.ItemSelectedHasChanged:
            for edge in (*self.entering, *self.leaving):
                edge.update()
        return super().itemChange(change, value)

    def hoverMoveEvent(self, event: object) -> None:
        position = event.pos()  # type: ignore[attr-defined]
        cross = Qt.CursorShape.CrossCursor if self.on_out_port(position) else Qt.CursorShape.ArrowCursor
        self.setCursor(cross)

    def hoverEnterEvent(self, event: object) -> None:
        self._hovered = True
        self.update()

    def hoverLeaveEvent(self, event: object) -> None:
        self._hovered = False
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        border = theme.color("line")
        width = 1.0
        if self.look.severity:
            border, width = theme.color("error" if self.look.severity == "error" else "warn"), 1.5
        if self.isSelected() or self.target:
            border, width = theme.color("accent"), 2.0
        body = QRectF(0, 0, WIDTH, HEIGHT)
        path = QPainterPath()
        path.addRoundedRect(body, 8, 8)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for card in range(min(self.look.stack, 3) - 1, 0, -1):
            painter.setPen(QPen(theme.color("line"), 1.0))
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(body.translated(4.0 * card, 4.0 * card), 8, 8)
        painter.fillPath(path, theme.color("accent_bg") if self.target else theme.color("raised"))
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(QRectF(0, 0, 5 if scale > _TINY else WIDTH, HEIGHT), theme.family_color(self.look.family))
        painter.restore()
        painter.setPen(QPen(border, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        if scale > 0.3:
            self._paint_text(painter)
        if self._maps is not None and scale > _TINY:
            room = self._maps_room()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._maps.height() > room.height() * scale)
            painter.drawImage(room, self._maps)
        if self._hovered or self.isSelected():
            painter.setPen(QPen(theme.color("accent"), 1.5))
            painter.setBrush(theme.color("raised"))
            painter.drawEllipse(self.out_port(), PORT - 1, PORT - 1)

    def _maps_room(self) -> QRectF:
        """Where the maps stand: as high as they may be, or as wide."""
        assert self._maps is not None
        size = self._maps.size().toSizeF().scaled(MAPS * _MAP_SIDE, _MAP_SIDE, Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF(WIDTH - 7 - size.width(), (HEIGHT - size.height()) / 2, size.width(), size.height())

    def _paint_text(self, painter: QPainter) -> None:
        left, right = 16.0, 12.0
        small = theme.font("secondary", 11 / 12)
        painter.setFont(small)
        count_width = QFontMetricsF(small).horizontalAdvance(self.look.count)
        if self._maps is None:
            painter.setPen(theme.color("dim"))
            painter.drawText(QRectF(0, 9, WIDTH - right, 18), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             self.look.count)
        else:
            right, count_width = WIDTH - self._maps_room().left(), 0.0
        strong = theme.font("body_strong")
        painter.setFont(strong)
        painter.setPen(theme.color("text"))
        room = WIDTH - left - right - count_width - 8
        title = QFontMetricsF(strong).elidedText(self.look.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, 8, room, 20), Qt.AlignmentFlag.AlignVCenter, title)
        painter.setFont(theme.font("secondary"))
        tone = {"error": "error", "warning": "warn"}.get(self.look.severity, "dim")
        painter.setPen(theme.color(tone))
        room = WIDTH - left - right
        detail = QFontMetricsF(theme.font("secondary")).elidedText(self.look.detail, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, 28, room, 18), Qt.AlignmentFlag.AlignVCenter, detail)


class EdgeItem(QGraphicsItem):
    """A connection from the bottom of a node to the top of another; it bends around nodes between them."""

    def __init__(self, edge: Edge, source: NodeItem, target: NodeItem) -> None:
        super().__init__()
        self.edge = edge
        self.source, self.target = source, target
        self.bulge = 0.0
        self._path = QPainterPath()
        self._bounds = QRectF()
        self._route: tuple[QPointF, QPointF, float] | None = None
        """Start, end and bulge of the path."""
        self._hovered = False
        self._dropping = False
        source.leaving.append(self)
        target.entering.append(self)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setAcceptHoverEvents(True)
        self.setZValue(1)
        self.follow()

    def set_dropping(self, dropping: bool) -> None:
        """Highlight the connection while a layer is dragged over it."""
        if dropping != self._dropping:
            self._dropping = dropping
            self.update()

    def set_bulge(self, bulge: float) -> None:
        """How far the connection bulges to the left, in pixels; 0 is straight."""
        if bulge != self.bulge:
            self.bulge = bulge
            self.follow()

    def follow(self) -> None:
        """Route the connection between the present positions of its nodes."""
        self.prepareGeometryChange()
        start = self.source.pos() + self.source.out_port()
        end = self.target.pos() + self.target.in_port()
        before = self._route
        if before is not None and before[2] == self.bulge and before[1] - before[0] == end - start:
            # Both ends moved alike, as most do when a layer is inserted above.
            self._path.translate(start - before[0])
            self._bounds.translate(start - before[0])
        else:
            self._path = self._routed(start, end)
            self._bounds = self._path.boundingRect().adjusted(-6, -6, 6, 6)
        self._route = start, end, self.bulge
        self.update()

    def _routed(self, start: QPointF, end: QPointF) -> QPainterPath:
        path = QPainterPath(start)
        if self.bulge:
            side = min(start.x(), end.x()) - WIDTH / 2 - self.bulge
            down, up = QPointF(start.x(), start.y() + 10), QPointF(end.x(), end.y() - 10)
            path.lineTo(down)
            path.cubicTo(QPointF(side, down.y()), QPointF(side, down.y() + 8), QPointF(side, down.y() + 44))
            path.lineTo(side, max(up.y() - 44, down.y() + 44))
            path.cubicTo(QPointF(side, up.y() - 8), QPointF(side, up.y()), up)
            path.lineTo(end)
        elif abs(start.x() - end.x()) < 1:
            path.lineTo(end)
        elif end.y() - start.y() > 1.5 * HEIGHT:
            # A long connection: down its own column first, then across in the gap above the target.
            turn = QPointF(start.x(), end.y() - ROW_GAP)
            path.lineTo(turn)
            path.cubicTo(turn + QPointF(0, ROW_GAP * 0.8), end - QPointF(0, ROW_GAP * 0.8), end)
        else:
            half = max(18.0, abs(end.y() - start.y()) / 2)
            path.cubicTo(start + QPointF(0, half), end - QPointF(0, half), end)
        return path

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        stroker = QPainterPathStroker()
        stroker.setWidth(12)
        return stroker.createStroke(self._path)

    def hoverEnterEvent(self, event: object) -> None:
        shape = self.source.look.detail.partition(" · ")[0]
        self.setToolTip(f"{self.source.look.title} → {self.target.look.title}\n{shape}")
        self._hovered = True
        self.update()

    def hoverLeaveEvent(self, event: object) -> None:
        self._hovered = False
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        lit = self.isSelected() or self._hovered or self._dropping or (
            self.bulge and (self.source.isSelected() or self.target.isSelected()))
        color = theme.color("accent") if lit else edge_color()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 3.0 if self._dropping else 1.8 if lit else 1.4))
        painter.drawPath(self._path)


def edge_color() -> QColor:
    """A colour between `line` and `faint`: visible, but behind the nodes."""
    return theme.color("faint")
