"""The network as a scene: it follows the specs, and emits the changes that the user requests."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QImage, QPainterPath, QPen
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsPathItem,
    QGraphicsScene,
    QGraphicsSceneDragDropEvent,
    QGraphicsSceneMouseEvent,
)

from cnnstudio.core.layout import HEIGHT, WIDTH
from cnnstudio.core.network import Edge, NetworkSpec
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.network.canvas.display import CARD, VisibleGraph, visible_graph
from cnnstudio.gui.pages.network.canvas.extras import GroupFrame, NoteItem
from cnnstudio.gui.pages.network.canvas.items import EdgeItem, NodeItem, NodeLook

MIME = "application/x-cnnstudio-layer"
"""The MIME type of a layer type that is dragged from the palette."""
_SNAP = 26.0
"""A dragged connection snaps to a layer within so many pixels."""


class NetworkScene(QGraphicsScene):
    """Layers, connections, groups and notes of one network. User actions become signals; only the specs change the
    scene. Cards of collapsed groups are nodes with the id "group:" and the group's id."""

    connected = Signal(str, str)
    moved = Signal(object)
    """{id of a layer, a card or a note: (x, y)} after a drag."""
    dropped = Signal(str, object, object)
    """Layer type, the Edge it was dropped on (or None), the node id or the (x, y) it was dropped on."""
    toggled = Signal(str)
    """The id of a group to collapse or to open."""
    noted = Signal(str, str)
    """The id of a note and its new text."""
    wanted_at = Signal(object)
    """A double click on the empty canvas, at (x, y)."""
    chosen = Signal()
    opened = Signal(str)
    """A double click on a layer."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.nodes: dict[str, NodeItem] = {}
        self.edges: dict[Edge, EdgeItem] = {}
        self.frames: dict[str, GroupFrame] = {}
        self.notes: dict[str, NoteItem] = {}
        self._graph: tuple[NetworkSpec, VisibleGraph] | None = None
        self._maps: Mapping[str, QImage] = {}
        self._wire: QGraphicsPathItem | None = None
        self._wire_from: NodeItem | None = None
        self._highlighted: NodeItem | EdgeItem | None = None
        self._pressed_at: dict[str, QPointF] = {}
        self.selectionChanged.connect(self._on_selection_changed)

    # In step with the network --------------------------------------------------------------------

    def show_network(self, network: NetworkSpec, looks: Mapping[str, NodeLook]) -> None:
        """Show this network, with a look for every layer and every card; remaining items keep their selection."""
        graph = visible_graph(network, self._graph)
        changed = self._graph is None or graph is not self._graph[1]
        self._graph = (network, graph)
        for identifier in graph.ids:
            item = self.nodes.get(identifier)
            if item is not None:
                item.set_look(looks[identifier])
        if changed:
            self._place(network, graph, looks)
        self._show_notes(network)

    def _place(self, network: NetworkSpec, graph: VisibleGraph, looks: Mapping[str, NodeLook]) -> None:
        for edge in [edge for edge, item in self.edges.items() if graph.ends.get(edge) != (item.source.id, item.target.id)]:
            self._remove_edge(edge)
        self._show_frames(network, gone_only=True)
        for identifier in self.nodes.keys() - set(graph.ids):
            self.removeItem(self.nodes.pop(identifier))
        following: set[EdgeItem] = set()
        for identifier in graph.ids:
            node_item = self.nodes.get(identifier)
            if node_item is None:
                node_item = self.nodes[identifier] = NodeItem(identifier, looks[identifier])
                node_item.set_maps(self._maps.get(identifier))
                self.addItem(node_item)
            place = graph.places[identifier]
            if (node_item.x(), node_item.y()) != place:
                # Both ends of a connection may move: it is routed once, after all nodes have moved.
                node_item.setPos(*place)
                following.update(node_item.entering, node_item.leaving)
        for edge_item in following:
            edge_item.follow()
        for edge, (source, target) in graph.ends.items():
            if edge not in self.edges:
                connection = self.edges[edge] = EdgeItem(edge, self.nodes[source], self.nodes[target])
                self.addItem(connection)
        self._route(graph)
        self._show_frames(network)
        self.setSceneRect(self.bounds().adjusted(-600, -400, 600, 400))

    def _show_frames(self, network: NetworkSpec, gone_only: bool = False) -> None:
        opened = {group.id: group for group in network.groups if not group.collapsed}
        for identifier in [entry for entry, frame in self.frames.items() if entry not in opened
                           or [item.id for item in frame.nodes] != list(opened[entry].nodes)]:
            frame = self.frames.pop(identifier)
            for item in frame.nodes:
                item.frame = None
            self.removeItem(frame)
        if gone_only:
            return
        for group in opened.values():
            group_frame = self.frames.get(group.id)
            if group_frame is None:
                group_frame = GroupFrame(group, [self.nodes[node] for node in group.nodes], self.toggled.emit)
                self.frames[group.id] = group_frame
                for item in group_frame.nodes:
                    item.frame = group_frame
                self.addItem(group_frame)
            group_frame.set_group(group)
            group_frame.follow()

    def _show_notes(self, network: NetworkSpec) -> None:
        notes = {note.id: note for note in network.notes}
        for identifier in self.notes.keys() - notes.keys():
            self.removeItem(self.notes.pop(identifier))
        for note in network.notes:
            if note.id not in self.notes:
                self.notes[note.id] = NoteItem(note, self.noted.emit)
                self.addItem(self.notes[note.id])
            self.notes[note.id].set_note(note)

    def show_maps(self, maps: Mapping[str, QImage]) -> None:
        """Show feature maps on the cards of these layers, and on no other."""
        self._maps = maps
        for identifier, item in self.nodes.items():
            item.set_maps(maps.get(identifier))

    def follow_theme(self) -> None:
        """Apply the colours of the present theme."""
        for note in self.notes.values():
            note.setDefaultTextColor(theme.color("text"))
        self.update()

    def _remove_edge(self, edge: Edge) -> None:
        item = self.edges.pop(edge)
        item.source.leaving.remove(item)
        item.target.entering.remove(item)
        self.removeItem(item)

    def _route(self, graph: VisibleGraph) -> None:
        """Connections with a node in their own column bend out to the left."""
        places = graph.places
        rects = sorted((places[identifier][1], places[identifier][0]) for identifier in graph.ids)
        tops = [top for top, _left in rects]
        lanes: dict[float, int] = {}
        heights = {edge: places[target][1] - places[source][1] for edge, (source, target) in graph.ends.items()}
        for edge in sorted(heights, key=heights.__getitem__):
            (left, top), (_left, end) = (places[identifier] for identifier in graph.ends[edge])
            between = rects[bisect_right(tops, top + HEIGHT):bisect_left(tops, end - 1)]
            bulge = 0.0
            if any(abs(x - left) < WIDTH * 0.55 for _y, x in between):
                lane = lanes.get(left, 0)
                lanes[left] = lane + 1
                bulge = 36.0 + 14.0 * (lane % 6)
            self.edges[edge].set_bulge(bulge)

    def bounds(self) -> QRectF:
        """The rectangle around everything."""
        rect = QRectF()
        if self.nodes:
            corners = [(item.x(), item.y()) for item in self.nodes.values()]
            left, top = min(x for x, _y in corners), min(y for _x, y in corners)
            rect = QRectF(left, top, max(x for x, _y in corners) - left + WIDTH, max(y for _x, y in corners) - top + HEIGHT)
        bulging = [edge for edge in self.edges.values() if edge.bulge]
        for extra in (*self.frames.values(), *self.notes.values(), *bulging):
            rect = rect.united(extra.sceneBoundingRect())
        return rect if not rect.isEmpty() else QRectF(0, 0, WIDTH, HEIGHT)

    # What is chosen ------------------------------------------------------------------------------

    def _on_selection_changed(self) -> None:
        """Selecting a frame by its name selects its layers."""
        for frame in self.frames.values():
            if frame.isSelected() and not all(item.isSelected() for item in frame.nodes):
                self.blockSignals(True)
                for item in frame.nodes:
                    item.setSelected(True)
                self.blockSignals(False)
        self.chosen.emit()

    def chosen_nodes(self) -> list[str]:
        """The selected layers, with those in selected cards."""
        result: list[str] = []
        for item in self.nodes.values():
            if item.isSelected():
                result += self._graph[1].members.get(item.id, (item.id,)) if self._graph is not None else (item.id,)
        return result

    def chosen_items(self) -> list[NodeItem]:
        """The selected layers and cards, as they are visible."""
        return [item for item in self.nodes.values() if item.isSelected()]

    def chosen_edges(self) -> list[Edge]:
        return [edge for edge, item in self.edges.items() if item.isSelected()]

    def chosen_notes(self) -> list[str]:
        return [identifier for identifier, item in self.notes.items() if item.isSelected()]

    def card_of(self, node: str) -> NodeItem | None:
        """The item of a layer: its own, or the card that contains it."""
        if node in self.nodes or self._graph is None:
            return self.nodes.get(node)
        return next((self.nodes[card] for card, members in self._graph[1].members.items() if node in members), None)

    def choose(self, identifiers: list[str]) -> None:
        """Select these layers (or the cards that contain them) and nothing else."""
        self.blockSignals(True)
        self.clearSelection()
        for identifier in identifiers:
            item = self.card_of(identifier)
            if item is not None:
                item.setSelected(True)
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
        for item in self.chosen_items():
            item.set_followed(True)
        self._pressed_at = {name: item.pos() for name, item in self._movable_items().items() if item.isSelected()}

    def _movable_items(self) -> dict[str, QGraphicsItem]:
        return {**self.nodes, **self.notes}

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if self._wire is not None and self._wire_from is not None:
            start = self._wire_from.pos() + self._wire_from.out_port()
            over = self._nearest_node(event.scenePos())
            end = over.pos() + over.in_port() if over is not None else event.scenePos()
            path = QPainterPath(start)
            half = max(18.0, abs(end.y() - start.y()) / 2)
            path.cubicTo(start + QPointF(0, half), end - QPointF(0, half), end)
            self._wire.setPath(path)
            self._highlight(over)
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if self._wire is not None and self._wire_from is not None:
            source, over = self._wire_from, self._nearest_node(event.scenePos())
            self.removeItem(self._wire)
            self._wire = self._wire_from = None
            self._highlight(None)
            if over is not None:
                self.connected.emit(source.id, over.id)
            return
        super().mouseReleaseEvent(event)
        for item in self.chosen_items():
            item.set_followed(False)
        moved = {name: (item.x(), item.y()) for name, item in self._movable_items().items()
                 if name in self._pressed_at and item.pos() != self._pressed_at[name]}
        self._pressed_at = {}
        if moved:
            self.moved.emit(moved)

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        item = self._node_at(event.scenePos())
        if item is not None and item.id.startswith(CARD):
            self.toggled.emit(item.id[len(CARD):])
        elif item is not None:
            self.opened.emit(item.id)
        elif not self.items(event.scenePos()):
            self.wanted_at.emit((event.scenePos().x() - WIDTH / 2, event.scenePos().y() - HEIGHT / 2))
        else:
            super().mouseDoubleClickEvent(event)

    def _node_at(self, position: QPointF) -> NodeItem | None:
        return next((item for item in self.items(position) if isinstance(item, NodeItem)), None)

    def _nearest_node(self, position: QPointF) -> NodeItem | None:
        """The layer that a dragged connection would enter: below the mouse, or the nearest within reach."""
        here = self._node_at(position)
        if here is not None:
            return here if here is not self._wire_from else None
        reach = QRectF(position.x() - _SNAP, position.y() - _SNAP, 2 * _SNAP, 2 * _SNAP)
        near = [item for item in self.items(reach) if isinstance(item, NodeItem) and item is not self._wire_from]
        return min(near, key=lambda item: (item.pos() + item.in_port() - position).manhattanLength(), default=None)

    def _edge_at(self, position: QPointF) -> EdgeItem | None:
        around = QRectF(position.x() - 10, position.y() - 10, 20, 20)
        return next((item for item in self.items(around) if isinstance(item, EdgeItem)), None)

    def _highlight(self, item: NodeItem | EdgeItem | None) -> None:
        if self._highlighted is item:
            return
        for entry, on in ((self._highlighted, False), (item, True)):
            if isinstance(entry, NodeItem):
                entry.set_target(on)
            elif isinstance(entry, EdgeItem):
                entry.set_dropping(on)
        self._highlighted = item

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
        self._highlight(self._node_at(event.scenePos()) or self._edge_at(event.scenePos()))

    def dragLeaveEvent(self, event: QGraphicsSceneDragDropEvent) -> None:
        self._highlight(None)

    def dropEvent(self, event: QGraphicsSceneDragDropEvent) -> None:
        if not event.mimeData().hasFormat(MIME):
            event.ignore()
            return
        self._highlight(None)
        event.acceptProposedAction()
        kind = bytes(event.mimeData().data(MIME).data()).decode()
        place = event.scenePos()
        node = self._node_at(place)
        edge = self._edge_at(place) if node is None else None
        where = node.id if node is not None else (place.x() - WIDTH / 2, place.y() - HEIGHT / 2)
        self.dropped.emit(kind, edge.edge if edge is not None else None, where)
