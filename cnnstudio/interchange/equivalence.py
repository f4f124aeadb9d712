"""Layers of two networks that compute the same: by their PyTorch forms, in which synonyms are written alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.torch_form import NotInTorch, Site, TorchCode
from cnnstudio.core.network import INPUT, NetworkSpec, Node
from cnnstudio.network.shapes import NetworkReport, report

_NOTHING = "nn.Identity()"


def torch_form(node: Node, network_report: NetworkReport, context: Context) -> TorchCode | None:
    """The PyTorch form of a layer in its network; None if it has none."""
    entry, found = LAYERS.find(node.type), network_report.nodes.get(node.id)
    if entry is None or found is None or found.shape is None or entry.torch is None or isinstance(entry.torch, NotInTorch):
        return None
    return entry.torch(Site(values=values_of(node, entry), inputs=found.inputs, output=found.shape, context=context))


def fingerprints(network: NetworkSpec, context: Context) -> dict[str, Hashable]:
    """For each layer what it computes of the picture, all layers before it included; equal ones compute the same. Layers
    without a PyTorch form, and those behind them, are left out; a base counts with its settings."""
    plain = msgspec.structs.replace(network, groups=())
    network_report = report(plain, context, headless=True)
    nodes = {node.id: node for node in plain.nodes}
    result: dict[str, Hashable] = {}
    for identifier in network_report.order:
        node = nodes.get(identifier)
        sources = [result.get(source) for source in plain.inputs_of(identifier)]
        if node is None or None in sources:
            continue
        if node.type == INPUT:
            result[identifier] = INPUT
            continue
        code = torch_form(node, network_report, context)
        if code is None:
            if LAYERS.find(node.type) is not None and LAYERS[node.type].subgraph is not None:
                result[identifier] = hash((node.type, tuple(sorted((name, repr(value)) for name, value in node.params.items())),
                                           *sources))
            continue
        value: Hashable = hash((code.expression, *sources)) if code.expression else sources[0]
        for part in code.parts:
            if part.code != _NOTHING:
                value = hash((part.code, value))
        result[identifier] = value
    return result


def keep_equivalent(network: NetworkSpec, old: NetworkSpec, context: Context) -> NetworkSpec:
    """The network with the old layers, by id, type and settings, where new ones compute the same: PyTorch code does not tell
    ReLU from Activation, nor how weights start, and calls the layers of a repeated block alike."""
    before, after = fingerprints(old, context), fingerprints(network, context)
    old_nodes = {node.id: node for node in old.nodes}
    known: dict[Hashable, list[str]] = defaultdict(list)
    for identifier, value in before.items():
        known[value].append(identifier)
    renamed: dict[str, str] = {}
    for node in network.nodes:
        candidates = known.get(after.get(node.id), [])
        if candidates:
            same = node.id if node.id in candidates else candidates[0]
            candidates.remove(same)
            renamed[node.id] = same
    taken = set(renamed.values())
    for node in network.nodes:
        if node.id not in renamed:
            name, number = node.id, 2
            while name in taken:
                name, number = f"{node.id}_{number}", number + 1
            renamed[node.id] = name
            taken.add(name)
    nodes = tuple(old_nodes[renamed[node.id]] if node.id in after and before.get(renamed[node.id]) == after[node.id]
                  else _with_form(msgspec.structs.replace(node, id=renamed[node.id]), node, network, old, context)
                  for node in network.nodes)
    edges = tuple(msgspec.structs.replace(edge, source=renamed[edge.source], target=renamed[edge.target])
                  for edge in network.edges)
    return msgspec.structs.replace(network, nodes=nodes, edges=edges)


def _with_form(node: Node, written: Node, network: NetworkSpec, old: NetworkSpec, context: Context) -> Node:
    """Behind a change, the old layer of the same id if it is written the same way."""
    before = old.node(node.id)
    if before is None or before.params == node.params:
        return node
    form = torch_form(written, report(network, context, headless=True), context)
    same = form is not None and form == torch_form(before, report(old, context, headless=True), context)
    return before if same else node
