"""The network as a table of layers."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.bases.resolver import BaseResolver
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core.network import NetworkSpec, Node
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Label, column
from cnnstudio.gui.widgets.formatting import format_compact, format_count, format_percent, format_size
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.network.shapes import Field, NetworkReport, NodeReport
from cnnstudio.network.summary import title


def format_shape(shape: tuple[int, ...] | None) -> str:
    return " × ".join(str(item) for item in shape) if shape else "–"


def format_receptive_field(field: Field | None) -> str:
    """27 × 27, or that it covers the whole picture."""
    if field is None:
        return "–"
    if field.is_global:
        return tr("whole picture", "toda la imagen")
    return f"{field.size[0]} × {field.size[1]}"


def _reach(field: Field | None) -> float:
    """The sort key of receptive fields: the whole picture is the largest."""
    return 0 if field is None else inf if field.is_global else prod(field.size)


class LayerTable(QWidget):
    """Like `model.summary()`, with the share of parameters and multiply-adds of each layer; the heaviest are marked.

    `chosen` emits the layer of the canvas: for one in a repeated group, the layer that it repeats.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._total = (1, 1)
        self._heavy = (0, 0)
        self._copies: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        Row = tuple[Node, NodeReport]

        def share(value: int, total: int) -> str:
            if not total or not value:
                return ""
            return format_percent(value / total, 0) if value / total >= 0.005 else f"< {format_percent(0.01, 0)}"

        def tone(place: int, value: Callable[[NodeReport], int]) -> Callable[[Row], str]:
            return lambda entry: "warn" if value(entry[1]) and value(entry[1]) >= self._heavy[place] else ""

        def family(entry: Row) -> QColor:
            layer = LAYERS.find(entry[0].type)
            return theme.family_color(layer.family if layer is not None else "input")

        self.table = Table([
            Column(tr("Layer", "Capa"), text=lambda entry: self._titles.get(entry[0].id, entry[0].type), color=family),
            Column(tr("Name", "Nombre"), text=lambda entry: entry[0].id),
            Column(tr("Output", "Salida"), text=lambda entry: format_shape(entry[1].shape),
                   key=lambda entry: prod(entry[1].shape or (0,)), right=True),
            Column(tr("Parameters", "Parámetros"), text=lambda entry: format_count(entry[1].cost.parameters),
                   key=lambda entry: entry[1].cost.parameters, right=True),
            Column("%", text=lambda entry: share(entry[1].cost.parameters, self._total[0]),
                   key=lambda entry: entry[1].cost.parameters, right=True, spare=1,
                   tone=tone(0, lambda node_report: node_report.cost.parameters)),
            Column(tr("Multiply-adds", "Multiplicaciones"), text=lambda entry: format_compact(entry[1].cost.multiply_adds),
                   key=lambda entry: entry[1].cost.multiply_adds, right=True),
            Column("%", text=lambda entry: share(entry[1].cost.multiply_adds, self._total[1]),
                   key=lambda entry: entry[1].cost.multiply_adds, right=True, spare=1,
                   tone=tone(1, lambda node_report: node_report.cost.multiply_adds)),
            Column(tr("Activations", "Activaciones"), text=lambda entry: format_size(entry[1].activation_bytes),
                   key=lambda entry: entry[1].activation_bytes, right=True, spare=3),
            Column(tr("Receptive field", "Campo receptivo"), text=lambda entry: format_receptive_field(entry[1].field),
                   key=lambda entry: _reach(entry[1].field), right=True, spare=2),
        ])
        self.table.setAccessibleName(tr("Layers of the network", "Capas de la red"))
        self.table.chosen.connect(self._choose)
        self._totals = Label("", "secondary", "dim", wrap=True)
        self.setLayout(column(self.table, self._totals, spacing=12, margins=(24, 20, 24, 16)))

    def show_report(self, network: NetworkSpec, report: NetworkReport, bases: BaseResolver) -> None:
        self._total = (max(1, report.parameters), max(1, report.multiply_adds))
        self._copies = report.copies
        # The three heaviest are highlighted.
        costs = [node.cost for node in report.nodes.values()]
        self._heavy = (sorted([0, 0, 0, *(cost.parameters for cost in costs)])[-3],
                       sorted([0, 0, 0, *(cost.multiply_adds for cost in costs)])[-3])
        # With the repetitions of groups, as in the built model.
        nodes = {node.id: node for node in report.network.nodes or network.nodes}
        self._titles = {identifier: title(node, bases) for identifier, node in nodes.items()}
        self.table.set_rows([(nodes[identifier], report.nodes[identifier]) for identifier in
                              (*report.order, *(node for node in nodes if node not in report.order))])
        self._totals.setText(tr(
            "Total {total} parameters ({trainable} trainable, {frozen} frozen), {size} as float32; {adds} "
            "multiply-adds and {memory} of activations for one picture.",
            "En total {total} parámetros ({trainable} entrenables, {frozen} congelados), {size} en float32; {adds} "
            "multiplicaciones y {memory} de activaciones por imagen.", total=format_count(report.parameters),
            trainable=format_count(report.trainable), frozen=format_count(report.parameters - report.trainable),
            size=format_size(4 * report.parameters), adds=format_compact(report.multiply_adds),
            memory=format_size(report.activation_bytes)))

    def _choose(self, entry: object) -> None:
        if isinstance(entry, tuple):
            self.chosen.emit(self._copies.get(entry[0].id, entry[0].id))
