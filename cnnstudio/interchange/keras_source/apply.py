"""Code that was changed, put back on the canvas: what it does not say stays as it was."""

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
from cnnstudio.interchange.foreign import following_classes, taken_out, with_foreign
from cnnstudio.interchange.keras_source.reader import Written, read_code
from cnnstudio.interchange.printing.keras.network import base_functions
from cnnstudio.network.normalization import rescaling

replace = msgspec.structs.replace


def read_again(text: str, project: Project, context: Context) -> Written:
    """The network of code that was printed for the project and may have been changed since; raises ProblemError.

    A base whose function did not change is the very one that it was: also a model of the user's own, of which the
    function only loads the file.
    """
    return read_code(text, base_functions(project.network, context))


def with_code(project: Project, written: Written, context: Context) -> Project:
    """The project with the network of the code.

    Layers that keep their id keep their place and their block; repetitions that the code writes out are folded again.
    Size, colours and normalisation of the pictures change where the code says something else.
    """
    old = project.network
    network, normalization = _scaled(project, written, context)
    changed = with_foreign(project, replace(written, network=network, normalization=normalization), context)
    network = _own_dense(changed.network, network, old, context)
    known = {(node.id, node.type) for node in old.nodes}
    kept = sum((node.id, node.type) in known for node in network.nodes)
    # A network of which most is new did not start where the old one did.
    network = replace(network, origin=old.origin if 2 * kept >= len(network.nodes) else "", notes=old.notes, groups=())
    network = _placed(_folded(network, old), old)
    return set_network(changed, old if network.groups == old.groups and _alike(network, old) else network)


def _scaled(project: Project, written: Written, context: Context) -> tuple[NetworkSpec, str | None]:
    """The network and the recipe's normalisation: a Rescaling behind the input may be either's."""
    before = project.recipe.normalization
    first = _behind_input(written.whole)
    call = rescaling(context)
    if first is not None and first.type == RESCALING.id:
        mine = project.network.node(first.id)
        if mine is not None and mine.type == RESCALING.id:
            return written.whole, before if call is None else "none"
        values = values_of(first, RESCALING)
        printed = {"offset": 0.0} | call.kwargs if call is not None else None
        if printed is not None and (values["scale"], values["offset"]) == (printed["scale"], printed["offset"]):
            return taken_out(written.whole, first.id), before
    if written.normalization in ("none", "base") and call is None:
        return written.network, before
    return written.network, written.normalization


def _behind_input(network: NetworkSpec) -> Node | None:
    inputs = [node.id for node in network.nodes if node.type == INPUT]
    leaving = [edge.target for edge in network.edges if edge.source in inputs]
    return network.node(leaving[0]) if len(inputs) == 1 and len(leaving) == 1 else None


def _own_dense(network: NetworkSpec, code: NetworkSpec, old: NetworkSpec, context: Context) -> NetworkSpec:
    """A last Dense that the user took over stays one, though it is just what the classes ask for; an Output stays one
    wherever it stands."""
    types = {node.id: node.type for node in old.nodes}
    written = {node.id: node for node in code.nodes}

    def own(node: Node) -> Node:
        if types.get(node.id) == OUTPUT:
            return following_classes(node, context)
        return written[node.id] if types.get(node.id) == PLAIN_OUTPUT and written[node.id].type == PLAIN_OUTPUT else node

    return replace(network, nodes=tuple(own(node) for node in network.nodes))


def _placed(network: NetworkSpec, old: NetworkSpec) -> NetworkSpec:
    """Layers in the order and at the places that they had; new ones stand where the layout puts them."""
    order = {node.id: place for place, node in enumerate(old.nodes)}
    nodes, last = [], -1.0
    for place, node in enumerate(network.nodes):
        last = order.get(node.id, last)
        nodes.append((last, place, _as_before(node, old.node(node.id))))
    if all(node.id in order for node in network.nodes):
        nodes.sort(key=lambda each: each[:2])
    known = {node.id for node in network.nodes}
    groups = [replace(group, nodes=tuple(item for item in group.nodes if item in known)) for group in (
        network.groups or tuple(replace(item, repeat=1) for item in old.groups))]
    return replace(network, nodes=tuple(node for _order, _place, node in nodes),
                   groups=tuple(group for group in groups if group.nodes))


def _as_before(node: Node, before: Node | None) -> Node:
    """The layer at its place; the very one that was there where it did not change."""
    if before is None:
        return node
    layer = LAYERS.find(node.type)
    if layer is not None and node.type == before.type:
        # Numbers that do not matter now, such as those of an initialiser that is not chosen, are not in the code.
        values = values_of(node, layer)
        idle = {param.name: before.params[param.name] for param in layer.params
                if param.name in before.params and not is_relevant(param, values)}
        node = replace(node, params=idle | node.params)
    same = node.type == before.type and _values(node) == _values(before)
    return before if same else replace(node, position=before.position)


def _folded(network: NetworkSpec, old: NetworkSpec) -> NetworkSpec:
    """Blocks stand again where they stood; one whose repetitions are all in the code as they would be written is
    repeated again."""
    kept: list[Group] = []
    for group in old.groups:
        folded = _fold(network, old, group) if repeat_count(old, group) > 1 else None
        if folded is not None:
            network = replace(folded, groups=())
            kept.append(group)
        else:
            kept.append(replace(group, repeat=1) if repeat_count(old, group) > 1 else group)
    return replace(network, groups=tuple(kept))


def _fold(network: NetworkSpec, old: NetworkSpec, group: Group) -> NetworkSpec | None:
    """The network with one group's copies taken away; None where they are no copies any more."""
    _whole, copies = expand_repeats(replace(old, groups=(group,)))
    known = {node.id for node in network.nodes}
    if not known.issuperset({*group.nodes, *copies}):
        return None
    leaving = border_nodes(old, group)[1].pop()
    last = [copy for copy, original in copies.items() if original == leaving][-1]
    nodes = tuple(node for node in network.nodes if node.id not in copies)
    edges = tuple(replace(edge, source=leaving) if edge.source == last else edge for edge in network.edges
                  if edge.target not in copies and (edge.source not in copies or edge.source == last))
    made = replace(network, nodes=nodes, edges=edges, groups=(group,))
    return made if _alike(expand_repeats(made)[0], network) else None


def _alike(one: NetworkSpec, other: NetworkSpec) -> bool:
    """Whether two networks have the same layers and connections."""
    def plain(network: NetworkSpec) -> tuple[dict[str, tuple[str, dict[str, Any]]], dict[str, tuple[str, ...]]]:
        return ({node.id: (node.type, _values(node)) for node in network.nodes},
                {node.id: network.inputs_of(node.id) for node in network.nodes})

    return plain(one) == plain(other)


def _values(node: Node) -> dict[str, Any]:
    layer = LAYERS.find(node.type)
    return node.params if layer is None else values_of(node, layer)
