"""The Train page: key figures, live curves, the table of runs, and the settings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from cnnstudio.core.commands import Pause, Resume
from cnnstudio.core.events import Epoch, Event, Failed, Finished, Hello, Paused, Resumed, Stopped
from cnnstudio.core.problems import Problem, blocking
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.train.advice.after_run import AfterRun
from cnnstudio.gui.pages.train.banners import RunBanners
from cnnstudio.gui.pages.train.dialogs import open_rate_finder
from cnnstudio.gui.pages.train.figures import TrainFigures
from cnnstudio.gui.pages.train.live.controls import LiveControls
from cnnstudio.gui.pages.train.place.card import PlaceCard
from cnnstudio.gui.pages.train.place.dialog import open_clusters
from cnnstudio.gui.pages.train.plots.board import PlotBoard
from cnnstudio.gui.pages.train.plots.history import Curves, curves_of, log_line
from cnnstudio.gui.pages.train.plots.overlays import others_of
from cnnstudio.gui.pages.train.runs.colors import RunColors
from cnnstudio.gui.pages.train.runs.columns import DEFAULT
from cnnstudio.gui.pages.train.runs.commands import COLUMNS, RunCommands
from cnnstudio.gui.pages.train.runs.starting import several_menu
from cnnstudio.gui.pages.train.runs.table import RunsTable
from cnnstudio.gui.pages.train.settings.panel import TrainSettings
from cnnstudio.gui.pages.train.watch import Watch
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.cluster_job import ClusterJob, follow_on_cluster
from cnnstudio.gui.state.commands import ShowPage
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Stack, box, column, scroll_area
from cnnstudio.gui.widgets.cards import EmptyState, Expander
from cnnstudio.gui.widgets.scroll_anchor import ScrollAnchor
from cnnstudio.workers.runs.away import is_away
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, list_runs
from cnnstudio.workers.search.folder import of_living_search

REDRAW_MS = 110


class TrainPage(Page):
    id = "train"
    title = Text("Train", "Entrenar")
    icon = "train"

    def __init__(self, workspace: Workspace, parent: Any = None) -> None:
        super().__init__(workspace, parent)
        self._curves = Curves()
        self._run_folder: RunFolder | None = None
        self._runs: list[RunSummary] = []
        self._heard: Job | None = None
        self._button_facts: tuple[object, ...] = ()
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW_MS)
        self._redraw.timeout.connect(self._draw_next)
        self._figures_next = False
        launcher = self._launcher = workspace.launcher
        launcher.launched.connect(self._on_launched)
        launcher.prepared.connect(self._update_buttons)
        launcher.told.connect(self._on_told)
        launcher.queue.changed.connect(self._update_buttons)
        self.session.jobs.changed.connect(self._update_buttons)
        self.session.jobs.ended.connect(self._on_job_ended)

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        shown = "" if self._run_folder is None else self._run_folder.id
        return next((run.title for run in self._runs if run.id == shown), shown)

    def centre(self) -> QWidget:
        self._figures = TrainFigures()
        self._live = LiveControls(self.session, lambda name: theme.class_color(self.workspace.counts.color_index(name)), self)
        self._plots = PlotBoard(self.session)
        self._plots.run_clicked.connect(self._choose_id)
        self._banners = RunBanners()
        self._banners.fix_chosen.connect(self.session.apply)
        self._after = AfterRun(self.workspace, self.start)
        self._colors = RunColors(self.state)
        self._table = RunsTable(self._colors, self.session.recall(COLUMNS, list(DEFAULT)))
        self._table.chosen.connect(self._choose)
        self._table.overlaid.connect(self._overlay)
        self._commands = RunCommands(self.workspace, self._table, self._colors)
        self._commands.deleted.connect(self._on_deleted)
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setTabChangesFocus(True)
        self._log.setMaximumBlockCount(5000)
        self._log.setFont(theme.mono_font(12))
        self._log.setFixedHeight(160)
        self._log.setAccessibleName(tr("Log", "Registro"))
        body = column(self._figures, self._banners,
                      spacing=14, margins=(24, 20, 24, 20))
        body.addWidget(self._plots, 1)
        body.addWidget(self._after)
        body.addWidget(Expander(tr("What it answers while it learns", "Qué responde mientras aprende"), self._live.answers,
                                open=self._live.answers.wishes_anything))
        body.addWidget(Expander(tr("Inside the layers", "Dentro de las capas"), self._live.layers,
                                open=self._live.layers.wishes_anything))
        body.addWidget(self._commands.queue_panel)
        body.addWidget(self._table)
        body.addWidget(Expander(tr("Log", "Registro"), self._log))
        self._empty = EmptyState("train", tr("No training yet", "Aún no hay entrenamientos"),
                                 tr("While the network learns, its loss and accuracy are drawn here, and every run stays in "
                                    "a table for comparison.",
                                    "Mientras la red aprende, aquí se dibujan su pérdida y su exactitud, y cada entrenamiento "
                                    "queda en una tabla para compararlos."),
                                 tr("Start training", "Empezar a entrenar"), on_click=self.start)
        self._stack = Stack()
        area = scroll_area(box(body), sideways=True)
        self._anchor = ScrollAnchor(area, self._table, self._plots)
        for item in (self._empty, area):
            self._stack.addWidget(item)
        return self._stack

    def inspector(self) -> QWidget:
        settings = self._settings = TrainSettings(self.workspace)
        settings.rate_wanted.connect(lambda stage: open_rate_finder(
            self.workspace, stage, lambda rate: settings.take_rate(stage, rate), settings))
        place = PlaceCard(self.workspace.places)
        place.manage_wanted.connect(lambda: open_clusters(self.workspace.places, place))
        return box(column(place, settings, spacing=0))

    def actions(self) -> Iterable[QWidget]:
        self._pause = Button(tr("Pause", "Pausar"), icon="pause", on_click=self._toggle_pause)
        self._stop = Button(tr("Stop and keep", "Detener y conservar"), icon="stop", on_click=self._stop_now)
        self._estimate = Button(tr("Estimate…", "Estimar…"), compact_icon="clock", on_click=self._after.open_forecast)
        self._start = Button(tr("Start training", "Empezar a entrenar"), "primary", "play", on_click=self.start)
        self._next = Button(tr("Next: Evaluate", "Siguiente: Evaluar"), "primary", compact_icon="chevron-right",
                            on_click=lambda: self.session.request(ShowPage("evaluate")))
        self._several = Button("", "icon", "chevron-down", tooltip=tr("Several trainings", "Varios entrenamientos"),
                               on_click=self._open_several)
        self._several.setAccessibleName(self._several.toolTip())
        return self._live.rate, self._pause, self._stop, self._estimate, self._start, self._several, self._next

    def _open_several(self) -> None:
        menu = several_menu(self._launcher.start_seeds, self._launcher.start_folds, self._several)
        menu.popup(self._several.mapToGlobal(self._several.rect().bottomLeft()))

    # Refresh -------------------------------------------------------------------------------------

    def refresh(self, change: Change) -> None:
        if change.of("training", "dataset", "network", "augmentation", "pictures", "folder", "problems"):
            self._settings.refresh()
        if change.of("runs", "folder"):
            # What another page chose; to show no run forgets it.
            wanted = self.session.chosen_run
            if change.of("folder"):
                self._show_run(None)
                self._table.forget()
            self._list_runs()
            if self._run_folder is None and self._runs:
                self._choose(next((run for run in self._runs if run.id == wanted), self._runs[0]))
                self._list_runs()
            self._follow_orphan()
        elif change.of("run") and (chosen := self._chosen_run()) is not None:
            self._choose(chosen)
            self._list_runs()
        self._update_buttons()

    def enter(self) -> None:
        job = self._running_job()
        if job is not None:
            self._attach(job)

    def _chosen_run(self) -> RunSummary | None:
        """The run that was chosen here or on another page."""
        return next((run for run in self._runs if run.id == self.session.chosen_run), None)

    def _list_runs(self) -> None:
        self._runs = list_runs(self.session.folder) if self.session.folder is not None else []
        self._colors.follow(self._runs)
        self._commands.follow(self._runs)
        self._table.show_runs(self._runs, self._run_folder.id if self._run_folder is not None else "")
        self._show_stack()

    def _show_stack(self) -> None:
        """Without a run there is nothing to draw."""
        self._stack.setCurrentIndex(1 if self._runs or self._run_folder is not None else 0)

    def blocking_problems(self) -> Iterable[Problem]:
        return blocking(self.session.problems)

    # Start, pause, stop, resume ------------------------------------------------------------------

    def _running_job(self) -> Job | None:
        return self._launcher.running

    def start(self) -> None:
        """Scan the folder again, create a run of the present specs, and train it, or let it wait for its turn."""
        self._launcher.start()

    def _on_launched(self, run: RunFolder, job: Job) -> None:
        """A training begins: its first event comes only after the libraries are loaded; what is done until then is shown."""
        self._show_run(run)
        self._curves.phase = str(job.phase or "")
        self._after.launched(run)
        self._attach(job)
        self._draw()

    def _on_told(self, problem: Problem, run_id: str) -> None:
        if self._run_folder is not None and self._run_folder.id == run_id:
            self._banners.show_problem(problem)
        else:
            self.session.report(problem)

    def _follow_orphan(self) -> None:
        """Follow a training whose window was closed: it continues alone, here or on a cluster."""
        if self._running_job() is not None:
            return
        for summary in self._runs:
            run = RunFolder(summary.folder)
            job: Job | None = None
            if summary.cluster and is_away(run.folder):
                # It may wait there for hosts, or have ended meanwhile.
                job = follow_on_cluster(run, summary.planned)
            elif summary.state in ("running", "paused") and run.living() and not of_living_search(run):
                # A search that goes on follows the runs of its trials itself.
                job = Watch(run, summary.planned)
            if job is not None:
                self.session.jobs.start(job)
                self._show_run(run, read=False)
                self._attach(job)
                return

    def _attach(self, job: Job) -> None:
        """Connect to a running training; only once, however often this is called."""
        folder = job.run_folder
        if folder and (self._run_folder is None or str(self._run_folder.folder) != folder):
            self._show_run(RunFolder(Path(folder)))
        if self._heard is not job:
            self._heard = job
            job.event.connect(self._on_event)

    def _toggle_pause(self) -> None:
        job = self._running_job()
        if isinstance(job, ChildJob | Watch | ClusterJob):
            job.send(Resume() if job.paused else Pause())

    def _stop_now(self) -> None:
        job = self._running_job()
        if isinstance(job, ChildJob | Watch | ClusterJob):
            job.stop(keep=True)
            self._stop.setEnabled(False)

    def _update_buttons(self) -> None:
        job = self._running_job()
        preparing = self._launcher.preparing
        # Jobs report every step of their progress; the buttons depend on a few facts only.
        trained = job is None and self._run_folder is not None and self._run_folder.has_model
        empty = self._stack.currentWidget() is self._empty
        live = job if job is not None and self._shows(job) else None
        standing = job.standing if isinstance(job, ClusterJob) else ""
        facts = (job, live, standing, job is not None and job.paused, job is not None and job.cancelling, preparing, trained,
                 empty, self.session.is_open, self.session.problems)
        if facts == self._button_facts:
            return
        self._button_facts = facts
        self._table.set_busy(Path(job.run_folder).name if job is not None else "", standing)
        self._live.follow(live)
        self._pause.setVisible(job is not None)
        self._stop.setVisible(job is not None)
        # Without a run the button stands in the middle of the page.
        self._start.setVisible(not empty)
        self._estimate.setVisible(job is None)
        self._several.setVisible(not empty)
        self._start.setText(tr("Train afterwards", "Entrenar después") if job is not None else
                            tr("Start training", "Empezar a entrenar"))
        # One primary button: what comes next once there is a model, else the training.
        self._next.setVisible(trained)
        self._start.set_kind("" if trained or job is not None else "primary")
        blockers = blocking(self.session.problems)
        for button in (self._start, self._estimate, self._several, self._empty.button):
            button.setEnabled(self.session.is_open and not preparing and not blockers)
        for button in (self._start, self._empty.button):
            button.setToolTip("\n".join(problem.located_text for problem in blockers))
        if job is not None:
            self._pause.setText(tr("Resume", "Continuar") if job.paused else tr("Pause", "Pausar"))
            self._pause.set_icon("play" if job.paused else "pause")
            self._pause.setEnabled(not job.cancelling)
            self._stop.setEnabled(not job.cancelling)
        self.header_changed.emit()

    # What is shown -------------------------------------------------------------------------------

    def _show_run(self, run: RunFolder | None, read: bool = True) -> None:
        self._anchor.hold()
        self._run_folder = run
        events: list[Event] = run.events() if run is not None and read else []
        self._curves = curves_of(events)
        self._log.setPlainText("\n".join(line for line in map(log_line, events) if line))
        self._live.layers.show_run(run)
        self._banners.clear()
        if events and isinstance(events[-1], Failed) and self._running_job() is None:
            self._banners.show_problem(events[-1].problem)
        elif run is not None and read:
            self._banners.show_damage(run.summary())
        self._draw()
        self._show_stack()
        self._after.show_run(run)
        self.session.chosen_run = run.id if run is not None else ""
        self._update_buttons()

    def _shows(self, job: Job) -> bool:
        """Whether the run of a training is the one on screen."""
        return self._run_folder is not None and job.run_folder == str(self._run_folder.folder)

    def _choose(self, summary: RunSummary) -> None:
        if self._run_folder is None or self._run_folder.folder != summary.folder:
            self._show_run(RunFolder(summary.folder))

    def _choose_id(self, run_id: str) -> None:
        for summary in self._runs:
            if summary.id == run_id:
                self._choose(summary)
                self._list_runs()

    def _on_event(self, event: Event) -> None:
        if self._heard is not None and not self._shows(self._heard):
            return
        self._curves.take(event)
        line = log_line(event)
        if line:
            self._log.appendPlainText(line)
        if isinstance(event, Hello | Epoch | Paused | Resumed):
            self._list_runs()
        if not self._redraw.isActive():
            self._redraw.start()

    def _on_job_ended(self, job: object, last: object) -> None:
        if not isinstance(job, Job) or job.kind != "train":
            return
        # The next of the queue may be shown by now.
        shown = self._shows(job)
        if shown and isinstance(last, Finished | Stopped | Failed):
            self._curves.take(last)
        if isinstance(last, Failed):
            (self._banners.show_problem if shown else self.session.report)(last.problem)
        self.session.announce("runs")
        self._draw()
        self._after.show_run(self._run_folder)
        self._update_buttons()

    def _draw(self) -> None:
        """Draw everything at once."""
        self._plots.show_curves(self._curves)
        self._draw_figures()

    def _draw_next(self) -> None:
        """Draw live: one plot or the figures per turn, so that painting never blocks the window."""
        if self._figures_next:
            self._draw_figures()
            self._figures_next = False
            return
        self._figures_next = not self._plots.draw_next(self._curves)
        self._redraw.start()

    def _draw_figures(self) -> None:
        job = self._running_job()
        self._live.show_curves(self._curves)
        self._figures.show_curves(self._curves, running=job is not None, paused=job is not None and job.paused,
                                  planned=self.session.project.training.epochs)

    def _overlay(self, runs: list[RunSummary]) -> None:
        """Draw other runs behind the shown one."""
        shown = "" if self._run_folder is None else self._run_folder.id
        self._plots.show_others(others_of(runs, shown, self._colors.color))

    def _on_deleted(self, run_id: str) -> None:
        if self._run_folder is not None and self._run_folder.id == run_id:
            self._show_run(None)

    def close(self) -> None:
        self._redraw.stop()
        self._live.close()
