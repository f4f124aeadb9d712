"""The progress of the computation of the map."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.state.jobs import Job
from cnnstudio.gui.widgets.basics import Button, Elided, box, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_time_left
from cnnstudio.gui.widgets.progress import show_progress


class WorkingBar(Card):
    """The present phase, a progress bar, the time left, and Cancel; hidden while nothing runs."""

    def __init__(self, cancel: Callable[[], object], parent: QWidget | None = None) -> None:
        self._text = Elided("", "body")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMinimumWidth(120)
        self._bar.setAccessibleName(tr("Progress of the map", "Progreso del mapa"))
        self._cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=cancel)
        line = row(self._text, self._bar, self._cancel, spacing=16)
        line.setStretch(0, 3)
        line.setStretch(1, 2)
        super().__init__(box(line), margins=(14, 6, 14, 6), parent=parent)
        self.hide()

    def show_job(self, job: Job | None) -> None:
        """Show the progress of a job; None hides the line."""
        self.setVisible(job is not None)
        if job is None:
            return
        parts = [str(job.phase or job.label)]
        if job.cancelling:
            parts.append(tr("stopping…", "deteniendo…"))
        elif job.seconds_left is not None:
            parts.append(tr("{time} left", "quedan {time}", time=format_time_left(job.seconds_left)))
        self._text.setText(" · ".join(parts))
        show_progress(self._bar, job.progress)
        self._cancel.setEnabled(not job.cancelling)
