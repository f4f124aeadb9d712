"""The views of a search behind tabs, with the choice of the objective; each view is made on its first visit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Signal

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.search.results.contour import ContourView
from cnnstudio.gui.pages.search.results.front import FrontView
from cnnstudio.gui.pages.search.results.history import HistoryView
from cnnstudio.gui.pages.search.results.importances import ImportancesView
from cnnstudio.gui.pages.search.results.parallel_view import ParallelView
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.pages.search.results.slices import SlicesView
from cnnstudio.gui.pages.search.results.view import ResultView, SnugStack
from cnnstudio.gui.state.jobs import JobList
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.workers.search.objectives import objective_type

_HEIGHT: Final = 300
"""The least height in pixels of the views, so that the table below does not jump."""
VIEWS: Final[tuple[type[ResultView], ...]] = (HistoryView, ImportancesView, ParallelView, SlicesView, ContourView, FrontView)


class ResultBoard(Card):
    """`kept_changed(numbers or None)` when a brush keeps other trials, `objective_chosen(place)` when another objective is
    looked at."""

    trial_chosen = Signal(int)
    trial_opened = Signal(int)
    kept_changed = Signal(object)
    objective_chosen = Signal(int)

    def __init__(self, jobs: JobList, state: dict[str, Any]) -> None:
        super().__init__(spacing=12)
        self._state = state
        self._shown: Shown | None = None
        self._marks: tuple[int | None, frozenset[int] | None] = (None, None)
        self._stale: set[str] = set()
        self._made: dict[str, ResultView] = {}
        self._makers: dict[str, Callable[[], ResultView]] = {
            "importances": lambda: ImportancesView(jobs), "contour": lambda: ContourView(jobs),
            "parallel": lambda: ParallelView(state)}
        self._tabs = {view.id: Button(str(view.title), "chip", checkable=True, on_click=partial(self.show_view, view.id))
                      for view in VIEWS}
        self._objective = Select()
        self._objective.setAccessibleName(tr("Objective", "Objetivo"))
        self._objective.setMinimumContentsLength(16)
        self._objective.chosen.connect(lambda place: self.objective_chosen.emit(int(str(place))))
        self._stack = SnugStack(_HEIGHT)
        self.body.addWidget(flow_row(*self._tabs.values(), self._objective))
        self.body.addWidget(self._stack, 1)

    @property
    def view(self) -> str:
        """The id of the view in sight."""
        return str(self._state.get("view", VIEWS[0].id))

    def made(self, identifier: str) -> ResultView:
        """A view, made on its first visit."""
        if identifier not in self._made:
            kind = next(view for view in VIEWS if view.id == identifier)
            view = self._makers.get(identifier, kind)()
            view.trial_chosen.connect(self.trial_chosen)
            view.trial_opened.connect(self.trial_opened)
            if isinstance(view, ParallelView):
                view.kept_changed.connect(self.kept_changed)
            self._made[identifier] = view
            self._stack.addWidget(view)
            self._stale.add(identifier)
        return self._made[identifier]

    def show_view(self, identifier: str) -> None:
        """Show another view of the same search."""
        self._state["view"] = identifier
        for name, tab in self._tabs.items():
            tab.setChecked(name == identifier)
        view = self.made(identifier)
        self._stack.setCurrentWidget(view)
        self._draw()

    def show_search(self, shown: Shown) -> None:
        """Show a search, or what is new in it; views out of sight follow when they are visited."""
        self._shown = shown
        self._stale = set(self._made)
        objectives = shown.search.spec.objectives
        self._objective.set_choices([(place, str(objective_type(item).label)) for place, item in enumerate(objectives)],
                                    shown.objective)
        self._objective.setVisible(len(objectives) > 1)
        self.show_view(self.view)

    def show_marks(self, chosen: int | None, kept: frozenset[int] | None) -> None:
        """Mark the chosen trial, and what a brush keeps."""
        self._marks = chosen, kept
        if self.view in self._made:
            self._made[self.view].show_marks(chosen, kept)

    def _draw(self) -> None:
        if self._shown is None:
            return
        view = self._made[self.view]
        if self.view in self._stale:
            self._stale.discard(self.view)
            view.show_search(self._shown)
        view.show_marks(*self._marks)

    def close_threads(self) -> None:
        """Stop what the views compute."""
        for view in self._made.values():
            view.close_threads()


