"""The form of a new project from a training script: what is taken over and what is not, and the folder of the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QLineEdit, QProgressBar, QWidget

from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.places import free_path, projects_folder
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.start.new_project import folder_name
from cnnstudio.gui.state.creation import create_script_project
from cnnstudio.gui.state.jobs import Job, Report
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Caption, Elided, Icon, Label, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.interchange.script.model import AREAS, Script, ScriptItem

_MOST: Final = 80
"""Items that are listed of each kind."""


def _centred(content: QBoxLayout) -> QWidget:
    holder = box(content)
    holder.setMaximumWidth(1040)
    outer = row(None, holder, None, spacing=0)
    outer.setStretch(1, 20)
    return box(outer)


class ScriptForm(QWidget):
    """`created(folder)` when the project was created; `left` when the user went back."""

    created = Signal(str)
    left = Signal()

    def __init__(self, session: Session, state: dict[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._state = session, state
        self._path = Path()
        self._script: Script | None = None
        self._folders: list[Path] = []
        self._job: Job | None = None
        self._file = Elided("", "body", "dim")
        self._pictures = Elided("", "body", "text")
        self._choose = Button(tr("Choose the folder of the pictures…", "Elegir la carpeta de las imágenes…"), "", "folder",
                              on_click=self._choose_pictures)
        self._asking = Label("", "secondary", "warn", wrap=True)
        self._name, self._place = QLineEdit(), QLineEdit()
        for line, name in ((self._name, tr("Name", "Nombre")), (self._place, tr("Location", "Ubicación"))):
            line.setFont(theme.font())
            line.setAccessibleName(name)
        self._name.textEdited.connect(self._on_name_edited)
        self._place.textEdited.connect(lambda text: self._state.update(place=text))
        self._problem = Label("", "secondary", "error", wrap=True)
        self._summary = column(spacing=12)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._create = Button(tr("Create project", "Crear proyecto"), "primary", on_click=self._create_project)
        self._back = Button(tr("Back", "Volver"), on_click=self._go_back)
        self._build()

    def _build(self) -> None:
        fields = row(spacing=16)
        fields.addLayout(column(Label(tr("Name", "Nombre"), "secondary", "dim"), self._name, spacing=4), 1)
        fields.addLayout(column(Label(tr("Location of the project", "Ubicación del proyecto"), "secondary", "dim"),
                                self._place, spacing=4), 2)
        pictures = row(Icon("folder", "dim", 16), self._pictures, self._choose, spacing=8)
        pictures.setStretch(1, 1)
        inner = column(
            Label(tr("New project from this script", "Proyecto nuevo a partir de este script"), "title"),
            row(Icon("code", "dim", 16), self._file, spacing=8), 8,
            Caption(tr("Pictures", "Imágenes")), pictures, self._asking, 8, fields, self._problem, 8, self._summary,
            spacing=8, margins=(48, 32, 48, 16))
        inner.addStretch(1)
        foot = row(self._back, self._progress, self._create, spacing=16, margins=(48, 12, 48, 16))
        foot.setStretch(1, 1)
        foot.insertStretch(1, 1)
        self.setLayout(column(spacing=0))
        self.layout().addWidget(scroll_area(_centred(inner)))  # type: ignore[union-attr]
        self.layout().addWidget(_centred(foot))  # type: ignore[union-attr]

    def begin(self, path: str) -> None:
        """Start the form for a script, which is read in a thread."""
        self._path, self._script, self._folders = Path(path), None, []
        self._file.setText(path)
        name = self._path.stem.replace("_", " ")
        self._name.setText(self._state.get("name", name))
        self._place.setText(self._state.get("place", str(free_path(projects_folder() / folder_name(name)))))
        for label in (self._asking, self._problem):
            label.hide()
        self._pictures.setText("")
        clear(self._summary)
        self._show_waiting(True)

        def work(_report: Report) -> tuple[Script, list[Path]]:
            from cnnstudio.interchange.script.reader import read_script

            script = read_script(Path(path))
            folders = [folder if folder.is_absolute() else Path(path).absolute().parent / folder
                       for folder in map(Path, script.folders)]
            return script, [folder for folder in folders if folder.exists()]

        def ended(job: Any) -> None:
            self._show_waiting(False)
            if isinstance(job.last, Failed):
                self._session.report(job.last.problem)
                self.left.emit()
            elif isinstance(job.last, Finished) and str(self._path) == path:
                self._show(*job.result)

        reading = Text("Reading {name}", "Leyendo {name}").fill(name=self._path.name)
        self._session.jobs.run(work, reading, "script", page="start", done=ended, owner=self)

    def _show(self, script: Script, folders: list[Path]) -> None:
        self._script = script
        chosen = self._state.get("pictures", "")
        self._set_folders([Path(chosen)] if chosen else folders)
        clear(self._summary)
        # What is missing is read first, and is mostly shorter.
        self._summary.addWidget(self._list(tr("Not taken over", "No se toma"), script.left, "warn", "warning"))
        self._summary.addWidget(self._list(tr("Taken over", "Se toma"), script.taken, "ok", "check"))

    def _list(self, title: str, items: tuple[ScriptItem, ...], color: str, icon: str) -> QWidget:
        card = Card(margins=(16, 12, 16, 12), spacing=6)
        card.setAccessibleName(title)
        card.body.addLayout(row(Icon(icon, color, 16), Label(f"{title} ({len(items)})", "body_strong"), None, spacing=8))
        if not items:
            card.body.addWidget(Label(tr("Nothing.", "Nada."), "secondary", "dim"))
        for area, name in AREAS.items():
            own = [item for item in items[:_MOST] if item.area == area]
            if own:
                card.body.addWidget(Label(str(name), "secondary", "dim"))
                for item in own:
                    text = f"{item.place}: {item.text}" if str(item.place) else str(item.text)
                    card.body.addWidget(Label(text, "secondary", "text", wrap=True))
        if len(items) > _MOST:
            card.body.addWidget(Label(tr("… and {n} more", "… y {n} más", n=len(items) - _MOST), "secondary", "dim"))
        return card

    # Pictures -------------------------------------------------------------------------------------------

    def _choose_pictures(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.window(), tr("Folder of the pictures", "Carpeta de las imágenes"),
                                                  str(self._path.parent))
        if folder:
            self.take_pictures(folder)

    def take_pictures(self, folder: str) -> None:
        """Use this folder of pictures in place of the script's."""
        self._state["pictures"] = folder
        self._set_folders([Path(folder)])

    def _set_folders(self, folders: list[Path]) -> None:
        self._folders = folders
        self._pictures.setText(", ".join(map(str, folders)))
        named = self._script.folders if self._script is not None else ()
        if folders:
            self._asking.hide()
        else:
            self._asking.setText(
                tr("The script reads its pictures from {folder}, which does not exist here.",
                   "El script lee sus imágenes de {folder}, que aquí no existe.", folder=named[0]) if named else
                tr("The script does not say in a readable way which folder its pictures are in.",
                   "El script no dice de forma legible en qué carpeta están sus imágenes."))
            self._asking.show()
        self._update_create_button()

    def _update_create_button(self) -> None:
        blocker = "" if self._folders else tr("Choose the folder of the pictures first.",
                                              "Elija antes la carpeta de las imágenes.")
        self._create.setEnabled(not blocker and self._script is not None and self._progress.isHidden())
        self._create.setToolTip(blocker)

    # Creating -------------------------------------------------------------------------------------------

    def _on_name_edited(self, text: str) -> None:
        self._state["name"] = text
        if "place" not in self._state:
            self._place.setText(str(free_path(Path(self._place.text()).parent / (folder_name(text) or "project"))))

    def _create_project(self) -> None:
        place = Path(self._place.text().strip()).expanduser()
        problem = ""
        if not self._place.text().strip() or not place.is_absolute():
            problem = tr("Enter a full path for the project.", "Escriba una ruta completa para el proyecto.")
        elif (place / PROJECT_FILE).exists():
            problem = tr("There is already a project in this folder. Choose another one.",
                         "Ya hay un proyecto en esta carpeta. Elija otra.")
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        if problem or self._script is None:
            return
        self._job = create_script_project(self._session, place, self._script, self._folders,
                                          self._name.text().strip() or place.name,
                                          lambda folder: self.created.emit(str(folder)))
        self._job.event.connect(lambda _event: self._show_progress())
        self._job.ended.connect(lambda _last: self._show_waiting(False))
        self._show_waiting(True)

    def _show_progress(self) -> None:
        if self._job is not None and self._job.progress is not None:
            show_progress(self._progress, self._job.progress)

    def _show_waiting(self, waiting: bool) -> None:
        self._progress.setVisible(waiting)
        show_progress(self._progress, None if waiting else 0)
        self._update_create_button()
        self._back.setText(tr("Cancel", "Cancelar") if waiting else tr("Back", "Volver"))

    def _go_back(self) -> None:
        for kind in ("create", "script"):
            job = self._session.jobs.of_kind(kind)
            if job is not None:
                job.cancel()
        self.left.emit()
