"""Metrics and callbacks of a training as ordered cards, and a menu of those that can be added."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QMenu, QWidget

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

    `add` are the words of the button. A step that is added gets the id `id_of(type)`, made unique. An entry with a meaning
    for the project fulfils `fits`.
    """

    def __init__(self, workspace: Workspace, registry: Registry[Any], spec: Callable[[], str], node_of: Callable[[str], str],
                 add: str, id_of: Callable[[str], str] = str, fits: Callable[[Any], bool] = lambda _entry: True) -> None:
        super().__init__()
        self._add = Button(add, "link", "plus", on_click=self._open_menu)
        self._session = workspace.session
        self._registry, self._spec, self._node_of, self._id_of, self._fits = registry, spec, node_of, id_of, fits
        self._key: object = None
        self._forms: dict[str, Form] = {}
        self._problems: dict[str, Any] = {}
        self._layout = column(spacing=12)
        lines = column(spacing=8)
        lines.addLayout(self._layout)
        lines.addLayout(row(self._add, None))
        self.setLayout(lines)
        self._added = ""

    def refresh(self) -> None:
        """Follow the project; cards are kept, with their focus, while only values change."""
        steps = edits.steps_of(self._session.project, self._spec())
        key = (self._spec(), tuple((step.id, step.type, step.enabled) for step in steps))
        if key != self._key:
            self._key = key
            clear(self._layout)
            self._forms, self._problems = {}, {}
            for index, step in enumerate(steps):
                self._layout.addWidget(self._card(step, index, len(steps)))
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
        if step.id != self._id_of(step.type):
            words = f"{words} · {step.id}"
        title = Label(words, "body_strong", wrap=True)
        switch = Switch(step.enabled, words)
        switch.switched.connect(partial(self._enable, step))
        more = Button(tr("Move, duplicate or remove {name}", "Mover, duplicar o quitar {name}", name=words), "icon", "more")
        more.clicked.connect(lambda: self._open_card_menu(more, step, index, count, bool(entry is not None and entry.params)))
        line = row(title, more, switch, spacing=4)
        line.setStretch(0, 1)
        card.body.addLayout(line)
        if entry is not None:
            card.body.addWidget(Label(str(entry.help), "secondary", "dim", wrap=True))
            if step.enabled and entry.params:
                form = Form(entry.params, step.params, lazy=True)
                form.value_changed.connect(partial(self._set, step.id))
                form.settled.connect(lambda _field: self._session.seal())
                self._forms[step.id] = form
                card.body.addWidget(Expander(tr("Parameters", "Parámetros"), form, open=step.id == self._added))
        if step.enabled:
            self._problems[step.id] = column(spacing=4)
            card.body.addLayout(self._problems[step.id])
        return card

    def _open_card_menu(self, button: Button, step: Step, index: int, count: int, can_copy: bool) -> None:
        menu = QMenu(button)
        menu.aboutToHide.connect(menu.deleteLater)
        for words, act, possible in (
                (tr("Move up", "Subir"), partial(self._move, step.id, index - 1), index > 0),
                (tr("Move down", "Bajar"), partial(self._move, step.id, index + 1), index + 1 < count),
                (tr("Duplicate", "Duplicar"), partial(self._duplicate, step.id), can_copy),
                (tr("Remove", "Quitar"), partial(self._remove, step.id), True)):
            menu.addAction(words, act).setEnabled(possible)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _open_menu(self) -> None:
        menu = QMenu(self._add)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.setToolTipsVisible(True)
        for entry in self._registry:
            if self._fits(entry):
                menu.addAction(str(entry.label), partial(self.add, entry.id)).setToolTip(str(entry.help))
        menu.popup(self._add.mapToGlobal(self._add.rect().bottomLeft()))

    def add(self, kind: str) -> None:
        """Add a step of that entry at the end, with its parameters unfolded."""
        spec = self._spec()
        steps = edits.steps_of(self._session.project, spec)
        step = Step(id=unique_id(self._id_of(kind), [other.id for other in steps]), type=kind)
        self._added = step.id
        entry = self._registry.find(kind)
        self._session.edit(lambda project: edits.with_steps(project, spec, (*edits.steps_of(project, spec), step)),
                           Text("Add {name}", "Añadir {name}").fill(name=kind if entry is None else entry.label))

    def _entry(self, step: str) -> Any:
        steps = edits.steps_of(self._session.project, self._spec())
        return self._registry.find(next((item.type for item in steps if item.id == step), ""))

    def _name(self, step: str) -> Text:
        """What the window calls a step."""
        entry = self._entry(step)
        label: Text = same(step) if entry is None else entry.label
        return label

    def _label(self, step: str, name: str) -> Text:
        entry = self._entry(step)
        param = None if entry is None else find_param(entry.params, name)
        return same(name) if param is None else param.label

    def _enable(self, step: Step, enabled: bool) -> None:
        spec = self._spec()
        self._session.edit(lambda project: edits.enable_step(project, spec, step.id, enabled),
                           Text("Switch {name} on or off", "Activar o desactivar {name}").fill(name=self._name(step.id)))

    def _set(self, step: str, name: str, value: Value) -> None:
        spec = self._spec()
        self._session.edit(lambda project: edits.set_step_param(project, spec, step, name, value), self._label(step, name),
                           f"{spec}.{step}.{name}")

    def _move(self, step: str, index: int) -> None:
        spec = self._spec()
        self._session.edit(lambda project: edits.move_step(project, spec, step, index),
                           Text("Move {name}", "Mover {name}").fill(name=self._name(step)))

    def _duplicate(self, step: str) -> None:
        spec = self._spec()
        self._session.edit(lambda project: edits.duplicate_step(project, spec, step),
                           Text("Duplicate {name}", "Duplicar {name}").fill(name=self._name(step)))

    def _remove(self, step: str) -> None:
        spec = self._spec()
        self._session.edit(lambda project: edits.remove_step(project, spec, step),
                           Text("Remove {name}", "Quitar {name}").fill(name=self._name(step)))
