"""The choice of the loss and its parameters in the inspector of the Train page."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.training.losses import AUTO, LOSSES, chosen_loss, losses_for
from cnnstudio.core import edits
from cnnstudio.core.item import Item
from cnnstudio.core.params import Value, find_param, with_defaults
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, same, tr
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, clear, column
from cnnstudio.gui.widgets.cards import fix_row
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import Select


class LossSettings(QWidget):
    """The losses that take the labels of the project, and a form for the chosen one."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._session = workspace.session
        self._key: object = None
        self._form: Form | None = None
        self._layout = column(spacing=8)
        self._problems = column(spacing=4)
        self.setLayout(self._layout)

    def refresh(self) -> None:
        """Follow the project."""
        loss, mode = self._session.project.training.loss, self._session.project.dataset.label_mode
        if self._key != (loss.type, mode):
            self._key = (loss.type, mode)
            self._build(loss, mode)
        if self._form is not None and loss.type in LOSSES:
            self._form.set_values(with_defaults(LOSSES[loss.type].params, loss.params))
        self._show_problems(problem for problem in self._session.problems if problem.where.area == "training")

    def _build(self, loss: Item, mode: str) -> None:
        clear(self._layout)
        self._problems, self._form = column(spacing=4), None
        entry, _values = chosen_loss(loss, mode)
        kinds = [(other.id, str(other.label)) for other in losses_for(mode)]
        if loss.type not in (AUTO, *(kind for kind, _label in kinds)):
            kinds.append((loss.type, loss.type))
        name = tr("Loss", "Pérdida")
        choice = Select([(AUTO, tr("Automatic (from the labels)", "Automática (según las etiquetas)")), *kinds], loss.type)
        choice.setAccessibleName(name)
        choice.chosen.connect(self._choose)
        self._layout.addLayout(column(Label(name, "secondary", "dim"), choice, spacing=4))
        if loss.type == AUTO or loss.type in LOSSES:
            told = entry.label if loss.type == AUTO else entry.help
            self._layout.addWidget(Label(str(told), "secondary", "dim", wrap=True))
        if loss.type != AUTO and loss.type in LOSSES and entry.params:
            self._form = Form(entry.params, loss.params)
            self._form.value_changed.connect(self._set)
            self._form.settled.connect(lambda _field: self._session.seal())
            self._layout.addWidget(self._form)
        self._layout.addLayout(self._problems)

    def _show_problems(self, problems: Iterable[Problem]) -> None:
        clear(self._problems)
        own = list(problems)
        if self._form is not None:
            self._form.set_problems([problem for problem in own if problem.where.node == "loss"])
        for problem in own:
            if problem.where.node is None and problem.where.field == "loss":
                self._problems.addWidget(Label(str(problem.text), "secondary", "error", wrap=True))
                self._problems.addWidget(fix_row(problem.fixes, self._session.apply))

    def _choose(self, kind: object) -> None:
        """The parameters that the new loss has too are kept."""
        before, entry = self._session.project.training.loss, LOSSES.find(str(kind))
        names = {param.name for param in entry.params} if entry is not None else set()
        item = Item(type=str(kind), params={name: value for name, value in before.params.items() if name in names})
        self._session.edit(lambda project: edits.set_field(project, "training", "loss", item),
                           Text("Choose a loss", "Elegir una pérdida"))

    def _set(self, name: str, value: Value) -> None:
        loss = self._session.project.training.loss
        item = edits.replace(loss, params=loss.params | {name: value})
        param = find_param(LOSSES[loss.type].params, name)
        self._session.edit(lambda project: edits.set_field(project, "training", "loss", item),
                           same(name) if param is None else param.label, f"training.loss.{name}")
