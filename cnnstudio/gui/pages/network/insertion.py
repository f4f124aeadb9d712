"""Inserting layers and blocks into the network, by name or by drop."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.blocks import BLOCKS, insert_block
from cnnstudio.catalog.layers import id_stem
from cnnstudio.core import edits, network_edits
from cnnstudio.core.network import INPUT, OUTPUT, Edge, Node
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.network.cards import exit_of
from cnnstudio.gui.pages.network.editor import NetworkEditor
from cnnstudio.gui.pages.network.palette import BLOCK, entries
from cnnstudio.gui.widgets.command_palette import CommandPalette, PaletteItem


class Insertion(QObject):
    """Every insertion is one edit."""

    def __init__(self, editor: NetworkEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def insert(self, kind: str, edge: Edge | None = None, where: object = None) -> None:
        """Insert a layer or block: on `edge`, after the node `where`, at the position `where`, else at the default
        position."""
        position = where if isinstance(where, tuple) and edge is None else None
        source: str | None = None
        if edge is None and position is None:
            source, edge = self._default_position(where)
        if kind.startswith(BLOCK):
            self._insert_block(kind[len(BLOCK):], source, edge)
            return
        node = Node(id=id_stem(kind), type=kind, position=position)
        if kind == INPUT:
            edge = source = None

        def add(project: Project) -> Project:
            before = [node.id for node in project.network.nodes]
            project = edits.add_node(project, node, source=source, edge=edge)
            return project if source is None else network_edits.insert_after(project, source, before)

        if self._editor.edit(add, Text("Add {layer}", "Añadir {layer}").fill(layer=kind), choose=True):
            self._editor.layer_inserted.emit()

    def _default_position(self, where: object) -> tuple[str | None, Edge | None]:
        """(layer to insert after, connection to insert into): by `where`, the selection, or the network's end."""
        network = self._editor.network
        edge: Edge | None = None
        source: str | None = None
        chosen, nodes = self._editor.scene.chosen_edges(), self._editor.scene.chosen_nodes()
        if isinstance(where, str):
            source = exit_of(self._editor.network, where)
        elif chosen:
            edge = chosen[0]
        elif nodes:
            source = nodes[-1]
        elif (output := self._editor.report.output) is not None:
            edge = next((edge for edge in network.edges if edge.target == output), None)
            source = None if edge is not None else output
        if source is not None:
            leaving = [edge for edge in network.edges if edge.source == source]
            if len(leaving) == 1:
                edge, source = leaving[0], None
        return source, edge

    def _insert_block(self, block: str, source: str | None, edge: Edge | None) -> None:
        entry = edge.source if edge is not None else source
        if entry is None:
            entry = next((node.id for node in reversed(self._editor.network.nodes) if node.type != OUTPUT), None)
            source = entry
        shape = self._editor.report.nodes[entry].shape if entry is not None else None
        label = BLOCKS[block].label

        def insert_layer(project: Project) -> Project:
            before = {node.id for node in project.network.nodes}
            changed = insert_block(project, block, shape or (), source, edge)
            if edge is None and source is not None:
                changed = network_edits.insert_after(changed, source, before)
            new = [node.id for node in changed.network.nodes if node.id not in before]
            return network_edits.group_nodes(changed, new, str(label))

        if self._editor.edit(insert_layer, Text("Add {layer}", "Añadir {layer}").fill(layer=label), choose=True):
            self._editor.layer_inserted.emit()

    def ask_layer(self, parent: QWidget, text: str = "", where: object = None) -> CommandPalette:
        """Search all layers and blocks by a few letters of their names; the chosen one is inserted."""
        offered: list[PaletteItem] = []
        for _family, lines in entries():
            for line in lines:
                icon = "grid" if line.id.startswith(BLOCK) else "layers"
                offered.append(self._offer(line.id, line.title, icon, where))
        palette = CommandPalette(offered, parent, tr("Insert a layer or a block", "Insertar una capa o un bloque"))
        palette.set_query(text)
        palette.show()
        return palette

    def _offer(self, kind: str, label: Text, icon: str, where: object) -> PaletteItem:
        action = QAction(str(label), self)
        action.triggered.connect(lambda: self.insert(kind, None, where))
        return PaletteItem(label, action, icon)
