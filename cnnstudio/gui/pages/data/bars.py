"""Lines above the grid that come and go: the scan that runs, and what changed in the folder."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Elided, Label, row
from cnnstudio.gui.widgets.words import count


class ScanBar(QWidget):
    """The scan with its progress and Cancel; hidden while none runs."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._words = Label("", "secondary", "dim")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setRange(0, 1000)
        cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=session.pictures.cancel_scan)
        line = row(self._words, self._progress, cancel, spacing=12)
        line.setStretch(1, 1)
        self.setLayout(line)
        self.hide()
        session.jobs.changed.connect(self.show_scan)

    def show_scan(self) -> None:
        job = self._session.pictures.scanning
        self.setVisible(job is not None)
        if job is not None:
            phase = f" · {job.phase}" if job.phase is not None else ""
            self._words.setText(f"{job.label}{phase}")
            self._progress.setValue(round((job.progress or 0) * 1000))


class NewsBar(QWidget):
    """What the last scan found new, changed or gone; `asked(scan)` to show the new and changed ones."""

    asked = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._words = Elided("", "body_strong", "accent")
        seen: Callable[[], object] = session.pictures.seen_news
        self._show = Button(tr("Show them", "Mostrarlas"), "link", on_click=self._ask)
        line = row(self._words, self._show, Button(tr("Seen", "Visto"), "link", on_click=seen), spacing=12)
        line.setStretch(0, 1)
        self.setLayout(line)
        self.hide()

    def show_news(self) -> None:
        news = self._session.pictures.news
        self.setVisible(news is not None)
        if news is not None:
            parts = [(news.new, Text("new", "nueva"), Text("new", "nuevas")),
                     (news.changed, Text("changed", "cambiada"), Text("changed", "cambiadas")),
                     (news.gone, Text("gone", "desaparecida"), Text("gone", "desaparecidas"))]
            self._words.setText(tr("The folder changed: ", "La carpeta cambió: ") + ", ".join(
                f"{count(number)} {one if number == 1 else many}" for number, one, many in parts if number))
            self._show.setVisible(news.new + news.changed > 0)

    def _ask(self) -> None:
        news = self._session.pictures.news
        if news is not None:
            self.asked.emit(news.scan)
            self._session.pictures.seen_news()
