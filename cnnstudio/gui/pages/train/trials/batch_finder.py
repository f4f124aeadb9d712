"""The dialog that finds the largest batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Event
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.core.trial_jobs import BatchFound, BatchTried
from cnnstudio.gui.pages.train.trials.forecast import format_megabytes
from cnnstudio.gui.pages.train.trials.trial import Prepare, Trial, Waiting, free_height, stopped_label
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, Stack, box, clear, column, row
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.batch_answers import best_of

KIND: Final = "batch"
_LIMITS: Final = {
    "memory": Text("Larger batches do not fit into memory.", "Los lotes más grandes no caben en la memoria."),
    "pictures": Text("There are no more training pictures.", "No hay más imágenes de entrenamiento."),
    "setting": Text("The setting goes no further.", "El ajuste no llega más allá."),
}


class BatchDialog(Dialog):
    """Tries batches until the memory is used up; `taken(size)` when the user takes one."""

    def __init__(self, session: Session, prepare: Prepare, taken: Callable[[int], object],
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._taken = session, taken
        self._tried: list[BatchTried] = []
        self.found: BatchFound | None = None
        self.setWindowTitle(tr("Largest batch", "Lote más grande"))
        self.setMinimumWidth(520)
        self.resize(620, 560)
        self._waiting = Waiting()
        self._trial = Trial(session, prepare, Text("Search for the largest batch", "Búsqueda del lote más grande"), KIND, self)
        self._trial.told.connect(self._on_told)
        self._trial.progressed.connect(lambda: self._waiting.follow(self._trial.job))
        self._trial.ended.connect(self._on_ended)
        self._trial.stopped.connect(self._show_stopped)
        self._waiting.setFixedHeight(56)
        self._problem = column()
        self._table = Table([
            Column(tr("Batch size", "Tamaño de lote"), text=lambda item: format_count(item.batch_size),
                   key=lambda item: item.batch_size, right=True),
            Column(tr("Memory", "Memoria"), text=lambda item: format_megabytes(item.memory_mb), key=lambda item: item.memory_mb,
                   right=True),
            Column(tr("Pictures per second", "Imágenes por segundo"), text=_speed, key=lambda item: item.pictures_per_second,
                   right=True, stretch=True),
        ])
        self._table.setAccessibleName(tr("Batches tried", "Lotes probados"))
        self._verdict = Label("", "body", wrap=True)
        self._take = Button("", "primary", on_click=lambda: self._choose(self.found.batch_size if self.found else 0))
        self._fastest = Button("", on_click=lambda: self._choose(self.found.fastest if self.found else 0))
        self._close = Button(tr("Close", "Cerrar"), "quiet", on_click=self.reject)
        self._again = Button(tr("Try again", "Volver a probar"), on_click=self.start)
        self._stack = Stack()
        for part in (self._waiting, box(column(box(self._problem), None)), box(column(self._verdict, None))):
            self._stack.addWidget(part)
        layout = column(
            Label(self.windowTitle(), "title"),
            Label(tr("Real steps with growing batches, in a process of its own, until the memory is used up. A part of it "
                     "stays free for other programs. A larger batch is not always faster, and it may need a higher learning "
                     "rate.",
                     "Pasos reales con lotes cada vez más grandes, en un proceso aparte, hasta agotar la memoria. Una parte "
                     "queda libre para otros programas. Un lote más grande no siempre es más rápido, y puede necesitar una "
                     "tasa de aprendizaje mayor."), "body", "dim", wrap=True),
            self._table, self._stack,
            row(self._again, None, self._close, self._fastest, self._take,
                spacing=8),
            spacing=12, margins=(24, 24, 24, 20))
        layout.setStretchFactor(self._table, 1)
        self.setLayout(free_height(layout))
        self.start()

    def start(self) -> None:
        """Try the batches, in a child process."""
        self._tried, self.found = [], None
        self._table.set_rows([])
        self._show(0)
        self._waiting.begin()
        self._trial.start()

    def _show(self, place: int) -> None:
        self._stack.setCurrentIndex(place)
        self._stack.setMaximumHeight(160 if place == 1 else 56)
        self._take.setVisible(place == 2)
        self._fastest.setVisible(place == 2 and self.found is not None and self.found.fastest != self.found.batch_size)
        self._again.setVisible(place != 0)
        (self._take if place == 2 else self._close).setFocus()

    def _on_told(self, event: Event) -> None:
        if isinstance(event, BatchTried):
            self._tried.append(event)
            self._table.set_rows(sorted(self._tried, key=lambda item: item.batch_size))
        elif isinstance(event, BatchFound):
            self.found = event

    def _on_ended(self, problem: Problem | None) -> None:
        if problem is not None and self.found is None:
            self.found = best_of(self._tried, problem)
        if self.found is not None:
            self._show_found(self.found)
        elif problem is not None:
            clear(self._problem)
            banner = Banner(problem)
            banner.fix_chosen.connect(self._session.apply)
            self._problem.addWidget(banner)
            self._show(1)

    def _show_found(self, found: BatchFound) -> None:
        budget = "" if found.budget_mb is None else " " + tr("The process may take {n}.", "El proceso puede usar {n}.",
                                                             n=format_megabytes(found.budget_mb))
        self._verdict.setText(tr("Up to {n} pictures per batch. {why}{budget}", "Hasta {n} imágenes por lote. {why}{budget}",
                                 n=format_count(found.batch_size), why=str(_LIMITS[found.limit]), budget=budget))
        self._take.setText(tr("Use {n}", "Usar {n}", n=format_count(found.batch_size)))
        self._fastest.setText(tr("Use the fastest, {n}", "Usar el más rápido, {n}", n=format_count(found.fastest)))
        self._show(2)

    def _show_stopped(self) -> None:
        clear(self._problem)
        self._problem.addWidget(stopped_label())
        self._show(1)

    def _choose(self, size: int) -> None:
        if size:
            self._taken(size)
        self.accept()

    def done(self, code: int) -> None:
        """Closing the dialog ends what it started."""
        self._trial.cancel()
        super().done(code)


def _speed(tried: BatchTried) -> str:
    if not tried.fits:
        return tr("does not fit", "no cabe")
    return format_count(round(tried.pictures_per_second))
