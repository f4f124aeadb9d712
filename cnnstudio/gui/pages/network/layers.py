"""The layers of a base: their types, whether they learn, and where the freeze line and the end can be set."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.resolver import BUILT_IN, base_of_node
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, Shape, values_of
from cnnstudio.core import edits
from cnnstudio.core.network import BASE, Node
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.network.editor import NetworkEditor
from cnnstudio.gui.pages.network.views import format_shape
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.network.shapes import report
from cnnstudio.network.summary import summary, title


@dataclass(frozen=True)
class Layer:
    """A row: a layer of the base for the present pictures; `state` "learns", "frozen" or "" where it has no weights."""

    node: Node
    block: str
    shape: Shape | None
    parameters: int
    settings: str
    state: str
    included: bool


class BaseLayers(Dialog):
    """The layers of one base of the network; the dialog follows the network while it is open."""

    def __init__(self, editor: NetworkEditor, node: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor, self._node = editor, node
        self.resize(940, 640)
        self.table = Table((
            Column(tr("Block", "Bloque"), lambda layer: layer.block or tr("input", "entrada"), tone=_tone),
            Column(tr("Name", "Nombre"), lambda layer: layer.node.id, tone=_tone),
            Column(tr("Layer", "Capa"), lambda layer: title(layer.node, BUILT_IN), tone=_tone,
                   color=lambda layer: theme.family_color(LAYERS[layer.node.type].family)),
            Column(tr("Settings", "Ajustes"), lambda layer: layer.settings, tone=_tone, stretch=True),
            Column(tr("Output", "Salida"), lambda layer: format_shape(layer.shape), right=True, tone=_tone),
            Column(tr("Parameters", "Parámetros"), lambda layer: format_count(layer.parameters), right=True, tone=_tone),
            Column("", _format_state, tone=lambda layer: "accent" if layer.state == "learns" else _tone(layer)),
        ), sortable=False)
        self.table.setAccessibleName(tr("Layers of the base", "Capas de la base"))
        self.table.chosen.connect(self._on_selection_moved)
        self._head = Label("", "title")
        self._about = Label("", "secondary", "dim", wrap=True)
        self.learn = Button(tr("Learn from this block on", "Aprender desde este bloque"), on_click=self._learn_from_here)
        self.freeze = Button(tr("Freeze all", "Congelar toda"), on_click=lambda: self._set("trainable_from", "none"))
        self.end = Button(tr("End here", "Terminar aquí"), on_click=self._end_here)
        self.end_as_proposed = Button(tr("Recommended end", "Final recomendado"),
                                      on_click=lambda: self._set("ends_at", "all"))
        close = Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)
        self.setLayout(column(self._head, self._about, self.table,
                              row(self.learn, self.freeze, 16, self.end, self.end_as_proposed, None, close, spacing=8),
                              spacing=10, margins=(24, 22, 24, 18)))
        editor.session.changed.connect(self._on_changed)
        self._show()

    def _on_changed(self, _change: object) -> None:
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        node = self._editor.session.project.network.node(self._node)
        base = base_of_node(node, self._editor.context.bases) if node is not None else None
        if node is None or base is None:
            self.reject()
            return
        self.setWindowTitle(tr("Layers of {base}", "Capas de {base}", base=base.label))
        self._head.setText(self.windowTitle())
        rows = layers_of(base, node, self._editor.context)
        learning = sum(layer.parameters for layer in rows if layer.state == "learns" and layer.included)
        self._about.setText(tr(
            "{n} layers in {blocks} blocks; {learning} of {all} parameters learn. Batch normalisation keeps its "
            "statistics.",
            "{n} capas en {blocks} bloques; aprenden {learning} de {all} parámetros. La normalización por lotes "
            "conserva sus estadísticas.", n=sum(layer.included for layer in rows),
            blocks=len({layer.block for layer in rows if layer.included} - {""}),
            learning=format_count(learning), all=format_count(sum(layer.parameters for layer in rows if layer.included))))
        before = self.table.selected
        self.table.set_rows(rows)
        same = next((layer for layer in rows if before is not None and layer.node.id == before.node.id), None)
        if same is not None:
            self.table.select(same)
        self._on_selection_moved(same)

    def _on_selection_moved(self, layer: Layer | None) -> None:
        node = self._editor.session.project.network.node(self._node)
        base = base_of_node(node, self._editor.context.bases) if node is not None else None
        has_base = node is not None and base is not None
        self.learn.setEnabled(has_base and layer is not None and bool(layer.block) and layer.included)
        self.end.setEnabled(has_base and layer is not None and base is not None and _end_at(base, layer) != "")
        values = values_of(node, LAYERS[BASE]) if node is not None else {}
        self.freeze.setEnabled(values.get("trainable_from") != "none")
        self.end_as_proposed.setEnabled(values.get("ends_at") != "all")

    def _learn_from_here(self) -> None:
        layer = self.table.selected
        if layer is not None:
            self._set("trainable_from", layer.block)

    def _end_here(self) -> None:
        node = self._editor.session.project.network.node(self._node)
        base = base_of_node(node, self._editor.context.bases) if node is not None else None
        if base is not None and self.table.selected is not None:
            self._set("ends_at", _end_at(base, self.table.selected))

    def _set(self, name: str, value: str) -> None:
        node = self._node
        label = (Text("Set how much of the base learns", "Ajustar cuánto aprende la base") if name == "trainable_from" else
                 Text("Set where the base ends", "Ajustar dónde termina la base"))
        self._editor.session.edit(lambda project: edits.set_node_param(project, node, name, value), label)


def layers_of(base: Base, node: Node, pictures: Context) -> list[Layer]:
    """All layers of the base, also those behind its present end."""
    values = values_of(node, LAYERS[BASE])
    network = base.own.network if base.own is not None else base.graph_for(pictures.height, pictures.width)
    ends_at = values["ends_at"] if values["ends_at"] in base.ends else "all"
    included = {node.id for node in base.graph_for(pictures.height, pictures.width, ends_at).nodes}
    learning = base.trainable_layers(values["trainable_from"], ends_at)
    context = Context(height=pictures.height, width=pictures.width, channels=base.channels, class_count=1,
                      normalization="none")
    network_report = report(network, context, headless=True)
    rows = []
    for item in network.nodes:
        parameters = network_report.nodes[item.id].cost.parameters
        state = "" if not parameters else "learns" if item.id in learning else "frozen"
        shape = network_report.nodes[item.id].shape
        rows.append(Layer(item, base.block_of(item.id), shape, parameters, summary(item, context), state,
                          item.id in included))
    return rows


def _end_at(base: Base, layer: Layer) -> str:
    """The end that a layer represents: itself, or its block in a built-in base; "" where there is none."""
    wanted = layer.node.id if base.own is not None else layer.block
    return wanted if wanted in base.ends else ""


def _tone(layer: Layer) -> str:
    return "" if layer.included else "faint"


def _format_state(layer: Layer) -> str:
    if not layer.included:
        return tr("Not used", "Sin usar")
    return {"learns": tr("Learns", "Aprende"), "frozen": tr("Frozen", "Congelada"), "": ""}[layer.state]
