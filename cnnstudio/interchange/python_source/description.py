"""From traced nodes to a network: its layers with ids, and the remarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, id_stem, values_of
from cnnstudio.core.network import OUTPUT, Edge, NetworkSpec, Node
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.names import normalized_name
from cnnstudio.interchange.python_source.values import Remark, TracedNode

_MAX_REMARKS: Final = 12
"""Remarks listed individually."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """The network of the code, its input's shape, the settings of compile and fit, and remarks in the order of lines."""

    network: NetworkSpec
    shape: tuple[int, int, int] | None
    unknown: tuple[str, ...]
    training: dict[str, Any]
    remarks: tuple[Remark, ...]


def apply_from_logits(end: TracedNode, remarks: list[Remark]) -> None:
    """Losses here take probabilities: a last Dense that gives logits gets the activation that its loss would apply."""
    if end.kind == PLAIN_OUTPUT and end.params.get("activation") in (None, "linear"):
        activation = "sigmoid" if end.params.get("units") == 1 else "softmax"
        end.params = dict(end.params) | {"activation": activation}
        remarks.append(Remark("from_logits", Text(
            "The loss expects scores (from_logits): here the last layer gets the activation {name} instead.",
            "La pérdida espera puntuaciones (from_logits): aquí, en su lugar, la última capa recibe la activación "
            "{name}.").fill(
                name=activation), end.line))


BaseParams = Callable[[Any, list[Remark]], dict[str, Any]]
"""The parameters of a pretrained network's node, with remarks on what has no counterpart."""


def build_network(traced_nodes: list[TracedNode], end: TracedNode | None, remarks: list[Remark], base_params: BaseParams
                  ) -> tuple[NetworkSpec, tuple[str, ...], dict[int, str]]:
    """The network of the nodes, the ids of its unknown layers, and the ids by the nodes' numbers."""
    ids = _node_ids(traced_nodes)
    nodes: list[Node] = []
    unknown: list[str] = []
    seen: set[int] = set()
    for traced in traced_nodes:
        kind, params = traced.kind, dict(traced.params)
        if traced.base is not None:
            params = base_params(traced.base, remarks if id(traced.base) not in seen else [])
            seen.add(id(traced.base))
        layer = traced.layer
        if layer is not None and traced is end and _follows_classes(traced):
            kind, params = OUTPUT, {name: value for name, value in params.items() if name.startswith("kernel_reg")}
            remarks.append(Remark("follows_classes", Text(
                "The number of classes is not fixed in the code: the Output layer follows the classes of the project.",
                "El número de clases no está fijado en el código: la capa de salida sigue las clases del "
                "proyecto."), layer.line))
        elif layer is not None and id(layer) not in seen:
            seen.add(id(layer))
            remarks += layer.remarks
            remarks += _layer_remarks(traced)
        identifier = ids[traced.number]
        if LAYERS.find(kind) is None or (layer is not None and not layer.is_known):
            unknown.append(identifier)
        else:
            # The Output layer and bases have complete sets of parameters: defaults are left out.
            defaults = values_of(Node(id="x", type=kind), LAYERS[kind])
            params = {name: value for name, value in params.items() if value != defaults.get(name)
                      or isinstance(value, bool) != isinstance(defaults.get(name), bool)}
        nodes.append(Node(id=identifier, type=kind, params=params))
    edges = tuple(Edge(source=ids[source.number], target=ids[traced.number], port=port)
                  for traced in traced_nodes for port, source in enumerate(traced.sources))
    return NetworkSpec(nodes=tuple(nodes), edges=edges), tuple(unknown), ids


def _node_ids(nodes: list[TracedNode]) -> dict[int, str]:
    """An id for every node: the name in the code, else one by type."""
    result: dict[int, str] = {}
    taken: set[str] = set()
    last: dict[str, int] = {}
    for has_name in (True, False):
        for traced in nodes:
            if bool(traced.name) == has_name:
                stem = name = _identifier(traced.name) if has_name else _identifier(id_stem(traced.kind))
                number = last.get(stem, 1)
                while name in taken:
                    number += 1
                    name = f"{stem}_{number}"
                last[stem] = number
                result[traced.number] = name
                taken.add(name)
    return result


def _identifier(name: str) -> str:
    """The name with letters, digits, _ and - only, as layers are called here."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in name) or "layer"


def _follows_classes(traced: TracedNode) -> bool:
    """Whether a last Dense is the classifier of a number of classes that the code leaves open."""
    layer = traced.layer
    return layer is not None and traced.kind == PLAIN_OUTPUT and "units" in layer.open and normalized_name(
        str(traced.params.get("activation") or "softmax")) in ("softmax", "sigmoid")


def _layer_remarks(traced: TracedNode) -> list[Remark]:
    layer = traced.layer
    assert layer is not None
    remarks: list[Remark] = []
    entry = LAYERS.find(layer.kind)
    if len(layer.called) > 1 and (entry is None or entry.has_weights):
        remarks.append(Remark("shared_layer", Text(
            "The layer is used {n} times with the same weights; here each use becomes a separate layer.",
            "La capa se usa {n} veces con los mismos pesos; aquí cada uso se convierte en una capa "
            "independiente.").fill(n=len(layer.called)),
            layer.line))
    if not layer.trainable and layer.is_known:
        remarks.append(Remark("frozen_layer", Text("{layer} is frozen in the code; here, layers outside a base always learn.",
                                                "{layer} está congelada en el código; aquí las capas fuera de una base "
                                                "siempre aprenden.").fill(layer=traced.kind), layer.line))
    return remarks


def limit_remarks(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """The remarks by line without repetitions; of many the first ones and a count of the rest."""
    seen: Mapping[tuple[int, str], Remark] = {(remark.line, remark.text.en): remark for remark in remarks}
    ordered = sorted(seen.values(), key=lambda remark: remark.line)
    if len(ordered) <= _MAX_REMARKS:
        return tuple(ordered)
    rest = Remark("more_remarks", Text("Further remarks of this kind: {n}.", "Otras observaciones de este tipo: {n}.").fill(
        n=len(ordered) - _MAX_REMARKS), ordered[_MAX_REMARKS].line)
    return (*ordered[:_MAX_REMARKS], rest)
