"""The Search page: what a search varies at the right, how it goes and what was found in the middle."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.search.figures import SearchFigures
from cnnstudio.gui.pages.search.going_on import going_on
from cnnstudio.gui.pages.search.naming import choice_names, key_names, search_title
from cnnstudio.gui.pages.search.results.board import ResultBoard
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.pages.search.setup.panel import SearchSetup
from cnnstudio.gui.pages.search.table import TrialsTable
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import ShowPage
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.searcher import gone_problem
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, Stack, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card, EmptyState
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.search.candidates import candidates
from cnnstudio.workers.search.reading import Search, list_searches

_READ_MS: Final = 400
"""How soon the page follows what a search tells."""
_WATCH_MS: Final = 2000
"""How often a search of another program is read."""
_DAMAGED: Final = "damaged_search"


class SearchPage(Page):
    """Shows one search of the project, and follows it while it goes on."""

    id = "search"
    title = Text("Search", "Buscar")
    icon = "search-trials"
    shows = ("training", "network", "augmentation", "recipe")

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(workspace, parent)
        self._searcher = workspace.searcher
        self._searches: list[Search] = []
        self._shown: Shown | None = None
        self._kept: frozenset[int] | None = None
        self._reader = Latest(self.session.jobs, "search-read", lambda folder, _report: (list_searches(folder),), self)
        self._reader.answered.connect(self._on_read)
        self._soon = _timer(self, _READ_MS, self._read)
        self._watch = _timer(self, _WATCH_MS, self._read)
        self._searcher.began.connect(self._on_began)
        self._searcher.moved.connect(self._on_moved)
        self._searcher.changed.connect(self._on_changed)
        self._searcher.refused.connect(self._on_refused)
        self._searcher.noticed.connect(lambda problem: self._on_refused((*self.state.get("refused", ()), problem)))

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        return "" if self._shown is None else search_title(self._shown.search)

    def centre(self) -> QWidget:
        self._choice = Select()
        self._choice.setAccessibleName(tr("Search of the project", "Búsqueda del proyecto"))
        self._choice.setMinimumContentsLength(24)
        self._choice.chosen.connect(self._choose)
        self._choice_line = box(row(Label(tr("Searches", "Búsquedas"), "secondary", "dim"), self._choice, None))
        self._figures = SearchFigures()
        self._why = Label("", wrap=True)
        self._offer = Button("", "link", on_click=self.go_on)
        line = row(self._why, self._offer, spacing=12)
        line.setStretch(0, 1)
        self._interrupted = Card(box(line), edge="accent", margins=(14, 8, 10, 8))
        self._board = ResultBoard(self.session.jobs, self.state)
        self._board.trial_chosen.connect(self._choose_trial)
        self._board.trial_opened.connect(self.open_trial)
        self._board.kept_changed.connect(self._on_kept)
        self._board.objective_chosen.connect(self._choose_objective)
        self._table = TrialsTable()
        self._table.trial_chosen.connect(self._choose_trial)
        self._table.trial_opened.connect(self.open_trial)
        self._table.trial_wanted.connect(self.use_trial)
        body = column(self._choice_line, self._figures, self._interrupted, self._board, self._table, spacing=14,
                      margins=(24, 20, 24, 20))
        body.setStretch(3, 1)
        self._empty = EmptyState(self.icon, tr("No search yet", "Aún no hay búsquedas"),
                                 tr("A search trains the network many times with settings that it chooses from the ranges "
                                    "at the right, learns from what came out, and shows which settings are best and which "
                                    "matter.",
                                    "Una búsqueda entrena la red muchas veces con ajustes que elige dentro de los intervalos "
                                    "de la derecha, aprende de los resultados y muestra qué ajustes son los mejores y cuáles "
                                    "importan."),
                                 tr("Start the search", "Empezar a buscar"), on_click=self.start)
        self._stack = Stack()
        for item in (self._empty, scroll_area(box(body), sideways=True)):
            self._stack.addWidget(item)
        return self._stack

    def inspector(self) -> QWidget:
        self._setup = SearchSetup(self.workspace, self.state)
        self._setup.checked.connect(self._update_buttons)
        return self._setup

    def actions(self) -> Iterable[QWidget]:
        self._stop = Button(tr("Stop", "Detener"), icon="stop", on_click=self._stop_now,
                            tooltip=tr("The trials keep what they have, and the search can go on later.",
                                       "Los ensayos conservan lo que tienen y la búsqueda puede continuar después."))
        self._more = Button("", compact_icon="play", on_click=self.go_on)
        self._start = Button(tr("Start the search", "Empezar a buscar"), "primary", self.icon, on_click=self.start)
        return self._stop, self._more, self._start

    # Refresh -------------------------------------------------------------------------------------

    def refresh(self, change: Change) -> None:
        if change.of("folder"):
            self._shown, self._searches = None, []
        if change.of("folder", "runs"):
            self._soon.start(0)
        if change.of("training", "network", "augmentation", "recipe", "dataset", "pictures", "folder"):
            self._setup.refresh(self._newest)
        self._update_buttons()

    @property
    def _newest(self) -> Search | None:
        return next((search for search in self._searches if search.spec.varied), None)

    def leave(self) -> None:
        self._watch.stop()

    def enter(self) -> None:
        self._soon.start(0)

    def blocking_problems(self) -> Iterable[Problem]:
        yield from self.state.get("refused", ())
        if self._shown is not None and self._shown.search.why is not None:
            yield self._shown.search.why

    # Reading -------------------------------------------------------------------------------------

    def _read(self) -> None:
        if self.session.folder is not None:
            self._reader.ask(self.session.folder)

    def _on_read(self, folder: Path, answer: Any) -> None:
        if folder != self.session.folder:
            return
        if isinstance(answer, Failure):
            return
        first = not self._searches
        self._searches = answer[0]
        if first and self._searches:
            self._setup.refresh(self._newest)
        self._show()

    def _show(self) -> None:
        """Show the chosen search, else the newest, as it is now."""
        search = next((item for item in self._searches if item.id == self.state.get("search")),
                      self._searches[0] if self._searches else None)
        titles = [(item.id, search_title(item)) for item in self._searches]
        self._choice.set_choices(titles, None if search is None else search.id)
        self._choice_line.setVisible(len(self._searches) > 1)
        self._stack.setCurrentIndex(0 if search is None else 1)
        same = search is not None and self._shown is not None and search == self._shown.search
        if search is None:
            self._shown = None
        elif not same and search.spec.objectives:
            known = candidates(self.session.project, self.workspace.counts.all_class_names, self.session.bases)
            objective = int(self.state.get("objective", 0))
            self._shown = Shown(search, key_names([item.key for item in search.spec.varied], known), choice_names(known),
                                objective if objective < len(search.spec.objectives) else 0)
            self._draw()
        elif not same:
            self._shown = Shown(search)
        if search is not None and search.running and self._searcher.running is None:
            self._watch.start()
        self._update_buttons()
        self.header_changed.emit()

    def _draw(self) -> None:
        shown = self._shown
        if shown is None:
            return
        self._figures.show_search(shown, self._driving)
        self._table.show_search(shown)
        self._board.show_search(shown)
        self._mark()

    def _mark(self) -> None:
        chosen = self.state.get("trial")
        self._board.show_marks(chosen, self._kept)
        self._table.show_marks(chosen, self._kept)

    @property
    def _driving(self) -> Any:
        """The session of the shown search in this window."""
        job = self._searcher.running
        return job if job is not None and self._shown is not None and job.search.id == self._shown.search.id else None

    # What the user does --------------------------------------------------------------------------

    def start(self) -> None:
        """Begin a new search with the settings at the right."""
        self._setup.check_now()
        self.state["refused"] = ()
        if not self._setup.problems:
            self._searcher.start(self._setup.spec)
        self.header_changed.emit()

    def go_on(self) -> None:
        """Let the shown search go on."""
        way = None if self._shown is None else going_on(self._shown.search)
        if way is not None and self._shown is not None:
            self.state["refused"] = ()
            self._searcher.go_on(self._shown.search, trials=way.trials, seconds=way.seconds)

    def _stop_now(self) -> None:
        job = self._searcher.running
        if job is not None:
            job.stop()
        self._update_buttons()

    def _choose(self, identifier: object) -> None:
        self.state.update(search=identifier, trial=None)
        self._kept = None
        self._show()

    def _choose_objective(self, place: int) -> None:
        self.state["objective"] = place
        self._shown = None
        self._show()

    def _choose_trial(self, number: int) -> None:
        if self.state.get("trial") != number:
            self.state["trial"] = number
            self._mark()

    def _on_kept(self, kept: frozenset[int] | None) -> None:
        if kept != self._kept:
            self._kept = kept
            self._mark()

    def open_trial(self, number: int) -> None:
        """Open the run of a trial: its results where it has a model, else its training."""
        trial = None if self._shown is None else self._shown.search.trial(number)
        folder = self.session.folder
        if trial is None or not trial.runs or folder is None:
            return
        self._choose_trial(number)
        run = RunFolder(Path(folder) / "runs" / trial.runs[0])
        if not run.folder.is_dir():
            self.session.report(gone_problem(run.id))
            return
        self.session.chosen_run = run.id
        self.session.request(ShowPage("evaluate" if run.summary().has_model else "train"))

    def use_trial(self, number: int) -> None:
        """Put the settings of a trial into the project."""
        trial = None if self._shown is None else self._shown.search.trial(number)
        if trial is not None and self._shown is not None:
            self._searcher.use(self._shown.search, trial)

    # What the search tells -----------------------------------------------------------------------

    def _on_began(self, identifier: str) -> None:
        self.state.update(search=identifier, trial=None)
        self._kept = None
        self._soon.start(0)

    def _on_moved(self, _event: object) -> None:
        if not self._soon.isActive():
            self._soon.start(_READ_MS)
        if self._shown is not None:
            self._figures.show_left(self._shown, self._driving)

    def _on_changed(self) -> None:
        self._soon.start(0)
        self._update_buttons()

    def _on_refused(self, problems: tuple[Problem, ...]) -> None:
        self.state["refused"] = tuple(item for place, item in enumerate(problems) if item not in problems[:place])
        self.header_changed.emit()

    def _update_buttons(self) -> None:
        job, preparing, empty = self._searcher.running, self._searcher.preparing, self._shown is None
        way = None if job is not None or self._shown is None else going_on(self._shown.search)
        elsewhere = self._shown is not None and self._shown.search.running and job is None
        self._stop.setVisible(job is not None)
        self._stop.setEnabled(job is not None and not job.cancelling)
        self._more.setVisible(way is not None)
        self._more.setText("" if way is None else way.text)
        self._interrupted.setVisible(way is not None and bool(way.why))
        self._why.setText("" if way is None else way.why)
        self._offer.setText("" if way is None else way.text)
        self._start.setVisible(job is None and not empty)
        blockers = self._setup.problems
        for button in (self._start, self._empty.button, self._more):
            button.setEnabled(self.session.is_open and job is None and not preparing and not elsewhere
                              and (button is self._more or not blockers))
        for button in (self._start, self._empty.button):
            button.setToolTip("\n".join(str(problem.text) for problem in blockers))
        if self._shown is not None:
            self._figures.show_left(self._shown, self._driving)

    def close(self) -> None:
        for timer in (self._soon, self._watch):
            timer.stop()
        self._setup.stop()
        self._reader.close()
        self._board.close_threads()


def _timer(parent: QObject, milliseconds: int, act: Any) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(act)
    return timer
