"""Predict: files and folders that are dropped, pasted or chosen, classified by a resident server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Failed
from cnnstudio.core.jobs import Answered, Prediction
from cnnstudio.core.problems import Fix, Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.pages.predict.files import save_answers
from cnnstudio.gui.pages.predict.incoming import Incoming
from cnnstudio.gui.pages.predict.models import Models
from cnnstudio.gui.pages.predict.results import ResultsView
from cnnstudio.gui.pages.predict.views import (
    Answer,
    drop_area,
    format_note,
    load_picture,
)
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import ChooseModel, Command, RestartServer, ShowPage
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.prediction_server import server_of
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Stack, box, column
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.formatting import capitalize, engine_help, format_engine

_FLUSH_MS = 50
"""The interval of repaints for the answers of a folder; a single picture's answer is shown at once."""


class PredictPage(Page):
    id = "predict"
    title = Text("Predict", "Predecir")
    icon = "predict"

    def __init__(self, workspace: Workspace, parent: Any = None) -> None:
        super().__init__(workspace, parent)
        session = self.session
        self._request = self._total = 0
        self._fresh: list[Answer] = []
        self.answers: list[Answer] = []
        """The answers on screen, in the order of arrival."""
        self._pending: list[str] = []
        self.server = server_of(session)
        self.server.changed.connect(self._on_server_changed)
        self.server.predicted.connect(self._on_predicted)
        self.server.answered.connect(self._on_answered)
        self.server.dropped.connect(self._on_dropped)
        self.models = Models(session, self)
        self.models.listed.connect(self._on_models_listed)
        self.models.chosen.connect(self._on_model_chosen)
        self.incoming = Incoming(session, self.server, self)
        self.incoming.pictures_listed.connect(self._classify)
        self.incoming.model_taken.connect(self.models.take)
        self._loading = Latest(session.jobs, "predict-picture", load_picture, self)
        self._loading.answered.connect(self._on_picture_loaded)
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(_FLUSH_MS)
        self._flush.timeout.connect(self._show_fresh)

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        if self.server.ready is not None:
            # The name stands in the list beside it.
            parts = (capitalize(self.models.standing), tr("{n} classes", "{n} clases", n=len(self.server.ready.class_names)),
                     format_engine(self.server.ready.engine))
            return " · ".join(part for part in parts if part)
        return tr("Loading the model…", "Cargando el modelo…") if self.server.running else ""

    def actions(self) -> Iterable[QWidget]:
        other = Button(tr("Other model…", "Otro modelo…"), tooltip=tr("An exported bundle, or a .keras or .h5 file",
                                                                     "Un paquete exportado, o un archivo .keras o .h5"),
                       on_click=self.models.ask)
        self._choose = Button(tr("Choose files…", "Elegir archivos…"), "primary", on_click=self._ask_files)
        return self.models.select, other, self._choose

    def centre(self) -> QWidget:
        self._stack = Stack()
        self._stack.addWidget(EmptyState("predict", tr("No trained model yet", "Aún no hay un modelo entrenado"),
                                         tr("Train the network first, or choose an exported model.",
                                            "Entrene primero la red o elija un modelo exportado."),
                                         tr("Go to Train", "Ir a Entrenar"),
                                         on_click=lambda: self.session.request(ShowPage("train"))))
        area = drop_area(self._ask_folder, self.paste)
        area.dropped.connect(self.take_paths)
        self._stack.addWidget(box(column(area, margins=(24, 20, 24, 24))))
        self._results = self._make_results()
        self._stack.addWidget(self._results)
        self._stack.addWidget(EmptyState("search", tr("Looking for trained models…", "Buscando modelos entrenados…")))
        self._stack.setCurrentIndex(3)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self._stack)
        paste.setContext(Qt.ShortcutContext.WindowShortcut)
        paste.activated.connect(self.paste)
        return self._stack

    def _make_results(self) -> ResultsView:
        results = ResultsView(self._color, self.workspace, lambda: self.models.model, lambda: self.state)
        results.answer_chosen.connect(self._on_answer_chosen)
        results.cancel_requested.connect(self._stop_classifying)
        results.folder_requested.connect(self._ask_folder)
        results.paste_requested.connect(self.paste)
        results.save_requested.connect(self._ask_csv)
        results.clear_requested.connect(self.clear)
        return results

    def enter(self) -> None:
        self._serve()

    def close(self) -> None:
        self._flush.stop()
        for item in (self.models, self.incoming, self._loading):
            item.close()
        self._results.close_threads()

    def _color(self, class_name: str) -> QColor:
        index = self.workspace.counts.color_index(class_name)
        if index < 0:
            names: Sequence[str] = self.state.get("names", ())
            index = names.index(class_name) if class_name in names else -1
        return theme.class_color(index)

    # The model -----------------------------------------------------------------------------------

    def refresh(self, change: Change) -> None:
        if change.of("runs", "folder"):
            self.models.refresh(self.state, change.of("folder"))
            if change.of("folder"):
                self._fresh = []
                self._request = self.state.get("request", 0)
                self._total = self.state.get("total", 0)
                self._show_answers(self.state.get("answers", []))
        elif change.of("run") and self.models.model != self.server.model:
            self.models.follow_run()
        elif change.of("calibration"):
            self._on_model_chosen()
        self._show_state()

    def _on_models_listed(self) -> None:
        self._serve()
        self._results.follow_model()
        pending, self._pending = self._pending, []
        if pending:
            self._classify(pending)
        self._show_state()
        self.header_changed.emit()

    def _serve(self) -> None:
        model = self.models.model
        if model is not None and not (self.server.problem is not None and self.server.model == model):
            self.server.serve(model)

    def _on_model_chosen(self) -> None:
        self.server.problem = None
        self._serve()
        if self.answers:
            self._classify([answer.path for answer in self.answers])
        self._show_state()

    def _on_server_changed(self) -> None:
        if self.server.ready is not None:
            self.state["names"] = self.server.ready.class_names
        self._show_state()
        self.header_changed.emit()

    def _on_dropped(self, number: int) -> None:
        """The model was stopped or replaced before it answered."""
        if number == self._request:
            self._give_up()
            self._show_state()

    def blocking_problems(self) -> Iterable[Problem]:
        if self.server.problem is not None:
            again = Fix(action="restart_server", label=Text("Try again", "Reintentar"))
            return (msgspec.structs.replace(self.server.problem, fixes=(*self.server.problem.fixes, again)),)
        return ()

    def handle(self, command: Command) -> None:
        match command:
            case ChooseModel():
                self.models.ask()
            case RestartServer():
                self.models.choose(self.models.model)
            case _:
                super().handle(command)

    # What comes in -------------------------------------------------------------------------------

    def drop_text(self, paths: list[str]) -> str:
        model = len(paths) == 1 and paths[0].endswith(".keras")
        return tr("Predict with this model", "Predecir con este modelo") if model else tr("Classify", "Clasificar")

    def take_paths(self, paths: list[str]) -> bool:
        self.incoming.take_paths(paths)
        return True

    def paste(self) -> None:
        """Classify the contents of the clipboard."""
        self.incoming.paste()

    def _ask_files(self) -> None:
        self.incoming.ask_files(self._stack)

    def _ask_folder(self) -> None:
        self.incoming.ask_folder(self._stack)

    def _classify(self, paths: list[str]) -> None:
        if self.models.model is None:
            # Pictures dropped before the runs are listed wait for them. Without a model the page shows the problem.
            self._pending = [] if self.models.runs_listed else list(paths)
            return
        self._fresh.clear()
        self._total = len(paths)
        self._results.table.sort_while_filling(False)
        self.state.pop("note", None)
        self._show_answers([Answer(paths[0])] if len(paths) == 1 else [])
        self._serve()
        self._request = self.server.ask(paths)
        self.state.update(request=self._request, total=self._total)
        if not self.server.running:
            self._give_up()
        self._show_state()

    def clear(self) -> None:
        """Remove the pictures and their answers."""
        if self.busy:
            self._stop_classifying()
        self._total = self.state["total"] = 0
        self._show_answers([])
        self._show_state()

    @property
    def busy(self) -> bool:
        """Whether answers are still expected."""
        return self._request != 0 and self._request == self.state.get("request")

    def _stop_classifying(self) -> None:
        self.server.cancel(self._request)
        self._give_up()
        self._show_state()

    def _give_up(self) -> None:
        """Stop waiting for answers to the last request; those that arrived stay."""
        self._show_fresh()
        self._request = 0
        self.state.pop("request", None)
        self._total = self.state["total"] = len(self.answers)
        self._results.table.sort_while_filling(True)

    # Answers -------------------------------------------------------------------------------------

    def _on_predicted(self, event: Prediction) -> None:
        if event.request != self._request:
            return
        if self._total == 1:
            self.answers[0].prediction, self.answers[0].rejection = event, self.server.rejection
            self._results.show_answer(self.answers[0], "")
            return
        self._fresh.append(Answer(event.path, event, self.server.rejection))
        if not self._flush.isActive():
            self._flush.start()

    def _on_answered(self, event: Answered) -> None:
        if event.request != self._request:
            return
        self.state.pop("request", None)
        self._flush.stop()
        self._show_fresh()
        self._results.table.sort_while_filling(True)
        self.state["note"] = format_note(event), engine_help(event.engine)
        self._show_state()

    def _show_fresh(self) -> None:
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        self.answers += fresh
        self.state["answers"] = self.answers
        self._results.table.append(fresh)
        if self._results.table.selected is None:
            self._results.table.select(self.answers[0])
        self._show_state()

    def _show_answers(self, answers: list[Answer]) -> None:
        self.answers = list(answers)
        self.state["answers"] = self.answers
        self._results.table.set_rows(self.answers)
        self._on_answer_chosen(self.answers[0] if self.answers else None)
        if len(self.answers) > 1:
            self._results.table.select(self.answers[0])

    def _on_answer_chosen(self, answer: Answer | None) -> None:
        self._results.show_answer(answer, self._waiting_text())
        if answer is None:
            self._results.show_picture(None)
        else:
            self._loading.ask(answer.path)

    def _on_picture_loaded(self, _path: str, image: QImage | Failure) -> None:
        self._results.show_picture(image)

    def _waiting_text(self) -> str:
        if self.server.problem is not None or self.models.model is None:
            return tr("No prediction", "Sin predicción")
        return tr("Loading the model…", "Cargando el modelo…") if self.server.ready is None \
            else tr("Classifying…", "Clasificando…")

    def _show_state(self) -> None:
        """Select the view in front, and update the line above the answers."""
        if self._total:
            self._stack.setCurrentIndex(2)
        elif self.models.model is not None:
            self._stack.setCurrentIndex(1)
        else:
            self._stack.setCurrentIndex(0 if self.models.runs_listed else 3)
        several = self._total > 1
        self._results.show_several(several)
        self._choose.setEnabled(self.models.model is not None)
        if not self._total:
            return
        done = len(self.answers) if several else int(self.answers[0].prediction is not None) if self.answers else 0
        self._results.show_progress(self.answers, done, self._total, busy=self.busy,
                                    note=self.state.get("note", ("", "")))
        if done == 0 and not several and self.answers:
            self._results.show_answer(self.answers[0], self._waiting_text())

    # CSV -----------------------------------------------------------------------------------------

    def _ask_csv(self) -> None:
        path = ask_save_path(self.session, self._stack.window(), tr("Save as CSV", "Guardar como CSV"), "predictions.csv",
                             "CSV (*.csv)")
        if path is not None:
            self.save_csv(path)

    def save_csv(self, path: Path) -> Work:
        """Write all answers, as `cnnstudio predict --csv` does; a problem is reported."""
        rows = [answer.prediction for answer in self.answers if answer.prediction is not None]
        names = tuple(self.state.get("names", ()))
        return self.session.jobs.run(lambda _report: save_answers(path, rows, names), Text("Saving", "Guardando"), "csv",
                                     quiet=True, done=lambda job: self._on_saved(job.last, path), owner=self)

    def _on_saved(self, last: Any, path: Path) -> None:
        if isinstance(last, Failed):
            self.session.report(last.problem)
        else:
            report_saved(self.session, path)
