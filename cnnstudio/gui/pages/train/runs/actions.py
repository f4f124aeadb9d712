"""What is done with a run of the table: renamed, written about, coloured, and its epochs saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import msgspec
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QLineEdit, QMenu, QPlainTextEdit, QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog, fit
from cnnstudio.gui.widgets.text_dialog import TextDialog, ask_text
from cnnstudio.workers.runs.folder import RunFolder, RunSummary
from cnnstudio.workers.runs.history import write_history
from cnnstudio.workers.runs.labels import LONGEST_NOTE, RunLabels, clean_tags, read_labels, write_labels
from cnnstudio.workers.runs.names import LONGEST, write_name

_OFFERED: Final = 16
"""Colours that the menu offers."""


class LabelsDialog(Dialog):
    """Asks for the note, the tags and the group of a run."""

    def __init__(self, run: RunSummary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = run.labels
        self.setWindowTitle(tr("Note, tags and group", "Nota, etiquetas y grupo"))
        self.note = QPlainTextEdit(run.labels.note)
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(96)
        self.note.setAccessibleName(tr("Note", "Nota"))
        self.tags = QLineEdit(", ".join(run.labels.tags))
        self.tags.setAccessibleName(tr("Tags", "Etiquetas"))
        self.tags.setPlaceholderText(tr("baseline, small data", "referencia, pocos datos"))
        self.group = QLineEdit(run.labels.group)
        self.group.setMaxLength(LONGEST)
        self.group.setAccessibleName(tr("Group", "Grupo"))
        self.group.setPlaceholderText(run.origin.group)
        fit(self, column(
            Label(run.title, "title", wrap=True), Label(tr("Note", "Nota")), self.note,
            Label(tr("Tags, separated by commas", "Etiquetas, separadas por comas")), self.tags,
            Label(tr("Group; runs of one group are folded into a line with their mean and deviation",
                     "Grupo; los entrenamientos de un grupo se pliegan en una línea con su media y desviación"), wrap=True),
            self.group,
            row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject),
                Button(tr("Save", "Guardar"), "primary", on_click=self.accept), spacing=8),
            spacing=8, margins=(24, 24, 24, 20)))

    def wanted(self) -> RunLabels:
        """The labels as they were written."""
        return msgspec.structs.replace(self._labels, note=self.note.toPlainText()[:LONGEST_NOTE],
                                       tags=clean_tags([self.tags.text()]), group=self.group.text())


def edit_labels(session: Session, parent: QWidget, run: RunSummary, done: Callable[[], object]) -> LabelsDialog:
    """Ask for the labels of a run, without blocking the window; `done()` where they changed."""
    dialog = LabelsDialog(run, parent.window())

    def save() -> None:
        if dialog.wanted() != run.labels and written(session, run, dialog.wanted()):
            done()

    dialog.accepted.connect(save)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def written(session: Session, run: RunSummary, labels: RunLabels) -> bool:
    """Write the labels of a run; False, with a message, where that failed."""
    try:
        write_labels(run.folder, labels)
    except ProblemError as problem_error:
        session.report(*problem_error.problems)
        return False
    return True


def add_color_menu(session: Session, menu: QMenu, runs: Sequence[RunSummary], done: Callable[[], object]) -> QMenu:
    """A menu of the colours that these runs can have; `done()` when one was taken."""
    colors = menu.addMenu(tr("Colour", "Color"))
    present = {run.labels.color for run in runs}

    def take(number: int) -> None:
        results = [written(session, run, msgspec.structs.replace(read_labels(run.folder), color=number)) for run in runs]
        if any(results):
            done()

    for number in range(_OFFERED):
        action = colors.addAction(_swatch(theme.class_color(number)), tr("Colour {n}", "Color {n}", n=number + 1),
                                  partial(take, number))
        action.setCheckable(True)
        action.setChecked(present == {number})
    return colors


def _swatch(color: QColor) -> QIcon:
    pixmap = QPixmap(QSize(12, 12))
    pixmap.fill(color)
    return QIcon(pixmap)


def rename_run(session: Session, parent: QWidget, run: RunSummary, done: Callable[[], object]) -> TextDialog:
    """Ask for a name and give it to the run, without blocking the window; `done()` where it changed."""

    def take(name: str) -> None:
        if name == run.name:
            return
        try:
            write_name(run.folder, name)
        except ProblemError as problem_error:
            session.report(*problem_error.problems)
        else:
            done()

    return ask_text(TextDialog(tr("Rename run", "Cambiar nombre del entrenamiento"), tr("Name", "Nombre"), run.name,
                               subject=tr("Without a name it is called {id}.", "Sin nombre se llama {id}.", id=run.id),
                               empty=run.id, longest=LONGEST, parent=parent.window()), take)


def save_history(session: Session, parent: QWidget, run: RunSummary) -> None:
    """Ask for a file, and write the metrics of every epoch there as a table."""
    path = ask_save_path(session, parent.window(), tr("Save epochs as CSV", "Guardar las épocas como CSV"), f"{run.id}.csv",
                         "CSV (*.csv)")
    if path is None:
        return
    try:
        write_history(RunFolder(run.folder), path)
    except ProblemError as problem_error:
        session.report(*problem_error.problems)
    else:
        report_saved(session, path)
