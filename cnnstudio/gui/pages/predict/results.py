"""The results of the Predict page: the line above the answers, their table, and the chosen one large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.predict.explaining import Explaining
from cnnstudio.gui.pages.predict.neighbours import Neighbours
from cnnstudio.gui.pages.predict.table import AnswerTable
from cnnstudio.gui.pages.predict.views import Answer, AnswerView, format_summary
from cnnstudio.gui.state.latest import Failure
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Elided, column, row, scroll_area
from cnnstudio.gui.widgets.splitter import Splitter


class ResultsView(QWidget):
    """For one picture the answer alone, for several a table beside it; with the explanation by `model()` at the right."""

    answer_chosen = Signal(object)
    """An `Answer` of the table, or None."""
    cancel_requested = Signal()
    folder_requested = Signal()
    paste_requested = Signal()
    save_requested = Signal()
    clear_requested = Signal()

    def __init__(self, color_of: Callable[[str], QColor], workspace: Workspace, model: Callable[[], Model | None],
                 state: Callable[[], dict[str, Any]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary = Elided("", "body_strong")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(160)
        self._cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=self.cancel_requested.emit)
        self._save = Button(tr("Save as CSV…", "Guardar como CSV…"), "", "save", on_click=self.save_requested.emit)
        bar: QHBoxLayout = row(
            self._summary, self._progress, self._cancel,
            Button(tr("Choose folder…", "Elegir carpeta…"), "", "folder", on_click=self.folder_requested.emit),
            Button(tr("Paste", "Pegar"), "", "copy", tooltip="Ctrl+V", on_click=self.paste_requested.emit),
            self._save, Button(tr("Clear", "Vaciar"), "", on_click=self.clear_requested.emit), spacing=10)
        bar.setStretch(0, 1)
        self.table = AnswerTable(color_of)
        self.table.chosen.connect(self.answer_chosen)
        self.view = AnswerView(color_of)
        self._splitter = Splitter(0, [0, 420])
        self._splitter.addWidget(self.table)
        # On a small screen, or with large text, the cards keep their size.
        self._splitter.addWidget(scroll_area(self.view, sideways=True))
        self.explaining = Explaining(workspace.session, self.view, model, state, self)
        self.neighbours = Neighbours(workspace, self.view, color_of, model, state, self)
        below = row(self._splitter, self.explaining.side, spacing=16)
        below.setStretch(0, 1)
        layout = column(bar, below, spacing=14, margins=(24, 16, 24, 20))
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def close_threads(self) -> None:
        """Stop the threads; the page will be deleted."""
        self.table.close_threads()
        self.explaining.close()
        self.neighbours.close()

    def show_picture(self, picture: QImage | Failure | None) -> None:
        """Show the chosen picture, large."""
        self.view.show_picture(picture)

    def show_answer(self, answer: Answer | None, waiting: str) -> None:
        """Show the chosen answer; `waiting` is the text while there is none yet."""
        self.view.show_answer(answer, waiting)
        self.explaining.show_answer(answer)
        self.neighbours.show_answer(answer)

    def follow_model(self) -> None:
        """The model is known, or it is another one."""
        for part in (self.explaining, self.neighbours):
            part.follow_model()

    def show_several(self, several: bool) -> None:
        """Show or hide the table beside the answer."""
        self.table.setVisible(several)
        self.view.set_alone(not several)
        self._splitter.restore_widths()

    def show_progress(self, answers: Sequence[Answer], done: int, total: int, *, busy: bool,
                      note: tuple[str, str]) -> None:
        """Show how many of `total` pictures were answered; `note`: the duration and engine of the last request, and its
        tooltip."""
        several = total > 1
        text, tooltip = note
        summary = format_summary(answers, done, total)
        self._summary.setText(f"{summary} · {text}" if several and text else summary)
        self._progress.setVisible(busy and several)
        self._cancel.setVisible(busy and several)
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._save.setEnabled(done > 0)
        self.view.show_note(text if not several else "", tooltip)
