"""Making a scenario of pictures, and the part of the menu of pictures that puts them into scenarios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QLineEdit, QMenu, QPlainTextEdit, QWidget

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.state.scenarios import Scenarios
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog, fit
from cnnstudio.gui.widgets.formatting import format_pictures

_NOTE_HEIGHT = 84


class ScenarioDialog(Dialog):
    """Name and note of a scenario. `problem(name)` says why it cannot be called so."""

    def __init__(self, title: str, subject: str, problem: Callable[[str], Problem | None], name: str = "", note: str = "", *,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._problem = problem
        self.name = QLineEdit(name)
        self.name.setMaxLength(80)
        self.name.setAccessibleName(tr("Name", "Nombre"))
        self.name.setPlaceholderText(tr("Such as: at night, through glass", "Por ejemplo: de noche, a través de un cristal"))
        self.note = QPlainTextEdit(note)
        self.note.setAccessibleName(tr("Note", "Nota"))
        self.note.setPlaceholderText(tr("Why it matters that these are recognised", "Por qué importa que estas se reconozcan"))
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(_NOTE_HEIGHT)
        self.failure = Label("", "secondary", "error", wrap=True)
        self.save = Button(tr("Save", "Guardar"), "primary", on_click=self._on_save)
        layout = column(
            Label(title, "title", wrap=True), Label(subject, "body", "dim", wrap=True), Label(tr("Name", "Nombre")), self.name,
            Label(tr("Note", "Nota")), self.note, self.failure, None,
            row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject), self.save, spacing=8), spacing=8,
            margins=(24, 24, 24, 20))
        fit(self, layout)
        self.resize(self.width(), self.height() + 24)
        self.name.textChanged.connect(self._check)
        self.save.setEnabled(bool(name.strip()))
        self.name.setFocus()

    def _check(self) -> None:
        name = self.name.text().strip()
        problem = self._problem(name) if name else None
        self.failure.setText(str(problem.text) if problem is not None else "")
        self.save.setEnabled(bool(name) and problem is None)

    def _on_save(self) -> None:
        self._check()
        if self.save.isEnabled():
            self.accept()


def ask_scenario(scenarios: Scenarios, parent: QWidget, ids: Sequence[int], name: str = "") -> ScenarioDialog:
    """Ask for name and note, and make a scenario of these pictures. Does not block the window."""
    free, number = name, 2
    while free and scenarios.name_problem(free) is not None and number < 100:
        free, number = f"{name} {number}", number + 1
    subject = tr("{n}. Every run is measured on them; they stay where they are, and stay in the scenario when they are moved.",
                 "{n}. Con ellas se mide cada entrenamiento; se quedan donde están y siguen en el escenario aunque se muevan.",
                 n=format_pictures(len(ids)))
    dialog = ScenarioDialog(tr("New scenario", "Nuevo escenario"), subject, scenarios.name_problem, free[:80],
                            parent=parent.window())
    dialog.accepted.connect(lambda: scenarios.make(ids, dialog.name.text().strip(), dialog.note.toPlainText()))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def add_scenario_menu(menu: QMenu, scenarios: Scenarios, parent: QWidget, ids: list[int]) -> None:
    """The part of the menu of pictures about scenarios."""
    part = menu.addMenu(tr("Scenario", "Escenario"))
    part.addAction(tr("New scenario…", "Nuevo escenario…"), lambda: ask_scenario(scenarios, parent, ids))
    there = scenarios.all()
    if not there:
        return
    add = part.addMenu(tr("Add to", "Añadir a"))
    remove = part.addMenu(tr("Remove from", "Quitar de"))
    for scenario in there:
        name = scenario.name.replace("&", "&&")
        add.addAction(name, partial(scenarios.add, scenario, ids))
        remove.addAction(name, partial(scenarios.remove, scenario, ids))
