"""The table of runs: state, metrics, overlay, resume, delete."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QColor, QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMenu, QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import capitalize, format_duration, format_number, format_percent
from cnnstudio.gui.widgets.question import Question
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.run_history import write_history
from cnnstudio.workers.run_names import write_name
from cnnstudio.workers.runs import STATE_NAMES, RunFolder, RunSummary, delete_run

_TONES = {"running": "accent", "paused": "accent", "finished": "", "stopped": "", "failed": "error",
          "interrupted": "warn", "damaged": "error", "created": "dim"}


class RunColors:
    """Keeps the colour of every run: runs that are added or deleted do not change those of the others."""

    def __init__(self, state: dict[str, Any]) -> None:
        """`state` of the page, which keeps the numbers until another project is opened."""
        self._state = state

    @property
    def _numbers(self) -> dict[str, int]:
        numbers: dict[str, int] = self._state.setdefault("colors", {})
        return numbers

    def follow(self, runs: list[RunSummary]) -> None:
        """Give new runs (`runs` are newest first) the next colours."""
        numbers = self._numbers
        for run in reversed(runs):
            numbers.setdefault(run.id, len(numbers))

    def color(self, run: RunSummary) -> QColor:
        return theme.class_color(self._numbers.get(run.id, -3) + 2)


class RunsTable(Card):
    """All runs, newest first. Selecting one shows its curves; Compare draws all of them behind it."""

    chosen = Signal(object)
    overlaid = Signal(list)
    resume_wanted = Signal(str)
    go_on_wanted = Signal(str)
    delete_wanted = Signal(object)
    history_wanted = Signal(object)
    rename_wanted = Signal(object)
    compare_wanted = Signal(object)
    """A run to put beside another one."""

    def __init__(self, colors: RunColors, parent: QWidget | None = None) -> None:
        super().__init__(margins=(4, 8, 4, 4), spacing=4, parent=parent)
        self._runs: list[RunSummary] = []
        self._compared = False
        self._busy = ""
        self._table = Table([
            Column(tr("Run", "Entrenamiento"), text=lambda run: run.title, stretch=True, least=190,
                   color=colors.color),
            Column(tr("Network", "Red"), text=lambda run: run.network, spare=1),
            Column(tr("Epochs", "Épocas"), text=lambda run: f"{run.epochs} / {run.planned}",
                   key=lambda run: run.epochs, right=True),
            Column(tr("Val. loss", "Pérdida val."), text=lambda run: _format_metric(run, "val_loss", 4),
                   key=lambda run: run.metrics.get("val_loss", 9e9), right=True),
            Column(tr("Val. accuracy", "Exactitud val."), text=_format_accuracy,
                   key=lambda run: run.metrics.get("val_accuracy", -1.0), right=True),
            Column(tr("Duration", "Duración"), text=lambda run: format_duration(run.seconds) if run.seconds else "–",
                   key=lambda run: run.seconds, right=True, spare=1),
            Column(tr("State", "Estado"), text=self._state,
                   tone=lambda run: _TONES.get(run.state, ""), right=True),
        ])
        self._table.setAccessibleName(tr("Runs", "Entrenamientos"))
        self._table.chosen.connect(self._choose)
        self._table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._table.customContextMenuRequested.connect(self._menu)
        self._resume = Button(tr("Resume", "Continuar"), "link", on_click=self._resume_chosen)
        self._go_on = Button(tr("Continue…", "Seguir…"), "link", on_click=self._go_on_chosen,
                             tooltip=tr("For more epochs, or with other settings", "Más épocas u otros ajustes"))
        self._compare = Button(tr("Compare runs", "Comparar"), "link", on_click=self._toggle)
        self._delete = Button(tr("Delete…", "Eliminar…"), "link", on_click=self._delete_chosen)
        head = row(Label(tr("Runs", "Entrenamientos"), "body_strong"), None, self._resume, self._go_on, self._compare,
                   self._delete, spacing=8, margins=(12, 0, 8, 0))
        self.body.addLayout(column(head, self._table, spacing=4))
        rename = QShortcut(QKeySequence(Qt.Key.Key_F2), self._table)
        rename.setContext(Qt.ShortcutContext.WidgetShortcut)
        rename.activated.connect(self._rename_chosen)
        self._update()

    def show_runs(self, runs: list[RunSummary], chosen_id: str) -> None:
        """Show runs; the chosen one stays selected."""
        self._table.blockSignals(True)
        if runs != self._runs:
            self._runs = runs
            self._table.set_rows(runs)
            self._table.setFixedHeight(44 + 32 * max(1, min(8, len(runs))))
        wanted = next((run for run in runs if run.id == chosen_id), None)
        if wanted is not None and self._table.selected != wanted:
            self._table.select(wanted)
        self._table.blockSignals(False)
        if self._compared:
            self.overlaid.emit(self._runs)
        self._update()

    def set_busy(self, run_id: str) -> None:
        """Set the run that is being trained here ("" for none): known before its process has sent an event."""
        if run_id != self._busy:
            self._busy = run_id
            self._table.viewport().update()
            self._update()

    def _state(self, run: RunSummary) -> str:
        if run.id == self._busy and run.state in ("created", "stopped", "interrupted", "failed"):
            return tr("Starting", "Iniciando")
        return capitalize(STATE_NAMES[run.state])

    def _choose(self, run: object) -> None:
        if isinstance(run, RunSummary):
            self.chosen.emit(run)
            if self._compared:
                self.overlaid.emit(self._runs)
        self._update()

    def _selected_run(self) -> RunSummary | None:
        run = self._table.selected
        return run if isinstance(run, RunSummary) else None

    def _update(self) -> None:
        run = self._selected_run()
        self._table.setVisible(bool(self._runs))
        self._resume.setVisible(run is not None and self._can_resume(run))
        self._go_on.setVisible(run is not None and self._can_go_on(run))
        self._delete.setVisible(run is not None and self._can_delete(run))
        self._compare.setVisible(len(self._runs) > 1)

    def _can_resume(self, run: RunSummary) -> bool:
        return run.resumable and run.state != "finished" and not self._busy

    def _can_go_on(self, run: RunSummary) -> bool:
        return run.epochs > 0 and run.state not in ("running", "paused", "damaged") and not self._busy

    def _can_delete(self, run: RunSummary) -> bool:
        return run.state not in ("running", "paused") and run.id != self._busy

    def _toggle(self) -> None:
        self._compared = not self._compared
        self._compare.setText(tr("Hide others", "Ocultar otros") if self._compared else tr("Compare runs", "Comparar"))
        self.overlaid.emit(self._runs if self._compared else [])

    def _resume_chosen(self) -> None:
        run = self._selected_run()
        if run is not None:
            self.resume_wanted.emit(run.id)

    def _go_on_chosen(self) -> None:
        run = self._selected_run()
        if run is not None:
            self.go_on_wanted.emit(run.id)

    def _rename_chosen(self) -> None:
        run = self._selected_run()
        if run is not None:
            self.rename_wanted.emit(run)

    def _delete_chosen(self) -> None:
        run = self._selected_run()
        if run is not None:
            self.delete_wanted.emit(run)

    def _menu(self, position: object) -> None:
        run = self._selected_run()
        if run is None:
            return
        menu = QMenu(self)
        if self._can_resume(run):
            menu.addAction(tr("Resume", "Continuar"), self._resume_chosen)
        if self._can_go_on(run):
            menu.addAction(tr("Continue training…", "Seguir entrenando…"), self._go_on_chosen)
        if run.has_model and sum(other.has_model for other in self._runs) > 1:
            menu.addAction(tr("Compare with another run…", "Comparar con otro entrenamiento…"),
                           lambda: self.compare_wanted.emit(run))
        menu.addAction(tr("Show its folder", "Mostrar su carpeta"),
                       lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.folder))))
        menu.addAction(tr("Rename…", "Cambiar nombre…") + "\tF2", self._rename_chosen)
        if run.epochs:
            menu.addAction(tr("Save epochs as CSV…", "Guardar las épocas como CSV…"), lambda: self.history_wanted.emit(run))
        if self._can_delete(run):
            menu.addAction(tr("Delete…", "Eliminar…"), self._delete_chosen)
        menu.popup(self._table.viewport().mapToGlobal(position))  # type: ignore[call-overload]


def _format_metric(run: RunSummary, name: str, digits: int) -> str:
    value = run.metrics.get(name)
    return "–" if value is None else format_number(value, digits)


def _format_accuracy(run: RunSummary) -> str:
    value = run.metrics.get("val_accuracy")
    return "–" if value is None else format_percent(value)


def confirm_delete(parent: QWidget, run: RunSummary) -> bool:
    """Delete a run with its model after a confirmation; it cannot be restored. True where it was deleted."""
    answer = Question(
        tr("Delete this run?", "¿Eliminar este entrenamiento?"),
        tr("{id} is deleted with its model and checkpoints. This cannot be undone.",
           "Se elimina {id} con su modelo y sus puntos de control. No se puede deshacer.", id=run.title),
        (("delete", tr("Delete", "Eliminar"), "danger"),), parent.window()).ask()
    return answer == "delete" and delete_run(RunFolder(run.folder))


def rename_run(session: Session, parent: QWidget, run: RunSummary) -> bool:
    """Ask for a name and give it to the run; True where it changed."""
    name, done = QInputDialog.getText(parent.window(), tr("Rename run", "Cambiar nombre del entrenamiento"),
                                      tr("Name (empty for {id}):", "Nombre (vacío para {id}):", id=run.id),
                                      QLineEdit.EchoMode.Normal, run.name)
    if not done or name == run.name:
        return False
    try:
        write_name(run.folder, name)
    except ProblemError as problem_error:
        session.report(*problem_error.problems)
        return False
    return True


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
