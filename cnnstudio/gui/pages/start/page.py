"""Start: a folder, the sample project or a recent one; and the form of a new project."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import (
    AddPictures,
    Command,
    DescribeNewProject,
    DownloadCollection,
    NewProject,
    OpenPaths,
    OpenProject,
    OpenSample,
)
from cnnstudio.gui.widgets.basics import (
    Button,
    Caption,
    Elided,
    Icon,
    Label,
    Stack,
    box,
    clear,
    column,
    row,
    scroll_area,
)
from cnnstudio.gui.widgets.cards import Card, DropArea
from cnnstudio.gui.widgets.flow import FlowLayout

if TYPE_CHECKING:
    from cnnstudio.gui.pages.start.new_project import NewProjectForm
    from cnnstudio.gui.pages.start.script_project import ScriptForm


class StartPage(Page):
    id = "start"
    title = Text("Start", "Inicio")
    icon = "start"

    def subtitle(self) -> str:
        return tr("From a folder of pictures to a classifier", "De una carpeta de imágenes a un clasificador")

    def actions(self) -> Iterable[QWidget]:
        self._choose = Button(tr("Choose a folder…", "Elegir carpeta…"), "primary", "folder-plus",
                              on_click=lambda: self.session.request(NewProject()))
        return (Button(tr("Open project…", "Abrir proyecto…"),
                       on_click=lambda: self.session.request(OpenProject())), self._choose)

    def centre(self) -> QWidget:
        self._stack = Stack()
        self._stack.addWidget(self._welcome())
        self._new: NewProjectForm | None = None
        self._script: ScriptForm | None = None
        if self.state.get("script"):
            self._show_script(self.state["script"])
        elif self.state.get("source"):
            self._show_new(self.state["source"])
        return self._stack

    def _welcome(self) -> QWidget:
        title = Label(tr("Drop a folder of pictures here", "Suelte aquí una carpeta de imágenes"), "title", wrap=True)
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        hint = Label(tr("One subfolder for each class: the folders cat and dog make a classifier of cats and dogs. "
                        "Your files stay as they are; only what you delete yourself goes to the trash.",
                        "Una subcarpeta por clase: las carpetas gato y perro dan un clasificador de gatos y perros. "
                        "Sus archivos quedan como están; solo lo que usted elimine va a la papelera."), "body", "dim",
                     wrap=True)
        hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        hint.setMaximumWidth(560)
        choose = Button(tr("Choose a folder…", "Elegir carpeta…"), "", "folder",
                        on_click=lambda: self.session.request(NewProject()))
        area = DropArea()
        area.setMinimumHeight(260)
        area.body.addStretch(1)
        middle = Qt.AlignmentFlag.AlignHCenter
        area.body.addWidget(Icon("folder-plus", "accent", 44), alignment=middle)
        area.body.addSpacing(4)
        area.body.addWidget(title)
        centred = row(None, hint, None)
        centred.setStretch(1, 6)
        area.body.addLayout(centred)
        area.body.addSpacing(6)
        area.body.addWidget(choose, alignment=middle)
        others = row(None, Button(tr("List, archive or arrays…", "Lista, archivo comprimido o matrices…"), "link",
                                  on_click=lambda: self.session.request(AddPictures())),
                     Button(tr("Training script or notebook…", "Script o cuaderno de entrenamiento…"), "link",
                            on_click=self._choose_script),
                     Button(tr("Download a free collection…", "Descargar una colección libre…"), "link",
                            on_click=lambda: self.session.request(DownloadCollection())), None, spacing=16)
        area.body.addLayout(others)
        area.body.addStretch(1)
        area.dropped.connect(lambda paths: self.session.request(OpenPaths(tuple(paths))))

        self._recent = column(spacing=0)
        self._recent_caption = Caption(tr("Recent projects", "Proyectos recientes"))
        inner = column(area, 16, Caption(tr("Or try it now", "O pruébelo ahora mismo")), self._sample_card(), 16,
                       self._recent_caption, self._recent, None, spacing=8, margins=(48, 32, 48, 32))
        holder = box(inner)
        holder.setMaximumWidth(1040)
        outer = row(None, holder, None, spacing=0)
        outer.setStretch(1, 20)
        return scroll_area(box(outer))

    def _sample_card(self) -> QWidget:
        texts = column(Label(tr("Sample project: handwritten digits", "Proyecto de ejemplo: dígitos manuscritos"),
                             "body_strong", wrap=True),
                       Label(tr("5,000 small pictures in ten classes with LeNet-5, ready to train in seconds.",
                                "5000 imágenes pequeñas en diez clases con LeNet-5, listas para entrenar en "
                                "segundos."),
                             "secondary", "dim", wrap=True), spacing=2)
        card = Card(clickable=True, margins=(16, 12, 16, 12))
        line = row(Icon("star", "accent", 24), spacing=14)
        line.addLayout(texts, 1)
        line.addWidget(Icon("chevron-right", "dim", 18))
        card.body.addLayout(line)
        card.setAccessibleName(tr("Open the sample project", "Abrir el proyecto de ejemplo"))
        card.clicked.connect(lambda: self.session.request(OpenSample()))
        return card

    def refresh(self, change: Change) -> None:
        if change.of("folder", "settings") or not self._recent.count():
            self._fill_recent()

    def _fill_recent(self) -> None:
        clear(self._recent)
        recent = self.session.settings.recent
        self._recent_caption.setVisible(bool(recent))
        if not recent:
            return
        grid = QWidget()
        flow = FlowLayout(grid, spacing=12, cell=270)
        for folder in recent:
            card = _RecentCard(folder)
            card.opened.connect(lambda folder=folder: self.session.request(OpenProject(folder)))
            card.forgotten.connect(lambda folder=folder: self._forget(folder))
            flow.addWidget(card)
        self._recent.addWidget(grid)

    def _forget(self, folder: str) -> None:
        rest = tuple(item for item in self.session.settings.recent if item != folder)
        self.session.set_setting("recent", rest)

    # A new project -------------------------------------------------------------------------------

    def handle(self, command: Command) -> None:
        match command:
            case DescribeNewProject(source=source):
                self._show_new(source)
            case _:
                super().handle(command)

    def _show_new(self, source: str) -> None:
        self.state["source"] = source
        if self._new is None:
            from cnnstudio.gui.pages.start.new_project import NewProjectForm

            self._new = NewProjectForm(self.session, self.state)
            self._new.left.connect(self._leave)
            self._new.created.connect(self._on_created)
            self._stack.addWidget(self._new)
        self._new.begin(source)
        self._stack.setCurrentWidget(self._new)

    def _choose_script(self) -> None:
        folder = self.session.recall("script_folder", str(Path.home()))
        name, _kind = QFileDialog.getOpenFileName(
            self._stack.window(), tr("Training script or notebook", "Script o cuaderno de entrenamiento"), folder,
            tr("Keras or PyTorch code", "Código de Keras o PyTorch") + " (*.py *.ipynb)")
        if name:
            self.session.remember("script_folder", str(Path(name).parent))
            self._show_script(name)

    def _show_script(self, path: str) -> None:
        self.state["script"] = path
        if self._script is None:
            from cnnstudio.gui.pages.start.script_project import ScriptForm

            self._script = ScriptForm(self.session, self.state)
            self._script.left.connect(self._leave)
            self._script.created.connect(self._on_created)
            self._stack.addWidget(self._script)
        self._script.begin(path)
        self._stack.setCurrentWidget(self._script)

    def _leave(self) -> None:
        self.state.clear()
        self._stack.setCurrentIndex(0)

    def _on_created(self, folder: str) -> None:
        self._leave()
        self.session.request(OpenProject(folder))

    def close(self) -> None:
        if self._new is not None:
            self._new.close_threads()

    def drop_text(self, paths: list[str]) -> str:
        if _is_script(paths[0]):
            return tr("New project from this script", "Proyecto nuevo a partir de este script")
        return tr("New project", "Nuevo proyecto") if Path(paths[0]).is_dir() else ""

    def take_paths(self, paths: list[str]) -> bool:
        first = Path(paths[0])
        if _is_script(paths[0]):
            self._show_script(paths[0])
            return True
        if first.is_dir() and self._script is not None and self._stack.currentWidget() is self._script:
            self._script.take_pictures(str(first))
            return True
        if first.is_dir() and not (first / PROJECT_FILE).exists():
            self._show_new(str(first))
            return True
        asking = self._new is not None and self._stack.currentWidget() is self._new
        return self._new is not None and asking and len(paths) == 1 and self._new.take_model(paths[0])


def _is_script(path: str) -> bool:
    return path.lower().endswith((".py", ".ipynb")) and Path(path).is_file()


class _RecentCard(Card):
    """One recent project; one that no longer exists shows it and can be removed."""

    opened = Signal()
    forgotten = Signal()

    def __init__(self, folder: str) -> None:
        super().__init__(clickable=True, margins=(14, 12, 10, 12), spacing=2)
        path = Path(folder)
        there = (path / PROJECT_FILE).is_file()
        name = Elided(path.name, "body_strong", "text" if there else "dim")
        forget = Button(tr("Remove from this list", "Quitar de esta lista"), "icon", "close",
                        on_click=self.forgotten.emit)
        forget.setFixedSize(24, 24)
        line = row(Icon("folder" if there else "warning", "accent" if there else "warn", 18), spacing=8)
        line.addWidget(name, 1)
        line.addWidget(forget)
        self.body.addLayout(line)
        where = str(path.parent) if there else tr("not found: {folder}", "no se encuentra: {folder}",
                                                  folder=path.parent)
        self.body.addWidget(Elided(where, "secondary", "dim" if there else "warn",
                                   mode=Qt.TextElideMode.ElideMiddle))
        self.setAccessibleName(path.name)
        if there:
            self.clicked.connect(self.opened)
        else:
            self.setCursor(Qt.CursorShape.ArrowCursor)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction(tr("Remove from this list", "Quitar de esta lista"), self.forgotten.emit)
        menu.popup(event.globalPos())
