"""Predict: files and folders that are dropped, pasted or chosen, classified by a warm server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar, QSplitter, QStackedWidget, QWidget

from cnnstudio.core.events import Failed
from cnnstudio.core.jobs import Answered, Prediction
from cnnstudio.core.problems import Fix, Problem, warning
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.predict.models import Models
from cnnstudio.gui.pages.predict.server import expand, save_answers, save_image, server_of
from cnnstudio.gui.pages.predict.table import AnswerTable
from cnnstudio.gui.pages.predict.views import (
    ENGINES,
    Answer,
    AnswerView,
    drop_area,
    load_picture,
    note_words,
    summary_words,
)
from cnnstudio.gui.pages.prepare.preview import Latest, Trouble
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.session import Change, Session
from cnnstudio.gui.widgets.basics import Button, Elided, box, column, row
from cnnstudio.gui.widgets.cards import EmptyState, paths_of

_FLUSH_MS = 50
"""Answers of a folder are shown so often; a single picture's at once."""


class PredictPage(Page):
    id = "predict"
    title = Text("Predict", "Predecir")
    icon = "predict"

    def __init__(self, session: Session, parent: Any = None) -> None:
        super().__init__(session, parent)
        self._request = self._total = 0
        self._fresh: list[Answer] = []
        self._answers: list[Answer] = []
        self._pending: list[str] = []
        self._server = server_of(session)
        self._server.changed.connect(self._server_changed)
        self._server.predicted.connect(self._predicted)
        self._server.answered.connect(self._answered)
        self.models = Models(session, self)
        self.models.listed.connect(self._models_listed)
        self.models.chosen.connect(self._model_chosen)
        self._expanding = Latest(session.jobs, "predict-paths", expand, self)
        self._expanding.answered.connect(lambda _paths, found: self._classify(found))
        self._loading = Latest(session.jobs, "predict-picture", load_picture, self)
        self._loading.answered.connect(self._picture_loaded)
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(_FLUSH_MS)
        self._flush.timeout.connect(self._show_fresh)

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        if self._server.ready is not None:
            names = self._server.ready.class_names
            return tr("{model} · {n} classes · {engine}", "{model} · {n} clases · {engine}", model=self.models.words,
                      n=len(names), engine=ENGINES.get(self._server.ready.engine, self._server.ready.engine))
        return tr("Loading the model…", "Cargando el modelo…") if self._server.running else ""

    def actions(self) -> Iterable[QWidget]:
        other = Button(tr("Other model…", "Otro modelo…"), tooltip=tr("An exported bundle or a .keras file",
                                                                     "Un paquete exportado o un archivo .keras"),
                       on_click=self.models.ask)
        self._choose = Button(tr("Choose files…", "Elegir archivos…"), "primary", on_click=self._ask_files)
        return self.models.select, other, self._choose

    def centre(self) -> QWidget:
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState("predict", tr("No trained model yet", "Aún no hay un modelo entrenado"),
                                         tr("Train the network first, or take an exported model.",
                                            "Entrene primero la red, o use un modelo exportado."),
                                         tr("Go to Train", "Ir a Entrenar"),
                                         on_click=lambda: self.session.asked.emit("open_page", {"page": "train"})))
        area = drop_area(self._ask_folder, self.paste)
        area.dropped.connect(self.dropped)
        self._stack.addWidget(box(column(area, margins=(24, 20, 24, 24))))
        self._stack.addWidget(self._results())
        self._stack.addWidget(EmptyState("search", tr("Looking for trained models…", "Buscando modelos entrenados…")))
        self._stack.setCurrentIndex(3)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self._stack)
        paste.setContext(Qt.ShortcutContext.WindowShortcut)
        paste.activated.connect(self.paste)
        return self._stack

    def _results(self) -> QWidget:
        self._summary = Elided("", "body_strong")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(160)
        self._cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=self._stop_classifying)
        self._save = Button(tr("Save as CSV…", "Guardar como CSV…"), "", "save", on_click=self._ask_csv)
        bar: QHBoxLayout = row(self._summary, self._progress, self._cancel,
                               Button(tr("Choose folder…", "Elegir carpeta…"), "", "folder", on_click=self._ask_folder),
                               Button(tr("Paste", "Pegar"), "", "copy", tooltip="Ctrl+V", on_click=self.paste),
                               self._save, Button(tr("Clear", "Vaciar"), "", on_click=self.clear), spacing=10)
        bar.setStretch(0, 1)
        self._table = AnswerTable(self._color)
        self._table.chosen.connect(self._chosen)
        self._view = AnswerView(self._color)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(16)
        self._splitter.addWidget(self._table)
        self._splitter.addWidget(self._view)
        self._splitter.setStretchFactor(0, 2)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([820, 420])
        whole = column(bar, self._splitter, spacing=14, margins=(24, 16, 24, 20))
        whole.setStretch(1, 1)
        return box(whole)

    def activated(self) -> None:
        self._serve()

    def close(self) -> None:
        self._flush.stop()
        for each in (self.models, self._expanding, self._loading):
            each.close()
        self._table.close_threads()

    def _color(self, class_name: str) -> QColor:
        index = self.session.pictures.color_index(class_name)
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
        self._show_state()

    def _models_listed(self) -> None:
        self._serve()
        pending, self._pending = self._pending, []
        if pending:
            self._classify(pending)
        self._show_state()
        self.header_changed.emit()

    def _serve(self) -> None:
        model = self.models.model
        if model is not None and not (self._server.trouble is not None and self._server.model == model):
            self._server.serve(model)

    def _model_chosen(self) -> None:
        self._server.trouble = None
        self._serve()
        if self._answers:
            self._classify([each.path for each in self._answers])
        self._show_state()

    def _server_changed(self) -> None:
        if self._server.ready is not None:
            self.state["names"] = self._server.ready.class_names
        if self._busy and not self._server.running:
            self._give_up()
        self._show_state()
        self.header_changed.emit()

    def what_is_missing(self) -> Iterable[Problem]:
        if self._server.trouble is not None:
            again = Fix(action="restart_server", label=Text("Try again", "Reintentar"))
            return (msgspec.structs.replace(self._server.trouble, fixes=(*self._server.trouble.fixes, again)),)
        if self.models.known and self.models.model is None:
            train = Fix(action="open_page", label=Text("Go to Train", "Ir a Entrenar"), arguments={"page": "train"})
            other = Fix(action="choose_model", label=Text("Other model…", "Otro modelo…"))
            return (warning("no_model", Text("This project has no trained model yet.",
                                             "Este proyecto aún no tiene un modelo entrenado."), "run",
                            fixes=(train, other)),)
        return ()

    def perform(self, action: str, arguments: dict[str, Any]) -> bool:
        if action == "choose_model":
            self.models.ask()
        elif action == "restart_server":
            self.models.choose(self.models.model)
        else:
            return False
        return True

    # What comes in -------------------------------------------------------------------------------

    def dropped(self, paths: list[str]) -> bool:
        if len(paths) == 1 and paths[0].endswith(".keras"):
            self.models.take(paths[0])
        elif any(Path(path).is_dir() for path in paths):
            self._expanding.ask(tuple(paths))
        else:
            self._classify(paths)
        return True

    def paste(self) -> None:
        """Classify what the clipboard holds: files, or a picture, which is kept as a PNG."""
        mime = QGuiApplication.clipboard().mimeData()
        paths = paths_of(mime) if mime is not None else []
        if paths:
            self.dropped(paths)
            return
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self.session.notice(warning("nothing_to_paste", Text("There is no picture on the clipboard.",
                                                                 "No hay ninguna imagen en el portapapeles."), "file"))
            return
        folder = self._server.pasted
        path = folder / f"pasted-{len(list(folder.iterdir())) + 1}.png"
        self._saving = self.session.jobs.run(lambda _report: save_image(image, path),
                                             Text("Pasting", "Pegando"), "paste", quiet=True)
        self._saving.ended.connect(self._pasted)

    def _pasted(self, last: Any) -> None:
        if isinstance(last, Failed):
            self.session.notice(last.problem)
        elif self._saving.result is not None:
            self._classify([self._saving.result])

    def _ask_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self._stack.window(), tr("Choose files", "Elegir archivos"))
        if paths:
            self.dropped(paths)

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self._stack.window(), tr("Choose folder", "Elegir carpeta"))
        if path:
            self.dropped([path])

    def _classify(self, paths: Any) -> None:
        if isinstance(paths, Trouble) or not paths:
            self.session.notice(warning("no_pictures", Text("There are no pictures to classify.",
                                                            "No hay imágenes que clasificar."), "file"))
            return
        if self.models.model is None:
            # Dropped before the runs are known: it waits for them. Without a model the page says what is missing.
            self._pending = [] if self.models.known else list(paths)
            return
        self._fresh.clear()
        self._total = len(paths)
        self._table.sort_while_filling(False)
        self.state.pop("note", None)
        self._show_answers([Answer(paths[0])] if len(paths) == 1 else [])
        self._serve()
        self._request = self._server.ask(paths)
        self.state.update(request=self._request, total=self._total)
        if not self._server.running:
            self._give_up()
        self._show_state()

    def clear(self) -> None:
        """Forget the pictures and their answers."""
        if self._busy:
            self._stop_classifying()
        self._total = self.state["total"] = 0
        self._show_answers([])
        self._show_state()

    @property
    def _busy(self) -> bool:
        return self._request != 0 and self._request == self.state.get("request")

    def _stop_classifying(self) -> None:
        self._server.interrupt()
        self._serve()
        self._show_state()

    def _give_up(self) -> None:
        """No more answers will come for what was asked; those that came stay."""
        self._show_fresh()
        self._request = 0
        self.state.pop("request", None)
        self._total = self.state["total"] = len(self._answers)
        self._table.sort_while_filling(True)

    # Answers -------------------------------------------------------------------------------------

    def _predicted(self, event: Prediction) -> None:
        if event.request != self._request:
            return
        if self._total == 1:
            self._answers[0].prediction = event
            self._view.show_answer(self._answers[0], "")
            return
        self._fresh.append(Answer(event.path, event))
        if not self._flush.isActive():
            self._flush.start()

    def _answered(self, event: Answered) -> None:
        if event.request != self._request:
            return
        self.state.pop("request", None)
        self._flush.stop()
        self._show_fresh()
        self._table.sort_while_filling(True)
        self.state["note"] = note_words(event)
        self._show_state()

    def _show_fresh(self) -> None:
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        self._answers += fresh
        self.state["answers"] = self._answers
        self._table.append(fresh)
        if self._table.selected is None:
            self._table.select(self._answers[0])
        self._show_state()

    def _show_answers(self, answers: list[Answer]) -> None:
        self._answers = list(answers)
        self.state["answers"] = self._answers
        self._table.set_rows(self._answers)
        self._chosen(self._answers[0] if self._answers else None)
        if len(self._answers) > 1:
            self._table.select(self._answers[0])

    def _chosen(self, answer: Answer | None) -> None:
        self._view.show_answer(answer, self._waiting_words())
        if answer is None:
            self._view.show_picture(None)
        else:
            self._loading.ask(answer.path)

    def _picture_loaded(self, _path: str, found: QImage | Trouble) -> None:
        self._view.show_picture(found)

    def _waiting_words(self) -> str:
        if self._server.trouble is not None or self.models.model is None:
            return tr("No answer", "Sin respuesta")
        return tr("Loading the model…", "Cargando el modelo…") if self._server.ready is None \
            else tr("Classifying…", "Clasificando…")

    def _show_state(self) -> None:
        """Which of the views is in front, and the line above the answers."""
        if self._total:
            self._stack.setCurrentIndex(2)
        elif self.models.model is not None:
            self._stack.setCurrentIndex(1)
        else:
            self._stack.setCurrentIndex(0 if self.models.known else 3)
        several = self._total > 1
        self._table.setVisible(several)
        self._view.set_alone(not several)
        self._choose.setEnabled(self.models.model is not None)
        if not self._total:
            return
        done = len(self._answers) if several else int(self._answers[0].prediction is not None) if self._answers else 0
        words = summary_words(self._answers, done, self._total)
        self._summary.setText(f"{words} · {self.state['note']}" if several and self.state.get("note") else words)
        self._progress.setVisible(self._busy and several)
        self._cancel.setVisible(self._busy and several)
        self._progress.setRange(0, self._total)
        self._progress.setValue(done)
        self._save.setEnabled(done > 0)
        self._view.show_note(self.state.get("note", "") if not several else "")
        if done == 0 and not several and self._answers:
            self._view.show_answer(self._answers[0], self._waiting_words())

    # CSV -----------------------------------------------------------------------------------------

    def _ask_csv(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self._stack.window(), tr("Save as CSV", "Guardar como CSV"),
                                              "predictions.csv", "CSV (*.csv)")
        if path:
            self.save_csv(Path(path))

    def save_csv(self, path: Path) -> Work:
        """Write all answers, as `cnnstudio predict --csv` does; trouble becomes a notice."""
        rows = [each.prediction for each in self._answers if each.prediction is not None]
        names = tuple(self.state.get("names", ()))
        job = self.session.jobs.run(lambda _report: save_answers(path, rows, names), Text("Saving", "Guardando"),
                                    "csv", quiet=True)
        job.ended.connect(self._saved)
        return job

    def _saved(self, last: Any) -> None:
        if isinstance(last, Failed):
            self.session.notice(last.problem)
