"""Layers on the clipboard, and copies of them."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import QMimeData, QObject, QPointF
from PySide6.QtGui import QGuiApplication

from cnnstudio.core import edits, network_edits
from cnnstudio.core.graph import topological_order
from cnnstudio.core.layout import HEIGHT, WIDTH
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.network.editor import NetworkEditor

MIME: Final = "application/x-cnnstudio-network"
"""Layers on the clipboard, as JSON of a NetworkSpec."""


class Clipboard(QObject):
    """Copies and pastes the selection."""

    def __init__(self, editor: NetworkEditor) -> None:
        super().__init__(editor)
        self._editor = editor
        self._pasted = 0

    def _piece(self) -> NetworkSpec:
        """The selected layers with their positions."""
        part = network_edits.subnetwork(self._editor.network, self._editor.scene.chosen_nodes())
        places = {name: (item.x(), item.y()) for name, item in self._editor.scene.nodes.items()}
        return edits.replace(part, nodes=tuple(edits.replace(node, position=places.get(node.id, node.position))
                                               for node in part.nodes))

    def copy(self) -> bool:
        """Copy the selected layers to the clipboard, for this project or another."""
        part = self._piece()
        if not part.nodes:
            return False
        data = QMimeData()
        encoded = msgspec.json.encode(part)
        data.setData(MIME, encoded)
        data.setText(encoded.decode())
        QGuiApplication.clipboard().setMimeData(data)
        self._pasted = 0
        return True

    def paste(self) -> None:
        """Paste a little aside; in another project in the middle of the view."""
        part = on_clipboard()
        if part is None:
            self._editor.warn(Text("There are no layers on the clipboard: copy some on a canvas first.",
                                   "No hay capas en el portapapeles: copie antes algunas en un lienzo."))
            return
        self._pasted += 1
        offset = QPointF(network_edits.OFFSET, network_edits.OFFSET) * self._pasted
        existing = {node.id for node in self._editor.network.nodes}
        placed = {node.id: QPointF(*node.position) for node in part.nodes if node.position is not None}
        if placed and not any(node.id in existing for node in part.nodes):
            middle = sum(placed.values(), QPointF()) / len(placed)
            offset = self._editor.visible_center() - middle - QPointF(WIDTH / 2, HEIGHT / 2)
        positions = {name: ((place + offset).x(), (place + offset).y()) for name, place in placed.items()}
        self._editor.edit(lambda project: network_edits.paste(project, part, positions)[0],
                          Text("Paste", "Pegar"), choose=True)

    def duplicate(self) -> None:
        """Duplicate the selected layers with the connections among them, beside the originals."""
        part = self._piece()
        width = max((item.x() for item in self._editor.scene.chosen_items()), default=0.0) - min(
            (item.x() for item in self._editor.scene.chosen_items()), default=0.0)
        positions = {node.id: (node.position[0] + width + WIDTH + 28, node.position[1])
                     for node in part.nodes if node.position is not None}
        if part.nodes:
            self._editor.edit(lambda project: network_edits.paste(project, part, positions)[0],
                              Text("Duplicate", "Duplicar"), choose=True)


def on_clipboard() -> NetworkSpec | None:
    """Layers on the clipboard that were copied from a canvas; None for other contents."""
    data = QGuiApplication.clipboard().mimeData()
    encoded = bytes(data.data(MIME).data()) if data is not None and data.hasFormat(MIME) else (
        data.text().encode() if data is not None and data.hasText() else b"")
    try:
        part = msgspec.json.decode(encoded, type=NetworkSpec)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    ids, edges = [node.id for node in part.nodes], [(edge.source, edge.target) for edge in part.edges]
    sound = len(set(ids)) == len(ids) and not topological_order(ids, edges)[1]
    return part if part.nodes and sound else None
