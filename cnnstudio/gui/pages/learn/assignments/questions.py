"""The questions of an assignment that is being made."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.learn.assignments.fields import TwoTexts
from cnnstudio.gui.widgets.basics import Button, box, column, row
from cnnstudio.learning.assignments.model import Question


class QuestionList(QWidget):
    """Any number of questions, each in both languages; `changed` with every letter."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[QWidget, TwoTexts]] = []
        self._lines = column(spacing=6)
        self._add = Button(tr("Add a question", "Añadir una pregunta"), "link", "plus", on_click=self.add)
        self.setLayout(column(self._lines, row(self._add, None), spacing=6))

    @property
    def questions(self) -> tuple[Question, ...]:
        """Those that were written."""
        texts = [field.text for _holder, field in self._rows]
        return tuple(Question(id="", text=text) for text in texts if text.en or text.es)

    def add(self) -> None:
        """Add an empty question, and go to it."""
        field = TwoTexts("")
        name = tr("Question {n}", "Pregunta {n}", n=len(self._rows) + 1)
        remove = Button(tr("Remove the question", "Quitar la pregunta"), "icon", "trash")
        line = row(field, remove, spacing=4)
        line.setStretch(0, 1)
        holder = box(line)
        holder.setAccessibleName(name)
        remove.clicked.connect(lambda: self._remove(holder))
        field.changed.connect(self.changed)
        self._rows.append((holder, field))
        self._lines.addWidget(holder)
        field.setFocus()
        self.changed.emit()

    def _remove(self, holder: QWidget) -> None:
        self._rows = [item for item in self._rows if item[0] is not holder]
        self._lines.removeWidget(holder)
        holder.hide()
        holder.deleteLater()
        self._add.setFocus()
        self.changed.emit()
