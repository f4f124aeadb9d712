"""The scenarios of the open project: reading them, and changes that are steps of the undo list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.text import Text

if TYPE_CHECKING:
    from cnnstudio.datasets.index import Index
    from cnnstudio.datasets.scenarios import Scenario, ScenarioEffect, ScenarioPicture
    from cnnstudio.gui.state.changes import Change
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.session import Session

PART: Final = "scenarios"
"""The name of a change of scenarios in a `Change`."""


class Scenarios(QObject):
    """Every change returns whether it was made; a problem is reported."""

    def __init__(self, session: Session, collection: Collection) -> None:
        super().__init__(session)
        self._session, self._collection = session, collection
        self._known: tuple[Scenario, ...] | None = None
        session.changed.connect(self._on_changed)

    def _on_changed(self, change: Change) -> None:
        if change.of(PART, "folder", "pictures"):
            self._known = None

    def all(self) -> tuple[Scenario, ...]:
        """The scenarios in the order in which they were made."""
        from cnnstudio.datasets.scenarios import list_scenarios

        if self._known is None:
            index = self._collection.index
            try:
                self._known = () if index is None else list_scenarios(index)
            except ProblemError as err:
                self._session.report(*err.problems)
                self._known = ()
        return self._known

    def name_problem(self, name: str, but: int = 0) -> Problem | None:
        """Why a scenario cannot be called so; `but`: the id of the one that may have the name."""
        from cnnstudio.datasets.scenarios import name_problem

        index = self._collection.index
        return None if index is None else name_problem(index, name, but)

    def make(self, ids: Sequence[int], name: str, note: str = "") -> bool:
        """Make a scenario of pictures."""
        from cnnstudio.datasets.scenarios import make_scenario

        return self._change(lambda index: make_scenario(index, name, note, self._pictures(index, ids)),
                            Text("New scenario {name}", "Nuevo escenario {name}").fill(name=name))

    def add(self, scenario: Scenario, ids: Sequence[int]) -> bool:
        """Put pictures into a scenario."""
        from cnnstudio.datasets.scenarios import edit_scenario

        return self._change(lambda index: edit_scenario(index, scenario, add=self._pictures(index, ids)),
                            Text("Add to scenario {name}", "Añadir al escenario {name}").fill(name=scenario.name))

    def remove(self, scenario: Scenario, ids: Sequence[int]) -> bool:
        """Take pictures out of a scenario."""
        from cnnstudio.datasets.scenarios import edit_scenario

        return self._change(
            lambda index: edit_scenario(index, scenario, remove=[item.hash for item in self._pictures(index, ids)]),
            Text("Remove from scenario {name}", "Quitar del escenario {name}").fill(name=scenario.name))

    def edit(self, scenario: Scenario, name: str, note: str) -> bool:
        """Change its name and its note."""
        from cnnstudio.datasets.scenarios import edit_scenario

        return self._change(lambda index: edit_scenario(index, scenario, name=name, note=note),
                            Text("Edit scenario {name}", "Editar el escenario {name}").fill(name=scenario.name))

    def delete(self, scenario: Scenario) -> bool:
        """Delete a scenario; its pictures stay."""
        from cnnstudio.datasets.scenarios import change_scenario

        return self._change(lambda index: change_scenario(index, scenario, None),
                            Text("Delete scenario {name}", "Eliminar el escenario {name}").fill(name=scenario.name))

    def _pictures(self, index: Index, ids: Sequence[int]) -> list[ScenarioPicture]:
        from cnnstudio.datasets.scenarios import scenario_pictures

        root = self._collection.root
        return [] if root is None else scenario_pictures(index, root, ids)

    def _change(self, change: Callable[[Index], ScenarioEffect], label: Text) -> bool:
        index = self._collection.index
        if index is None:
            return False
        try:
            effect = change(index)
        except ProblemError as err:
            self._session.report(*err.problems)
            return False
        self._known = None
        self._session.record(effect, label, part=PART)
        return True
