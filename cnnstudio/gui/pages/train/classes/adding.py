"""Asks for the pictures of a class that the model of a run is to learn besides its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.core.project import Project
from cnnstudio.core.renamed_classes import LONGEST
from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.pages.file_dialogs import ask_folder
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Elided, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog, fit
from cnnstudio.gui.widgets.formatting import format_pictures
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select
from cnnstudio.workers.runs.adding import NewClass, checked_parent, count_pictures
from cnnstudio.workers.runs.folder import RunFolder

_HEAD, _LAST = "head", "last"
_FOLDER: Final = ""
"""The value of the choice of a folder; others are classes of the project."""


class AddClassDialog(Dialog):
    """`wanted` is the class to add. `there` are classes of the project that the run does not know, with their pictures."""

    def __init__(self, session: Session, run: RunFolder, title: str, there: Sequence[tuple[str, int]],
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._run, self._project = session, run, session.project
        self._there = dict(there)
        self._folder: Path | None = None
        self._named = False
        self.setWindowTitle(tr("Add a class", "Añadir una clase"))
        self.source = Select([(_FOLDER, tr("A folder of pictures", "Una carpeta de imágenes")), *(
            (name, tr("{name} ({n} of this project)", "{name} ({n} de este proyecto)", name=name, n=format_pictures(count)))
            for name, count in there)], _FOLDER)
        self.source.setAccessibleName(tr("Pictures", "Imágenes"))
        self.source.setVisible(bool(there))
        self.source.chosen.connect(lambda _value: self._on_changed())
        self._path = Elided(tr("No folder chosen", "Ninguna carpeta elegida"), tone="dim", mode=Qt.TextElideMode.ElideMiddle)
        self.choose = Button(tr("Choose folder…", "Elegir carpeta…"), icon="folder", on_click=self._choose)
        self._place = QWidget()
        self._place.setLayout(row(self._path, self.choose, spacing=12))
        self.name = QLineEdit()
        self.name.setMaxLength(LONGEST)
        self.name.setAccessibleName(tr("Name of the class", "Nombre de la clase"))
        self.name.textEdited.connect(self._on_named)
        self.learns = SegmentedControl([(_HEAD, tr("Only the head", "Solo la cabeza")),
                                        (_LAST, tr("Also the last layers", "También las últimas capas"))], _HEAD)
        self.learns.chosen.connect(lambda _value: self._tell_learning())
        self._learning = Label("", "secondary", "dim", wrap=True)
        self.state = Label("", "secondary", "dim", wrap=True)
        self.start = Button(tr("Train", "Entrenar"), "primary", on_click=self.accept)
        for label in (self._learning, self.state):
            # The room of two lines stays, so that nothing moves while one chooses.
            label.setMinimumHeight(2 * label.fontMetrics().lineSpacing() + 2)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        fit(self, column(
            Label(tr("Add a class to {run}", "Añadir una clase a {run}", run=title), "title", wrap=True),
            Label(tr("A new run goes on from this one: it keeps what the model has learned and trains on the pictures of all "
                     "classes. At the end you see what that cost the earlier classes. The folder becomes a source of the "
                     "project.",
                     "Un entrenamiento nuevo parte de este: conserva lo aprendido y entrena con las imágenes de todas las "
                     "clases. Al final se ve lo que ha costado a las clases anteriores. La carpeta pasa a ser un origen del "
                     "proyecto."),
                  "body", "dim", wrap=True),
            Label(tr("Pictures", "Imágenes")), self.source, self._place,
            Label(tr("Name of the class", "Nombre de la clase")), self.name,
            Label(tr("What learns", "Qué aprende")), self.learns, self._learning, self.state,
            row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject), self.start, spacing=8),
            spacing=8, margins=(24, 24, 24, 20)), 560)
        self._checks = Latest(session.jobs, "check_class", self._look, self)
        self._checks.answered.connect(self._on_looked)
        self.finished.connect(lambda _code: self._checks.close())
        self._tell_learning()
        self._on_changed()

    @property
    def wanted(self) -> NewClass:
        """The class as it is asked for now."""
        chosen = str(self.source.value)
        return NewClass(name=chosen or self.name.text().strip(), folder=None if chosen else self._folder,
                        last_layers=self.learns.value == _LAST)

    def _choose(self) -> None:
        path = ask_folder(self._session, self, tr("Folder with the pictures of the class", "Carpeta con las imágenes de la "
                                                                                           "clase"))
        if path:
            self.set_folder(Path(path))

    def set_folder(self, path: Path) -> None:
        """The folder of the pictures; the class is called as it is, unless the user has typed a name."""
        self._folder = path
        self._path.setText(str(path))
        if not self._named:
            self.name.setText(path.name[:LONGEST])
        self._on_changed()

    def _on_named(self, text: str) -> None:
        self._named = bool(text.strip())
        self._on_changed()

    def _tell_learning(self) -> None:
        last = self.learns.value == _LAST
        self._learning.setText(tr(
            "First the head, then the last part of the trunk too, at a hundredth of the rate: slower, and what the earlier "
            "classes learned may change more.",
            "Primero la cabeza; después también la última parte del tronco, a una centésima de la tasa: más lento, y puede "
            "cambiar más lo aprendido de las clases anteriores.") if last else tr(
            "The trunk stays as it is; its features are computed once, without augmentation.",
            "El tronco queda como está; sus características se calculan una sola vez, sin aumento."))

    # Checks ------------------------------------------------------------------------------------------

    def _on_changed(self) -> None:
        from_folder = not self.source.value
        self._place.setVisible(from_folder)
        self.name.setEnabled(from_folder)
        if not from_folder:
            self.name.setText(str(self.source.value))
        self.start.setEnabled(False)
        wanted = self.wanted
        if from_folder and wanted.folder is None:
            self._tell(tr("Choose the folder with the pictures of the new class.",
                          "Elija la carpeta con las imágenes de la clase nueva."))
        elif not wanted.name:
            self._tell(tr("The class needs a name.", "La clase necesita un nombre."))
        else:
            self._tell(tr("Counting the pictures…", "Contando las imágenes…"))
            self._checks.ask((wanted, self._project))

    def _look(self, request: tuple[NewClass, Project], _report: Report) -> tuple[int, int, int]:
        """The pictures of the new class, and the earlier classes with theirs. Raises ProblemError."""
        new, project = request
        count = self._there.get(new.name, 0) if new.folder is None else count_pictures(new.folder, project.dataset)
        manifest = checked_parent(self._run, new)
        return count, len(manifest.header.class_names), len(manifest.entries)

    def _on_looked(self, request: tuple[NewClass, Project], result: Any) -> None:
        new, now = request[0], self.wanted
        if (new.name, new.folder) != (now.name, now.folder):
            return
        if isinstance(result, Failure):
            self._tell(result.text, "error")
            return
        count, classes, pictures = result
        self.start.setEnabled(True)
        self._tell(tr("{new} of {name}, besides {pictures} of the {n} earlier classes.",
                      "{new} de {name}, además de {pictures} de las {n} clases anteriores.", new=format_pictures(count),
                      name=new.name, pictures=format_pictures(pictures), n=format_number(classes, ",")))

    def _tell(self, text: str, tone: str = "dim") -> None:
        self.state.set_tone(tone)
        self.state.setText(text)

