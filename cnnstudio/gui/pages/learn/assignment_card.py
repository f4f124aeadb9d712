"""Assignments on the home of the Learn page: the ways in for students and for teachers."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.state.commands import Command, GradeHandIns, HandIn, NewAssignment, OpenAssignment
from cnnstudio.gui.widgets.basics import Button, Label, box, column
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout

_CELL = 236


class AssignmentCards(QWidget):
    """`command_chosen(Command)` when a button is clicked. What needs a project is off without one."""

    command_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._of_project: list[Button] = []
        flow = FlowLayout(self, spacing=12, cell=_CELL, columns_alike=True)
        flow.addWidget(self._card(
            tr("For students", "Para estudiantes"),
            tr("An assignment is one file: its pictures, its goal and its limits. Hand in the run that is to be graded.",
               "Una práctica es un archivo: sus imágenes, su objetivo y sus límites. Entregue el entrenamiento que se "
               "calificará."),
            self._button(tr("Open assignment…", "Abrir práctica…"), "open", OpenAssignment(), needs_project=False),
            self._button(tr("Hand in…", "Entregar…"), "send", HandIn(), needs_project=True)))
        flow.addWidget(self._card(
            tr("For teachers", "Para docentes"),
            tr("Make an assignment of the open project, with hidden test pictures, and grade a folder of hand-ins at once.",
               "Cree una práctica con el proyecto abierto, con imágenes de prueba ocultas, y califique de una vez una carpeta "
               "de entregas."),
            self._button(tr("New assignment…", "Nueva práctica…"), "plus", NewAssignment(), needs_project=True),
            self._button(tr("Grade hand-ins…", "Calificar entregas…"), "check", GradeHandIns(), needs_project=False)))

    def show_open(self, is_open: bool) -> None:
        """Whether a project is open."""
        for button in self._of_project:
            button.setEnabled(is_open)
            button.setToolTip("" if is_open else tr("Needs a project", "Necesita un proyecto"))

    def _card(self, title: str, text: str, *buttons: Button) -> Card:
        holder = QWidget()
        flow = FlowLayout(holder, spacing=8)
        for button in buttons:
            flow.addWidget(button)
        card = Card(box(column(Label(title, "body_strong"), Label(text, "secondary", "dim", wrap=True), holder, spacing=8)))
        card.body.addStretch(1)
        return card

    def _button(self, text: str, icon: str, command: Command, *, needs_project: bool) -> Button:
        button = Button(text, "", icon, on_click=partial(self.command_chosen.emit, command))
        if needs_project:
            self._of_project.append(button)
        return button
