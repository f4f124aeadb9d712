"""All actions of the window: id, text, command, icon, shortcut. Menus, shortcuts and the palette use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import icons
from cnnstudio.gui.pages import PageEntry, page_shortcut
from cnnstudio.gui.state import commands
from cnnstudio.gui.state.commands import Command
from cnnstudio.learning.benches import BENCHES


@dataclass(frozen=True)
class Entry:
    """One action. `menu` is its group in the menu; "" means palette and shortcut only."""

    id: str
    label: Text
    command: Command
    icon: str = ""
    shortcut: str = ""
    menu: str = "file"
    project: bool = False
    """Whether it needs an open project."""
    begins_group: bool = False
    """Whether a line in the menu stands before it."""


ENTRIES: Final = (
    Entry("new", Text("New project from a folder…", "Nuevo proyecto desde una carpeta…"),
          commands.NewProject(), "folder-plus", "Ctrl+N"),
    Entry("open", Text("Open project…", "Abrir proyecto…"), commands.OpenProject(), "folder", "Ctrl+O"),
    Entry("sample", Text("Open the sample project", "Abrir el proyecto de ejemplo"), commands.OpenSample(), "star"),
    Entry("open_assignment", Text("Open assignment…", "Abrir práctica…"), commands.OpenAssignment(), "learn"),
    Entry("save", Text("Save", "Guardar"), commands.SaveProject(), "save", "Ctrl+S", project=True),
    Entry("show_folder", Text("Show the project's folder", "Mostrar la carpeta del proyecto"),
          commands.ShowProjectFolder(), "open", project=True),
    Entry("close_project", Text("Close project", "Cerrar proyecto"),
          commands.CloseProject(), "close", "Ctrl+W", project=True),
    Entry("undo", Text("Undo", "Deshacer"), commands.Undo(), "undo", "Ctrl+Z", "edit", project=True),
    Entry("redo", Text("Redo", "Rehacer"), commands.Redo(), "redo", "Ctrl+Shift+Z", "edit", project=True),
    Entry("problems", Text("Problems…", "Problemas…"),
          commands.ShowProblems(), "warning", "Ctrl+Shift+M", "edit", project=True),
    Entry("choose_folder", Text("Choose the folder of pictures…", "Elegir la carpeta de imágenes…"),
          commands.ChoosePictureFolder(), "folder", "", "edit", project=True),
    Entry("add_pictures", Text("Add pictures…", "Añadir imágenes…"),
          commands.AddPictures(), "folder-plus", "", "edit", project=True),
    Entry("webcam", Text("Record pictures with the camera…", "Grabar imágenes con la cámara…"),
          commands.RecordPictures(), "image", "", "edit", project=True),
    Entry("download", Text("Download a free collection…", "Descargar una colección libre…"),
          commands.DownloadCollection(), "predict", "", "file"),
    Entry("collect", Text("Export the collection…", "Exportar la colección…"),
          commands.ExportCollection(), "export", "", "file", project=True),
    Entry("this_assignment", Text("This assignment…", "Esta práctica…"), commands.ShowAssignment(), "info", "", "teach",
          project=True),
    Entry("hand_in", Text("Hand in…", "Entregar…"), commands.HandIn(), "send", "", "teach", project=True),
    Entry("new_assignment", Text("New assignment…", "Nueva práctica…"), commands.NewAssignment(), "plus", "", "teach",
          project=True, begins_group=True),
    Entry("grade", Text("Grade hand-ins…", "Calificar entregas…"), commands.GradeHandIns(), "check", "", "teach"),
    Entry("quit", Text("Quit", "Salir"), commands.Quit(), "", "Ctrl+Q", begins_group=True),
    Entry("audit", Text("Audit the pictures", "Auditar las imágenes"),
          commands.AuditPictures(), "search", "", "edit", project=True),
    Entry("rescan", Text("Look for new pictures", "Buscar imágenes nuevas"),
          commands.ScanPictures(), "refresh", "F5", "edit", project=True),
    Entry("palette", Text("Search all actions…", "Buscar entre todas las acciones…"),
          commands.SearchActions(), "search", "Ctrl+K", "view"),
    Entry("theme_light", Text("Light theme", "Tema claro"), commands.SetSetting("theme", "light"), "sun", "", "view"),
    Entry("theme_dark", Text("Dark theme", "Tema oscuro"), commands.SetSetting("theme", "dark"), "moon", "", "view"),
    Entry("theme_system", Text("System theme", "Tema del sistema"),
          commands.SetSetting("theme", "system"), "", "", "view"),
    Entry("english", Text("English", "English"), commands.SetSetting("language", "en"), "globe", "", "view"),
    Entry("spanish", Text("Español", "Español"), commands.SetSetting("language", "es"), "globe", "", "view"),
    Entry("full_screen", Text("Full screen", "Pantalla completa"), commands.ToggleFullScreen(), "fit", "F11", "view"),
    Entry("presenter", Text("Presenter mode", "Modo presentación"), commands.TogglePresenter(), "eye", "F8", "view"),
    Entry("settings", Text("Settings…", "Ajustes…"), commands.ShowSettings(), "settings", "Ctrl+,", "view"),
    Entry("libraries", Text("Libraries and graphics card…", "Bibliotecas y tarjeta gráfica…"), commands.ShowLibraries(), "cpu",
          "", "view"),
    Entry("help", Text("Guide", "Guía"), commands.ShowHelp(), "help", "F1", "help"),
    Entry("tour", Text("Show me around", "Muéstreme el programa"), commands.StartTour(), "play", "", "help"),
    Entry("about", Text("About CNN Studio", "Acerca de CNN Studio"), commands.ShowAbout(), "info", "", "help"),
)
MENUS: Final = {"file": Text("File", "Archivo"), "edit": Text("Edit", "Edición"), "view": Text("View", "Ver"),
         "learn": Text("Benches", "Bancos"), "teach": Text("Assignments", "Prácticas"), "help": Text("Help", "Ayuda")}


class Actions(QObject):
    """The QActions of one window."""

    triggered = Signal(object)
    """The command of the action that was chosen."""

    def __init__(self, window: QWidget, pages: tuple[PageEntry, ...]) -> None:
        super().__init__(window)
        self.entries: list[Entry] = list(ENTRIES)
        for number, page in enumerate(pages, start=1):
            self.entries.append(Entry(f"page:{page.id}", page.title, commands.ShowPage(page.id), page.icon,
                                      page_shortcut(page, number), "go", page.needs_project))
        self.entries += [Entry(f"bench:{bench.id}", Text("Bench: {title}", "Banco: {title}").fill(title=bench.title),
                               commands.ShowBench(bench.id), bench.icon, "", "learn") for bench in BENCHES]
        self._actions: dict[str, QAction] = {}
        for entry in self.entries:
            action = QAction(str(entry.label).replace("&", "&&"), window)
            if entry.shortcut:
                keys = [QKeySequence(entry.shortcut)]
                if entry.id == "redo":
                    keys.append(QKeySequence("Ctrl+Y"))
                action.setShortcuts(keys)
            action.triggered.connect(lambda _checked=False, command=entry.command: self.triggered.emit(command))
            self._actions[entry.id] = action
            window.addAction(action)

    def __getitem__(self, identifier: str) -> QAction:
        return self._actions[identifier]

    def update(self, *, is_open: bool, undo: Text | None, redo: Text | None) -> None:
        """Enable the available actions, and name the steps of undo and redo."""
        for entry in self.entries:
            self._actions[entry.id].setEnabled(is_open or not entry.project)
        for identifier, label in (("undo", undo), ("redo", redo)):
            entry = next(entry for entry in self.entries if entry.id == identifier)
            action = self._actions[identifier]
            action.setEnabled(label is not None)
            text = f"{entry.label}: {label}" if label is not None else str(entry.label)
            action.setText(text.replace("&", "&&"))

    def menu(self, parent: QWidget) -> QMenu:
        """All actions in one menu with a submenu per group."""
        menu = QMenu(parent)
        groups = {**MENUS, "go": Text("Go to", "Ir a")}
        for group in ("file", "edit", "go", "learn", "teach", "view", "help"):
            part = menu.addMenu(str(groups[group]))
            for entry in self.entries:
                if entry.menu == group:
                    if entry.begins_group:
                        part.addSeparator()
                    action = self._actions[entry.id]
                    if entry.icon and action.icon().isNull():
                        action.setIcon(icons.icon(entry.icon, "dim"))
                    part.addAction(action)
        menu.setAccessibleName(tr("Menu", "Menú"))
        return menu

    def palette_actions(self) -> list[tuple[Entry, QAction]]:
        """The actions of the palette: everything that is enabled."""
        return [(entry, self._actions[entry.id]) for entry in self.entries
                if entry.id != "palette" and self._actions[entry.id].isEnabled()]
