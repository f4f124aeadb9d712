"""What can be done on the canvas: every action is one edit of the project, undone as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import QMimeData, QObject, QPointF
from PySide6.QtGui import QAction, QGuiApplication

from cnnstudio.catalog.blocks import BLOCKS, insert_block
from cnnstudio.catalog.layers import LAYERS, id_stem
from cnnstudio.core import edits, network_edits
from cnnstudio.core.graph import topological_order
from cnnstudio.core.groups import border
from cnnstudio.core.layout import HEIGHT, WIDTH
from cnnstudio.core.network import INPUT, OUTPUT, Edge, Group, NetworkSpec, Node
from cnnstudio.core.problems import error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.network.canvas.display import CARD
from cnnstudio.gui.pages.network.palette import BLOCK, entries
from cnnstudio.gui.window.actions import Entry
from cnnstudio.gui.window.palette import CommandPalette

if TYPE_CHECKING:
    from cnnstudio.gui.pages.network.page import NetworkPage

MIME: Final = "application/x-cnnstudio-network"
"""Layers on the clipboard, as JSON of a NetworkSpec."""


class NetworkWork(QObject):
    """The actions of the Network page's canvas."""

    def __init__(self, page: NetworkPage) -> None:
        super().__init__(page)
        self._page = page
        self._pasted = 0
        self._commands: dict[str, Callable[[], object]] = {
            "copy": self.copy, "cut": self.cut, "paste": self.paste, "duplicate": self.duplicate, "group": self.group,
            "ungroup": self.ungroup, "toggle": self.toggle, "connect": self.connect_chosen, "remove": self.remove,
            "all": self.choose_all, "arrange": self.arrange}

    def do(self, action: str) -> None:
        """Carry out an action by its id."""
        if action == "find":
            self._page.canvas.finder.open()
        else:
            self._commands[action]()

    @property
    def _network(self) -> NetworkSpec:
        return self._page.session.project.network

    def _edit(self, function: Callable[[Project], Project], label: Text, *, choose: bool = False) -> list[str]:
        """Do an edit; the ids of layers that are new, which are chosen then."""
        before = {node.id for node in self._network.nodes}
        if not self._page.session.edit(function, label):
            return []
        new = [node.id for node in self._network.nodes if node.id not in before]
        if choose and new:
            self._page.scene.choose(new)
            self._page.canvas.reveal(new[0])
        return new

    # Inserting -----------------------------------------------------------------------------------

    def insert(self, kind: str, edge: Edge | None = None, where: object = None) -> None:
        """A new layer or block: on `edge`, after the node `where`, at the place `where`, else where it makes sense."""
        position = where if isinstance(where, tuple) and edge is None else None
        source: str | None = None
        if edge is None and position is None:
            source, edge = self._sensible_place(where)
        if kind.startswith(BLOCK):
            self._insert_block(kind[len(BLOCK):], source, edge)
            return
        node = Node(id=id_stem(kind), type=kind, position=position)
        if kind == INPUT:
            edge = source = None

        def added(project: Project) -> Project:
            before = [each.id for each in project.network.nodes]
            project = edits.add_node(project, node, source=source, edge=edge)
            return project if source is None else network_edits.put_behind(project, source, before)

        if self._edit(added, Text("Add {layer}", "Añadir {layer}").fill(layer=kind), choose=True):
            self._page.show_view("canvas")

    def _sensible_place(self, where: object) -> tuple[str | None, Edge | None]:
        """(layer to stand behind, connection to stand in): by `where`, what is chosen, or the network's end."""
        network = self._network
        edge: Edge | None = None
        source: str | None = None
        chosen, nodes = self._page.scene.chosen_edges(), self._page.scene.chosen_nodes()
        if isinstance(where, str):
            source = self._exit_of(where)
        elif chosen:
            edge = chosen[0]
        elif nodes:
            source = nodes[-1]
        elif (output := self._page.report.output) is not None:
            edge = next((each for each in network.edges if each.target == output), None)
            source = None if edge is not None else output
        if source is not None:
            leaving = [each for each in network.edges if each.source == source]
            if len(leaving) == 1:
                edge, source = leaving[0], None
        return source, edge

    def _insert_block(self, block: str, source: str | None, edge: Edge | None) -> None:
        entry = edge.source if edge is not None else source
        if entry is None:
            entry = next((node.id for node in reversed(self._network.nodes) if node.type != OUTPUT), None)
            source = entry
        shape = self._page.report.nodes[entry].shape if entry is not None else None
        label = BLOCKS[block].label

        def inserted(project: Project) -> Project:
            before = {node.id for node in project.network.nodes}
            changed = insert_block(project, block, shape or (), source, edge)
            if edge is None and source is not None:
                changed = network_edits.put_behind(changed, source, before)
            new = [node.id for node in changed.network.nodes if node.id not in before]
            return network_edits.group_nodes(changed, new, str(label))

        if self._edit(inserted, Text("Add {layer}", "Añadir {layer}").fill(layer=label), choose=True):
            self._page.show_view("canvas")

    def ask_layer(self, text: str = "", where: object = None) -> CommandPalette:
        """Offer all layers and blocks by a few letters of their names; the chosen one is inserted."""
        offered: list[tuple[Entry, QAction]] = []
        for _family, lines in entries():
            for each in lines:
                offered.append(self._offer(each.id, each.title, "grid" if each.id.startswith(BLOCK) else "layers", where))
        palette = CommandPalette(offered, self._page.canvas, tr("Insert a layer or a block", "Insertar una capa o un bloque"))
        palette.type(text)
        palette.show()
        return palette

    def _offer(self, kind: str, label: Text, icon: str, where: object) -> tuple[Entry, QAction]:
        action = QAction(str(label), self)
        action.triggered.connect(lambda: self.insert(kind, None, where))
        return Entry(kind, label, icon), action

    # Connecting and moving -----------------------------------------------------------------------

    def _exit_of(self, item: str) -> str:
        """The layer that gives a card's answer; a layer itself."""
        group = self._card(item)
        if group is None:
            return item
        leaving = border(self._network, group)[1]
        return next((node for node in reversed(group.nodes) if node in leaving), group.nodes[-1])

    def _entries_of(self, item: str) -> list[str]:
        """The layers of a card that are fed from outside, or that nothing feeds; a layer itself."""
        group = self._card(item)
        if group is None:
            return [item]
        members = set(group.nodes)
        inner = {edge.target for edge in self._network.edges if edge.source in members}
        outer = [node for node in group.nodes
                 if any(edge.target == node and edge.source not in members for edge in self._network.edges)]
        return outer or [node for node in group.nodes if node not in inner] or [group.nodes[0]]

    def _card(self, item: str) -> Group | None:
        if not item.startswith(CARD):
            return None
        return next(group for group in self._network.groups if CARD + group.id == item)

    def connect_layers(self, source: str, target: str) -> None:
        """Connect two layers or cards; a layer that takes one input changes its source."""
        start, card = self._exit_of(source), self._card(target)
        members = set(card.nodes) if card is not None else set()

        def connected(project: Project) -> Project:
            for entry in self._entries_of(target):
                node = project.network.node(entry)
                layer = LAYERS.find(node.type) if node is not None else None
                if layer is not None and layer.maximum_inputs == 0:
                    continue
                many = layer is not None and (layer.maximum_inputs is None or layer.maximum_inputs > 1)
                outer = next((edge for edge in project.network.edges
                              if card is not None and edge.target == entry and edge.source not in members), None)
                if outer is not None and many:
                    # What enters a block from outside comes from somewhere else now; the ways inside stay.
                    edges = tuple(edits.replace(each, source=start) if each == outer else each
                                  for each in project.network.edges)
                    project = edits.set_network(project, edits.replace(project.network, edges=edges))
                else:
                    project = edits.connect(project, start, entry, many=many)
            return project

        self._edit(connected, Text("Connect", "Conectar"))

    def connect_chosen(self) -> None:
        """Connect the chosen layers in the order in which they stand, top to bottom."""
        items = sorted(self._page.scene.chosen_items(), key=lambda item: (item.y(), item.x()))
        if len(items) < 2:
            self._tell(Text("Choose two layers or more to connect them from top to bottom.",
                            "Elija dos capas o más para conectarlas de arriba abajo."))
        for upper, lower in zip(items, items[1:], strict=False):
            self.connect_layers(upper.id, lower.id)

    def _tell(self, text: Text) -> None:
        self._page.session.notice(error("nothing_chosen", text, "network"))

    def move(self, positions: dict[str, tuple[float, float]]) -> None:
        """Layers, cards and notes stand there now."""
        if not positions:
            return

        def moved(project: Project) -> Project:
            project = edits.move_nodes(project, positions)
            for name, place in positions.items():
                group = self._card(name)
                if group is not None:
                    project = network_edits.set_group(project, group.id, position=place)
                elif any(note.id == name for note in project.network.notes) and project.network.node(name) is None:
                    project = network_edits.set_note(project, name, position=place)
            return project

        self._edit(moved, Text("Move", "Mover"))

    def arrange(self) -> None:
        """Forget where things were put: everything stands where the layout puts it."""
        network = self._network
        plain = tuple(edits.replace(node, position=None) for node in network.nodes)
        groups = tuple(edits.replace(group, position=None) for group in network.groups)
        self._edit(lambda project: edits.set_network(project, edits.replace(network, nodes=plain, groups=groups)),
                   Text("Arrange", "Ordenar"))
        self._page.canvas.fit()

    def _boxes(self) -> dict[str, tuple[float, float, float, float]]:
        return {item.id: (item.x(), item.y(), WIDTH, HEIGHT) for item in self._page.scene.chosen_items()}

    def align(self, side: network_edits.Align) -> None:
        self.move(network_edits.aligned(self._boxes(), side))

    def distribute(self, down: bool) -> None:
        self.move(network_edits.distributed(self._boxes(), down=down))

    # Choosing, removing, copying -----------------------------------------------------------------

    def choose_all(self) -> None:
        self._page.scene.choose([node.id for node in self._network.nodes])

    def remove(self) -> None:
        scene = self._page.scene
        nodes, links, notes = scene.chosen_nodes(), scene.chosen_edges(), scene.chosen_notes()
        if nodes or notes:
            self._edit(lambda project: network_edits.remove_notes(edits.remove_nodes(project, nodes), notes),
                       Text("Remove", "Eliminar"))
        elif links:
            def cut(project: Project) -> Project:
                for edge in links:
                    project = edits.disconnect(project, edge)
                return project

            self._edit(cut, Text("Disconnect", "Desconectar"))

    def _piece(self) -> NetworkSpec:
        """The chosen layers where they stand."""
        part = network_edits.piece(self._network, self._page.scene.chosen_nodes())
        places = {name: (item.x(), item.y()) for name, item in self._page.scene.nodes.items()}
        return edits.replace(part, nodes=tuple(edits.replace(node, position=places.get(node.id, node.position))
                                               for node in part.nodes))

    def copy(self) -> bool:
        """The chosen layers on the clipboard, for this project or another."""
        part = self._piece()
        if not part.nodes:
            return False
        data = QMimeData()
        words = msgspec.json.encode(part)
        data.setData(MIME, words)
        data.setText(words.decode())
        QGuiApplication.clipboard().setMimeData(data)
        self._pasted = 0
        return True

    def cut(self) -> None:
        if self.copy():
            self.remove()

    def paste(self) -> None:
        """What is on the clipboard, a little aside; in another project in the middle of the view."""
        part = on_clipboard()
        if part is None:
            self._tell(Text("There are no layers on the clipboard: copy some on a canvas first.",
                            "No hay capas en el portapapeles: copie antes algunas en un lienzo."))
            return
        self._pasted += 1
        offset = QPointF(network_edits.OFFSET, network_edits.OFFSET) * self._pasted
        known = {node.id for node in self._network.nodes}
        placed = {node.id: QPointF(*node.position) for node in part.nodes if node.position is not None}
        if placed and not any(node.id in known for node in part.nodes):
            middle = sum(placed.values(), QPointF()) / len(placed)
            offset = self._page.canvas.visible_part().center() - middle - QPointF(WIDTH / 2, HEIGHT / 2)
        positions = {name: ((place + offset).x(), (place + offset).y()) for name, place in placed.items()}
        self._edit(lambda project: network_edits.paste(project, part, positions)[0], Text("Paste", "Pegar"), choose=True)

    def duplicate(self) -> None:
        """A copy of the chosen layers with the connections among them, beside the originals."""
        part = self._piece()
        width = max((item.x() for item in self._page.scene.chosen_items()), default=0.0) - min(
            (item.x() for item in self._page.scene.chosen_items()), default=0.0)
        positions = {node.id: (node.position[0] + width + WIDTH + 28, node.position[1])
                     for node in part.nodes if node.position is not None}
        if part.nodes:
            self._edit(lambda project: network_edits.paste(project, part, positions)[0],
                       Text("Duplicate", "Duplicar"), choose=True)

    # Groups and notes ----------------------------------------------------------------------------

    def chosen_group(self) -> Group | None:
        """The group whose layers, and no others, are chosen."""
        chosen = set(self._page.scene.chosen_nodes())
        return next((group for group in self._network.groups if set(group.nodes) == chosen), None)

    def group(self) -> None:
        chosen = self._page.scene.chosen_nodes()
        if not [each for each in chosen if (node := self._network.node(each)) is not None and node.type != INPUT]:
            self._tell(Text("Choose the layers of the block first.", "Elija antes las capas del bloque."))
            return
        name = tr("Block {n}", "Bloque {n}", n=len(self._network.groups) + 1)
        self._edit(lambda project: network_edits.group_nodes(project, chosen, name), Text("Group", "Agrupar"))
        self._page.scene.choose(chosen)

    def ungroup(self) -> None:
        chosen = self._page.scene.chosen_nodes()
        gone = [group.id for group in self._network.groups if set(chosen) & set(group.nodes)]

        def apart(project: Project) -> Project:
            for each in gone:
                project = network_edits.ungroup(project, each)
            return project

        if gone:
            self._edit(apart, Text("Ungroup", "Desagrupar"))
            self._page.scene.choose(chosen)

    def toggle(self, identifier: str = "") -> None:
        """Collapse a group or open it: that one, or those of the chosen layers."""
        chosen = set(self._page.scene.chosen_nodes())
        groups = [group for group in self._network.groups
                  if group.id == identifier or (not identifier and chosen & set(group.nodes))]
        if not groups:
            return
        collapsed = not groups[0].collapsed

        def toggled(project: Project) -> Project:
            for group in groups:
                project = network_edits.set_group(project, group.id, collapsed=collapsed)
            return project

        self._edit(toggled, Text("Collapse", "Plegar") if collapsed else Text("Open the block", "Abrir el bloque"))
        self._page.scene.choose([node for group in groups for node in group.nodes])

    def add_note(self, place: QPointF) -> None:
        """A note there, ready to be written in."""
        before = {note.id for note in self._network.notes}
        words = tr("Note", "Nota")
        self._edit(lambda project: network_edits.add_note(project, words, (place.x(), place.y())),
                   Text("Add a note", "Añadir una nota"))
        for identifier in [note.id for note in self._network.notes if note.id not in before]:
            self._page.scene.notes[identifier].write()

    def write_note(self, identifier: str, text: str) -> None:
        note = next((each for each in self._network.notes if each.id == identifier), None)
        if note is not None and note.text != text:
            self._edit(lambda project: network_edits.set_note(project, identifier, text=text),
                       Text("Write a note", "Escribir una nota"))


def on_clipboard() -> NetworkSpec | None:
    """Layers that were copied on a canvas; None where there is anything else."""
    data = QGuiApplication.clipboard().mimeData()
    words = bytes(data.data(MIME).data()) if data is not None and data.hasFormat(MIME) else (
        data.text().encode() if data is not None and data.hasText() else b"")
    try:
        part = msgspec.json.decode(words, type=NetworkSpec)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    ids = [node.id for node in part.nodes]
    sound = len(set(ids)) == len(ids) and not topological_order(ids, [(each.source, each.target) for each in part.edges])[1]
    return part if part.nodes and sound else None
