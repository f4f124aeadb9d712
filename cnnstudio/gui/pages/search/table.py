"""The table of trials, in step with the brushes of the parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.search.naming import STATE_TONES, STATES, trial_name
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.widgets.basics import Button, Label
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_duration
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.search.objectives import objective_type
from cnnstudio.workers.search.reading import Trial


class TrialsTable(Card):
    """`trial_chosen(number)`, `trial_opened(number)` on a double click, Enter or the button, `trial_wanted(number)` for its
    settings in the project."""

    trial_chosen = Signal(int)
    trial_opened = Signal(int)
    trial_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__(spacing=10)
        self._shown: Shown | None = None
        self._layout: object = None
        self._chosen: int | None = None
        self._filling = False
        self.table = Table([])
        self.table.setAccessibleName(tr("Trials", "Ensayos"))
        self.table.setMinimumHeight(200)
        self.table.chosen.connect(self._on_chosen)
        self.table.opened.connect(lambda trial: self.trial_opened.emit(trial.number))
        self._title = Label(tr("Trials", "Ensayos"), "body_strong")
        self._open = Button(tr("Open its run", "Abrir su entrenamiento"), icon="open",
                            on_click=lambda: self._tell(self.trial_opened))
        self._use = Button(tr("Use these settings", "Usar estos ajustes"), icon="check",
                           on_click=lambda: self._tell(self.trial_wanted),
                           tooltip=tr("Puts the settings of this trial into the project; it can be undone.",
                                      "Pone en el proyecto los ajustes de este ensayo; se puede deshacer."))
        self._settings = Label("", "secondary", "dim", wrap=True, selectable=True)
        self._why = Label("", "secondary", "error", wrap=True, selectable=True)
        self.body.addWidget(flow_row(self._title, self._open, self._use))
        self.body.addWidget(self._settings)
        self.body.addWidget(self._why)
        self.body.addWidget(self.table, 1)
        self._update()

    def _tell(self, signal: Any) -> None:
        if self._chosen is not None:
            signal.emit(self._chosen)

    def _on_chosen(self, trial: Trial | None) -> None:
        if not self._filling and trial is not None:
            self.trial_chosen.emit(trial.number)

    def show_search(self, shown: Shown) -> None:
        """Show a search; its columns are made anew when they change."""
        self._shown = shown
        layout = (shown.search.id, tuple(shown.keys), tuple(shown.names.items()))
        self._filling = True
        if layout != self._layout:
            self._layout = layout
            self.table.set_columns(_columns(shown, lambda: self._shown or shown), [])
            self.table.sortByColumn(0, self.table.horizontalHeader().sortIndicatorOrder())
        self._filling = False
        self._fill(None)

    def show_marks(self, chosen: int | None, kept: frozenset[int] | None) -> None:
        """Select the chosen trial, and list those alone that a brush keeps."""
        self._chosen = chosen
        self._fill(kept)

    def _fill(self, kept: frozenset[int] | None) -> None:
        if self._shown is None:
            return
        trials = [trial for trial in self._shown.search.trials if kept is None or trial.number in kept]
        self._filling = True
        if trials != self.table.rows.rows:
            bar = self.table.verticalScrollBar().value()
            self.table.set_rows(trials)
            self.table.verticalScrollBar().setValue(bar)
        own = next((trial for trial in trials if trial.number == self._chosen), None)
        if own is not None:
            self.table.select(own)
        else:
            self.table.clearSelection()
        self._filling = False
        self._update()

    def _update(self) -> None:
        trial = None if self._shown is None or self._chosen is None else self._shown.search.trial(self._chosen)
        for button, wanted in ((self._open, trial is not None and bool(trial.runs)),
                               (self._use, trial is not None and bool(trial.params))):
            button.setVisible(wanted)
        self._title.setText(tr("Trials", "Ensayos") if trial is None else trial_name(trial))
        self._settings.setText("" if trial is None or self._shown is None else " · ".join(
            f"{self._shown.names.get(key, key)} {self._shown.text(key, trial)}" for key in trial.params))
        self._settings.setVisible(bool(self._settings.text()))
        self._why.setText("" if trial is None or trial.problem is None else str(trial.problem.text))
        self._why.setVisible(bool(self._why.text()))


def _columns(shown: Shown, present: Callable[[], Shown]) -> list[Column]:
    """`present` gives the search as it is by then: the best trial changes."""
    columns = [
        Column(tr("No.", "N.º"), lambda trial: str(trial.number + 1), lambda trial: trial.number, right=True),
        Column(tr("State", "Estado"), _state, stretch=True, least=96, tone=lambda trial: STATE_TONES[trial.state],
               help=lambda trial: str(trial.problem.text) if trial.problem is not None else _state(trial))]
    for place, objective in enumerate(shown.search.spec.objectives):
        columns.append(_objective_column(present, place, str(objective_type(objective).label)))
    for place, key in enumerate(shown.keys):
        columns.append(_key_column(shown, key, spare=place + 2))
    return [*columns, Column(tr("Time", "Tiempo"), _seconds, lambda trial: trial.seconds or 0.0, right=True, spare=99)]


def _state(trial: Trial) -> str:
    words = str(STATES[trial.state])
    return f"{words} · {tr('present settings', 'ajustes actuales')}" if trial.present else words


def _seconds(trial: Trial) -> str:
    return "" if trial.seconds is None else format_duration(trial.seconds)


def _objective_column(present: Callable[[], Shown], place: int, title: str) -> Column:
    worst = -math.inf if present().search.spec.objectives[place].direction == "maximize" else math.inf

    def is_best(trial: Trial) -> bool:
        best = present().search.best
        return place < len(best) and trial.number == best[place]

    def text(trial: Trial) -> str:
        return present().objective_text(trial, place) + (" ★" if is_best(trial) else "")

    return Column(title, text, lambda trial: trial.values[place] if place < len(trial.values) else worst, right=True,
                  tone=lambda trial: "ok" if is_best(trial) else "")


def _key_column(shown: Shown, key: str, spare: int) -> Column:
    choice = shown.is_choice(key)

    def text(trial: Trial) -> str:
        return shown.text(key, trial)

    number: Callable[[Trial], Any] | None = None if choice else lambda trial: trial.params.get(key, -math.inf)
    return Column(shown.names.get(key, key), text, number, right=not choice, spare=spare, about=key)
