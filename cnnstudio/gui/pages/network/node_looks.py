"""The contents of the cards on the canvas: of every layer, and of every collapsed group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core.groups import repeat_count
from cnnstudio.core.network import Group, NetworkSpec, Node
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.network.canvas.display import CARD
from cnnstudio.gui.pages.network.canvas.items import NodeLook
from cnnstudio.gui.pages.network.views import format_receptive_field, format_shape
from cnnstudio.gui.widgets.formatting import format_compact, format_size
from cnnstudio.network.shapes import NetworkReport, NodeReport
from cnnstudio.network.summary import summary, title


class Looks:
    """Looks are cached while they are valid: an edit of a large network changes few of them."""

    def __init__(self) -> None:
        self._cache: dict[str, tuple[Node, NodeReport, list[Problem], Context, NodeLook]] = {}

    def of(self, network: NetworkSpec, context: Context, report: NetworkReport, problems: Iterable[Problem]
           ) -> dict[str, NodeLook]:
        """Looks by the id of the layer, or of the card of a collapsed group."""
        problems_by_node: dict[str, list[Problem]] = {}
        for problem in problems:
            if problem.where.node is not None and problem.severity != "info":
                problems_by_node.setdefault(problem.where.node, []).append(problem)
        result: dict[str, tuple[Node, NodeReport, list[Problem], Context, NodeLook]] = {}
        for node in network.nodes:
            node_report, node_problems = report.nodes[node.id], problems_by_node.get(node.id, [])
            old = self._cache.get(node.id)
            same = old is not None and old[0] is node and old[1] is node_report and old[2:4] == (node_problems, context)
            result[node.id] = old if old is not None and same else (
                node, node_report, node_problems, context, _layer(node, context, node_report, node_problems))
        self._cache = result
        looks = {identifier: entry[4] for identifier, entry in result.items()}
        return looks | {CARD + group.id: _card(group, network, report, looks)
                        for group in network.groups if group.collapsed}


def _layer(node: Node, context: Context, node_report: NodeReport, problems: Sequence[Problem]) -> NodeLook:
    layer = LAYERS.find(node.type)
    severity = "" if not problems else "error" if any(problem.blocks for problem in problems) else "warning"
    settings = summary(node, context)
    shape = " × ".join(str(item) for item in node_report.shape) if node_report.shape else ""
    detail = " · ".join(part for part in (shape, settings) if part)
    if severity == "error":
        detail = str(next(problem for problem in problems if problem.blocks).text)
    tooltip = "\n".join([f"{title(node, context.bases)} ({node.id})", *(str(problem.text) for problem in problems)])
    if not problems and detail:
        tooltip += f"\n{detail}"
    if node_report.shape is not None:
        tooltip += "\n" + tr("{adds} multiply-adds · receptive field {field} · {memory} of activations",
                             "{adds} multiplicaciones · campo receptivo {field} · {memory} de activaciones",
                             adds=format_compact(node_report.cost.multiply_adds),
                             field=format_receptive_field(node_report.field),
                             memory=format_size(node_report.activation_bytes))
    return NodeLook(title=title(node, context.bases), detail=detail, count=format_compact(node_report.cost.parameters),
                    family=layer.family if layer is not None else "input", severity=severity, tooltip=tooltip)


def _card(group: Group, network: NetworkSpec, report: NetworkReport, looks: Mapping[str, NodeLook]) -> NodeLook:
    """The output of a collapsed group, and the cost of all its layers."""
    members = set(group.nodes)
    parameters = repeat_count(network, group) * sum(report.nodes[node].cost.parameters for node in group.nodes)
    last = next((node for node in reversed(report.order) if node in members), group.nodes[-1])
    shape = format_shape(report.nodes[last].shape)
    layer_count = tr("{n} layers", "{n} capas", n=len(group.nodes))
    severities = {looks[node].severity for node in group.nodes}
    severity = "error" if "error" in severities else "warning" if "warning" in severities else ""
    name = group.name if group.repeat == 1 else f"{group.name} × {group.repeat}"
    tooltip = "\n".join([name, *(looks[node].tooltip for node in group.nodes if looks[node].severity)])
    return NodeLook(title=name, detail=f"{shape} · {layer_count}", count=format_compact(parameters),
                    family=looks[last].family, severity=severity, tooltip=tooltip, stack=group.repeat)
