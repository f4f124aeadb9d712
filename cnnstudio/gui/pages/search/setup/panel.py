"""The inspector of the Search page: what a new search varies, by what it judges, and how it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.search import SearchSpec, Varied
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.search.naming import key_names
from cnnstudio.gui.pages.search.setup.cost import combinations_text, cost_text
from cnnstudio.gui.pages.search.setup.key_dialog import KeyDialog
from cnnstudio.gui.pages.search.setup.objective_rows import ObjectiveRows
from cnnstudio.gui.pages.search.setup.plan import HOURS, PLAN, plan_values, with_plan
from cnnstudio.gui.pages.search.setup.varied_card import VariedCard
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.form import Form
from cnnstudio.workers.search.candidates import Candidate, candidates, usual
from cnnstudio.workers.search.pruners import PRUNERS
from cnnstudio.workers.search.reading import Search
from cnnstudio.workers.search.samplers import SAMPLERS
from cnnstudio.workers.search.space import checked_space
from cnnstudio.workers.search.spec_checks import spec_problems, usual_pruner
from cnnstudio.workers.search.terminators import TERMINATORS

replace = msgspec.structs.replace
_CHECK_MS: Final = 120
_DRAFT: Final = "draft"
_TOUCHED: Final = "draft_touched"
"""Whether the user changed the draft: else it follows the newest search."""
_EXPLAINED: Final[dict[str, Any]] = {"sampler": SAMPLERS, "pruner": PRUNERS, "terminator": TERMINATORS}
"""Fields below which the help of the chosen entry stands."""


class SearchSetup(QWidget):
    """`checked` when the problems of the draft were found anew. The draft lasts in `state`."""

    checked = Signal()

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__()
        self._workspace, self._state = workspace, state
        self._candidates: tuple[Candidate, ...] = ()
        self._cards: dict[str, VariedCard] = {}
        self._shown: list[tuple[str, str]] = []
        """The keys on the cards, each with the present value of the project."""
        self._earlier: Search | None = None
        self.problems: tuple[Problem, ...] = ()
        self._varied = column(spacing=8)
        self._nothing = Label("", "secondary", "error", wrap=True)
        self._nothing.hide()
        self._objectives = ObjectiveRows()
        self._objectives.changed.connect(self._on_objectives)
        self._form = Form(PLAN, {})
        self._form.value_changed.connect(self._on_plan)
        self._helps = {name: Label("", "secondary", "dim", wrap=True) for name in _EXPLAINED}
        for name, label in self._helps.items():
            self._form.insert_below(name, label)
        self._combinations, self._cost = Label("", wrap=True), Label("", "secondary", "dim", wrap=True)
        preview = Card(self._combinations, self._cost, spacing=4, margins=(12, 10, 12, 10))
        add = Button(tr("Vary another setting…", "Variar otro ajuste…"), "link", "plus", on_click=self.choose_key)
        self.setLayout(column(Caption(tr("What varies", "Qué varía")), self._varied, self._nothing, row(add, None), 8,
                              Caption(tr("Judged by", "Se juzga por")), self._objectives, 8,
                              Caption(tr("How it goes on", "Cómo avanza")), self._form, 4, preview, None, spacing=8,
                              margins=(16, 16, 16, 16)))
        self._checks = QTimer(self)
        self._checks.setSingleShot(True)
        self._checks.setInterval(_CHECK_MS)
        self._checks.timeout.connect(self.check_now)

    # The draft -----------------------------------------------------------------------------------

    @property
    def spec(self) -> SearchSpec:
        """The search that would begin now."""
        draft = self._state.get(_DRAFT)
        return draft if isinstance(draft, SearchSpec) else SearchSpec(varied=())

    def refresh(self, earlier: Search | None) -> None:
        """Follow the project; a first draft is that of the newest search, else what is usual."""
        session = self._workspace.session
        if not session.is_open:
            return
        self._earlier = earlier
        self._candidates = candidates(session.project, self._workspace.counts.all_class_names, session.bases)
        if not self._state.get(_TOUCHED):
            self._state[_DRAFT] = earlier.spec if earlier is not None and earlier.spec.varied else SearchSpec(
                varied=usual(self._candidates), pruner="median")
        self._show()

    def take(self, spec: SearchSpec) -> None:
        """Begin the next search from the settings of another."""
        self._cards.clear()
        self._set(spec)

    def _set(self, spec: SearchSpec) -> None:
        self._state.update({_DRAFT: spec, _TOUCHED: True})
        self._show()

    def _show(self) -> None:
        spec = self.spec
        present = {item.key: item.now for item in self._candidates}
        shown = [(item.key, present.get(item.key, "")) for item in spec.varied]
        if shown != self._shown or list(self._cards) != [item.key for item in spec.varied]:
            self._shown = shown
            self._make_cards(spec.varied)
        self._objectives.show_objectives(spec.objectives, self._workspace.session.project)
        self._form.set_values(plan_values(spec))
        for name, label in self._helps.items():
            entry = _EXPLAINED[name].find(getattr(spec, name))
            label.setText("" if entry is None else str(entry.help))
        self._combinations.setText(combinations_text(spec))
        self._checks.start()

    def _make_cards(self, varied: Sequence[Varied]) -> None:
        clear(self._varied)
        self._cards = {}
        names = key_names([item.key for item in varied], self._candidates)
        for item in varied:
            known = next((candidate for candidate in self._candidates if candidate.key == item.key), None)
            card = VariedCard(item, names[item.key], known)
            card.changed.connect(self._on_varied)
            card.removed.connect(partial(self._remove, item.key))
            self._cards[item.key] = card
            self._varied.addWidget(card)

    def _on_varied(self, changed: Varied) -> None:
        varied = tuple(changed if item.key == changed.key else item for item in self.spec.varied)
        self._state.update({_DRAFT: replace(self.spec, varied=varied), _TOUCHED: True})
        self._combinations.setText(combinations_text(self.spec))
        self._checks.start()

    def _remove(self, key: str) -> None:
        self._set(replace(self.spec, varied=tuple(item for item in self.spec.varied if item.key != key)))

    def choose_key(self) -> None:
        """Let the user choose another setting."""
        taken = {item.key for item in self.spec.varied}
        dialog = KeyDialog([item for item in self._candidates if item.key not in taken], self)
        if dialog.exec() and dialog.taken is not None:
            self.add(dialog.taken)
        dialog.deleteLater()

    def add(self, candidate: Candidate) -> None:
        """Vary one setting more."""
        self._set(replace(self.spec, varied=(*self.spec.varied, candidate.varied)))

    def _on_objectives(self, objectives: Any) -> None:
        spec = replace(self.spec, objectives=objectives)
        fits = PRUNERS.find(spec.pruner)
        if fits is not None and fits.ends_trials and usual_pruner(objectives) == "none":
            # With several objectives no trial can be ended early.
            spec = replace(spec, pruner="none")
        self._set(spec)

    def _on_plan(self, name: str, value: object) -> None:
        self._set(with_plan(self.spec, {name: value}))

    # Problems ------------------------------------------------------------------------------------

    def check_now(self) -> None:
        """Find all that is wrong with the draft, and mark it where it is."""
        self._checks.stop()
        session, spec = self._workspace.session, self.spec
        if not session.is_open:
            return
        problems: list[Problem] = []
        try:
            checked_space(session.project, spec.varied, self._workspace.counts.all_class_names, session.bases)
        except ProblemError as problem_error:
            problems += problem_error.problems
        problems += spec_problems(session.project, spec)
        self.problems = tuple(problems)
        self._mark(problems)
        self._cost.setText(cost_text(self._workspace, spec, self._earlier))
        self.checked.emit()

    def _mark(self, problems: Sequence[Problem]) -> None:
        def text(field: str) -> str:
            return "\n".join(str(problem.text) for problem in problems if problem.where.field == field)

        for key, card in self._cards.items():
            card.show_problem(text(key))
        self._objectives.show_problem(text("objectives"))
        none = not self.spec.varied
        self._nothing.setText(tr("Choose at least one setting to vary.", "Elija al menos un ajuste que variar."))
        self._nothing.setVisible(none)
        self._form.set_problems([replace(problem, where=replace(problem.where, field=HOURS))
                                 if problem.where.field == "seconds" else problem for problem in problems])

    def stop(self) -> None:
        """No check comes any more."""
        self._checks.stop()
