"""The trainings that wait, in their order: they can be moved and taken out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.state.run_queue import RunQueue, Waiting
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, clear, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.workers.runs.origin import origin_text

_MOST_SHOWN = 6


class QueuePanel(Card):
    """Shows a queue while something waits in it; `start_wanted` starts the next one of a queue that is held."""

    start_wanted = Signal()
    remove_wanted = Signal(str)

    def __init__(self, queue: RunQueue, title_of: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(margins=(4, 8, 4, 8), spacing=4, parent=parent)
        self._queue, self._title_of = queue, title_of
        self._title = Label("", "body_strong")
        self._note = Label("", "secondary", "dim")
        self._start = Button(tr("Start the next one", "Empezar el siguiente"), "link", on_click=self.start_wanted.emit)
        self._lines = column(spacing=2)
        self.body.addLayout(column(row(self._title, self._note, None, self._start, spacing=12, margins=(12, 0, 8, 0)),
                                   box(self._lines), spacing=4))
        queue.changed.connect(self.show_queue)
        self.show_queue()

    def show_queue(self) -> None:
        """Show what waits now."""
        waiting = self._queue.waiting
        self.setVisible(bool(waiting))
        self._title.setText(tr("Waiting runs: {n}", "Entrenamientos en espera: {n}", n=len(waiting)))
        self._note.setText(tr("on hold", "retenidos") if self._queue.held else tr("each starts when the one before ends",
                                                                                 "cada uno empieza al terminar el anterior"))
        self._start.setVisible(self._queue.held)
        clear(self._lines)
        for number, item in enumerate(waiting[:_MOST_SHOWN]):
            self._lines.addWidget(self._line(number, item, len(waiting)))
        if len(waiting) > _MOST_SHOWN:
            self._lines.addWidget(box(row(Label(tr("and {n} more", "y {n} más", n=len(waiting) - _MOST_SHOWN), "secondary",
                                                "dim"), margins=(12, 0, 0, 0))))

    def _line(self, number: int, item: Waiting, count: int) -> QWidget:
        run_id = item.run.id
        title = self._title_of(run_id)
        origin = origin_text(item.run.origin())
        up = Button("", "icon", "chevron-up", tooltip=tr("Earlier", "Antes"),
                    on_click=partial(self._queue.move, run_id, -1))
        down = Button("", "icon", "chevron-down", tooltip=tr("Later", "Después"),
                      on_click=partial(self._queue.move, run_id, 1))
        remove = Button("", "icon", "close", tooltip=tr("Take it out of the queue", "Sacarlo de la cola")
                        if item.job.resume else tr("Take it out of the queue and delete it",
                                                   "Sacarlo de la cola y eliminarlo"),
                        on_click=partial(self.remove_wanted.emit, run_id))
        for button, word in ((up, tr("Earlier", "Antes")), (down, tr("Later", "Después")),
                             (remove, tr("Remove", "Quitar"))):
            button.setAccessibleName(f"{word}: {title}")
        up.setEnabled(number > 0)
        down.setEnabled(number < count - 1)
        words = f"{number + 1}.  {title}" + "".join(f"  ·  {more}" for more in (origin, item.cluster) if more)
        line = row(Elided(words), up, down, remove, spacing=2, margins=(12, 0, 8, 0))
        line.setStretch(0, 1)
        return box(line)
