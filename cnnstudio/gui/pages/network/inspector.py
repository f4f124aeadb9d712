"""The inspector of the Network page: the selected layer, or the whole network."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.catalog.bases import Base, last_layers
from cnnstudio.catalog.bases.resolver import BaseResolver, base_of_node
from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, values_of
from cnnstudio.core import edits, network_edits
from cnnstudio.core.groups import MOST_REPEATS, repeat_count
from cnnstudio.core.network import BASE, OUTPUT, Group, Node
from cnnstudio.core.params import Value
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.network.actions import NetworkActions
from cnnstudio.gui.pages.network.editor import NetworkEditor
from cnnstudio.gui.pages.network.freeze import FreezeCard
from cnnstudio.gui.pages.network.views import format_receptive_field, format_shape
from cnnstudio.gui.state.counts import Counts
from cnnstudio.gui.widgets.basics import Button, Caption, Label, clear, column
from cnnstudio.gui.widgets.cards import Card, Facts
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.formatting import format_compact, format_count, format_percent, format_size
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.network.fixes import take_over_output
from cnnstudio.network.summary import title

_HINTS: Final = {
    "canvas": Text("Drag layers from the left onto the canvas, or type the name of a layer; drop it on a connection to insert "
                   "it. Drag from the dot below a layer to connect it. Select a layer to see its settings. Right-click for the "
                   "rest: blocks, notes, copies, drawings.",
                   "Arrastre capas desde la izquierda al lienzo o escriba el nombre de una; suéltela sobre una conexión para "
                   "insertarla. Arrastre desde el punto bajo una capa para conectarla. Seleccione una capa para ver sus "
                   "ajustes. El botón derecho ofrece lo demás: bloques, notas, copias, dibujos."),
    "table": Text("Select a row to see the settings of its layer. Layers are added and connected on the canvas.",
                  "Seleccione una fila para ver los ajustes de su capa. Las capas se añaden y conectan en el lienzo."),
    "code": Text("The code always describes the network on the canvas. Edit changes it here.",
                 "El código describe siempre la red del lienzo. Con Editar se cambia aquí."),
}
"""What can be done, by the view of the network, while no layer is selected."""


class NetworkInspector(QWidget):
    """Rebuilt when another layer is selected; kept, with its focus, while values change."""

    layers_requested = Signal(str)
    """Open the layers of this base."""

    def __init__(self, editor: NetworkEditor, actions: NetworkActions, counts: Counts, state: dict[str, Any]) -> None:
        """`state`: where choices are remembered."""
        super().__init__()
        self._editor, self._actions, self._counts, self._state = editor, actions, counts, state
        self._shown_key: tuple[str, ...] | None = None
        self._hint = _HINTS["canvas"]
        self._form: Form | None = None
        self._name: QLineEdit | None = None
        self._freeze: FreezeCard | None = None
        self._facts = Facts()
        self._problems = column(spacing=8)
        self._layout = column(spacing=12, margins=(16, 16, 16, 16))
        self.setLayout(self._layout)

    def show_hint(self, view: str) -> None:
        """Say, while no layer is selected, what can be done in this view ("canvas", "table", "code")."""
        self._hint = _HINTS.get(view, _HINTS["code"])
        if self._shown_key == ():
            self._shown_key = None
            self.show_nodes([])

    def edit_name(self) -> None:
        """Put the keyboard into the name of the selected layer or block."""
        if self._name is not None:
            self._name.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._name.selectAll()

    def show_nodes(self, chosen: list[str]) -> None:
        network = self._editor.network
        nodes = [node for node in network.nodes if node.id in chosen]
        group = self._actions.grouping.chosen_group() if nodes else None
        key = tuple(f"{node.id}/{node.type}" + _base_key(node, self._editor.context.bases) for node in nodes)
        key += (f"{group.id}/{group.name}/{group.repeat}/{group.collapsed}",) if group is not None else ()
        if key != self._shown_key:
            self._shown_key = key
            self._build(nodes, group)
        if len(nodes) == 1 and self._form is not None:
            layer = LAYERS.find(nodes[0].type)
            if layer is not None:
                self._form.set_values(values_of(nodes[0], layer))
                self._form.set_problems(self._editor.report.of(nodes[0].id))
            if self._freeze is not None:
                self._freeze.show_node(nodes[0], self._input_size(nodes[0].id))
        self._show_facts(nodes)
        self._show_problems(nodes)

    def _input_size(self, node: str) -> tuple[int, int] | None:
        """(height, width) of what enters a layer; None where it is not known."""
        inputs = self._editor.report.nodes[node].inputs
        return (inputs[0][0], inputs[0][1]) if inputs and len(inputs[0]) == 3 else None

    def _build(self, nodes: list[Node], group: Group | None) -> None:
        clear(self._layout)
        self._form = self._name = None
        self._freeze = None
        self._facts = Facts()
        self._problems = column(spacing=8)
        if group is not None and (len(nodes) > 1 or group.collapsed):
            self._build_group(group)
        elif len(nodes) == 1:
            self._build_layer(nodes[0])
        elif nodes:
            actions = self._actions
            self._add(Caption(tr("{n} layers", "{n} capas", n=len(nodes))),
                      Label(tr("Turn them into a named block, which can be collapsed to one card and repeated.",
                               "Conviértalas en un bloque con nombre, que se puede plegar en una tarjeta y repetir."),
                            "body", "dim", wrap=True),
                      Button(tr("Group as a block", "Agrupar en un bloque"), icon="layers", on_click=actions.grouping.group),
                      Button(tr("Duplicate", "Duplicar"), icon="copy", on_click=actions.clipboard.duplicate),
                      Button(tr("Remove", "Eliminar"), icon="trash", on_click=actions.remove))
        else:
            self._add(Caption(tr("Whole network", "Toda la red")), Label(str(self._hint), "body", "dim", wrap=True))
        self._layout.addLayout(self._problems)
        self._layout.addWidget(self._facts)
        self._layout.addStretch(1)

    def _add(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self._layout.addWidget(widget)

    def _build_group(self, group: Group) -> None:
        """Name, repetitions and state of a block."""
        actions = self._actions
        self._name = name = QLineEdit(group.name)
        name.setFont(theme.font("body"))
        name.setAccessibleName(tr("Name of the block", "Nombre del bloque"))
        name.editingFinished.connect(lambda: self._set_group(group.id, Text("Rename the block", "Renombrar el bloque"),
                                                             name=name.text().strip() or group.name))
        repeat = NumberBox(group.repeat, minimum=1, maximum=MOST_REPEATS, step=1, decimals=0)
        repeat.setAccessibleName(tr("Repetitions in a row", "Repeticiones seguidas"))
        repeat.setToolTip(tr("Copies of the block one after the other, each with its own weights.",
                             "Copias del bloque una tras otra, cada una con sus propios pesos."))
        repeat.value_changed.connect(lambda value: self._set_group(
            group.id, Text("Repeat the block", "Repetir el bloque"), repeat=int(value or 1)))
        self._add(Caption(tr("Block of {n} layers", "Bloque de {n} capas", n=len(group.nodes))))
        self._layout.addLayout(column(Label(tr("Name", "Nombre"), "secondary", "dim"), name, spacing=4))
        self._layout.addLayout(column(Label(tr("Repetitions in a row", "Repeticiones seguidas"), "secondary", "dim"),
                                      repeat, spacing=4))
        self._add(Button(tr("Open the block", "Abrir el bloque") if group.collapsed else
                         tr("Collapse the block", "Plegar el bloque"), on_click=lambda: actions.grouping.toggle(group.id)),
                  Button(tr("Ungroup", "Desagrupar"), on_click=actions.grouping.ungroup),
                  Button(tr("Remove", "Eliminar"), icon="trash", on_click=actions.remove))

    def _set_group(self, group: str, label: Text, **changes: object) -> None:
        current = next((item for item in self._editor.network.groups if item.id == group), None)
        if current is not None and any(getattr(current, field) != value for field, value in changes.items()):
            self._editor.session.edit(lambda project: network_edits.set_group(project, group, **changes), label)

    def _build_layer(self, node: Node) -> None:
        layer = LAYERS.find(node.type)
        self._add(Caption(title(node, self._editor.context.bases)))
        if layer is None:
            self._add(Label(tr("This version does not know this layer.", "Esta versión no conoce esta capa."), wrap=True))
            return
        base = base_of_node(node, self._editor.context.bases)
        own = node.type == BASE and node.params.get("base") == "own"
        text = base.help if own and base is not None else Text(
            "A model of your own, without its classifier.", "Un modelo propio, sin su clasificador.") if own else layer.help
        self._add(Label(str(text), "body", "dim", wrap=True))
        if layer.formula:
            formula = Label(layer.formula, "body", wrap=True, selectable=True)
            formula.setAccessibleName(tr("Formula", "Fórmula"))
            self._add(formula)
        self._name = name = QLineEdit(node.id)
        name.setFont(theme.font("body"))
        name.setAccessibleName(tr("Name of the layer", "Nombre de la capa"))
        name.setToolTip(tr("The layer's name in Keras.", "El nombre de la capa en Keras."))
        name.editingFinished.connect(lambda: self._rename(node.id, name))
        self._layout.addLayout(column(Label(tr("Name", "Nombre"), "secondary", "dim"), name, spacing=4))
        if layer.params:
            self._form = Form(layer.params, values_of(node, layer))
            self._form.value_changed.connect(lambda field, value: self._set(node.id, field, value))
            self._form.settled.connect(lambda _field: self._editor.session.seal())
            if node.type == BASE:
                self._offer_blocks(node)
            self._add(self._form)
            if node.type == BASE:
                self._freeze = FreezeCard(self._editor.session, self._counts, self._state, node.id)
                self._add(self._freeze)
                layers = Button(tr("Expand into layers…", "Desplegar en capas…"), icon="layers",
                                on_click=lambda: self.layers_requested.emit(node.id))
                layers.setEnabled(base is not None)
                self._add(layers)
                if base is not None and base.own is not None:
                    self._add(OwnCard(base))
        if node.type == OUTPUT:
            self._add(Button(tr("Customise…", "Personalizar…"), on_click=lambda: self._take_over(node.id),
                             tooltip=tr("Turn it into an ordinary Dense layer with settings of your own.",
                                        "Convertirla en una capa Dense normal con ajustes propios.")))
        elif node.type == PLAIN_OUTPUT and node.id == self._editor.report.output:
            self._add(Button(tr("Follow the classes", "Seguir las clases"), on_click=lambda: self._follow(node.id)))

    def _offer_blocks(self, node: Node) -> None:
        """Offer the base's blocks as choices of the freeze line instead of free text."""
        base = base_of_node(node, self._editor.context.bases)
        if self._form is None:
            return
        own_bases = [(base.own_file, str(base.label)) for base in self._editor.context.bases.own_bases()]
        if node.params.get("base") == "own":
            present = str(node.params.get("file") or "")
            if present not in dict(own_bases):
                name = title(node, self._editor.context.bases)
                own_bases.insert(0, (present, tr("{name} (missing)", "{name} (no existe)", name=name)))
            self._form.set_choices("file", own_bases)
        if base is None:
            return
        choices: list[tuple[object, str]] = [("none", tr("Nothing (all frozen)", "Nada (toda congelada)"))]
        blocks = base.until(str(node.params.get("ends_at", "all"))).blocks
        for place in range(len(blocks) - 1, 0, -1):
            choices.append((blocks[place], tr("{block} (last {n} of {all} blocks)",
                                              "{block} (últimos {n} de {all} bloques)",
                                              block=blocks[place], n=len(blocks) - place, all=len(blocks))))
        choices.append(("all", tr("The first layer (whole base)", "La primera capa (toda la base)")))
        count = last_layers(str(node.params.get("trainable_from", "none")))
        if count is not None:
            choices.append((f"last:{count}", tr("The last {n} layers", "Las últimas {n} capas", n=count)))
        self._form.set_choices("trainable_from", choices)
        ends = base.ends[:-1] if base.own is None else base.ends
        complete = (tr("Its last layer (whole base)", "Su última capa (toda la base)") if base.own is None else
                    tr("Its last feature maps ({end})", "Sus últimos mapas ({end})", end=base.own.end))
        self._form.set_choices("ends_at", [("all", complete), *((end, end) for end in reversed(ends))])

    def _rename(self, node: str, editor: QLineEdit) -> None:
        wanted = editor.text().strip()
        if wanted == node or not wanted:
            editor.setText(node)
            return
        session = self._editor.session
        self._shown_key = None
        if session.edit(lambda project: edits.rename_node(project, node, wanted),
                        Text("Rename a layer", "Renombrar una capa")):
            self._editor.scene.choose([wanted])
        else:
            editor.setText(node)

    def _set(self, node: str, field: str, value: Value) -> None:
        label = Text("Set {name}", "Cambiar {name}").fill(name=field)
        self._editor.session.edit(lambda project: edits.set_node_param(project, node, field, value), label,
                                f"network.{node}.{field}")

    def _take_over(self, node: str) -> None:
        context = self._editor.context
        self._editor.session.edit(
            lambda project: take_over_output(project, node, context.output_units, context.output_activation),
            Text("Customise the output", "Personalizar la salida"))

    def _follow(self, node: str) -> None:
        self._editor.session.edit(lambda project: edits.replace_node(project, Node(id=node, type=OUTPUT)),
                                Text("Follow the classes", "Seguir las clases"))

    def _show_facts(self, nodes: list[Node]) -> None:
        network_report = self._editor.report
        if len(nodes) == 1:
            one = network_report.nodes[nodes[0].id]
            share = one.cost.multiply_adds / network_report.multiply_adds if network_report.multiply_adds else 0.0
            adds = format_compact(one.cost.multiply_adds) + (f" · {format_percent(share, 0)}" if share else "")
            facts = [(tr("Input", "Entrada"), ", ".join(format_shape(shape) for shape in one.inputs) or "–"),
                     (tr("Output", "Salida"), format_shape(one.shape)),
                     (tr("Parameters", "Parámetros"), format_count(one.cost.parameters))]
            if one.cost.non_trainable:
                facts.append((tr("Trainable", "Entrenables"), format_count(one.cost.trainable)))
            facts += [(tr("Multiply-adds", "Multiplicaciones"), adds),
                      (tr("Receptive field", "Campo receptivo"), format_receptive_field(one.field)),
                      (tr("Activations", "Activaciones"), format_size(one.activation_bytes))]
        elif nodes:
            group = self._actions.grouping.chosen_group()
            often = repeat_count(self._editor.network, group) if group is not None else 1
            costs = [network_report.nodes[node.id].cost for node in nodes]
            facts = [(tr("Parameters", "Parámetros"), format_count(often * sum(cost.parameters for cost in costs))),
                     (tr("Trainable", "Entrenables"), format_count(often * sum(cost.trainable for cost in costs))),
                     (tr("Multiply-adds", "Multiplicaciones"),
                      format_compact(often * sum(cost.multiply_adds for cost in costs))),
                     (tr("Activations", "Activaciones"),
                      format_size(often * sum(network_report.nodes[node.id].activation_bytes for node in nodes)))]
        else:
            training = self._editor.session.project.training
            memory = network_report.activation_bytes * training.batch_size * 2 + network_report.trainable * 16
            facts = [(tr("Layers", "Capas"), str(len(network_report.nodes))),
                     (tr("Parameters", "Parámetros"), format_count(network_report.parameters)),
                     (tr("Trainable", "Entrenables"), format_count(network_report.trainable)),
                     (tr("Multiply-adds", "Multiplicaciones"), format_compact(network_report.multiply_adds)),
                     (tr("Size as float32", "Tamaño en float32"), format_size(4 * network_report.parameters)),
                     (tr("Memory to train (estimate)", "Memoria al entrenar (estimación)"), format_size(memory))]
        self._facts.set_facts(facts)

    def _show_problems(self, nodes: list[Node]) -> None:
        clear(self._problems)
        chosen = {node.id for node in nodes}
        wanted = [problem for problem in self._editor.problems
                  if (problem.where.node in chosen if chosen else problem.where.node is not None)]
        for problem in wanted[:6]:
            card = Card(edge="error" if problem.blocks else "warn", margins=(12, 10, 12, 10), spacing=6)
            if len(chosen) != 1:
                card.body.addWidget(Label(str(problem.where.node), "body_strong"))
            card.body.addWidget(Label(str(problem.text), "body", "dim", wrap=True, selectable=True))
            for fix in problem.fixes:
                card.body.addWidget(Button(str(fix.label), "link", on_click=partial(self._editor.session.apply, fix)))
            self._problems.addWidget(card)
        if len(wanted) > 6:
            self._problems.addWidget(Label(tr("And {n} more.", "Y {n} más.", n=len(wanted) - 6), "secondary", "dim"))


def _base_key(node: Node, bases: BaseResolver) -> str:
    """The inputs of a base's form: which base it is, whether its file exists, and where it ends."""
    if node.type != BASE:
        return ""
    values = "/".join(str(node.params.get(name, "")) for name in ("base", "file", "ends_at"))
    return f"/{values}/{base_of_node(node, bases) is not None}"


class OwnCard(Card):
    """The source and the contents of a user's own base."""

    def __init__(self, base: Base) -> None:
        super().__init__(title=tr("A model of your own", "Un modelo propio"), margins=(12, 10, 12, 10), spacing=6)
        own = base.own
        assert own is not None
        height, width = base.size
        facts = Facts()
        facts.set_facts([
            (tr("File", "Archivo"), own.file.removeprefix("bases/")), (tr("Checksum", "Suma de control"), own.digest),
            (tr("Size", "Tamaño"), format_size(own.bytes)), (tr("Parameters", "Parámetros"), format_count(base.parameters)),
            (tr("Trained on", "Entrenada con"), f"{height} × {width} × {base.channels}"),
            (tr("Scaling", "Escalado"), tr("Inside the model", "En el modelo") if own.scales else
             {"none": tr("None", "Ninguno"), "zero_one": "x / 255", "minus_one_one": "x / 127.5 − 1"}[own.scaling])])
        self.body.addWidget(facts)
        for note in own.notes:
            self.body.addWidget(Label(str(note), "secondary", "dim", wrap=True))
