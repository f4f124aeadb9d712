"""By what trials are judged: one objective or several, each with its direction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.project import Project
from cnnstudio.core.search import Direction, Objective
from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, clear, column, row
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.workers.search.objectives import OBJECTIVES, default_direction, objective_type
from cnnstudio.workers.search.spec_checks import metric_names


class ObjectiveRows(QWidget):
    """`changed(tuple of Objective)` when the user chose."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._objectives: tuple[Objective, ...] = ()
        self._names: tuple[str, ...] = ()
        self._rows = column(spacing=8)
        self._add = Button(tr("Another objective", "Otro objetivo"), "link", "plus", on_click=self._on_add)
        self._problem = Label("", "secondary", "error", wrap=True)
        self._problem.hide()
        self.setLayout(column(self._rows, self._problem, row(self._add, None), spacing=6))

    def show_objectives(self, objectives: Sequence[Objective], project: Project) -> None:
        """Show these, to be chosen from all that a run of the project has."""
        names = tuple(dict.fromkeys((*OBJECTIVES.ids(), *metric_names(project), *(item.name for item in objectives))))
        if (tuple(objectives), names) == (self._objectives, self._names):
            return
        self._objectives, self._names = tuple(objectives), names
        clear(self._rows)
        for place, objective in enumerate(self._objectives):
            self._rows.addWidget(self._row(place, objective))

    def _row(self, place: int, objective: Objective) -> QWidget:
        entry = objective_type(objective)
        name = Select([(item, str(objective_type(Objective(name=item)).label)) for item in self._names], objective.name)
        name.setAccessibleName(tr("Objective {n}", "Objetivo {n}", n=place + 1))
        name.setToolTip(str(entry.help))
        name.chosen.connect(partial(self._on_name, place))
        direction = Select((("maximize", tr("more is better", "más es mejor")), ("minimize", tr("less is better",
                                                                                                "menos es mejor"))),
                           objective.direction)
        direction.setAccessibleName(tr("Direction {n}", "Dirección {n}", n=place + 1))
        direction.chosen.connect(partial(self._on_direction, place))
        help_line = Label(str(entry.help), "secondary", "dim", wrap=True)
        line = row(direction, spacing=4)
        line.setStretch(0, 1)
        if len(self._objectives) > 1:
            line.addWidget(Button(tr("Remove {name}", "Quitar {name}", name=entry.label), "icon", "close",
                                  on_click=partial(self._on_remove, place)))
        widget = QWidget()
        widget.setLayout(column(name, line, help_line, spacing=4))
        return widget

    def show_problem(self, text: str) -> None:
        """What is wrong with them; "" for nothing."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def _tell(self, objectives: Sequence[Objective]) -> None:
        self.changed.emit(tuple(objectives))

    def _on_name(self, place: int, name: object) -> None:
        objectives = list(self._objectives)
        objectives[place] = Objective(name=str(name), direction=default_direction(str(name)))
        self._tell(objectives)

    def _on_direction(self, place: int, value: object) -> None:
        direction: Direction = "minimize" if value == "minimize" else "maximize"
        objectives = list(self._objectives)
        objectives[place] = Objective(name=objectives[place].name, direction=direction)
        self._tell(objectives)

    def _on_remove(self, place: int) -> None:
        self._tell([item for number, item in enumerate(self._objectives) if number != place])

    def _on_add(self) -> None:
        taken = {item.name for item in self._objectives}
        name = next((name for name in ("parameters", *self._names) if name not in taken), None)
        if name is not None:
            self._tell((*self._objectives, Objective(name=name, direction=default_direction(name))))
