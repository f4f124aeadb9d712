"""Groups of layers: grouped, collapsed, ungrouped."""

from __future__ import annotations

from PySide6.QtCore import QObject

from cnnstudio.core import network_edits
from cnnstudio.core.network import INPUT, Group
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.network.editor import NetworkEditor


class Grouping(QObject):
    """Actions on groups; each change is one edit."""

    def __init__(self, editor: NetworkEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def chosen_group(self) -> Group | None:
        """The group whose layers, and no others, are selected."""
        chosen = set(self._editor.scene.chosen_nodes())
        return next((group for group in self._editor.network.groups if set(group.nodes) == chosen), None)

    def group(self) -> None:
        chosen = self._editor.scene.chosen_nodes()
        if not [name for name in chosen if (node := self._editor.network.node(name)) is not None and node.type != INPUT]:
            self._editor.warn(Text("Select the layers of the block first.", "Seleccione antes las capas del bloque."))
            return
        name = tr("Block {n}", "Bloque {n}", n=len(self._editor.network.groups) + 1)
        self._editor.edit(lambda project: network_edits.group_nodes(project, chosen, name), Text("Group", "Agrupar"))
        self._editor.scene.choose(chosen)

    def ungroup(self) -> None:
        chosen = self._editor.scene.chosen_nodes()
        gone = [group.id for group in self._editor.network.groups if set(chosen) & set(group.nodes)]

        def ungroup_all(project: Project) -> Project:
            for group in gone:
                project = network_edits.ungroup(project, group)
            return project

        if gone:
            self._editor.edit(ungroup_all, Text("Ungroup", "Desagrupar"))
            self._editor.scene.choose(chosen)

    def toggle(self, identifier: str = "") -> None:
        """Collapse or open a group: that one, or those of the selected layers."""
        chosen = set(self._editor.scene.chosen_nodes())
        groups = [group for group in self._editor.network.groups
                  if group.id == identifier or (not identifier and chosen & set(group.nodes))]
        if not groups:
            return
        collapsed = not groups[0].collapsed

        def toggle_all(project: Project) -> Project:
            for group in groups:
                project = network_edits.set_group(project, group.id, collapsed=collapsed)
            return project

        self._editor.edit(toggle_all, Text("Collapse", "Plegar") if collapsed
                          else Text("Open the block", "Abrir el bloque"))
        self._editor.scene.choose([node for group in groups for node in group.nodes])
