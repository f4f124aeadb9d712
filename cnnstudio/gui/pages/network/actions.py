"""The actions of the canvas by id; every action is one edit of the project and one undo step."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF

from cnnstudio.core import edits, network_edits
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.network.arrangement import Arrangement
from cnnstudio.gui.pages.network.clipboard import Clipboard
from cnnstudio.gui.pages.network.editor import NetworkEditor
from cnnstudio.gui.pages.network.grouping import Grouping
from cnnstudio.gui.pages.network.insertion import Insertion


class NetworkActions(QObject):
    """The actions of the canvas; `insertion`, `arrangement`, `clipboard` and `grouping` implement their parts."""

    def __init__(self, editor: NetworkEditor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.insertion, self.arrangement = Insertion(editor), Arrangement(editor)
        self.clipboard, self.grouping = Clipboard(editor), Grouping(editor)
        self._by_id: dict[str, Callable[[], object]] = {
            "copy": self.clipboard.copy, "cut": self.cut, "paste": self.clipboard.paste,
            "duplicate": self.clipboard.duplicate, "group": self.grouping.group, "ungroup": self.grouping.ungroup,
            "toggle": self.grouping.toggle, "connect": self.arrangement.connect_chosen, "remove": self.remove,
            "all": self.choose_all, "arrange": self.arrangement.arrange}

    def do(self, action: str) -> None:
        """Run an action by its id."""
        self._by_id[action]()

    def choose_all(self) -> None:
        self._editor.scene.choose([node.id for node in self._editor.network.nodes])

    def cut(self) -> None:
        """Copy the selection, and remove it."""
        if self.clipboard.copy():
            self.remove()

    def remove(self) -> None:
        scene = self._editor.scene
        nodes, links, notes = scene.chosen_nodes(), scene.chosen_edges(), scene.chosen_notes()
        if nodes or notes:
            self._editor.edit(lambda project: network_edits.remove_notes(edits.remove_nodes(project, nodes), notes),
                              Text("Remove", "Eliminar"))
        elif links:
            def cut(project: Project) -> Project:
                for edge in links:
                    project = edits.disconnect(project, edge)
                return project

            self._editor.edit(cut, Text("Disconnect", "Desconectar"))

    def add_note(self, place: QPointF) -> None:
        """Add a note at this position and edit it."""
        before = {note.id for note in self._editor.network.notes}
        text = tr("Note", "Nota")
        self._editor.edit(lambda project: network_edits.add_note(project, text, (place.x(), place.y())),
                          Text("Add a note", "Añadir una nota"))
        for identifier in [note.id for note in self._editor.network.notes if note.id not in before]:
            self._editor.scene.notes[identifier].start_editing()

    def edit_note(self, identifier: str, text: str) -> None:
        note = next((note for note in self._editor.network.notes if note.id == identifier), None)
        if note is not None and note.text != text:
            self._editor.edit(lambda project: network_edits.set_note(project, identifier, text=text),
                              Text("Write a note", "Escribir una nota"))
