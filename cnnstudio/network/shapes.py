"""Analysis of a network without building it: shapes, parameters, multiply-adds, receptive fields, problems."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, Final

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, Cost, LayerType, Shape, ShapeError, values_of
from cnnstudio.catalog.layers.entry import Subgraph, Values
from cnnstudio.catalog.layers.merge import ADD, CONCATENATE
from cnnstudio.core.graph import topological_order
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.params import check, find_param
from cnnstudio.core.problems import Fix, Problem, error
from cnnstudio.core.text import Text
from cnnstudio.network.advice import advice
from cnnstudio.network.structure import (
    check_loops,
    check_output,
    check_repetitions,
    check_structure,
    find_output,
    possible_sources,
    reconnect_fix,
    remove_fix,
)

__all__ = ["Field", "NetworkReport", "NodeReport", "advice", "report"]

replace = msgspec.structs.replace


_MOST_SOURCES: Final = 24
"""The most layers that are tried as the source of a missing connection."""


class Field(msgspec.Struct, frozen=True):
    """Receptive field: (height, width) of what one output value sees, and the step between two of them."""

    size: tuple[int, int]
    jump: tuple[int, int]
    is_global: bool = False


class NodeReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of one layer; `shape` is None if a problem prevents it from being known."""

    shape: Shape | None = None
    inputs: tuple[Shape, ...] = ()
    cost: Cost = Cost()
    field: Field | None = None

    @property
    def activation_bytes(self) -> int:
        """Memory of the layer's output for one picture in float32."""
        size = 4
        for item in self.shape or (0,):
            size *= item
        return size


class NetworkReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a network: one for every node, a topological order, all problems."""

    nodes: dict[str, NodeReport]
    order: tuple[str, ...]
    output: str | None
    problems: tuple[Problem, ...]
    network: NetworkSpec = NetworkSpec()
    """The analysed network: repetitions of its groups are expanded."""
    copies: dict[str, str] = {}
    """The original layers by their copies in repetitions."""

    @property
    def trainable(self) -> int:
        return sum(node.cost.trainable for node in self.nodes.values())

    @property
    def parameters(self) -> int:
        return sum(node.cost.parameters for node in self.nodes.values())

    @property
    def multiply_adds(self) -> int:
        return sum(node.cost.multiply_adds for node in self.nodes.values())

    @property
    def activation_bytes(self) -> int:
        return sum(node.activation_bytes for node in self.nodes.values())

    @property
    def field(self) -> Field | None:
        """The largest receptive field of the feature maps; the whole picture if a map already covers it,
        as behind a squeeze-and-excite."""
        fields = [node.field for node in self.nodes.values() if node.field is not None]
        everywhere = next((node.field for node in self.nodes.values() if node.field is not None and node.field.is_global
                           and node.shape is not None and len(node.shape) == 3 and node.shape[:2] != (1, 1)), None)
        if everywhere is not None:
            return everywhere
        growing = [field for field in fields if not field.is_global and field.size > (1, 1)]
        return max(growing or [field for field in fields if field.is_global], key=lambda field: field.size, default=None)

    def of(self, node: str) -> tuple[Problem, ...]:
        """The problems of one node."""
        return tuple(problem for problem in self.problems if problem.where.node == node)


class _Recent(msgspec.Struct, frozen=True):
    """The last analysed network and its report."""

    network: NetworkSpec
    context: Context
    report: NetworkReport
    files: Hashable = ()
    """The states of custom base files at that time."""


_recent: _Recent | None = None
"""Cache: while a network is edited it is analysed often, and most of it does not change."""


def report(network: NetworkSpec, context: Context, headless: bool = False) -> NetworkReport:
    """Never raises. With `headless`, the end need not be an answer for classes (a base's own graph).

    Repetitions of groups are expanded first: the report includes their copies.
    """
    global _recent
    if headless:
        return _report(network, context, True, None)
    last, files = _recent, context.bases.file_states(network)
    if last is not None and (last.context != context or last.files != files):
        last = None
    if last is not None and last.network is network:
        return last.report
    result = _report(network, context, False, last.report if last is not None else None)
    _recent = _Recent(network, context, result, files)
    return result


def shape_and_cost(layer: LayerType, values: Values, inputs: tuple[Shape, ...], context: Context) -> tuple[Shape, Cost]:
    """Output shape and cost of a layer on these inputs; of a composite layer, by the layers inside.

    Raises ShapeError where it cannot work.
    """
    if layer.subgraph is None:
        shape = layer.shape(values, inputs, context)
        return shape, layer.cost(values, inputs, shape, context)
    inner, cost = _subgraph_shape_and_cost(layer.subgraph(values, inputs, context))
    return layer.shape(values, (inner,), context), cost


@lru_cache(maxsize=256)
def _subgraph_shape_and_cost(subgraph: Subgraph) -> tuple[Shape, Cost]:
    """Shape and cost of the layers in a composite layer; raises its `unfit`."""
    network = subgraph.network()
    result = report(network, subgraph.context, headless=True)
    shape = result.nodes[network.nodes[-1].id].shape
    if shape is None or not _same_weights(network, result, subgraph.weights_from):
        raise subgraph.unfit(network)
    trainable = sum(result.nodes[name].cost.trainable for name in subgraph.trainable() if name in result.nodes)
    return shape, Cost(trainable=trainable, non_trainable=result.parameters - trainable,
                       multiply_adds=result.multiply_adds)


def _same_weights(network: NetworkSpec, result: NetworkReport, trained: Context | None) -> bool:
    """Whether every layer has as many weights as in the context that its weights come from."""
    if trained is None:
        return True
    before = report(network, trained, headless=True)
    return all(result.nodes[node.id].cost.parameters == before.nodes[node.id].cost.parameters for node in network.nodes)


def _report(network: NetworkSpec, context: Context, headless: bool, before: NetworkReport | None) -> NetworkReport:
    impossible = check_repetitions(network)
    network, copies = expand_repeats(network)
    nodes = {node.id: node for node in network.nodes}
    pairs = [(edge.source, edge.target) for edge in network.edges]
    order, circular = topological_order(list(nodes), pairs)
    output = find_output(network, order, nodes)
    problems = [*impossible, *check_structure(network, nodes), *check_loops(network, circular)]
    sources: dict[str, list[str]] = {identifier: [] for identifier in nodes}
    for edge in sorted(network.edges, key=lambda edge: edge.port):
        if edge.target in nodes:
            sources[edge.target].append(edge.source)
    result: dict[str, NodeReport] = {}
    earlier = _EarlierReport(before) if before is not None else None
    for identifier in order:
        incoming = [source for source in sources[identifier] if source in result]
        reused = earlier.reusable(nodes[identifier], incoming, result) if earlier is not None else None
        if reused is not None:
            result[identifier] = reused
            continue
        result[identifier], faults = _node(nodes[identifier], incoming, result, context)
        problems += faults
    for identifier in circular:
        result[identifier] = NodeReport()
    # Behind a loop nothing is known; without one the end is.
    if not headless and not (circular and output is None):
        before = NetworkReport(nodes=result, order=tuple(order), output=output, problems=tuple(problems), network=network)
        problems = [_with_reconnection(problem, before, context) for problem in problems]
        waiting = {str(fix.arguments["source"]) for problem in problems for fix in problem.fixes if fix.action == "connect"}
        problems += check_output(network, {identifier: node.shape for identifier, node in result.items()}, output, context,
                                 waiting)
    if copies:
        problems = [_at_original(problem, copies) for problem in problems]
    return NetworkReport(nodes=result, order=tuple(order), output=output, problems=tuple(problems), network=network,
                         copies=copies)


class _EarlierReport:
    """Reuses the parts of an earlier report: valid, unchanged layers behind unchanged sources."""

    def __init__(self, before: NetworkReport) -> None:
        self._nodes = {node.id: node for node in before.network.nodes}
        self._reports = before.nodes
        self._sources: dict[str, list[str]] = {}
        for edge in sorted(before.network.edges, key=lambda edge: edge.port):
            self._sources.setdefault(edge.target, []).append(edge.source)

    def reusable(self, node: Node, incoming: list[str], now: dict[str, NodeReport]) -> NodeReport | None:
        old_node, old_report = self._nodes.get(node.id), self._reports.get(node.id)
        if old_node is None or old_report is None or old_report.shape is None or (
                old_node is not node and not _is_same_layer(old_node, node)):
            return None
        if self._sources.get(node.id, []) != incoming:
            return None
        for item in incoming:
            source, before = now[item], self._reports[item]
            if source is not before and (source.shape != before.shape or source.field != before.field):
                return None
        return old_report


def _is_same_layer(one: Node, other: Node) -> bool:
    """Whether two layers are equal except for their position on the canvas."""
    return one.type == other.type and one.params == other.params and one.version == other.version


def _at_original(problem: Problem, copies: dict[str, str]) -> Problem:
    """Move a problem of a copy, with its fixes, to the layer that it repeats."""
    original = copies.get(problem.where.node or "")
    if original is None:
        return problem
    text = Text("In a repetition of the block: {what}", "En una repetición del bloque: {what}")

    def original_ids(value: Any) -> Any:
        return [original_ids(item) for item in value] if isinstance(value, list) else (
            copies.get(value, value) if isinstance(value, str) else value)

    fixes = tuple(replace(fix, arguments={name: original_ids(value) for name, value in fix.arguments.items()})
                  for fix in problem.fixes)
    return replace(problem, text=text.fill(what=problem.text), where=replace(problem.where, node=original), fixes=fixes)


def _node(node: Node, sources: list[str], result: dict[str, NodeReport], context: Context
          ) -> tuple[NodeReport, list[Problem]]:
    layer = LAYERS.find(node.type)
    if layer is None:
        return NodeReport(), []
    problems = [_with_default_fix(problem, layer, node)
                for problem in check(layer.params, node.params, "network", node=node.id)]
    problems += _check_input_count(node, layer, sources, result)
    inputs = tuple(shape for shape in (result[source].shape for source in sources) if shape is not None)
    if problems or len(inputs) < len(sources) or len(inputs) < layer.minimum_inputs:
        return NodeReport(inputs=inputs), problems
    values = values_of(node, layer)
    try:
        shape, cost = shape_and_cost(layer, values, inputs, context)
    except ShapeError as shape_error:
        fixes = tuple(_with_node(fix, node.id) for fix in shape_error.fixes)
        return NodeReport(inputs=inputs), [error(shape_error.code, shape_error.text, "network", node=node.id, fixes=fixes)]
    fields = [field for field in (result[source].field for source in sources) if field is not None]
    return NodeReport(shape=shape, inputs=inputs, cost=cost, field=_field(layer, values, fields)), []


def _check_input_count(node: Node, layer: LayerType, sources: list[str], result: dict[str, NodeReport]) -> list[Problem]:
    """Problems of a layer with too few or too many inputs."""
    if not sources:
        # Without any input it is not connected: a problem of the network's structure.
        return []
    if len(sources) < layer.minimum_inputs:
        text = Text("This layer joins several inputs: connect at least {n}.",
                    "Esta capa une varias entradas: conecte al menos {n}.").fill(n=layer.minimum_inputs)
        return [error("too_few_inputs", text, "network", node=node.id, fixes=(remove_fix(node.id),))]
    if layer.maximum_inputs is None or len(sources) <= layer.maximum_inputs:
        return []
    if layer.maximum_inputs == 0:
        fix = Fix(action="disconnect_inputs", label=Text("Remove the connection", "Eliminar la conexión"),
                  arguments={"node": node.id, "keep": 0})
        return [error("too_many_inputs", Text("The input layer takes no connection.",
                                              "La capa de entrada no admite conexiones."),
                      "network", node=node.id, fixes=(fix,))]
    shapes = [result[source].shape for source in sources]
    joins = (ADD.id, CONCATENATE.id) if len(set(shapes)) == 1 else (CONCATENATE.id, ADD.id)
    fixes = tuple(Fix(action="join_inputs", arguments={"node": node.id, "type": kind},
                      label=Text("Join them with {layer}", "Unirlas con {layer}").fill(layer=kind)) for kind in joins)
    text = (Text("This layer takes one input. Join several inputs with Add or Concatenate first.",
                 "Esta capa admite una sola entrada. Una antes varias con Add o "
                 "Concatenate.") if layer.maximum_inputs == 1 else
            Text("This layer takes {n} inputs at most.", "Esta capa admite {n} entradas como máximo.").fill(
                n=layer.maximum_inputs))
    if layer.maximum_inputs > 1:
        fixes = (Fix(action="disconnect_inputs", arguments={"node": node.id, "keep": layer.maximum_inputs},
                     label=Text("Keep the first {n}", "Conservar las {n} primeras").fill(n=layer.maximum_inputs)),)
    return [error("too_many_inputs", text, "network", node=node.id, fixes=fixes)]


def _with_reconnection(problem: Problem, before: NetworkReport, context: Context) -> Problem:
    """A problem of a layer that lacks an input, with the fix that connects it: the first source that brings no new
    problem."""
    node, network = problem.where.node, before.network
    if problem.code not in ("not_connected", "too_few_inputs") or node is None:
        return problem
    many = problem.code == "too_few_inputs"
    port = max((edge.port for edge in network.edges if edge.target == node), default=-1) + 1
    sources = possible_sources(network, node, before.output)[:_MOST_SOURCES]
    known = {(fault.code, fault.where.node) for fault in before.problems}
    for source in sources:
        edges = (*network.edges, Edge(source=source, target=node, port=port))
        after = _report(replace(network, edges=edges), context, True, before)
        if {(fault.code, fault.where.node) for fault in after.problems} < known:
            return replace(problem, fixes=(reconnect_fix(source, node, many), *problem.fixes))
    return replace(problem, fixes=(*(reconnect_fix(source, node, many) for source in sources[:1]), *problem.fixes))


def _with_default_fix(problem: Problem, layer: LayerType, node: Node) -> Problem:
    """A problem of a value, with the fix that resets it to the default."""
    name = str(problem.where.field)
    fix = Fix(action="forget_node_param", arguments={"node": node.id, "name": name},
              label=Text("Use the default", "Usar el valor predeterminado") if find_param(layer.params, name) is not None else
              Text("Discard {name}", "Descartar {name}").fill(name=name))
    return replace(problem, fixes=(*problem.fixes, fix))


def _with_node(fix: Fix, node: str) -> Fix:
    if fix.action in ("set_node_param", "insert_before", "replace_layer", "choose_own_base"):
        return replace(fix, arguments={"node": node} | fix.arguments)
    if fix.action == "remove_nodes" and not fix.arguments:
        return replace(fix, arguments={"nodes": [node]})
    return fix


def _field(layer: LayerType, values: dict[str, Any], fields: list[Field]) -> Field:
    """Receptive field after a layer: r + (k - 1) * jump, the jump times the stride (Araujo et al., 2019)."""
    if not fields:
        return Field((1, 1), (1, 1))
    before = Field(
        (max(field.size[0] for field in fields), max(field.size[1] for field in fields)),
        (max(field.jump[0] for field in fields), max(field.jump[1] for field in fields)),
        any(field.is_global for field in fields))
    window = layer.window(values)
    if before.is_global or window.is_global:
        return replace(before, is_global=True)
    return Field(
        (before.size[0] + (window.kernel[0] - 1) * before.jump[0],
         before.size[1] + (window.kernel[1] - 1) * before.jump[1]),
        (max(1, before.jump[0] * window.strides[0] // window.up[0]),
         max(1, before.jump[1] * window.strides[1] // window.up[1])))
