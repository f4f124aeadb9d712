"""From the traced graph to a network: which model is taken, its layers with ids, and the remarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, id_stem, values_of
from cnnstudio.core.network import INPUT, OUTPUT, Edge, NetworkSpec, Node
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import augmenting_note
from cnnstudio.interchange.keras_source import bases
from cnnstudio.interchange.keras_source.graph_builder import ancestors
from cnnstudio.interchange.keras_source.names import normalized_name
from cnnstudio.interchange.keras_source.state import State
from cnnstudio.interchange.keras_source.training import has_from_logits, training_fields
from cnnstudio.interchange.keras_source.values import (
    BaseModel,
    Graph,
    Instance,
    Model,
    Remark,
    SourceError,
    Tensor,
    TracedNode,
    Unknown,
)

_MAX_REMARKS: Final = 12
"""Remarks listed individually."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """The network of the code, its input's shape, the settings of compile and fit, and remarks in the order of lines."""

    network: NetworkSpec
    shape: tuple[int, int, int] | None
    unknown: tuple[str, ...]
    training: dict[str, Any]
    remarks: tuple[Remark, ...]


def describe(state: State) -> Description:
    """The network that the code describes; raises SourceError where it describes none."""
    remarks = list(state.remarks)
    model, start, end = _choose_model(state, remarks)
    nodes = _network_nodes(state, model, end)
    if start is not None:
        _check_inputs(start, ancestors([end]) if end is not None else nodes)
    if end is not None and has_from_logits(model):
        _apply_from_logits(end, remarks)
    network, unknown = _build_network(nodes, end, remarks)
    if state.stopped:
        remarks.append(Remark("code_stopped", Text("The code takes too many steps: it was read up to this line.",
                                                   "El código da demasiados pasos: se leyó hasta esta "
                                                   "línea."), state.stopped))
    if state.augmenting:
        line = min(state.augmenting.values())
        remarks.append(Remark("augmenting_layers", augmenting_note(", ".join(state.augmenting)), line))
    training = training_fields(model, remarks) if model is not None else {}
    shape = start.shape if start is not None and start.shape is not None and len(start.shape) == 3 else None
    if start is not None and shape is None:
        remarks.append(Remark("open_shape", Text("The code does not fix the size of the pictures: the size in the project is "
                                                 "kept.",
                                                 "El código no fija el tamaño de las imágenes: se conserva el del proyecto."),
                              start.line))
    return Description(network=network, shape=shape, unknown=unknown, training=training, remarks=_limit_remarks(remarks))


def _apply_from_logits(end: TracedNode, remarks: list[Remark]) -> None:
    """Losses here take probabilities: a last Dense that gives logits gets the activation that its loss would apply."""
    if end.kind == PLAIN_OUTPUT and end.params.get("activation") in (None, "linear"):
        activation = "sigmoid" if end.params.get("units") == 1 else "softmax"
        end.params = dict(end.params) | {"activation": activation}
        remarks.append(Remark("from_logits", Text(
            "The loss expects scores (from_logits): here the last layer gets the activation {name} instead.",
            "La pérdida espera puntuaciones (from_logits): aquí, en su lugar, la última capa recibe la activación "
            "{name}.").fill(
                name=activation), end.line))


# Which model ----------------------------------------------------------------------------------------

def _choose_model(state: State, remarks: list[Remark]) -> tuple[Model | None, TracedNode | None, TracedNode | None]:
    """(the model, its input, its output): the one that is compiled, else the last that others do not take in."""
    models = state.graph.models
    if not models:
        return _loose_layers(state, remarks)
    ranked = sorted(range(len(models)), key=lambda index: (models[index].compiled is not None, not models[index].nested,
                                                           not isinstance(models[index], BaseModel), index), reverse=True)
    first: SourceError | None = None
    for index in ranked:
        model = models[index]
        if first is not None and (model.nested or isinstance(model, BaseModel)):
            continue
        try:
            start, end = _model_ends(state, model)
        except SourceError as source_error:
            if model.compiled is not None:
                raise
            # A model derived from another one, such as one that also outputs its maps, need not be a classifier.
            first = first or source_error
            continue
        others = _other_models(state, model, end)
        if others:
            remarks.append(Remark("several_models", Text(
                "The file creates {n} models; this one was imported{why}.",
                "El archivo crea {n} modelos; se importó este{why}.").fill(
                    n=len(others) + 1, why=Text(": the compiled one",
                                                ": el que se compila") if model.compiled is not None else Text(
                        ": the last one", ": el último")), model.line))
        return model, start, end
    assert first is not None
    raise first


def _other_models(state: State, model: Model, end: TracedNode) -> list[Model]:
    """The models besides this one that are no part of it: bases, models within it, its layers up to some point."""
    leading = {ancestor.number for ancestor in ancestors([end])}

    def part(other: Model) -> bool:
        return isinstance(other, Graph) and all(isinstance(output, Tensor) and output.node.number in leading
                                                for output in other.outputs)

    return [item for item in state.graph.models
            if item is not model and not item.nested and not isinstance(item, BaseModel) and not part(item)]


def _model_ends(state: State, model: Model) -> tuple[TracedNode, TracedNode]:
    inputs, outputs = state.graph.ends(model, model.line)
    for output in (*inputs, *outputs):
        if isinstance(output, Unknown):
            text = Text("The network cannot be read from the code: {why}.",
                        "No se puede leer la red a partir del código: {why}.")
            raise SourceError("code_unknown", text.fill(why=output.reason), output.line or model.line)
    tensors = [output for output in outputs if isinstance(output, Tensor)]
    if len(outputs) > 1:
        raise SourceError("several_outputs", Text("The model has {n} outputs: a classifier has one.",
                                              "El modelo tiene {n} salidas: un clasificador tiene una "
                                              "sola.").fill(n=len(outputs)),
                      model.line)
    starts = [item for item in inputs if isinstance(item, Tensor)]
    if len(inputs) > 1:
        raise SourceError("several_inputs", Text("The model has {n} inputs: here a network takes one picture.",
                                             "El modelo tiene {n} entradas: aquí una red recibe una sola imagen.").fill(
            n=len(inputs)), model.line)
    if not tensors or not starts:
        callee = "call" if isinstance(model, Instance) else "Model" if isinstance(model, Graph) else "Sequential"
        text = Text("{what} does not return a tensor.", "{what} no devuelve un tensor.")
        raise SourceError("code_unknown", text.fill(what=callee), model.line)
    return starts[0].node, tensors[0].node


def _loose_layers(state: State, remarks: list[Remark]) -> tuple[None, TracedNode | None, None]:
    """Code that only calls layers: all of them are the network."""
    nodes = state.graph.nodes
    if not any(node.kind != INPUT for node in nodes):
        text = Text("There is no Keras network in this code.", "No hay ninguna red de Keras en este código.")
        raise SourceError("no_network", text, 1)
    remarks.append(Remark("no_model", Text("The code does not create a keras.Model: all its layers were imported.",
                                           "El código no crea ningún keras.Model: se importaron todas sus capas."),
                          nodes[-1].line))
    return None, next((node for node in nodes if node.kind == INPUT), None), None


def _network_nodes(state: State, model: Model | None, end: TracedNode | None) -> list[TracedNode]:
    """The nodes of the network: those that lead to its answer; with one model only, also those that lead nowhere yet."""
    if end is None:
        return state.graph.nodes
    leading = ancestors([end])
    if isinstance(model, Graph) and not any(item.nested for item in state.graph.models if not isinstance(item, BaseModel)) \
            and not _other_models(state, model, end):
        numbers = {item.number for item in leading}
        return [node for node in state.graph.nodes if node.number in numbers or not node.implied]
    return leading


def _check_inputs(start: TracedNode, nodes: Iterable[TracedNode]) -> None:
    if start.error is not None:
        raise start.error
    others = [item for item in nodes if item.kind == INPUT and item is not start]
    if others:
        raise SourceError("several_inputs", Text("The network has a second input here, but a network can take only one "
                                                 "picture.",
                                             "La red tiene aquí una segunda entrada, pero una red solo puede recibir una "
                                             "imagen."), others[0].line)


# The network --------------------------------------------------------------------------------------------

def _build_network(traced_nodes: list[TracedNode], end: TracedNode | None, remarks: list[Remark]
                   ) -> tuple[NetworkSpec, tuple[str, ...]]:
    ids = _node_ids(traced_nodes)
    nodes: list[Node] = []
    unknown: list[str] = []
    seen: set[int] = set()
    for traced in traced_nodes:
        kind, params = traced.kind, dict(traced.params)
        if traced.base is not None:
            params = bases.node_params(traced.base, remarks if id(traced.base) not in seen else [])
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
    return NetworkSpec(nodes=tuple(nodes), edges=edges), tuple(unknown)


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
    if len(layer.called) > 1:
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


def _limit_remarks(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """The remarks by line without repetitions; of many the first ones and a count of the rest."""
    seen: Mapping[tuple[int, str], Remark] = {(remark.line, remark.text.en): remark for remark in remarks}
    ordered = sorted(seen.values(), key=lambda remark: remark.line)
    if len(ordered) <= _MAX_REMARKS:
        return tuple(ordered)
    rest = Remark("more_remarks", Text("Further remarks of this kind: {n}.", "Otras observaciones de este tipo: {n}.").fill(
        n=len(ordered) - _MAX_REMARKS), ordered[_MAX_REMARKS].line)
    return (*ordered[:_MAX_REMARKS], rest)
