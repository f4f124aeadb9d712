"""Hand in: the name, the answers, and the file that is written for the teacher."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.sources.staging import clean_name
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.data.dialogs.base import WorkDialog, make_progress
from cnnstudio.gui.pages.learn.assignments.fields import FileField, labelled
from cnnstudio.gui.pages.learn.assignments.sheet import figure_text
from cnnstudio.gui.state.jobs import Job, Report
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Label, box, column, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.learning.assignments.capsule import hand_in_problems, write_capsule
from cnnstudio.learning.assignments.model import CAPSULE_SUFFIX, CapsuleInfo
from cnnstudio.learning.assignments.standing import Standing

_NAME = "student_name"


class HandInDialog(WorkDialog):
    """Writes a capsule; the answers that were written are kept for the project while the program runs."""

    def __init__(self, session: Session, folder: Path, standing: Standing, run: str = "",
                 parent: QWidget | None = None) -> None:
        super().__init__(session, tr("Hand in", "Entregar"), tr(
            "Everything that counts goes into one file: the project, the run with its model, the list of its pictures, and "
            "your answers. Your pictures themselves stay here.",
            "Todo lo que cuenta va a un archivo: el proyecto, el entrenamiento con su modelo, la lista de sus imágenes y sus "
            "respuestas. Las imágenes se quedan aquí."), tr("Write the file", "Escribir el archivo"), parent)
        self.resize(640, 660)
        self._place, self._assignment = folder, standing.assignment
        self._runs = Select([(item.run, f"{item.name} · {figure_text(standing.assignment.metric, item.value)}")
                             for item in standing.runs], run or (standing.runs[0].run if standing.runs else None))
        self._name = QLineEdit(str(session.recall(_NAME, "")))
        self._name.setFont(theme.font())
        self._name.textChanged.connect(lambda _text: self._propose())
        lines = column(labelled(tr("Run", "Entrenamiento"), self._runs), labelled(tr("Your name", "Su nombre"), self._name),
                       spacing=12, margins=(0, 0, 12, 0))
        kept = session.recall(self._kept, {})
        self._answers: dict[str, QPlainTextEdit] = {}
        for number, question in enumerate(self._assignment.questions, start=1):
            field = self._answers[question.id] = QPlainTextEdit(str(kept.get(question.id, "")))
            field.setFont(theme.font())
            field.setTabChangesFocus(True)
            field.setFixedHeight(88)
            lines.addWidget(labelled(f"{number}. {question.text}", field))
        self._target = FileField(tr("File to hand in", "Archivo que se entrega"), tr("Hand-ins (*.zip)", "Entregas (*.zip)"),
                                 save=True)
        lines.addWidget(self._target)
        lines.addStretch(1)
        self._fields = box(lines)
        self.body.addWidget(scroll_area(self._fields), 1)
        self._result = Card(edge="ok", margins=(14, 10, 14, 10))
        self._result_text = Label("", wrap=True, selectable=True)
        self._result.body.addWidget(self._result_text)
        self._result.hide()
        self.body.addWidget(self._result)
        self._proposed: Path | None = None
        self._propose()

    @property
    def _kept(self) -> str:
        return f"assignment_answers:{self._assignment.id}"

    @property
    def answers(self) -> dict[str, str]:
        """What was written, by question."""
        return {name: field.toPlainText().strip() for name, field in self._answers.items()}

    def _propose(self) -> None:
        if self._target.path == self._proposed:
            name = clean_name(self._name.text().strip() or self._place.name)
            self._proposed = self._place.parent / f"{name}{CAPSULE_SUFFIX}"
            self._target.set_path(self._proposed)

    def start_work(self) -> Job | None:
        name, answers, target, run = self._name.text(), self.answers, self._target.path, str(self._runs.value)
        self.session.remember(_NAME, name.strip())
        self.session.remember(self._kept, answers)
        problems = hand_in_problems(self._assignment, name, answers)
        if target is None:
            problems.append(error("no_target", Text("Enter a full path for the file.", "Escriba una ruta completa para el "
                                                    "archivo."), "file"))
        if problems or target is None:
            self.show_problems(problems)
            return None
        self._result.hide()
        # What is handed in is what is on the disk.
        self.session.save_now()
        place = self._place

        def work(report: Report) -> CapsuleInfo:
            progress = make_progress(report, Text("Reading the pictures", "Leyendo las imágenes"))
            try:
                return write_capsule(place, target, run, name, answers, progress, report.check)
            except ProblemError:
                report.check()
                raise

        return self.session.jobs.run(work, Text("Writing the hand-in", "Escribiendo la entrega"), "hand-in", page="learn")

    def _on_succeeded(self, job: Job) -> None:
        self._result_text.setText(tr("{path} is written. Give that file to the teacher.",
                                     "{path} está escrito. Dé ese archivo al profesorado.", path=self._target.path or ""))
        self._result.show()

    def _on_working_changed(self, _on_working_changed: bool) -> None:
        self._fields.setEnabled(not _on_working_changed)

    def reject(self) -> None:
        self.session.remember(self._kept, self.answers)
        super().reject()
