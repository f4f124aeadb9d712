"""Connecting and arranging layers."""

from __future__ import annotations

from PySide6.QtCore import QObject

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core import edits, network_edits
from cnnstudio.core.layout import HEIGHT, WIDTH
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.network.cards import entries_of, exit_of, group_of_card
from cnnstudio.gui.pages.network.editor import NetworkEditor


class Arrangement(QObject):
    """Connections and positions; each change is one edit."""

    def __init__(self, editor: NetworkEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def connect_layers(self, source: str, target: str) -> None:
        """Connect two layers or cards; a layer that takes one input changes its source."""
        network = self._editor.network
        start, card = exit_of(network, source), group_of_card(network, target)
        members = set(card.nodes) if card is not None else set()

        def connect_node(project: Project) -> Project:
            for entry in entries_of(network, target):
                node = project.network.node(entry)
                layer = LAYERS.find(node.type) if node is not None else None
                if layer is not None and layer.maximum_inputs == 0:
                    continue
                many = layer is not None and (layer.maximum_inputs is None or layer.maximum_inputs > 1)
                outer = next((edge for edge in project.network.edges
                              if card is not None and edge.target == entry and edge.source not in members), None)
                if outer is not None and many:
                    # Only the connections that enter a block from outside change; those inside stay.
                    edges = tuple(edits.replace(edge, source=start) if edge == outer else edge
                                  for edge in project.network.edges)
                    project = edits.set_network(project, edits.replace(project.network, edges=edges))
                else:
                    project = edits.connect(project, start, entry, many=many)
            return project

        self._editor.edit(connect_node, Text("Connect", "Conectar"))

    def connect_chosen(self) -> None:
        """Connect the selected layers from top to bottom."""
        items = sorted(self._editor.scene.chosen_items(), key=lambda item: (item.y(), item.x()))
        if len(items) < 2:
            self._editor.warn(Text("Select two or more layers to connect them from top to bottom.",
                                   "Seleccione dos o más capas para conectarlas de arriba abajo."))
        for upper, lower in zip(items, items[1:], strict=False):
            self.connect_layers(upper.id, lower.id)

    def move(self, positions: dict[str, tuple[float, float]]) -> None:
        """Move layers, cards and notes to these positions."""
        if not positions:
            return

        def move_all(project: Project) -> Project:
            project = edits.move_nodes(project, positions)
            for name, place in positions.items():
                group = group_of_card(self._editor.network, name)
                if group is not None:
                    project = network_edits.set_group(project, group.id, position=place)
                elif any(note.id == name for note in project.network.notes) and project.network.node(name) is None:
                    project = network_edits.set_note(project, name, position=place)
            return project

        self._editor.edit(move_all, Text("Move", "Mover"))

    def arrange(self) -> None:
        """Remove all manual positions: the automatic layout places everything."""
        network = self._editor.network
        plain = tuple(edits.replace(node, position=None) for node in network.nodes)
        groups = tuple(edits.replace(group, position=None) for group in network.groups)
        self._editor.edit(lambda project: edits.set_network(project, edits.replace(network, nodes=plain, groups=groups)),
                          Text("Arrange", "Ordenar"))
        self._editor.arranged.emit()

    def _boxes(self) -> dict[str, tuple[float, float, float, float]]:
        return {item.id: (item.x(), item.y(), WIDTH, HEIGHT) for item in self._editor.scene.chosen_items()}

    def align(self, side: network_edits.Align) -> None:
        self.move(network_edits.aligned_positions(self._boxes(), side))

    def distribute(self, down: bool) -> None:
        self.move(network_edits.distributed_positions(self._boxes(), down=down))
