"""Grade hand-ins: a folder and a key give a table, one line for every hand-in, with its reasons below."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QLineEdit, QWidget

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.events import Event, Phase
from cnnstudio.core.jobs import Evaluate, Evaluated
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.data.dialogs.base import PathField, WorkDialog, make_progress
from cnnstudio.gui.pages.learn.assignments.fields import FileField, labelled
from cnnstudio.gui.pages.learn.assignments.line_details import LineDetails
from cnnstudio.gui.pages.learn.assignments.sheet import figure_text
from cnnstudio.gui.state.jobs import Job, Report
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, Stack, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card, EmptyState
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.rows_model import Column
from cnnstudio.gui.widgets.table import Table
from cnnstudio.learning.assignments.grading.grade import Evaluator, first_reason, grade_folder
from cnnstudio.learning.assignments.grading.marks import VERDICTS, Line
from cnnstudio.learning.assignments.grading.table import table_bytes
from cnnstudio.learning.assignments.key import open_key

_BESIDE: Final = 900
"""Pixels of the dialog from which the details have room beside the table."""
TONES: Final = {"passed": "ok", "not_passed": "dim", "suspect": "warn", "unreadable": "error"}


class GradeDialog(WorkDialog):
    """`evaluator` makes what evaluates a model; by default a child process does."""

    def __init__(self, session: Session, parent: QWidget | None = None, evaluator: Evaluator | None = None) -> None:
        super().__init__(session, tr("Grade hand-ins", "Calificar entregas"), "", tr("Grade", "Calificar"), parent)
        self.resize(1120, 760)
        self._evaluator = evaluator
        self.lines: list[Line] = []
        self._folder = PathField(tr("Folder with the hand-ins", "Carpeta con las entregas"))
        self._key = FileField(tr("Key, or the students' file with the encrypted one", "Clave, o el archivo del alumnado con la "
                                 "clave cifrada"), tr("Keys (*.zip)", "Claves (*.zip)"))
        self._passphrase = QLineEdit()
        self._passphrase.setFont(theme.font())
        self._passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        for field, name in ((self._folder, "grading_folder"), (self._key, "grading_key")):
            before = str(session.recall(name, ""))
            if before:
                field.set_path(Path(before))
        self._fields = box(row(self._folder, self._key, labelled(
            tr("Passphrase (only if encrypted)", "Frase de contraseña (si está cifrada)"), self._passphrase), spacing=12))
        self.body.addWidget(self._fields)
        self.table = Table((
            Column(tr("Student", "Estudiante"), lambda line: line.student or "–", stretch=True),
            Column(tr("Verdict", "Resultado"), lambda line: str(VERDICTS[line.verdict]),
                   tone=lambda line: TONES[line.verdict]),
            Column(tr("Hidden pictures", "Imágenes ocultas"), lambda line: figure_text(line.metric, line.value, line.interval),
                   key=lambda line: -1.0 if line.value is None else line.value, right=True),
            Column(tr("Reported", "Declarada"), lambda line: figure_text(line.metric, line.reported),
                   key=lambda line: -1.0 if line.reported is None else line.reported, right=True, spare=2),
            Column(tr("Parameters", "Parámetros"), lambda line: _count(line.parameters),
                   key=lambda line: line.parameters or 0, right=True, spare=3),
            Column(tr("Reason", "Motivo"), lambda line: str(first_reason(line)), stretch=True),
            Column(tr("File", "Archivo"), lambda line: line.file, spare=1)))
        self.table.setAccessibleName(tr("Hand-ins", "Entregas"))
        self.table.chosen.connect(self._on_chosen)
        self._details = LineDetails()
        details = Card()
        details.body.addWidget(scroll_area(self._details))
        self._summary = Label("", "secondary", "dim")
        self._save = Button(tr("Save the table…", "Guardar la tabla…"), "", "save", on_click=self._choose_table)
        head = row(self._summary, None, self._save)
        below = self._below = row(self.table, details, spacing=14)
        below.setStretch(0, 3)
        below.setStretch(1, 2)
        results = column(head, spacing=8)
        results.addLayout(below, 1)
        self._stack = Stack()
        self._stack.addWidget(EmptyState(
            "evaluate", tr("Choose the folder and the key", "Elija la carpeta y la clave"),
            tr("Every model is evaluated again on the hidden pictures, in a process of its own. Splits, files, leaks and equal "
               "works are checked.",
               "Cada modelo se evalúa de nuevo con las imágenes ocultas, en un proceso propio. Se comprueban divisiones, "
               "archivos, fugas y trabajos iguales.")))
        self._stack.addWidget(box(results))
        self.body.addWidget(self._stack, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The table is not to be scrolled sideways: in a narrow window the details stand below it.
        beside = event.size().width() >= _BESIDE
        self._below.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    def start_work(self) -> Job | None:
        folder, key, passphrase = self._folder.path, self._key.path, self._passphrase.text()
        if folder is None or key is None:
            self.show_problems((error("no_target", Text("Choose the folder of the hand-ins and the key.",
                                                        "Elija la carpeta de las entregas y la clave."), "file"),))
            return None
        self.session.remember("grading_folder", str(folder))
        self.session.remember("grading_key", str(key))

        def work(report: Report) -> list[Line]:
            progress = make_progress(report, Text("Grading", "Calificando"))
            evaluate = self._evaluator or in_child(report)
            try:
                with open_key(key, passphrase, report.check) as opened:
                    return grade_folder(folder, opened, evaluate, progress, report.check)
            except ProblemError:
                report.check()
                raise

        return self.session.jobs.run(work, Text("Grading the hand-ins", "Calificando las entregas"), "grade", page="learn")

    def _on_succeeded(self, job: Job) -> None:
        self.show_lines(job.result)  # type: ignore[attr-defined]

    def show_lines(self, lines: list[Line]) -> None:
        """Show a graded folder."""
        self.lines = lines
        self.table.set_rows(lines)
        counts = [(verdict, sum(line.verdict == verdict for line in lines)) for verdict in VERDICTS]
        self._summary.setText(" · ".join(f"{VERDICTS[verdict]}: {format_count(count)}" for verdict, count in counts if count))
        self._stack.setCurrentIndex(1)
        if lines:
            self.table.select(lines[0])
        self._on_chosen(lines[0] if lines else None)

    def _on_chosen(self, line: Line | None) -> None:
        self._details.show_line(line)

    def _choose_table(self) -> None:
        start = (self._folder.path or Path.home()) / tr("grades.csv", "calificaciones.csv")
        path, _kind = QFileDialog.getSaveFileName(self, tr("Save the table", "Guardar la tabla"), str(start), "CSV (*.csv)")
        if path:
            self.save_table(Path(path))

    def save_table(self, path: Path) -> None:
        """Write the table as CSV."""
        try:
            write_atomically(path, table_bytes(self.lines))
        except ProblemError as problem_error:
            self.show_problems(problem_error.problems)
            return
        self.show_status(tr("Saved: {path}", "Guardado: {path}", path=path))

    def _on_working_changed(self, _on_working_changed: bool) -> None:
        self._fields.setEnabled(not _on_working_changed)
        self._save.setEnabled(not _on_working_changed)


def _count(number: int | None) -> str:
    return "–" if number is None else format_count(number)


def in_child(report: Report) -> Evaluator:
    """Evaluates in a child process, and ends it when the user cancels."""
    from cnnstudio.workers.supervisor import Supervisor

    def evaluate(job: Evaluate) -> tuple[Evaluated | None, Event]:
        found: list[Evaluated] = []

        def handle(event: Event) -> None:
            if report.cancelled:
                supervisor.cancel()
            if isinstance(event, Evaluated):
                found.append(event)
            elif isinstance(event, Phase):
                report.event(event)

        supervisor = Supervisor(job, handle)
        last = supervisor.run()
        report.check()
        return (found[0] if found else None), last

    return evaluate


__all__ = ["GradeDialog", "in_child"]
