"""The bar above the views while a run is being evaluated."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.evaluate.start import KIND
from cnnstudio.gui.state.jobs import JobList
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.progress import show_progress


class WorkingBar(QWidget):
    """Progress of the evaluation with a Cancel button; hidden while none runs."""

    def __init__(self, jobs: JobList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._words = Label("", "body")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        line = row(self._words, self._bar, Button(tr("Cancel", "Cancelar"), "link", on_click=self._cancel), spacing=16)
        line.setStretch(1, 1)
        self.setLayout(column(Card(box(line), margins=(16, 8, 16, 8)), margins=(24, 16, 24, 0)))
        self.hide()

    def _cancel(self) -> None:
        job = self._jobs.of_kind(KIND)
        if job is not None:
            job.cancel()

    def show_work(self) -> bool:
        """Show the running evaluation, and return whether there is one."""
        job = self._jobs.of_kind(KIND)
        self.setVisible(job is not None)
        if job is not None:
            self._words.setText(str(job.phase or job.label))
            show_progress(self._bar, job.progress)
        return job is not None
