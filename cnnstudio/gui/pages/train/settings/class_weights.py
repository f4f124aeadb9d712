"""The weights of the classes by hand, in the inspector of the Train page."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QWidget

from cnnstudio.core import edits
from cnnstudio.core.params import Float, Value
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, same, tr
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, clear, column
from cnnstudio.gui.widgets.cards import Expander
from cnnstudio.gui.widgets.form import Form


class ClassWeights(QWidget):
    """A number for each class; shown while the weights are by hand."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._session, self._counts = workspace.session, workspace.counts
        self._names: tuple[str, ...] = ()
        self._form: Form | None = None
        self._layout = column(spacing=8)
        self.setLayout(self._layout)

    def refresh(self) -> None:
        """Follow the project and its classes."""
        training, names = self._session.project.training, tuple(self._counts.class_names)
        by_hand = training.class_weight == "custom"
        self.setVisible(by_hand)
        if not by_hand:
            return
        if names != self._names or self._form is None:
            self._names = names
            clear(self._layout)
            self._form = Form([_param(name) for name in names], training.class_weights)
            self._form.value_changed.connect(self._set)
            self._form.settled.connect(lambda _name: self._session.seal())
            words = tr("A picture of a class with the weight 2 counts like two.",
                       "Una imagen de una clase con peso 2 cuenta como dos.")
            self._layout.addWidget(Label(words, "secondary", "dim", wrap=True))
            self._layout.addWidget(Expander(tr("Weights of the classes", "Pesos de las clases"), self._form,
                                            open=len(names) <= 12))
        self._form.set_values({name: training.class_weights.get(name, 1.0) for name in names})

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Mark the fields of these problems."""
        if self._form is not None:
            self._form.set_problems([problem for problem in problems if problem.where.node == "class_weights"])

    def _set(self, name: str, value: Value) -> None:
        weights = self._session.project.training.class_weights | {name: float(value)}
        self._session.edit(lambda project: edits.set_field(project, "training", "class_weights", weights),
                           Text("Weight of {name}", "Peso de {name}").fill(name=name), f"training.class_weights.{name}")


def _param(name: str) -> Float:
    return Float(name=name, default=1.0, minimum=0, above=True, maximum=1e6, step=0.1, decimals=4, label=same(name),
                 help=Text("Weight of the pictures of this class in the loss.",
                           "Peso de las imágenes de esta clase en la pérdida."))
