"""Every action of the window once: id, words, icon, shortcut. Menus, shortcuts and the palette follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.core.text import Text
from cnnstudio.gui.look import icons
from cnnstudio.gui.pages import PageEntry


@dataclass(frozen=True)
class Entry:
    """One action. `menu` is the group it stands in; "" means palette and shortcut only."""

    id: str
    label: Text
    icon: str = ""
    shortcut: str = ""
    menu: str = "file"
    project: bool = False
    """Whether it needs an open project."""


ENTRIES: Final = (
    Entry("new", Text("New project from a folder…", "Nuevo proyecto desde una carpeta…"), "folder-plus", "Ctrl+N"),
    Entry("open", Text("Open project…", "Abrir proyecto…"), "folder", "Ctrl+O"),
    Entry("sample", Text("Open the sample project", "Abrir el proyecto de ejemplo"), "star"),
    Entry("save", Text("Save", "Guardar"), "save", "Ctrl+S", project=True),
    Entry("show_folder", Text("Show the project's folder", "Mostrar la carpeta del proyecto"), "open", project=True),
    Entry("close_project", Text("Close project", "Cerrar proyecto"), "close", "Ctrl+W", project=True),
    Entry("quit", Text("Quit", "Salir"), "", "Ctrl+Q"),
    Entry("undo", Text("Undo", "Deshacer"), "undo", "Ctrl+Z", "edit", project=True),
    Entry("redo", Text("Redo", "Rehacer"), "redo", "Ctrl+Shift+Z", "edit", project=True),
    Entry("problems", Text("Problems…", "Problemas…"), "warning", "Ctrl+Shift+M", "edit", project=True),
    Entry("choose_folder", Text("Choose the folder of pictures…", "Elegir la carpeta de imágenes…"), "folder", "",
          "edit", project=True),
    Entry("add_pictures", Text("Add pictures…", "Añadir imágenes…"), "folder-plus", "", "edit", project=True),
    Entry("webcam", Text("Record pictures with the camera…", "Grabar imágenes con la cámara…"), "image", "", "edit",
          project=True),
    Entry("download", Text("Download a free collection…", "Descargar una colección libre…"), "export", "", "file"),
    Entry("collect", Text("Export the collection…", "Exportar la colección…"), "export", "", "file", project=True),
    Entry("audit", Text("Audit the pictures", "Auditar las imágenes"), "search", "", "edit", project=True),
    Entry("rescan", Text("Look for new pictures", "Buscar imágenes nuevas"), "refresh", "F5", "edit", project=True),
    Entry("palette", Text("Search all actions…", "Buscar entre todas las acciones…"), "search", "Ctrl+K", "view"),
    Entry("theme_light", Text("Light theme", "Tema claro"), "sun", "", "view"),
    Entry("theme_dark", Text("Dark theme", "Tema oscuro"), "moon", "", "view"),
    Entry("theme_system", Text("Theme of the system", "Tema del sistema"), "", "", "view"),
    Entry("english", Text("English", "English"), "globe", "", "view"),
    Entry("spanish", Text("Español", "Español"), "globe", "", "view"),
    Entry("full_screen", Text("Full screen", "Pantalla completa"), "fit", "F11", "view"),
    Entry("settings", Text("Settings…", "Ajustes…"), "settings", "Ctrl+,", "view"),
    Entry("help", Text("Help", "Ayuda"), "help", "F1", "help"),
    Entry("about", Text("About CNN Studio", "Acerca de CNN Studio"), "info", "", "help"),
)
MENUS: Final = {"file": Text("File", "Archivo"), "edit": Text("Edit", "Edición"), "view": Text("View", "Ver"),
                "help": Text("Help", "Ayuda")}


class Actions:
    """The QActions of one window; `perform(id)` is called for each."""

    def __init__(self, window: QWidget, pages: tuple[PageEntry, ...], perform: Callable[[str], object]) -> None:
        self._window = window
        self.entries: list[Entry] = list(ENTRIES)
        for number, page in enumerate(pages, start=1):
            self.entries.append(Entry(f"page:{page.id}", page.title, page.icon, f"Ctrl+{number}", "go",
                                      page.needs_project))
        self._actions: dict[str, QAction] = {}
        for entry in self.entries:
            action = QAction(str(entry.label).replace("&", "&&"), window)
            if entry.shortcut:
                keys = [QKeySequence(entry.shortcut)]
                if entry.id == "redo":
                    keys.append(QKeySequence("Ctrl+Y"))
                action.setShortcuts(keys)
            action.triggered.connect(lambda _checked=False, id=entry.id: perform(id))
            self._actions[entry.id] = action
            window.addAction(action)

    def __getitem__(self, identifier: str) -> QAction:
        return self._actions[identifier]

    def update(self, *, is_open: bool, undo: Text | None, redo: Text | None) -> None:
        """Enable what can be done now, and say what undo and redo would do."""
        for entry in self.entries:
            self._actions[entry.id].setEnabled(is_open or not entry.project)
        for identifier, label in (("undo", undo), ("redo", redo)):
            entry = next(each for each in self.entries if each.id == identifier)
            action = self._actions[identifier]
            action.setEnabled(label is not None)
            words = f"{entry.label}: {label}" if label is not None else str(entry.label)
            action.setText(words.replace("&", "&&"))

    def menu(self, parent: QWidget) -> QMenu:
        """All actions in one menu with a submenu a group."""
        from cnnstudio.core.text import tr

        menu = QMenu(parent)
        groups = {**MENUS, "go": Text("Go to", "Ir a")}
        for group in ("file", "edit", "go", "view", "help"):
            part = menu.addMenu(str(groups[group]))
            for entry in self.entries:
                if entry.menu == group:
                    action = self._actions[entry.id]
                    if entry.icon and action.icon().isNull():
                        action.setIcon(icons.icon(entry.icon, "dim"))
                    part.addAction(action)
        menu.setAccessibleName(tr("Menu", "Menú"))
        return menu

    def searchable(self) -> list[tuple[Entry, QAction]]:
        """What the palette offers: everything that can be done now."""
        return [(entry, self._actions[entry.id]) for entry in self.entries
                if entry.id != "palette" and self._actions[entry.id].isEnabled()]
