"""The results of pictures: the line above the answers, their table with its filters, and the chosen one large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.predict.answers import Answer, AnswerList, format_summary
from cnnstudio.gui.pages.predict.correction import CorrectionCard
from cnnstudio.gui.pages.predict.explaining import Explaining
from cnnstudio.gui.pages.predict.filters import FilterBar
from cnnstudio.gui.pages.predict.neighbours import Neighbours
from cnnstudio.gui.pages.predict.network_view import NetworkView
from cnnstudio.gui.pages.predict.table import AnswerTable
from cnnstudio.gui.pages.predict.views import AnswerView
from cnnstudio.gui.state.latest import Failure
from cnnstudio.gui.state.prediction_server import Model, server_of
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Elided, box, column, row, scroll_area
from cnnstudio.gui.widgets.formatting import format_pictures
from cnnstudio.gui.widgets.splitter import Splitter


class ResultsView(QWidget):
    """For one picture the answer alone, for several a table beside it; with the explanation by `model()` at the right."""

    answer_chosen = Signal(object)
    """An `Answer` of the table, or None."""
    cancel_requested = Signal()
    folder_requested = Signal()
    paste_requested = Signal()
    save_requested = Signal(list)
    """The answers that are wanted as a table."""
    sort_requested = Signal(list)
    """The answers whose pictures are wanted in folders by class."""
    compare_requested = Signal()
    clear_requested = Signal()

    def __init__(self, color_of: Callable[[str], QColor], workspace: Workspace, model: Callable[[], Model | None],
                 state: Callable[[], dict[str, Any]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self.filters = FilterBar()
        self.filters.changed.connect(self._on_filter_changed)
        self.table = AnswerTable(color_of)
        self.table.chosen.connect(self.answer_chosen)
        self.view = AnswerView(color_of)
        self._left = box(_stretched(column(self.filters, self.table, spacing=10), 1))
        self._splitter = Splitter(0, [0, 420])
        self._splitter.addWidget(self._left)
        # On a small screen, or with large text, the cards keep their size.
        self._splitter.addWidget(scroll_area(self.view, sideways=True))
        self._answer: Answer | None = None
        # Letters that do something else here are no keys of classes.
        self.correction = CorrectionCard(workspace, self._targets, lambda: self.table.rows.rows, self, "emn")
        self.correction.corrected.connect(self.table.rows.update_rows)
        self.table.selection_changed.connect(self.correction.show_answers)
        self.view.add_card(self.correction)
        self.network_view = NetworkView(server_of(workspace.session), model, state)
        self.view.add_card(self.network_view)
        self.explaining = Explaining(workspace.session, self.view, model, state, self)
        self.neighbours = Neighbours(workspace, self.view, color_of, model, state, self)
        below = row(self._splitter, self.explaining.side, spacing=16)
        below.setStretch(0, 1)
        self.setLayout(_stretched(column(self._make_bar(), below, spacing=14, margins=(24, 8, 24, 20)), 1))

    def _make_bar(self) -> QHBoxLayout:
        self._summary = Elided("", "body_strong")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(160)
        self._cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=self.cancel_requested.emit)
        self._use = Button(tr("Use answers", "Usar respuestas") + "  ▾", "", on_click=self._open_menu)
        bar: QHBoxLayout = row(
            self._summary, self.filters.reset_button, self._progress, self._cancel,
            Button(tr("Choose folder…", "Elegir carpeta…"), "", "folder", on_click=self.folder_requested.emit),
            Button(tr("Paste", "Pegar"), "", "copy", tooltip="Ctrl+V", on_click=self.paste_requested.emit),
            self._use, Button(tr("Clear", "Vaciar"), "", on_click=self.clear_requested.emit), spacing=10)
        bar.setStretch(0, 1)
        return bar

    def close_threads(self) -> None:
        """Stop the threads; the page will be deleted."""
        self.filters.stop()
        self.table.close_threads()
        self.correction.close_threads()
        self.explaining.close()
        self.neighbours.close()

    # What is shown -------------------------------------------------------------------------------

    def set_names(self, names: Sequence[str]) -> None:
        """The classes of the model."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            self.filters.set_names(self._names)
        self.correction.set_names(self._names)

    def set_answers(self, answers: Sequence[Answer]) -> None:
        """Show other answers, all of them."""
        self.filters.reset()
        self.table.set_rows(answers)

    def append(self, answers: Sequence[Answer]) -> None:
        """Append answers of the same request."""
        self.table.append(answers)
        self._show_count()

    def show_picture(self, picture: QImage | Failure | None) -> None:
        """Show the chosen picture, large."""
        self.view.show_picture(picture)

    def show_answer(self, answer: Answer | None, waiting: str) -> None:
        """Show the chosen answer; `waiting` is the text while there is none yet."""
        self._answer = answer
        self.view.show_answer(answer, waiting)
        self.correction.show_answers()
        self.network_view.show_answer(answer)
        self.explaining.show_answer(answer)
        self.neighbours.show_answer(answer)

    def _targets(self) -> list[Answer]:
        """The answers that a correction is for: the selected ones, else the one in sight."""
        chosen = self.table.selected_answers()
        return chosen if len(chosen) > 1 else [self._answer] if self._answer is not None else []

    def follow_model(self) -> None:
        """The model is known, or it is another one."""
        for part in (self.explaining, self.neighbours, self.network_view):
            part.follow_model()

    def show_several(self, several: bool) -> None:
        """Show or hide the table beside the answer."""
        if not several and self.filters.active:
            self.filters.reset()
        self._left.setVisible(several)
        self.view.set_alone(not several)
        self._splitter.restore_widths()

    def show_progress(self, answers: AnswerList, done: int, total: int, *, busy: bool,
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
        self._use.setEnabled(done > 0)
        self.view.show_note(text if not several else "", tooltip)

    def _on_filter_changed(self) -> None:
        self.table.set_filter(self.filters.accepts())
        self._show_count()

    def _show_count(self) -> None:
        if self.filters.active:
            self.filters.show_count(self.table.model().rowCount(), len(self.table.rows.rows))

    # What is done with answers --------------------------------------------------------------------

    def _open_menu(self) -> None:
        """Which answers are meant is asked only where some are hidden or selected."""
        menu = QMenu(self)
        parts = self._parts()
        for text, signal in ((tr("Save as a table", "Guardar como tabla"), self.save_requested),
                             (tr("Sort into folders by class", "Clasificar en carpetas por clase"), self.sort_requested)):
            if len(parts) == 1:
                menu.addAction(f"{text}…", partial(signal.emit, parts[0][1]))
                continue
            below = menu.addMenu(text)
            for label, rows in parts:
                below.addAction(label, partial(signal.emit, rows))
        menu.addSeparator()
        menu.addAction(tr("Compare with another model…", "Comparar con otro modelo…"), self.compare_requested.emit)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._use.mapToGlobal(self._use.rect().bottomLeft()))

    def _parts(self) -> list[tuple[str, list[Answer]]]:
        every, shown, chosen = self.table.rows.rows, self.table.ordered.shown_rows(), self.table.selected_answers()
        parts = [(tr("All: {n}…", "Todas: {n}…", n=format_pictures(len(every))), every)]
        if len(shown) < len(every):
            parts.append((tr("Those shown: {n}…", "Las que se muestran: {n}…", n=format_pictures(len(shown))), shown))
        if 1 < len(chosen) < len(shown):
            parts.append((tr("Those selected: {n}…", "Las seleccionadas: {n}…", n=format_pictures(len(chosen))), chosen))
        return parts


def _stretched(layout: Any, place: int) -> Any:
    layout.setStretch(place, 1)
    return layout
