"""What is asked: the method with its parameters, the layer and the class."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.core.explain_jobs import LayersListed
from cnnstudio.core.jobs import Ranked
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.explanation.memory import ExplanationMemory
from cnnstudio.gui.state.explainer import Question
from cnnstudio.gui.widgets.basics import Label, box, column
from cnnstudio.gui.widgets.cards import Expander
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.formatting import format_count, format_duration, format_percent
from cnnstudio.gui.widgets.inputs import Select


class QuestionForm(QWidget):
    """`changed()` when the user chose something else. `simple`: the method and the class alone, with the parameters that are
    remembered, for the second map of a comparison."""

    changed = Signal()

    def __init__(self, memory: ExplanationMemory, *, simple: bool = False, method: str = "",
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._memory, self._simple = memory, simple
        self._forms: dict[str, tuple[Form, Expander]] = {}
        chosen = method or memory.method
        self.method = Select([(entry.id, str(entry.label)) for entry in EXPLANATIONS], chosen)
        for place, entry in enumerate(EXPLANATIONS):
            self.method.setItemData(place, _about(entry.id), Qt.ItemDataRole.ToolTipRole)
        self.method.setAccessibleName(tr("Method", "Método"))
        self.method.chosen.connect(self._on_method_chosen)
        self.help = Label("", "secondary", "dim", wrap=True)
        self.class_list = Select([("", tr("The predicted class", "La clase predicha"))], "")
        self.class_list.setAccessibleName(tr("Class that is explained", "Clase que se explica"))
        self.class_list.chosen.connect(lambda _value: self.changed.emit())
        self.layer = Select([("", tr("The last one with maps", "La última con mapas"))], "")
        self.layer.setAccessibleName(tr("Layer", "Capa"))
        self.layer.setToolTip(tr("Earlier layers are finer and know less of the class; later ones are coarser and decide.",
                                 "Las capas anteriores son más finas y saben menos de la clase; las últimas son más gruesas y "
                                 "deciden."))
        self.layer.chosen.connect(lambda _value: self.changed.emit())
        self._layer_box = box(column(Label(tr("Layer", "Capa"), "secondary", "dim"), self.layer, spacing=4))
        self._class_box = box(column(Label(tr("Class", "Clase"), "secondary", "dim"), self.class_list, spacing=4))
        self._params = column(spacing=0)
        self.cost = Label("", "secondary", "dim", wrap=True)
        layout = column(Label(tr("Method", "Método"), "secondary", "dim"), self.method, spacing=4)
        if not simple:
            layout.addWidget(self.help)
        layout.addSpacing(4)
        layout.addWidget(self._class_box)
        if not simple:
            layout.addSpacing(4)
            layout.addWidget(self._layer_box)
            layout.addLayout(self._params)
            layout.addWidget(self.cost)
        else:
            # What is in no layout would be a window of its own.
            box(column(self.help, self._layer_box, self.cost), self).hide()
        self.setLayout(layout)
        self._show_method()

    @property
    def question(self) -> Question:
        """What is asked now."""
        method = str(self.method.value)
        entry = EXPLANATIONS[method]
        return Question(method, tuple(sorted(self._memory.params(method).items())),
                        str(self.layer.value or "") if entry.needs_maps else "", str(self.class_list.value or ""))

    def show_classes(self, ranked: Sequence[Ranked], first: str = "") -> None:
        """The classes to choose from, the likeliest first with its probability; `first` is the text of the predicted one."""
        first = first or (tr("Predicted: {name}", "Predicha: {name}", name=ranked[0].label) if ranked
                          else tr("The predicted class", "La clase predicha"))
        value = self.class_list.value
        names = [item.label for item in ranked]
        self.class_list.set_choices(
            [("", first), *((item.label, f"{item.label} · {format_percent(item.probability)}" if item.probability >= 0
                             else item.label) for item in ranked)], value if value in names else "")

    def show_class_choice(self, shown: bool) -> None:
        """Show or hide the choice of the class."""
        self._class_box.setVisible(shown)

    def choose_class(self, name: str) -> None:
        """Explain another class."""
        self.class_list.set_value(name)

    def recall(self) -> None:
        """Show what is remembered: another form may have changed it."""
        method = self._memory.method
        if method != self.method.value:
            self.method.set_value(method)
            self._show_method()
        if method in self._forms:
            self._forms[method][0].set_values(self._memory.params(method))

    def choose_method(self, method: str) -> None:
        """Ask by another method, as if the user had chosen it in the list."""
        self.method.set_value(method)
        self._on_method_chosen(method)

    def show_layers(self, listed: LayersListed | None) -> None:
        """The layers that can be chosen."""
        value = self.layer.value
        layers = listed.layers if listed is not None else ()
        first = tr("The last one with maps", "La última con mapas")
        if listed is not None and listed.default:
            first = tr("Last: {name}", "Última: {name}", name=listed.default)
        # The last layers decide, so they stand first.
        self.layer.set_choices([("", first), *((layer.name, f"{layer.name} · {' × '.join(map(str, layer.shape))}")
                                               for layer in reversed(layers))],
                               value if value in {layer.name for layer in layers} else "")
        self.layer.setEnabled(bool(layers))

    def show_cost(self, seconds_per_pass: float | None, pictures: int = 1) -> None:
        """How long an explanation takes, as far as it is known."""
        passes = self.question.passes * max(1, pictures)
        if seconds_per_pass is not None:
            seconds = passes * seconds_per_pass
            text = tr("Takes about {time}", "Tarda unos {time}", time=format_duration(max(1.0, seconds)))
        else:
            text = tr("About {n} passes through the network", "Unas {n} pasadas por la red", n=format_count(passes))
        self.cost.setText(text)
        self.cost.setVisible(passes > 20 and not self._simple)

    def _on_method_chosen(self, method: object) -> None:
        if not self._simple:
            self._memory.method = str(method)
        self._show_method()
        self.changed.emit()

    def _show_method(self) -> None:
        entry = EXPLANATIONS[str(self.method.value)]
        self.method.setToolTip(_about(entry.id))
        self.help.setText(str(entry.help))
        if self._simple:
            return
        self._layer_box.setVisible(entry.needs_maps)
        if entry.params and entry.id not in self._forms:
            form = Form(entry.params, self._memory.params(entry.id), lazy=True)
            form.value_changed.connect(partial(self._on_value, entry.id))
            form.settled.connect(lambda _name: self.changed.emit())
            expander = Expander(tr("Parameters", "Parámetros"), form)
            self._forms[entry.id] = form, expander
            self._params.addWidget(expander)
        for name, (_form, expander) in self._forms.items():
            expander.setVisible(name == entry.id)

    def _on_value(self, method: str, _name: str, _value: object) -> None:
        self._memory.keep_params(method, self._forms[method][0].values)


def _about(method: str) -> str:
    entry = EXPLANATIONS[method]
    return f"{entry.help}\n\n{entry.formula}\n{entry.source}"
