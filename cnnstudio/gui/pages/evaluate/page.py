"""The Evaluate page: how good a run is on pictures that it did not learn from, and its mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QFileDialog, QWidget

from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.events import Event, Failed, Notice
from cnnstudio.core.jobs import Evaluated
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.layout import MANIFESTS
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.evaluate.actions import EvaluateActions
from cnnstudio.gui.pages.evaluate.confidence import ConfidenceView
from cnnstudio.gui.pages.evaluate.confusion import ConfusionView
from cnnstudio.gui.pages.evaluate.curves import CurvesView
from cnnstudio.gui.pages.evaluate.embedding.view import EmbeddingView
from cnnstudio.gui.pages.evaluate.explain.view import ExplainView
from cnnstudio.gui.pages.evaluate.large import LargeView
from cnnstudio.gui.pages.evaluate.large_mode import LargeMode
from cnnstudio.gui.pages.evaluate.layers import LayersView
from cnnstudio.gui.pages.evaluate.more_pictures import MorePicturesView
from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.evaluate.properties import PropertiesView
from cnnstudio.gui.pages.evaluate.reading import ReadEvaluation, read_evaluation
from cnnstudio.gui.pages.evaluate.replay.view import ReplayView
from cnnstudio.gui.pages.evaluate.results import (
    DATA,
    Answer,
    measured_folder,
    relative_paths,
)
from cnnstudio.gui.pages.evaluate.scenarios import ScenariosView
from cnnstudio.gui.pages.evaluate.shortcuts import ShortcutsView
from cnnstudio.gui.pages.evaluate.shown import ShownPictures
from cnnstudio.gui.pages.evaluate.side import EvaluateSide
from cnnstudio.gui.pages.evaluate.start import KIND, start_evaluation
from cnnstudio.gui.pages.evaluate.summary import SummaryView
from cnnstudio.gui.pages.evaluate.views import EvaluationContext, EvaluationView, EvaluationViews
from cnnstudio.gui.pages.evaluate.working import WorkingBar
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import Command, FilterPictures, ShowPage
from cnnstudio.gui.state.jobs import Job, Work
from cnnstudio.gui.widgets.basics import Stack, box, column
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.workers.runs.answers import is_outdated
from cnnstudio.workers.runs.classes import names_in_collection
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, list_runs

_READ: Final = "evaluation-table"
VIEWS: Final[tuple[type[EvaluationView], ...]] = (
    SummaryView, ConfusionView, CurvesView, ConfidenceView, PropertiesView, ScenariosView, ShortcutsView, MorePicturesView,
    ExplainView, LayersView, EmbeddingView, ReplayView)
"""The views of the centre in their order, those of a group together."""


class EvaluatePage(Page):
    id = "evaluate"
    title = Text("Evaluate", "Evaluar")
    icon = "evaluate"
    shows = ("pictures", "scenarios")

    def subtitle(self) -> str:
        run = self._run()
        if run is None:
            return ""
        return f"{self._split_text()} · {run.id}"

    def actions(self) -> Iterable[QWidget]:
        self._actions = EvaluateActions(self.session, self.start, lambda: self._context)
        return self._actions.buttons

    def side(self) -> QWidget:
        self._side = EvaluateSide(VIEWS)
        self._side.views.chosen.connect(self._choose_view)
        self._views.view_shown.connect(self._side.views.mark)
        self._side.run_chosen.connect(self._choose_run)
        self._side.split_chosen.connect(self._choose_split)
        self._side.folder_requested.connect(self._ask_folder)
        self._side.list_requested.connect(self._ask_list)
        self._side.beside_chosen.connect(self._choose_beside)
        return self._side

    def inspector(self) -> QWidget:
        self._panel = PicturesPanel(self.workspace)
        self._panel.data_requested.connect(self._show_in_data)
        self._panel.answers_shown.connect(self._views.show_pictures)
        self._mode = LargeMode(self._large, self._panel, self._stack, lambda: self._context, self)
        self._shown = ShownPictures(self._panel, lambda: self.state, self._is_own, self)
        self._shown.cell_marked.connect(self._views.mark_cell)
        self._panel.grid.selection_changed.connect(lambda: self._views.show_selection(self._panel.grid.selected()))
        return self._panel

    @property
    def needs_side(self) -> bool:
        """Without a run there is nothing to choose; an explained picture needs the room."""
        return self._run() is not None and not self._large.explaining_in_sight

    @property
    def needs_inspector(self) -> bool:
        """Without a run there is nothing to show."""
        return self._run() is not None

    def centre(self) -> QWidget:
        self._runs: list[RunSummary] = []
        self._waiting: list[str] = []
        self._class_names: tuple[str, ...] = ()
        self._read: ReadEvaluation | None = None
        self._evaluation: Evaluated | None = None
        self._context: EvaluationContext | None = None
        self._views = EvaluationViews(VIEWS, self.workspace, self.state)
        self._views.view_made.connect(self._connect_view)
        self._empty = EmptyState("evaluate", tr("Not evaluated yet", "Aún sin evaluar"),
                                 tr("Measures the selected run on these pictures: its accuracy, the figures of "
                                    "every class, and which classes it confuses.",
                                    "Mide el entrenamiento elegido con estas imágenes: su exactitud, las cifras de "
                                    "cada clase y qué clases confunde."),
                                 tr("Evaluate", "Evaluar"), on_click=self.start)
        nothing = EmptyState("evaluate", tr("No trained model yet", "Aún no hay un modelo entrenado"),
                             tr("Train a network first. Its mistakes are then shown here.",
                                "Entrene primero una red. Después se muestran aquí sus errores."),
                             tr("Go to Train", "Ir a Entrenar"), on_click=lambda: self.session.request(ShowPage("train")))
        self._stack = Stack()
        self._large = LargeView(self.workspace)
        self._large.explaining_changed.connect(self.side_changed)
        for item in (self._views, self._empty, nothing, self._large):
            self._stack.addWidget(item)
        self._working = WorkingBar(self.session.jobs)
        layout = column(self._working, self._stack, spacing=0)
        layout.setStretch(1, 1)
        self.session.jobs.changed.connect(self._show_work)
        self.session.jobs.ended.connect(self._on_job_ended)
        return box(layout)

    def _connect_view(self, view: EvaluationView) -> None:
        view.cell_chosen.connect(lambda label, predicted: self._shown.open_cell((label, predicted)))
        view.pictures_requested.connect(self._shown.show_numbers)
        view.answers_requested.connect(self._shown.show_answers)
        view.evaluation_requested.connect(self._evaluate_runs)
        view.large_requested.connect(self._mode.open_explained)

    def close(self) -> None:
        self._panel.close_threads()
        self._large.close_threads()
        self._views.close_threads()

    # What is chosen ------------------------------------------------------------------------------

    def _run(self) -> RunSummary | None:
        """The chosen run, else the newest one with a model."""
        runs = getattr(self, "_runs", [])
        return next((run for run in runs if run.id == self.session.chosen_run), runs[0] if runs else None)

    @property
    def split(self) -> str:
        """The chosen split: train, validation or test, or data for another folder."""
        return str(self.state.get("split", "test"))

    @property
    def data(self) -> Path | None:
        """The other folder, while it is chosen."""
        folder = self.state.get("data")
        return Path(folder) if self.split == DATA and folder else None

    def _split_text(self) -> str:
        if self.split != DATA:
            return str(SPLIT_NAMES[self.split])
        return self.data.name if self.data is not None else tr("Other pictures", "Otras imágenes")

    def _beside(self) -> tuple[RunSummary, ...]:
        """The runs that stand beside the chosen one."""
        chosen, own = self.state.get("beside", ()), self._run()
        return tuple(run for run in self._runs if run.id in chosen and own is not None and run.id != own.id)

    def _choose_beside(self, ids: tuple[str, ...]) -> None:
        self.state["beside"] = ids
        self._side.show_choices(self._runs, self._run(), self.split, self.data, self._beside())
        if self._context is not None and self._evaluation is not None:
            self._show_context(replace(self._context, beside=self._beside()))

    def _choose_view(self, view: str) -> None:
        self._views.show_view(view)
        if self._evaluation is not None:
            self._stack.setCurrentIndex(0)

    def _choose_run(self, run: str) -> None:
        self.session.chosen_run = run

    def _choose(self, **values: str) -> None:
        self.state.update(values)
        for name in ("cell", "failure"):
            self.state.pop(name, None)
        self._show()

    def _choose_split(self, split: str) -> None:
        run = self._run()
        if split == DATA and run is not None and not self.state.get("data"):
            measured = measured_folder(RunFolder(run.folder))
            if measured is not None:
                self.state["data"] = str(measured)
        self._choose(split=split)
        if split == DATA and self.data is None:
            self._ask_folder()

    def _ask_folder(self) -> None:
        title = tr("Folder with one subfolder for each class", "Carpeta con una subcarpeta por clase")
        folder = QFileDialog.getExistingDirectory(self._stack, title, str(self.workspace.collection.root or Path.home()))
        if folder:
            self.take_folder(Path(folder))

    def _ask_list(self) -> None:
        files, _kind = QFileDialog.getOpenFileName(
            self._stack, tr("List of labelled pictures", "Lista de imágenes etiquetadas"),
            str(self.workspace.collection.root or Path.home()),
            tr("Lists", "Listas") + " (" + " ".join(f"*{end}" for end in sorted(MANIFESTS)) + ")")
        if files:
            self.take_folder(Path(files))

    def take_folder(self, folder: Path) -> None:
        """Choose other class folders, or a list, to evaluate on; nothing starts yet."""
        self._choose(split=DATA, data=str(folder))

    # The work ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Measure the chosen run on the chosen pictures."""
        run = self._run()
        if run is None or self.session.jobs.of_kind(KIND) is not None:
            return
        if self.split == DATA and self.data is None:
            self._ask_folder()
            return
        for name in ("failure", "cell"):
            self.state.pop(name, None)
        self.header_changed.emit()
        start_evaluation(self.session, RunFolder(run.folder), self.split, self.data, self._on_event)

    def _evaluate_runs(self, ids: list[str]) -> None:
        """Evaluate other runs on the same pictures, one after the other."""
        self._waiting = list(ids)
        self._evaluate_next()

    def _evaluate_next(self) -> None:
        if self._waiting and self.session.jobs.of_kind(KIND) is None:
            identifier = self._waiting.pop(0)
            run = next((run for run in self._runs if run.id == identifier), None)
            if run is not None:
                start_evaluation(self.session, RunFolder(run.folder), self.split, self.data)

    def _on_event(self, event: Event) -> None:
        """Keep a result that could not be written, with its warning."""
        if isinstance(event, Notice) and event.problem.code == "evaluation_not_kept":
            self.state["unkept_warning"] = event.problem
        elif isinstance(event, Evaluated):
            self.state["unkept"] = None if event.table else event
            self.state["unkept_data"] = str(self.data)

    @property
    def _unsaved(self) -> Evaluated | None:
        """The last result, if it could not be written."""
        evaluated: Evaluated | None = self.state.get("unkept")
        return evaluated

    def _show_work(self) -> None:
        works = self._working.show_work()
        self._actions.show_work(working=works)
        self._empty.button.setEnabled(not works)

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind == KIND and isinstance(last, Failed):
            self.state["failure"] = last.problem
            self.header_changed.emit()
        if job.kind == KIND and not isinstance(job, Work):
            self._show()
            self._evaluate_next()
        self._show_work()

    # What is shown -------------------------------------------------------------------------------

    def handle(self, command: Command) -> None:
        self._actions.ask_report()

    def refresh(self, change: Change) -> None:
        if change.of("runs", "folder", "settings"):
            folder = self.session.folder
            self._runs = [run for run in list_runs(folder) if run.has_model] if folder is not None else []
        if change.of("run") and self.state.get("run") != self.session.chosen_run:
            # The cell and the failure of another run mean nothing here.
            for name in ("cell", "failure") if "run" in self.state else ():
                self.state.pop(name, None)
            self.state["run"] = self.session.chosen_run
        if change.of("runs", "run", "folder", "calibration") or self._classes_changed(change):
            self._show()
        elif change.of("pictures", "dataset"):
            self._panel.refresh()
        self._show_work()

    def _classes_changed(self, change: Change) -> bool:
        """Whether the colours of the classes changed: they follow the order of the project's classes."""
        names = self.workspace.counts.all_class_names
        same, self._class_names = names == self._class_names, names
        return change.of("dataset", "pictures") and not same

    def blocking_problems(self) -> Iterable[Problem]:
        failure = self.state.get("failure")
        if failure is not None:
            yield failure
        if self._evaluation is not None and self._evaluation is self._unsaved:
            yield self.state["unkept_warning"]

    def _saved_evaluation(self, run: RunSummary) -> Evaluated | None:
        """The saved evaluation; one of other folders counts only for the chosen folder."""
        folder = RunFolder(run.folder)
        unkept = self._unsaved
        if unkept is not None and (unkept.run, unkept.split) == (run.id, self.split) and (
                self.split != DATA or self.state["unkept_data"] == str(self.data)):
            return unkept
        if self.split == DATA and (self.data is None or measured_folder(folder) != self.data.resolve()):
            return None
        return folder.evaluation(self.split)

    def _show(self) -> None:
        run = self._run()
        self._class_names = self.workspace.counts.all_class_names
        self._side.show_choices(self._runs, run, self.split, self.data, self._beside())
        self._read = None
        self._shown.forget()
        self._evaluation = self._saved_evaluation(run) if run is not None else None
        self._actions.show_state(evaluated=self._evaluation is not None)
        self._side.views.setVisible(self._evaluation is not None)
        if run is None:
            self._stack.setCurrentIndex(2)
        elif self._evaluation is None:
            self._stack.setCurrentIndex(1)
        else:
            self._stack.setCurrentIndex(0)
            saved = self._evaluation is not self._unsaved
            folder = RunFolder(run.folder)
            own_names = names_in_collection(folder, [item.name for item in self._evaluation.classes], self._class_names)
            self._show_context(EvaluationContext(
                run=folder, split=self.split, evaluated=self._evaluation, own_names=own_names,
                colors=tuple(map(self.workspace.counts.color_index, own_names)),
                saved=saved, outdated=saved and is_outdated(folder, self.split),
                problem=None if saved else self.state["unkept_warning"], title=run.title, beside=self._beside()))
            if saved:
                self._start_reading(folder, self.split, self._evaluation)
        if self._evaluation is None or self._evaluation is self._unsaved:
            text = tr("After an evaluation the pictures of a cell, and the worst mistakes, are shown here.",
                      "Tras una evaluación se muestran aquí las imágenes de una celda y los peores errores.")
            if self._evaluation is not None:
                text = tr("The pictures behind these numbers could not be kept.",
                          "Las imágenes detrás de estas cifras no se pudieron guardar.")
            self._shown.show_nothing(text)
        self.side_changed.emit()
        self.header_changed.emit()

    def _start_reading(self, run: RunFolder, split: str, evaluated: Evaluated) -> None:
        """Read the table and the answers in a thread: there may be a million pictures."""
        work = Work(lambda _report: read_evaluation(run, split, evaluated), Text("Reading the table", "Leyendo la tabla"),
                    _READ, quiet=True)
        self._reader = work
        # A bound method of this page: Qt disconnects it when the page is deleted.
        work.ended.connect(self._on_read)
        self.session.jobs.start(work)

    def _on_read(self, _last: Event) -> None:
        work = self._reader
        # Only the newest reading counts: the choice may have changed meanwhile.
        if work.running or self._read is not None:
            return
        if isinstance(work.last, Failed):
            self.state["failure"] = work.last.problem
            self.header_changed.emit()
            if self._context is not None:
                self._show_context(replace(self._context, problem=work.last.problem, saved=False))
        elif isinstance(work.result, ReadEvaluation) and self._context is not None and self._evaluation is not None:
            self._read = work.result
            self._show_context(replace(self._context, answers=self._read.answers, problem=self._read.problem, read=self._read))
            self._shown.show_evaluation(self._context)

    def _show_context(self, context: EvaluationContext) -> None:
        self._context = context
        self._views.show_evaluation(context)

    def _is_own(self, answer: Answer) -> bool:
        """Whether a picture belongs to the project's collection."""
        return bool(relative_paths((answer,), self.workspace.collection.root))

    def _show_in_data(self, answers: list[Answer]) -> None:
        paths = relative_paths(answers, self.workspace.collection.root)
        if paths:
            title = self._panel.title if len(paths) > 1 else paths[0].rpartition("/")[2]
            self.session.request(FilterPictures(tuple(paths), title))
