"""Applies edited code to the canvas: what the code does not contain stays as it was."""

from __future__ import annotations

from typing import Any

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, values_of
from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.core.edits import set_network
from cnnstudio.core.groups import border_nodes, expand_repeats, repeat_count
from cnnstudio.core.network import INPUT, OUTPUT, Group, NetworkSpec, Node
from cnnstudio.core.params import is_relevant
from cnnstudio.core.project import Project
from cnnstudio.interchange.equivalence import keep_equivalent
from cnnstudio.interchange.foreign import to_output_layer, with_foreign_network, without_node
from cnnstudio.interchange.printing.keras.network import base_functions
from cnnstudio.interchange.printing.torch.module import base_classes
from cnnstudio.interchange.python_source.source import SourceNetwork
from cnnstudio.interchange.source_code import framework_of, read_code
from cnnstudio.network.normalization import rescaling

replace = msgspec.structs.replace


def read_edited_code(text: str, project: Project, context: Context) -> SourceNetwork:
    """The network of code that was printed for the project and edited; raises ProblemError.

    A base whose function did not change keeps its node: also a custom base, whose function only loads its file.
    """
    size = (project.recipe.height, project.recipe.width)
    bases = base_classes if framework_of(text) == "torch" else base_functions
    return read_code(text, bases(project.network, context), size, context.bases)


def apply_code(project: Project, source_network: SourceNetwork, context: Context) -> Project:
    """The project with the network of the code.

    Layers that keep their id keep their position and their block; written-out repetitions become repeated blocks again.
    Size, colours and normalisation of the pictures change if the code changes them.
    """
    old = project.network
    network, normalization = _resolve_scaling(project, source_network, context)
    if source_network.framework == "torch":
        network = keep_equivalent(network, expand_repeats(old)[0], context)
    changed = with_foreign_network(project, replace(source_network, network=network, normalization=normalization), context)
    network = _keep_plain_outputs(changed.network, network, old, context)
    old_layers = {(node.id, node.type) for node in old.nodes}
    unchanged = sum((node.id, node.type) in old_layers for node in network.nodes)
    # A network that is mostly new does not have the origin of the old one.
    network = replace(network, origin=old.origin if 2 * unchanged >= len(network.nodes) else "", notes=old.notes, groups=())
    network = _restore_positions(_restore_groups(network, old), old)
    return set_network(changed, old if network.groups == old.groups and _is_equal(network, old) else network)


def _resolve_scaling(project: Project, source_network: SourceNetwork, context: Context) -> tuple[NetworkSpec, str | None]:
    """The network and the recipe's normalisation: a Rescaling behind the input may belong to either."""
    before = project.recipe.normalization
    first = _behind_input(source_network.unscaled)
    call = rescaling(context)
    if first is not None and first.type == RESCALING.id:
        old_node = project.network.node(first.id)
        if old_node is not None and old_node.type == RESCALING.id:
            return source_network.unscaled, before if call is None else "none"
        values = values_of(first, RESCALING)
        printed = {"offset": 0.0} | call.kwargs if call is not None else None
        if printed is not None and (values["scale"], values["offset"]) == (printed["scale"], printed["offset"]):
            return without_node(source_network.unscaled, first.id), before
    if source_network.normalization in (None, "none", "base") and call is None:
        return source_network.network, before
    # The line that scales was taken out of the code.
    return source_network.network, source_network.normalization or "none"


def _behind_input(network: NetworkSpec) -> Node | None:
    inputs = [node.id for node in network.nodes if node.type == INPUT]
    leaving = [edge.target for edge in network.edges if edge.source in inputs]
    return network.node(leaving[0]) if len(inputs) == 1 and len(leaving) == 1 else None


def _keep_plain_outputs(network: NetworkSpec, code: NetworkSpec, old: NetworkSpec, context: Context) -> NetworkSpec:
    """A last Dense that the user set stays one even if it fits the classes; an Output stays one anywhere."""
    types = {node.id: node.type for node in old.nodes}
    written = {node.id: node for node in code.nodes}

    def keep(node: Node) -> Node:
        if types.get(node.id) == OUTPUT:
            return to_output_layer(node, context)
        return written[node.id] if types.get(node.id) == PLAIN_OUTPUT and written[node.id].type == PLAIN_OUTPUT else node

    return replace(network, nodes=tuple(keep(node) for node in network.nodes))


def _restore_positions(network: NetworkSpec, old: NetworkSpec) -> NetworkSpec:
    """Layers in their old order and positions; new ones are placed by the layout."""
    order = {node.id: index for index, node in enumerate(old.nodes)}
    nodes, last = [], -1.0
    for index, node in enumerate(network.nodes):
        last = order.get(node.id, last)
        nodes.append((last, index, _restore_node(node, old.node(node.id))))
    if all(node.id in order for node in network.nodes):
        nodes.sort(key=lambda entry: entry[:2])
    node_ids = {node.id for node in network.nodes}
    groups = [replace(group, nodes=tuple(item for item in group.nodes if item in node_ids)) for group in (
        network.groups or tuple(replace(item, repeat=1) for item in old.groups))]
    return replace(network, nodes=tuple(node for _order, _place, node in nodes),
                   groups=tuple(group for group in groups if group.nodes))


def _restore_node(node: Node, before: Node | None) -> Node:
    """The layer at its old position; the old object if it did not change."""
    if before is None:
        return node
    layer = LAYERS.find(node.type)
    if layer is not None and node.type == before.type:
        # Inactive parameters, such as those of an initialiser that is not chosen, are not in the code.
        values = values_of(node, layer)
        idle = {param.name: before.params[param.name] for param in layer.params
                if param.name in before.params and not is_relevant(param, values)}
        node = replace(node, params=idle | node.params)
    same = node.type == before.type and _node_values(node) == _node_values(before)
    return before if same else replace(node, position=before.position)


def _restore_groups(network: NetworkSpec, old: NetworkSpec) -> NetworkSpec:
    """The old blocks; one whose repetitions are unchanged in the code is repeated again."""
    groups: list[Group] = []
    for group in old.groups:
        folded = _collapse_group(network, old, group) if repeat_count(old, group) > 1 else None
        if folded is not None:
            network = replace(folded, groups=())
            groups.append(group)
        else:
            groups.append(replace(group, repeat=1) if repeat_count(old, group) > 1 else group)
    return replace(network, groups=tuple(groups))


def _collapse_group(network: NetworkSpec, old: NetworkSpec, group: Group) -> NetworkSpec | None:
    """The network without the copies of a group; None if they are no copies any more."""
    _network, copies = expand_repeats(replace(old, groups=(group,)))
    node_ids = {node.id for node in network.nodes}
    if not node_ids.issuperset({*group.nodes, *copies}):
        return None
    leaving = border_nodes(old, group)[1].pop()
    last = [copy for copy, original in copies.items() if original == leaving][-1]
    nodes = tuple(node for node in network.nodes if node.id not in copies)
    edges = tuple(replace(edge, source=leaving) if edge.source == last else edge for edge in network.edges
                  if edge.target not in copies and (edge.source not in copies or edge.source == last))
    collapsed = replace(network, nodes=nodes, edges=edges, groups=(group,))
    return collapsed if _is_equal(expand_repeats(collapsed)[0], network) else None


def _is_equal(one: NetworkSpec, other: NetworkSpec) -> bool:
    """Whether two networks have the same layers and connections."""
    def plain(network: NetworkSpec) -> tuple[dict[str, tuple[str, dict[str, Any]]], dict[str, tuple[str, ...]]]:
        return ({node.id: (node.type, _node_values(node)) for node in network.nodes},
                {node.id: network.inputs_of(node.id) for node in network.nodes})

    return plain(one) == plain(other)


def _node_values(node: Node) -> dict[str, Any]:
    layer = LAYERS.find(node.type)
    return node.params if layer is None else values_of(node, layer)
