"""The menu of the canvas, and the export of the drawing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QPoint, QPointF, Qt
from PySide6.QtWidgets import QMenu

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import icons
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.pages.network.actions import NetworkActions
from cnnstudio.gui.pages.network.canvas.view import NetworkView
from cnnstudio.gui.pages.network.clipboard import on_clipboard
from cnnstudio.gui.pages.network.editor import NetworkEditor

_ALIGN: Final = {
    "left": Text("Left", "A la izquierda"), "center": Text("Centre", "Al centro"),
    "right": Text("Right", "A la derecha"), "top": Text("Top", "Arriba"),
    "middle": Text("Middle", "En medio"), "bottom": Text("Bottom", "Abajo"),
}


class NetworkMenu(QObject):
    """The context menu with all actions on the selection."""

    def __init__(self, editor: NetworkEditor, actions: NetworkActions, canvas: NetworkView) -> None:
        super().__init__(editor)
        self._editor, self._actions, self._canvas = editor, actions, canvas

    def show(self, at: QPoint, place: QPointF) -> QMenu:
        """Show the menu at a position of the screen and of the canvas."""
        scene, actions = self._editor.scene, self._actions
        arrangement, clipboard, grouping = actions.arrangement, actions.clipboard, actions.grouping
        items, group = scene.chosen_items(), grouping.chosen_group()
        grouped = any(self._editor.network.group_of(node) is not None for node in scene.chosen_nodes())
        menu = QMenu(self._canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def add(label: str, action: Callable[[], object], icon: str = "", keys: str = "", enabled: bool = True,
                to: QMenu = menu) -> None:
            item = to.addAction(label, action)
            item.setEnabled(enabled)
            if icon:
                item.setIcon(icons.icon(icon, "dim"))
            if keys:
                item.setShortcut(keys)
                # The shortcut is only displayed: the canvas handles the keys itself.
                item.setShortcutVisibleInContextMenu(True)

        add(tr("Insert a layer…", "Insertar una capa…"),
            lambda: actions.insertion.ask_layer(self._canvas, "", None if items else (place.x(), place.y())), "plus", "Insert")
        add(tr("Add a note", "Añadir una nota"), lambda: actions.add_note(place), "edit")
        menu.addSeparator()
        add(tr("Cut", "Cortar"), actions.cut, "", "Ctrl+X", bool(items))
        add(tr("Copy", "Copiar"), clipboard.copy, "copy", "Ctrl+C", bool(items))
        add(tr("Paste", "Pegar"), clipboard.paste, "", "Ctrl+V", on_clipboard() is not None)
        add(tr("Duplicate", "Duplicar"), clipboard.duplicate, "", "Ctrl+D", bool(items))
        add(tr("Remove", "Eliminar"), actions.remove, "trash", "Del",
            bool(items or scene.chosen_edges() or scene.chosen_notes()))
        menu.addSeparator()
        add(tr("Connect from top to bottom", "Conectar de arriba abajo"), arrangement.connect_chosen, "link", "Ctrl+L",
            len(items) > 1)
        add(tr("Group as a block", "Agrupar en un bloque"), grouping.group, "layers", "Ctrl+G", bool(items) and group is None)
        add(tr("Ungroup", "Desagrupar"), grouping.ungroup, "", "Ctrl+Shift+G", grouped)
        opened = group is not None and group.collapsed
        add(tr("Open the block", "Abrir el bloque") if opened else tr("Collapse the block", "Plegar el bloque"),
            grouping.toggle, "", "Ctrl+E", grouped)
        lines = menu.addMenu(tr("Align", "Alinear"))
        lines.setEnabled(len(items) > 1)
        for side, label in _ALIGN.items():
            add(str(label), partial(arrangement.align, side), to=lines)  # type: ignore[arg-type]
        lines.addSeparator()
        add(tr("Distribute vertically", "Distribuir en vertical"), partial(arrangement.distribute, True),
            enabled=len(items) > 2, to=lines)
        add(tr("Distribute horizontally", "Distribuir en horizontal"), partial(arrangement.distribute, False),
            enabled=len(items) > 2, to=lines)
        menu.addSeparator()
        add(tr("Find a layer…", "Buscar una capa…"), self._canvas.finder.open, "search", "Ctrl+F")
        add(tr("Arrange all", "Ordenar todo"), arrangement.arrange)
        add(tr("Save as a drawing…", "Guardar como dibujo…"), self.print_drawing, "export")
        menu.popup(at)
        return menu

    def print_drawing(self) -> None:
        """Ask for a path and write the canvas there as SVG, PDF or PNG."""
        session = self._editor.session
        kinds = tr("Drawing", "Dibujo")
        path = ask_save_path(session, self._canvas, tr("Save as a drawing", "Guardar como dibujo"),
                             f"{session.project.name or 'network'}.svg",
                             f"{kinds} SVG (*.svg);;{kinds} PDF (*.pdf);;{kinds} PNG (*.png)")
        if path is not None:
            self.write_drawing(path)

    def write_drawing(self, path: Path) -> bool:
        """Write the canvas into a file; False, with a message, where that fails."""
        from cnnstudio.catalog.exporters import DRAWINGS
        from cnnstudio.gui.pages.network.canvas.printing import draw

        if path.suffix.lower() not in DRAWINGS:
            path = path.with_name(path.name + ".svg")
        try:
            draw(self._editor.scene, path, self._editor.session.project.name)
        except ProblemError as err:
            self._editor.session.report(*err.problems)
            return False
        report_saved(self._editor.session, path)
        return True
