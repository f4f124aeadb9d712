"""Metrics and callbacks of a training as ordered cards: the chosen ones in their order, then those that can be added."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.training.metrics import monitored_names
from cnnstudio.core import edits
from cnnstudio.core.graph import unique_id
from cnnstudio.core.item import Step
from cnnstudio.core.params import Param, Value, find_param, with_defaults
from cnnstudio.core.problems import Problem
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same, tr
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Card, Expander, fix_row
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import Switch

_MONITOR = "monitor"


class StepCards(QWidget):
    """The steps of `spec()` (as edits of steps name it) from `registry`; `node_of` gives the place of a step in problems.

    A step that is added gets the id `id_of(type)`, made unique. An entry with a meaning for the project fulfils `fits`.
    """

    def __init__(self, workspace: Workspace, registry: Registry[Any], spec: Callable[[], str], node_of: Callable[[str], str],
                 id_of: Callable[[str], str] = str, fits: Callable[[Any], bool] = lambda _entry: True) -> None:
        super().__init__()
        self._session = workspace.session
        self._registry, self._spec, self._node_of, self._id_of, self._fits = registry, spec, node_of, id_of, fits
        self._key: object = None
        self._forms: dict[str, Form] = {}
        self._problems: dict[str, Any] = {}
        self._layout = column(spacing=12)
        self.setLayout(self._layout)

    def refresh(self) -> None:
        """Follow the project; cards are kept, with their focus, while only values change."""
        steps = edits.steps_of(self._session.project, self._spec())
        absent = [entry for entry in self._registry if self._fits(entry) and entry.id not in {step.type for step in steps}]
        key = (self._spec(), tuple((step.id, step.type, step.enabled) for step in steps), tuple(entry.id for entry in absent))
        if key != self._key:
            self._key = key
            clear(self._layout)
            self._forms, self._problems = {}, {}
            for index, step in enumerate(steps):
                self._layout.addWidget(self._card(step, index, len(steps)))
            for entry in absent:
                identifier = unique_id(self._id_of(entry.id), [step.id for step in steps])
                self._layout.addWidget(self._card(Step(id=identifier, type=entry.id, enabled=False), -1, 0))
        for step in steps:
            entry = self._registry.find(step.type)
            if entry is not None and step.id in self._forms:
                self._forms[step.id].set_values(with_defaults(entry.params, step.params))
                self._show_monitors(entry.params, step)

    def _show_monitors(self, params: Iterable[Param], step: Step) -> None:
        """What is measured, and what the callback monitors now even if that is not."""
        if not any(param.name == _MONITOR for param in params):
            return
        names = list(monitored_names(self._session.project.training.metrics))
        present = str(self._forms[step.id].values[_MONITOR])
        if present not in names:
            names.append(present)
        self._forms[step.id].set_choices(_MONITOR, [(name, name) for name in names])

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Mark the fields of these problems; those of a whole step stand in its card, with their fixes."""
        own = list(problems)
        for identifier, form in self._forms.items():
            form.set_problems([problem for problem in own if problem.where.node == self._node_of(identifier)])
        for identifier, place in self._problems.items():
            clear(place)
            for problem in own:
                if problem.where.node == self._node_of(identifier) and (problem.where.field is None or problem.fixes):
                    # Also that of a field: it may be folded away.
                    tone = "error" if problem.blocks else "warn"
                    place.addWidget(Label(str(problem.text), "secondary", tone, wrap=True))
                    place.addWidget(fix_row(problem.fixes, self._session.apply))

    def _card(self, step: Step, index: int, count: int) -> Card:
        entry = self._registry.find(step.type)
        card = Card(margins=(12, 10, 12, 10), spacing=8)
        words = step.type if entry is None else str(entry.label)
        if count and step.id != self._id_of(step.type):
            words = f"{words} · {step.id}"
        title = Label(words, "body_strong", wrap=True)
        switch = Switch(step.enabled, step.type)
        switch.switched.connect(partial(self._enable, step))
        line = row(title, switch, spacing=8)
        line.setStretch(0, 1)
        card.body.addLayout(line)
        if entry is not None:
            card.body.addWidget(Label(str(entry.help), "secondary", "dim", wrap=True))
            if step.enabled and entry.params:
                form = Form(entry.params, step.params)
                form.value_changed.connect(partial(self._set, step.id))
                form.settled.connect(lambda _field: self._session.seal())
                self._forms[step.id] = form
                card.body.addWidget(Expander(tr("Parameters", "Parámetros"), form))
        if step.enabled:
            self._problems[step.id] = column(spacing=4)
            card.body.addLayout(self._problems[step.id])
            card.body.addLayout(self._buttons(step, index, count, bool(entry is not None and entry.params)))
        return card

    def _buttons(self, step: Step, index: int, count: int, can_copy: bool) -> Any:
        name = step.id
        up = Button(tr("Move {name} up", "Subir {name}", name=name), "icon", "chevron-up",
                    on_click=partial(self._move, name, index - 1))
        down = Button(tr("Move {name} down", "Bajar {name}", name=name), "icon", "chevron-down",
                      on_click=partial(self._move, name, index + 1))
        copy = Button(tr("Duplicate {name}", "Duplicar {name}", name=name), "icon", "copy",
                      on_click=partial(self._duplicate, name))
        remove = Button(tr("Remove {name}", "Quitar {name}", name=name), "icon", "trash",
                        on_click=partial(self._remove, name))
        up.setEnabled(index > 0)
        down.setEnabled(index + 1 < count)
        copy.setEnabled(can_copy)
        return row(None, up, down, copy, remove, spacing=2)

    def _label(self, step: str, name: str) -> Text:
        steps = edits.steps_of(self._session.project, self._spec())
        kind = next((item.type for item in steps if item.id == step), "")
        entry = self._registry.find(kind)
        param = None if entry is None else find_param(entry.params, name)
        return same(name) if param is None else param.label

    def _enable(self, step: Step, enabled: bool) -> None:
        spec = self._spec()
        present = {other.id for other in edits.steps_of(self._session.project, spec)}
        label = Text("Switch {name} on or off", "Activar o desactivar {name}").fill(name=step.type)
        if step.id in present:
            self._session.edit(lambda project: edits.enable_step(project, spec, step.id, enabled), label)
        else:
            wanted = edits.replace(step, enabled=enabled)
            self._session.edit(lambda project: edits.with_steps(project, spec, (*edits.steps_of(project, spec), wanted)), label)

    def _set(self, step: str, name: str, value: Value) -> None:
        spec = self._spec()
        self._session.edit(lambda project: edits.set_step_param(project, spec, step, name, value), self._label(step, name),
                           f"{spec}.{step}.{name}")

    def _move(self, step: str, index: int) -> None:
        spec = self._spec()
        self._session.edit(lambda project: edits.move_step(project, spec, step, index),
                           Text("Move {name}", "Mover {name}").fill(name=step))

    def _duplicate(self, step: str) -> None:
        spec = self._spec()
        self._session.edit(lambda project: edits.duplicate_step(project, spec, step),
                           Text("Duplicate {name}", "Duplicar {name}").fill(name=step))

    def _remove(self, step: str) -> None:
        spec = self._spec()
        self._session.edit(lambda project: edits.remove_step(project, spec, step),
                           Text("Remove {name}", "Quitar {name}").fill(name=step))
