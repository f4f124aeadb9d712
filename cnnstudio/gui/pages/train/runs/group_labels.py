"""Asks for the name, the note and the tags of a group of runs, and writes them to each."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.train.runs.actions import written
from cnnstudio.gui.pages.train.runs.lines import GroupLine
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog, fit
from cnnstudio.workers.runs.labels import LONGEST_NOTE, RunLabels, clean_labels, clean_tags
from cnnstudio.workers.runs.names import LONGEST


class GroupDialog(Dialog):
    """What all runs of the group have in common is written there, and can be changed for all of them."""

    def __init__(self, group: GroupLine, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        runs = group.runs
        notes = {run.labels.note for run in runs}
        self._note = runs[0].labels.note if len(notes) == 1 else ""
        self._tags = tuple(tag for tag in runs[0].labels.tags if all(tag in run.labels.tags for run in runs))
        self._name = runs[0].labels.group
        self.setWindowTitle(tr("Name, note and tags", "Nombre, nota y etiquetas"))
        self.name = QLineEdit(self._name)
        self.name.setMaxLength(LONGEST)
        self.name.setAccessibleName(tr("Name of the group", "Nombre del grupo"))
        self.name.setPlaceholderText(runs[0].origin.group)
        self.note = QPlainTextEdit(self._note)
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(96)
        self.note.setAccessibleName(tr("Note", "Nota"))
        if len(notes) > 1:
            self.note.setPlaceholderText(tr("Each run has its own note; what you write here replaces them.",
                                            "Cada entrenamiento tiene su propia nota; lo que escriba aquí las sustituye."))
        self.tags = QLineEdit(", ".join(self._tags))
        self.tags.setAccessibleName(tr("Tags", "Etiquetas"))
        self.tags.setPlaceholderText(tr("baseline, small data", "referencia, pocos datos"))
        fit(self, column(
            Label(group.name, "title", wrap=True),
            Label(tr("Name of the group", "Nombre del grupo")), self.name,
            Label(tr("Note of each of its runs", "Nota de cada uno de sus entrenamientos"), wrap=True), self.note,
            Label(tr("Tags that all of them have, separated by commas",
                     "Etiquetas que tienen todos, separadas por comas"), wrap=True), self.tags, 4,
            row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject),
                Button(tr("Save", "Guardar"), "primary", on_click=self.accept), spacing=8),
            spacing=8, margins=(24, 24, 24, 20)))

    def wanted(self, labels: RunLabels) -> RunLabels:
        """The labels of one of the runs as they were written; what was not changed here stays its own."""
        note, name = self.note.toPlainText()[:LONGEST_NOTE], self.name.text()
        tags = clean_tags([self.tags.text()])
        if note != self._note:
            labels = msgspec.structs.replace(labels, note=note)
        if name != self._name:
            labels = msgspec.structs.replace(labels, group=name)
        if tags != self._tags:
            own = [tag for tag in labels.tags if tag not in self._tags]
            labels = msgspec.structs.replace(labels, tags=clean_tags([*tags, *own]))
        return clean_labels(labels)


def edit_group(session: Session, parent: QWidget, group: GroupLine, done: Callable[[], object]) -> GroupDialog:
    """Ask for what is written about the runs of a group, without blocking the window; `done()` where it changed."""
    dialog = GroupDialog(group, parent.window())

    def save() -> None:
        results = [written(session, run, dialog.wanted(run.labels)) for run in group.runs
                   if dialog.wanted(run.labels) != run.labels]
        if any(results):
            done()

    dialog.accepted.connect(save)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
