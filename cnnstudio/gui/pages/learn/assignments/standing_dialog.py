"""The assignment of the open project: what is wanted, and where the student stands on the validation pictures."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.learn.assignments.sheet import AssignmentSheet, figure_text, goal_text
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Caption, Label, Stack, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card, EmptyState
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.rows_model import Column
from cnnstudio.gui.widgets.table import Table
from cnnstudio.learning.assignments.standing import RunStanding, Standing, find_standing


class StandingDialog(Dialog):
    """`hand_in_requested(run)` for the selected run; `train_requested` where there is none yet."""

    hand_in_requested = Signal(str)
    train_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Assignment", "Práctica"))
        self.resize(980, 620)
        self._session = session
        self._standing: Standing | None = None
        self._sheet = AssignmentSheet()
        card = Card()
        card.body.addWidget(scroll_area(self._sheet))
        self._note = Label("", "secondary", "dim", wrap=True)
        self.runs = Table((
            Column(tr("Run", "Entrenamiento"), lambda run: run.name, stretch=True),
            Column(tr("Validation", "Validación"), self._value, key=lambda run: -1.0 if run.value is None else run.value,
                   right=True, tone=lambda run: "ok" if run.reaches else ""),
            Column(tr("Goal", "Objetivo"),
                   lambda run: tr("reached", "alcanzado") if run.reaches else tr("not yet", "aún no"),
                   tone=lambda run: "ok" if run.reaches else "dim"),
            Column(tr("Limits", "Límites"), _limits, tone=lambda run: "" if run.keeps_limits else "error",
                   help=_limit_details)))
        self.runs.setAccessibleName(tr("Your runs", "Sus entrenamientos"))
        self.runs.chosen.connect(lambda _run: self._update_button())
        self._stack = Stack()
        self._stack.addWidget(EmptyState(
            "train", tr("Nothing is trained yet", "Aún no hay nada entrenado"),
            tr("Train a network; here you see how far it is from the goal.",
               "Entrene una red; aquí verá cuánto le falta para el objetivo."), tr("Go to Train", "Ir a Entrenar"),
            self._train))
        self._stack.addWidget(self.runs)
        right = column(Caption(tr("Your runs", "Sus entrenamientos")), self._note, self._stack, spacing=8)
        right.setStretch(2, 1)
        sides = row(card, box(right), spacing=16)
        sides.setStretch(0, 4)
        sides.setStretch(1, 7)
        self._hand_in = Button(tr("Hand in…", "Entregar…"), "primary", "send", on_click=self._request)
        close = Button(tr("Close", "Cerrar"), on_click=self.accept)
        layout = column(spacing=14, margins=(24, 22, 24, 18))
        layout.addLayout(sides, 1)
        layout.addLayout(row(None, close, self._hand_in))
        self.setLayout(layout)
        session.changed.connect(self._on_changed)
        self.refresh()

    def _value(self, run: RunStanding) -> str:
        metric = self._standing.assignment.metric if self._standing is not None else ""
        return figure_text(metric, run.value, run.interval)

    def refresh(self) -> None:
        """Show the present standing."""
        try:
            self._standing = None if self._session.folder is None else find_standing(self._session.folder)
        except ProblemError as problem_error:
            self._session.report(problem_error.problems[0])
            self._standing = None
        if self._standing is None:
            self.reject()
            return
        assignment, runs = self._standing.assignment, self._standing.runs
        self._sheet.show_assignment(assignment)
        self._note.setText(tr("To be reached on the hidden pictures: {goal}. What stands here is measured on the validation "
                              "pictures; the hidden ones can give a little more or less.",
                              "Por alcanzar con las imágenes ocultas: {goal}. Lo que aparece aquí se mide con las de "
                              "validación; con las ocultas puede ser algo más o algo menos.", goal=goal_text(assignment)))
        selected = self.runs.selected
        self.runs.set_rows(runs)
        self._stack.setCurrentIndex(int(bool(runs)))
        again = next((run for run in runs if selected is not None and run.run == selected.run), runs[0] if runs else None)
        if again is not None:
            self.runs.select(again)
        self._update_button()

    def _on_changed(self, change: Change) -> None:
        if change.of("run", "runs", "folder"):
            self.refresh()

    def _update_button(self) -> None:
        self._hand_in.setEnabled(self.runs.selected is not None)

    def _request(self) -> None:
        run: Any = self.runs.selected
        if run is not None:
            self.hand_in_requested.emit(run.run)

    def _train(self) -> None:
        self.train_requested.emit()
        self.accept()


def _limits(run: RunStanding) -> str:
    broken = [str(outcome.label) for outcome in run.limits if not outcome.kept]
    if not run.limits:
        return tr("none", "ninguno")
    return ", ".join(broken) if broken else tr("kept", "respetados")


def _limit_details(run: RunStanding) -> str:
    return "\n".join(f"{outcome.label}: {outcome.measured} ({outcome.limit})" for outcome in run.limits)
