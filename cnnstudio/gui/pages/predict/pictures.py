"""Pictures and folders on the Predict page: what is asked of the server, and the answers as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from cnnstudio.core.jobs import Answered, Prediction
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.predict.answers import Answer, AnswerList, format_note
from cnnstudio.gui.pages.predict.incoming import Incoming
from cnnstudio.gui.pages.predict.models import Models
from cnnstudio.gui.pages.predict.results import ResultsView
from cnnstudio.gui.pages.predict.saving import ask_table_path, save_table
from cnnstudio.gui.pages.predict.views import drop_area, load_picture
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Stack, box, column
from cnnstudio.gui.widgets.formatting import engine_help
from cnnstudio.workers.compact_answers import AnswerPacker

_FLUSH_MS: Final = 50
"""The interval of repaints for the answers of a folder; a single picture's answer is shown at once."""


class PicturesMode(QObject):
    """`changed()` when the model in use or what is answered is another one. `state()` is the page's state, which lasts over
    rebuilds of the window."""

    changed = Signal()

    def __init__(self, workspace: Workspace, server: PredictionServer, models: Models, state: Callable[[], dict[str, Any]],
                 color_of: Callable[[str], QColor], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._server, self._models, self._state = workspace.session, server, models, state
        self._request = self._total = 0
        self._fresh: list[Answer] = []
        self.answers = AnswerList()
        """The answers on screen, in the order of arrival."""
        self._pending: list[str] = []
        server.predicted.connect(self._on_predicted)
        server.answered.connect(self._on_answered)
        server.dropped.connect(self._on_dropped)
        self.incoming = Incoming(self._session, server, self)
        self.incoming.pictures_listed.connect(self.classify)
        self._loading = Latest(self._session.jobs, "predict-picture", load_picture, self)
        self._loading.answered.connect(self._on_picture_loaded)
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(_FLUSH_MS)
        self._flush.timeout.connect(self._show_fresh)
        self.widget = self._make_widget(workspace, color_of)

    def _make_widget(self, workspace: Workspace, color_of: Callable[[str], QColor]) -> QWidget:
        self._stack = Stack()
        area = drop_area(self.ask_folder, self.incoming.paste)
        area.dropped.connect(self.incoming.take_paths)
        self._stack.addWidget(box(column(area, margins=(24, 8, 24, 24))))
        results = self.results = ResultsView(color_of, workspace, lambda: self._models.model, self._state)
        results.answer_chosen.connect(self._on_answer_chosen)
        results.cancel_requested.connect(self.stop)
        results.folder_requested.connect(self.ask_folder)
        results.paste_requested.connect(self.incoming.paste)
        results.save_requested.connect(self._ask_table)
        results.sort_requested.connect(self._ask_sorting)
        results.compare_requested.connect(self._ask_comparison)
        results.clear_requested.connect(self.clear)
        self._stack.addWidget(results)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self._stack)
        paste.setContext(Qt.ShortcutContext.WindowShortcut)
        paste.activated.connect(self.incoming.paste)
        return self._stack

    def close(self) -> None:
        """Stop the threads; the page will be deleted."""
        self._flush.stop()
        for item in (self.incoming, self._loading):
            item.close()
        self.results.close_threads()

    # What comes in -------------------------------------------------------------------------------

    def ask_files(self) -> None:
        """Ask the user for files."""
        self.incoming.ask_files(self._stack)

    def ask_folder(self) -> None:
        """Ask the user for a folder."""
        self.incoming.ask_folder(self._stack)

    def classify(self, paths: Sequence[str]) -> None:
        """Ask for the answers of these files, in place of those on screen."""
        if self._models.model is None:
            # Pictures dropped before the runs are listed wait for them. Without a model the page shows the problem.
            self._pending = [] if self._models.runs_listed else list(paths)
            return
        if self.busy:
            # The server answers one request after the other.
            self._server.cancel(self._request)
        self._fresh.clear()
        self._total = len(paths)
        self.results.table.sort_while_filling(False)
        self._state().pop("note", None)
        self._show_answers(AnswerList([Answer(paths[0])] if len(paths) == 1 else []))
        self._models.serve(self._server)
        self._request = self._server.ask(paths)
        self._state().update(request=self._request, total=self._total)
        if not self._server.running:
            self._give_up()
        self.show_state()

    def add_answer(self, answer: Answer) -> None:
        """Add a picture that has its answer already, such as a frame; behind those on screen."""
        if self.busy:
            self.stop()
        self.answers.add([answer])
        self._state()["answers"] = self.answers
        self._total = self._state()["total"] = len(self.answers.rows)
        self._state().pop("note", None)
        self.results.append([answer])
        self.show_state()
        self.results.table.select(answer)
        self._on_answer_chosen(answer)

    def classify_again(self) -> None:
        """Another model answers the pictures on screen."""
        if self.answers.rows:
            self.classify([answer.path for answer in self.answers.rows])

    def classify_pending(self) -> None:
        """Classify what was dropped before the models were known."""
        pending, self._pending = self._pending, []
        if pending:
            self.classify(pending)

    def clear(self) -> None:
        """Remove the pictures and their answers."""
        if self.busy:
            self.stop()
        self._total = self._state()["total"] = 0
        self._show_answers(AnswerList())
        self.show_state()

    @property
    def busy(self) -> bool:
        """Whether answers are still expected."""
        return self._request != 0 and self._request == self._state().get("request")

    def stop(self) -> None:
        """Expect no more answers; those that arrived stay."""
        self._server.cancel(self._request)
        self._give_up()
        self.show_state()

    def _give_up(self) -> None:
        self._show_fresh()
        self._request = 0
        self._state().pop("request", None)
        self._total = self._state()["total"] = len(self.answers.rows)
        self.results.table.sort_while_filling(True)

    # Answers -------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Show what the state holds: the page was built again, or the project is another one."""
        state = self._state()
        self._fresh = []
        self._request, self._total = state.get("request", 0), state.get("total", 0)
        self._show_answers(state.get("answers", AnswerList()))

    def _on_predicted(self, event: Prediction) -> None:
        if event.request != self._request:
            return
        packer = self._packer()
        if self._total == 1:
            self.answers.rows[0].take(event, self._server.rejection, packer)
            self.results.show_answer(self.answers.rows[0], "")
            return
        self._fresh.append(Answer(event.path, event, self._server.rejection, packer))
        if not self._flush.isActive():
            self._flush.start()

    def _packer(self) -> AnswerPacker | None:
        ready = self._server.ready
        if ready is None:
            return None
        packer: AnswerPacker | None = self._state().get("packer")
        if packer is None or packer.names != ready.class_names:
            packer = self._state()["packer"] = AnswerPacker(ready.class_names)
        return packer

    def _on_answered(self, event: Answered) -> None:
        if event.request != self._request:
            return
        self._state().pop("request", None)
        self._flush.stop()
        self._show_fresh()
        self.results.table.sort_while_filling(True)
        self._state()["note"] = format_note(event), engine_help(event.engine)
        self.show_state()

    def _on_dropped(self, number: int) -> None:
        """The model was stopped or replaced before it answered."""
        if number == self._request:
            self._give_up()
            self.show_state()

    def _show_fresh(self) -> None:
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        self.answers.add(fresh)
        self._state()["answers"] = self.answers
        self.results.append(fresh)
        if self.results.table.selected is None:
            self.results.table.select(self.answers.rows[0])
        self.show_state()

    def _show_answers(self, answers: AnswerList) -> None:
        self.answers = answers
        self._state()["answers"] = answers
        self.results.set_answers(answers.rows)
        self._on_answer_chosen(answers.rows[0] if answers.rows else None)
        if len(answers.rows) > 1:
            self.results.table.select(answers.rows[0])

    def _on_answer_chosen(self, answer: Answer | None) -> None:
        self.results.show_answer(answer, self._waiting_text())
        if answer is None:
            self.results.show_picture(None)
        else:
            self._loading.ask(answer.path)

    def _on_picture_loaded(self, _path: str, image: QImage | Failure) -> None:
        self.results.show_picture(image)

    def _waiting_text(self) -> str:
        if self._server.problem is not None or self._models.model is None:
            return tr("No prediction", "Sin predicción")
        return tr("Loading the model…", "Cargando el modelo…") if self._server.ready is None \
            else tr("Classifying…", "Clasificando…")

    def follow_model(self) -> None:
        """The model is known, or it is another one."""
        self.results.follow_model()

    def show_state(self) -> None:
        """Select the view in front, and update the line above the answers."""
        self._stack.setCurrentIndex(1 if self._total else 0)
        self.results.set_names(self._state().get("names", ()))
        several = self._total > 1
        self.results.show_several(several)
        self.changed.emit()
        if not self._total:
            return
        rows = self.answers.rows
        done = len(rows) if several else int(rows[0].answered) if rows else 0
        self.results.show_progress(self.answers, done, self._total, busy=self.busy,
                                   note=self._state().get("note", ("", "")))
        if done == 0 and not several and rows:
            self.results.show_answer(rows[0], self._waiting_text())

    # Tables --------------------------------------------------------------------------------------

    def _ask_table(self, rows: Sequence[Answer]) -> None:
        path = ask_table_path(self._session, self._stack.window(), tr("predictions", "predicciones"))
        if path is not None:
            self.save_table(path, rows)

    def _ask_sorting(self, rows: Sequence[Answer]) -> None:
        from cnnstudio.gui.pages.predict.sort_dialog import SortDialog

        SortDialog(self._session, rows, self._stack.window()).open()

    def _ask_comparison(self) -> None:
        from cnnstudio.gui.pages.predict.compare_dialog import CompareDialog

        models = [choice for choice in self._models.choices() if choice[0] != self._models.model]
        CompareDialog(self._session, self.answers.rows, self._state().get("names", ()), models, self._models.ask_for,
                      self._server.make_room, lambda: self._models.serve(self._server), self._stack.window(),
                      self._server.target).open()

    def save_table(self, path: Path, rows: Sequence[Answer] | None = None) -> Work:
        """Write answers, all unless `rows` are given, as `cnnstudio predict --to` does; a problem is reported."""
        return save_table(self._session, path, self.answers.rows if rows is None else rows,
                          tuple(self._state().get("names", ())), self)
