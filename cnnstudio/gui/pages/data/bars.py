"""Bars above the grid: the running scan, and the changes in the folder."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.jobs import JobList
from cnnstudio.gui.state.scanner import Scanner
from cnnstudio.gui.widgets.basics import Button, Elided, Label, row
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.progress import show_progress


class ScanBar(QWidget):
    """Progress of the scan with a Cancel button; hidden while no scan runs."""

    def __init__(self, jobs: JobList, scanner: Scanner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scanner = scanner
        self._text = Label("", "secondary", "dim")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=scanner.cancel)
        line = row(self._text, self._progress, cancel, spacing=12)
        line.setStretch(1, 1)
        self.setLayout(line)
        self.hide()
        jobs.changed.connect(self.show_scan)

    def show_scan(self) -> None:
        job = self._scanner.running
        self.setVisible(job is not None)
        if job is not None:
            phase = f" · {job.phase}" if job.phase is not None else ""
            self._text.setText(f"{job.label}{phase}")
            show_progress(self._progress, job.progress)


class NewsBar(QWidget):
    """New, changed and missing files of the last scan; `news_chosen(scan)` to show the new and changed ones."""

    news_chosen = Signal(int)

    def __init__(self, scanner: Scanner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scanner = scanner
        self._text = Elided("", "body_strong", "accent")
        self._show = Button(tr("Show them", "Mostrarlas"), "link", on_click=self._ask)
        line = row(self._text, self._show, Button(tr("Dismiss", "Descartar"), "link", on_click=scanner.dismiss_news),
                   spacing=12)
        line.setStretch(0, 1)
        self.setLayout(line)
        self.hide()

    def show_news(self) -> None:
        news = self._scanner.news
        self.setVisible(news is not None)
        if news is not None:
            parts = [(news.new, Text("new", "nueva"), Text("new", "nuevas")),
                     (news.changed, Text("changed", "cambiada"), Text("changed", "cambiadas")),
                     (news.gone, Text("missing", "desaparecida"), Text("missing", "desaparecidas"))]
            self._text.setText(tr("The folder has changed: ", "La carpeta ha cambiado: ") + ", ".join(
                f"{format_count(number)} {one if number == 1 else many}" for number, one, many in parts if number))
            self._show.setVisible(news.new + news.changed > 0)

    def _ask(self) -> None:
        news = self._scanner.news
        if news is not None:
            self.news_chosen.emit(news.scan)
            self._scanner.dismiss_news()
