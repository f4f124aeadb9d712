"""Asks for other names for the classes of a trained run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.renamed_classes import LONGEST, renamed
from cnnstudio.core.text import on_one_line, tr
from cnnstudio.gui.widgets.basics import Button, Elided, Label, column, row, scroll_area
from cnnstudio.gui.widgets.dialog import Dialog, fit
from cnnstudio.workers.runs.classes import RunClass

_ROW: Final = 44
_MOST_SHOWN: Final = 7
"""Rows without scrolling."""


class RenameDialog(Dialog):
    """One field for each class, in the order of the model's outputs. `changes` are from the present names to the new ones."""

    def __init__(self, title: str, classes: Sequence[RunClass], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes = tuple(classes)
        self.setWindowTitle(tr("Rename classes", "Cambiar nombres de las clases"))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        self.fields = [self._add_row(grid, number, item) for number, item in enumerate(self._classes)]
        names = QWidget()
        names.setLayout(grid)
        self._list = scroll_area(names)
        self._list.setFixedHeight(_ROW * min(len(self._classes), _MOST_SHOWN) + 4)
        self.failure = Label("", "secondary", "error", wrap=True)
        # Its room stays, so that nothing moves while one types.
        self.failure.setMinimumHeight(self.failure.fontMetrics().height() + 4)
        self.as_trained = Button(tr("As trained", "Como se entrenó"), "link", on_click=self._set_trained,
                                 tooltip=tr("The names that the run was trained with",
                                            "Los nombres con los que se entrenó"))
        self.as_trained.setVisible(any(item.name != item.trained for item in self._classes))
        self.save = Button(tr("Rename", "Cambiar nombres"), "primary", on_click=self.accept)
        lines = column(
            Label(tr("Rename classes of {run}", "Cambiar nombres de las clases de {run}", run=title), "title", wrap=True),
            Label(tr("Nothing is trained. Answers, evaluations and reports of this run have the new names at once, and exports "
                     "when they are made again. The folders of the pictures and other runs keep their names.",
                     "No se entrena nada. Las respuestas, evaluaciones e informes de este entrenamiento tienen enseguida los "
                     "nombres nuevos, y las exportaciones cuando se hagan de nuevo. Las carpetas de imágenes y los demás "
                     "entrenamientos conservan los suyos."), "body", "dim", wrap=True),
            row(Label(tr("From the present name to the new one", "Del nombre actual al nuevo"), "secondary", "dim"), None,
                self.as_trained), self._list, self.failure,
            row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject), self.save, spacing=8),
            spacing=12, margins=(24, 24, 24, 20))
        fit(self, lines, 520)
        self._check()
        if self.fields:
            self.fields[0].setFocus()

    def _add_row(self, grid: QGridLayout, number: int, item: RunClass) -> QLineEdit:
        field = QLineEdit(item.name)
        field.setMaxLength(LONGEST)
        field.setMinimumHeight(_ROW - 8)
        field.setAccessibleName(tr("New name of {name}", "Nombre nuevo de {name}", name=item.name))
        field.textChanged.connect(self._check)
        name = Elided(on_one_line(item.name))
        grid.addWidget(name, number, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(field, number, 1)
        return field

    @property
    def changes(self) -> dict[str, str]:
        return {item.name: field.text().strip() for item, field in zip(self._classes, self.fields, strict=True)
                if field.text().strip() != item.name}

    def _set_trained(self) -> None:
        for item, field in zip(self._classes, self.fields, strict=True):
            field.setText(item.trained)

    def _check(self) -> None:
        """What is wrong is said as it is typed."""
        problems: tuple[object, ...] = ()
        try:
            renamed([item.name for item in self._classes], self.changes)
        except ProblemError as problem_error:
            problems = tuple(problem.text for problem in problem_error.problems)
        self.failure.setText("\n".join(str(text) for text in problems[:1]))
        self.save.setEnabled(bool(self.changes) and not problems)
