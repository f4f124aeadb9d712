"""The network as a scene: kept in step with the specs, and telling what the user wants changed."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem, QGraphicsScene, QGraphicsSceneDragDropEvent, QGraphicsSceneMouseEvent

from cnnstudio.core.layout import HEIGHT, WIDTH, layered
from cnnstudio.core.network import Edge, NetworkSpec
from cnnstudio.gui import theme
from cnnstudio.gui.canvas.items import EdgeItem, NodeItem, NodeLook

MIME = "application/x-cnnstudio-layer"
"""Drags of a layer from the palette carry its type under this name."""


class NetworkScene(QGraphicsScene):
    """Nodes and edges of one network; every wish of the user is a signal, the specs stay the truth."""

    connected = Signal(str, str)
    moved = Signal(object)
    """{node id: (x, y)} after a drag."""
    dropped = Signal(str, object, object)
    """Layer type, the Edge it fell on (or None), the node id it fell on or the (x, y) where it fell."""
    chosen = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.nodes: dict[str, NodeItem] = {}
        self.edges: dict[Edge, EdgeItem] = {}
        self._wire: QGraphicsPathItem | None = None
        self._wire_from: NodeItem | None = None
        self._lit: NodeItem | EdgeItem | None = None
        self._pressed_at: dict[str, QPointF] = {}
        self.selectionChanged.connect(self.chosen)

    # In step with the network --------------------------------------------------------------------

    def show_network(self, network: NetworkSpec, looks: Mapping[str, NodeLook]) -> None:
        """Show this network; items of nodes that stay are kept with their selection."""
        for identifier in [each for each in self.nodes if each not in looks]:
            item = self.nodes.pop(identifier)
            self.removeItem(item)
        wanted = {edge for edge in network.edges if edge.source in looks and edge.target in looks}
        for edge in [each for each in self.edges if each not in wanted]:
            self._remove_edge(edge)
        automatic = layered([node.id for node in network.nodes],
                            [(edge.source, edge.target) for edge in network.edges])
        for node in network.nodes:
            found = self.nodes.get(node.id)
            if found is None:
                found = NodeItem(node.id, looks[node.id])
                self.nodes[node.id] = found
                self.addItem(found)
            found.set_look(looks[node.id])
            x, y = node.position if node.position is not None else automatic[node.id]
            if found.pos() != QPointF(x, y):
                found.setPos(x, y)
        for edge in network.edges:
            if edge in wanted and edge not in self.edges:
                connection = EdgeItem(edge, self.nodes[edge.source], self.nodes[edge.target])
                self.edges[edge] = connection
                self.addItem(connection)
        self._route()
        self.setSceneRect(self.bounds().adjusted(-600, -400, 600, 400))

    def _remove_edge(self, edge: Edge) -> None:
        item = self.edges.pop(edge)
        item.source.leaving.remove(item)
        item.target.entering.remove(item)
        self.removeItem(item)

    def _route(self) -> None:
        """Connections that would run through a node in their column swing out to the left."""
        rects = [(item.pos().x(), item.pos().y()) for item in self.nodes.values()]
        lanes: dict[float, int] = {}
        ordered = sorted(self.edges.values(), key=lambda item: item.target.y() - item.source.y())
        for item in ordered:
            start, end = item.source.pos(), item.target.pos()
            left, right = min(start.x(), end.x()), max(start.x(), end.x())
            between = [y for x, y in rects if start.y() + HEIGHT < y < end.y() - 1 and left - WIDTH < x < right + WIDTH]
            straight = abs(start.x() - end.x()) < WIDTH * 0.6
            if between and straight:
                lane = lanes.get(start.x(), 0)
                lanes[start.x()] = lane + 1
                item.set_bulge(36.0 + 14.0 * (lane % 6))
            else:
                item.set_bulge(0.0)

    def bounds(self) -> QRectF:
        """The rectangle around all nodes."""
        found = QRectF()
        for item in self.nodes.values():
            found = found.united(QRectF(item.pos().x(), item.pos().y(), WIDTH, HEIGHT))
        return found if self.nodes else QRectF(0, 0, WIDTH, HEIGHT)

    def chosen_nodes(self) -> list[str]:
        return [item.id for item in self.nodes.values() if item.isSelected()]

    def chosen_edges(self) -> list[Edge]:
        return [edge for edge, item in self.edges.items() if item.isSelected()]

    def choose(self, identifiers: list[str]) -> None:
        """Select these nodes and nothing else."""
        self.blockSignals(True)
        self.clearSelection()
        for identifier in identifiers:
            if identifier in self.nodes:
                self.nodes[identifier].setSelected(True)
        self.blockSignals(False)
        self.chosen.emit()

    # Connecting and moving -----------------------------------------------------------------------

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        item = self._node_at(event.scenePos())
        if item is not None and item.on_out_port(item.mapFromScene(event.scenePos())):
            self._wire_from = item
            self._wire = QGraphicsPathItem()
            self._wire.setPen(QPen(theme.color("accent"), 2))
            self._wire.setZValue(3)
            self.addItem(self._wire)
            event.accept()
            return
        super().mousePressEvent(event)
        self._pressed_at = {each.id: each.pos() for each in self.nodes.values() if each.isSelected()}

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if self._wire is not None and self._wire_from is not None:
            start = self._wire_from.pos() + self._wire_from.out_port()
            over = self._node_at(event.scenePos())
            over = over if over is not None and over is not self._wire_from else None
            end = over.pos() + over.in_port() if over is not None else event.scenePos()
            path = QPainterPath(start)
            half = max(18.0, abs(end.y() - start.y()) / 2)
            path.cubicTo(start + QPointF(0, half), end - QPointF(0, half), end)
            self._wire.setPath(path)
            self._light(over)
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if self._wire is not None and self._wire_from is not None:
            source, over = self._wire_from, self._node_at(event.scenePos())
            self.removeItem(self._wire)
            self._wire = self._wire_from = None
            self._light(None)
            if over is not None and over is not source:
                self.connected.emit(source.id, over.id)
            return
        super().mouseReleaseEvent(event)
        moved = {identifier: (item.pos().x(), item.pos().y()) for identifier, item in self.nodes.items()
                 if identifier in self._pressed_at and item.pos() != self._pressed_at[identifier]}
        self._pressed_at = {}
        if moved:
            self.moved.emit(moved)

    def _node_at(self, position: QPointF) -> NodeItem | None:
        return next((item for item in self.items(position) if isinstance(item, NodeItem)), None)

    def _edge_at(self, position: QPointF) -> EdgeItem | None:
        around = QRectF(position.x() - 10, position.y() - 10, 20, 20)
        return next((item for item in self.items(around) if isinstance(item, EdgeItem)), None)

    def _light(self, item: NodeItem | EdgeItem | None) -> None:
        if self._lit is item:
            return
        for each, on in ((self._lit, False), (item, True)):
            if isinstance(each, NodeItem):
                each.set_target(on)
            elif isinstance(each, EdgeItem):
                each.set_dropping(on)
        self._lit = item

    # Layers from the palette ---------------------------------------------------------------------

    def dragEnterEvent(self, event: QGraphicsSceneDragDropEvent) -> None:
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QGraphicsSceneDragDropEvent) -> None:
        if not event.mimeData().hasFormat(MIME):
            event.ignore()
            return
        event.acceptProposedAction()
        self._light(self._node_at(event.scenePos()) or self._edge_at(event.scenePos()))

    def dragLeaveEvent(self, event: QGraphicsSceneDragDropEvent) -> None:
        self._light(None)

    def dropEvent(self, event: QGraphicsSceneDragDropEvent) -> None:
        if not event.mimeData().hasFormat(MIME):
            event.ignore()
            return
        self._light(None)
        event.acceptProposedAction()
        kind = bytes(event.mimeData().data(MIME).data()).decode()
        place = event.scenePos()
        node = self._node_at(place)
        edge = self._edge_at(place) if node is None else None
        where = node.id if node is not None else (place.x() - WIDTH / 2, place.y() - HEIGHT / 2)
        self.dropped.emit(kind, edge.edge if edge is not None else None, where)
