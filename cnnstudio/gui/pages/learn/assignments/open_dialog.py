"""Open an assignment: read it, choose where its project goes, and where its pictures are if it has none inside."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.places import free_path, projects_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.sources.staging import clean_name
from cnnstudio.gui.pages.data.dialogs.base import PathField, WorkDialog, make_progress
from cnnstudio.gui.pages.learn.assignments.fields import FileField
from cnnstudio.gui.pages.learn.assignments.sheet import AssignmentSheet
from cnnstudio.gui.state.jobs import Job, Report
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Stack, scroll_area
from cnnstudio.gui.widgets.cards import Card, EmptyState
from cnnstudio.learning.assignments.key import read_assignment
from cnnstudio.learning.assignments.model import Assignment
from cnnstudio.learning.assignments.opening import needs_pictures, open_assignment


class OpenAssignmentDialog(WorkDialog):
    """`project_made(folder)` when the project of the assignment is there."""

    project_made = Signal(str)

    def __init__(self, session: Session, file: str = "", parent: QWidget | None = None) -> None:
        super().__init__(session, tr("Open an assignment", "Abrir una práctica"), "",
                         tr("Make the project", "Crear el proyecto"), parent)
        self.resize(620, 640)
        self._assignment: Assignment | None = None
        self._file = FileField(tr("Assignment", "Práctica"), tr("Assignments (*.zip)", "Prácticas (*.zip)"))
        self._file.changed.connect(lambda _text: self._read())
        self._folder = PathField(tr("Folder of the project", "Carpeta del proyecto"), save=True)
        self._pictures = PathField(tr("Folder of the pictures", "Carpeta de las imágenes"))
        self._pictures.hide()
        self._sheet = AssignmentSheet()
        card = Card()
        card.body.addWidget(scroll_area(self._sheet))
        self._stack = Stack()
        self._stack.addWidget(EmptyState("learn", tr("Choose the file that the teacher gave out",
                                                     "Elija el archivo que repartió el profesorado")))
        self._stack.addWidget(card)
        for widget in (self._file, self._stack, self._pictures, self._folder):
            self.body.addWidget(widget, 1 if widget is self._stack else 0)
        self.primary.setEnabled(False)
        if file:
            self._file.set_path(Path(file).absolute())

    def _read(self) -> None:
        """Show the assignment of the chosen file."""
        self._assignment, path = None, self._file.path
        self.show_problems(())
        if path is not None and path.is_file():
            try:
                self._assignment = read_assignment(path)[0]
            except ProblemError as problem_error:
                self.show_problems(problem_error.problems)
        self._stack.setCurrentIndex(int(self._assignment is not None))
        self.primary.setEnabled(self._assignment is not None)
        self._pictures.setVisible(self._assignment is not None and not self._assignment.inside)
        if self._assignment is not None:
            self._sheet.show_assignment(self._assignment)
            self._folder.set_path(free_path(projects_folder() / clean_name(str(self._assignment.title))))

    def start_work(self) -> Job | None:
        file, folder, assignment = self._file.path, self._folder.path, self._assignment
        if file is None or assignment is None:
            return None
        pictures = None if assignment.inside else self._pictures.path
        if folder is None:
            self.show_problems((error("no_target", Text("Enter a full path for the project.",
                                                        "Escriba una ruta completa para el proyecto."), "file"),))
            return None
        if not assignment.inside and pictures is None:
            self.show_problems((needs_pictures(assignment),))
            return None

        def work(report: Report) -> Path:
            progress = make_progress(report, Text("Unpacking the pictures", "Extrayendo las imágenes"))
            open_assignment(file, folder, pictures, progress, report.check)
            return folder

        return self.session.jobs.run(work, Text("Opening the assignment", "Abriendo la práctica"), "assignment", page="learn")

    def _on_succeeded(self, job: Job) -> None:
        self.project_made.emit(str(job.result))  # type: ignore[attr-defined]
        self.accept()

    def _on_working_changed(self, _on_working_changed: bool) -> None:
        for widget in (self._file, self._folder, self._pictures):
            widget.setEnabled(not _on_working_changed)
