"""From what the code drew to a network: which of its models, its layers with ids, and what a state should know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, id_stem, values_of
from cnnstudio.core.network import INPUT, OUTPUT, Edge, NetworkSpec, Node
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source import bases
from cnnstudio.interchange.keras_source.graph_builder import ancestors
from cnnstudio.interchange.keras_source.names import simple
from cnnstudio.interchange.keras_source.parts import State
from cnnstudio.interchange.keras_source.training import takes_scores, training_of
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

_MOST: Final = 12
"""Remarks that are told one by one."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The network of the code, its input's shape, the settings of compile and fit, and remarks in the order of lines."""

    network: NetworkSpec
    shape: tuple[int, int, int] | None
    unknown: tuple[str, ...]
    training: dict[str, Any]
    remarks: tuple[Remark, ...]


def found(state: State) -> Found:
    """The network that the code describes; raises SourceError where it describes none."""
    remarks = list(state.remarks)
    model, start, end = _model(state, remarks)
    kept = _kept(state, model, end)
    if start is not None:
        _check_inputs(start, ancestors([end]) if end is not None else kept)
    if end is not None and takes_scores(model):
        _answer_shares(end, remarks)
    network, unknown = _network(kept, end, remarks)
    if state.stopped:
        remarks.append(Remark("code_stopped", Text("The code goes on without end: it was read up to this line.",
                                                   "El código no termina: se leyó hasta esta línea."), state.stopped))
    if state.augmenting:
        line = min(state.augmenting.values())
        remarks.append(Remark("augmenting_layers", Text(
            "Augmentation is chosen on the Prepare page and is not in the network: {names}.",
            "El aumento se elige en la página Preparar y no está en la red: {names}.").fill(
                names=", ".join(state.augmenting)), line))
    training = training_of(model, remarks) if model is not None else {}
    shape = start.shape if start is not None and start.shape is not None and len(start.shape) == 3 else None
    if start is not None and shape is None:
        remarks.append(Remark("open_shape", Text("The code leaves the size of the pictures open: the project's stays.",
                                                 "El código deja abierto el tamaño de las imágenes: queda el del proyecto."),
                              start.line))
    return Found(network=network, shape=shape, unknown=unknown, training=training, remarks=_told(remarks))


def _answer_shares(end: TracedNode, remarks: list[Remark]) -> None:
    """Here every loss takes probabilities: a last Dense that gives scores gets the activation that its loss would apply."""
    if end.kind == PLAIN_OUTPUT and end.params.get("activation") in (None, "linear"):
        activation = "sigmoid" if end.params.get("units") == 1 else "softmax"
        end.params = dict(end.params) | {"activation": activation}
        remarks.append(Remark("from_logits", Text(
            "The loss takes scores (from_logits): here the last layer has the activation {name} instead.",
            "La pérdida toma puntuaciones (from_logits): aquí la última capa tiene en su lugar la activación {name}.").fill(
                name=activation), end.line))


# Which model ----------------------------------------------------------------------------------------

def _model(state: State, remarks: list[Remark]) -> tuple[Model | None, TracedNode | None, TracedNode | None]:
    """(the model, its input, its output): the one that is compiled, else the last that others do not take in."""
    models = state.graph.models
    if not models:
        return _without_model(state, remarks)
    ranked = sorted(range(len(models)), key=lambda place: (models[place].compiled is not None, not models[place].nested,
                                                           not isinstance(models[place], BaseModel), place), reverse=True)
    first: SourceError | None = None
    for place in ranked:
        model = models[place]
        if first is not None and (model.nested or isinstance(model, BaseModel)):
            continue
        try:
            start, end = _ends(state, model)
        except SourceError as source_error:
            if model.compiled is not None:
                raise
            # What was made from a model afterwards, such as one that answers its maps, too, need not be a classifier.
            first = first or source_error
            continue
        others = _others(state, model, end)
        if others:
            remarks.append(Remark("several_models", Text(
                "The file makes {n} models; this one was taken{why}.", "El archivo crea {n} modelos; se tomó este{why}.").fill(
                    n=len(others) + 1, why=Text(": it is compiled", ": se compila") if model.compiled is not None else Text(
                        ": it is the last", ": es el último")), model.line))
        return model, start, end
    assert first is not None
    raise first


def _others(state: State, model: Model, end: TracedNode) -> list[Model]:
    """The models besides this one that are no part of it: bases, models within it, its layers up to some point."""
    leading = {ancestor.number for ancestor in ancestors([end])}

    def part(other: Model) -> bool:
        return isinstance(other, Graph) and all(isinstance(output, Tensor) and output.node.number in leading
                                                for output in other.outputs)

    return [item for item in state.graph.models
            if item is not model and not item.nested and not isinstance(item, BaseModel) and not part(item)]


def _ends(state: State, model: Model) -> tuple[TracedNode, TracedNode]:
    inputs, outputs = state.graph.ends(model, model.line)
    for output in (*inputs, *outputs):
        if isinstance(output, Unknown):
            text = Text("The network cannot be told from the code: {why}.", "La red no se deduce del código: {why}.")
            raise SourceError("code_unknown", text.fill(why=output.reason), output.line or model.line)
    tensors = [output for output in outputs if isinstance(output, Tensor)]
    if len(outputs) > 1:
        raise SourceError("several_outputs", Text("The model has {n} outputs: a classifier has one.",
                                              "El modelo tiene {n} salidas: un clasificador tiene una.").fill(n=len(outputs)),
                      model.line)
    starts = [item for item in inputs if isinstance(item, Tensor)]
    if len(inputs) > 1:
        raise SourceError("several_inputs", Text("The model has {n} inputs: here a network takes one picture.",
                                             "El modelo tiene {n} entradas: aquí una red recibe una imagen.").fill(
            n=len(inputs)), model.line)
    if not tensors or not starts:
        what = "call" if isinstance(model, Instance) else "Model" if isinstance(model, Graph) else "Sequential"
        text = Text("{what} has no tensor as its answer.", "{what} no tiene un tensor como respuesta.")
        raise SourceError("code_unknown", text.fill(what=what), model.line)
    return starts[0].node, tensors[0].node


def _without_model(state: State, remarks: list[Remark]) -> tuple[None, TracedNode | None, None]:
    """Code that only calls layers: all of them are the network."""
    nodes = state.graph.nodes
    if not any(node.kind != INPUT for node in nodes):
        text = Text("There is no network of Keras in this code.", "No hay ninguna red de Keras en este código.")
        raise SourceError("no_network", text, 1)
    remarks.append(Remark("no_model", Text("The code makes no keras.Model: all its layers were taken.",
                                           "El código no crea ningún keras.Model: se tomaron todas sus capas."),
                          nodes[-1].line))
    return None, next((node for node in nodes if node.kind == INPUT), None), None


def _kept(state: State, model: Model | None, end: TracedNode | None) -> list[TracedNode]:
    """The nodes of the network: those that lead to its answer; with one model only, also those that lead nowhere yet."""
    if end is None:
        return state.graph.nodes
    leading = ancestors([end])
    if isinstance(model, Graph) and not any(item.nested for item in state.graph.models if not isinstance(item, BaseModel)) \
            and not _others(state, model, end):
        numbers = {item.number for item in leading}
        return [node for node in state.graph.nodes if node.number in numbers or not node.implied]
    return leading


def _check_inputs(start: TracedNode, kept: Iterable[TracedNode]) -> None:
    if start.error is not None:
        raise start.error
    others = [item for item in kept if item.kind == INPUT and item is not start]
    if others:
        raise SourceError("several_inputs", Text("The network has a second input here: it takes one picture.",
                                             "La red tiene aquí una segunda entrada: recibe una imagen."), others[0].line)


# The network --------------------------------------------------------------------------------------------

def _network(kept: list[TracedNode], end: TracedNode | None, remarks: list[Remark]) -> tuple[NetworkSpec, tuple[str, ...]]:
    names = _names(kept)
    nodes: list[Node] = []
    unknown: list[str] = []
    told: set[int] = set()
    for drawn in kept:
        kind, params = drawn.kind, dict(drawn.params)
        if drawn.base is not None:
            params = bases.settled(drawn.base, remarks if id(drawn.base) not in told else [])
            told.add(id(drawn.base))
        layer = drawn.layer
        if layer is not None and drawn is end and _follows_classes(drawn):
            kind, params = OUTPUT, {name: value for name, value in params.items() if name.startswith("kernel_reg")}
            remarks.append(Remark("follows_classes", Text(
                "The code does not tell the number of classes: the Output layer follows them.",
                "El código no dice el número de clases: la capa de salida las sigue."), layer.line))
        elif layer is not None and id(layer) not in told:
            told.add(id(layer))
            remarks += layer.remarks
            remarks += _of_layer(drawn)
        identifier = names[drawn.number]
        if LAYERS.find(kind) is None or (layer is not None and not layer.known):
            unknown.append(identifier)
        else:
            # `follows_classes` and bases bring whole sets of parameters: what is the default need not be said.
            standard = values_of(Node(id="x", type=kind), LAYERS[kind])
            params = {name: value for name, value in params.items() if value != standard.get(name)
                      or isinstance(value, bool) != isinstance(standard.get(name), bool)}
        nodes.append(Node(id=identifier, type=kind, params=params))
    edges = tuple(Edge(source=names[source.number], target=names[drawn.number], port=port)
                  for drawn in kept for port, source in enumerate(drawn.sources))
    return NetworkSpec(nodes=tuple(nodes), edges=edges), tuple(unknown)


def _names(kept: list[TracedNode]) -> dict[int, str]:
    """An id for every node: the name that the code gives, then names by type for the others."""
    result: dict[int, str] = {}
    taken: set[str] = set()
    last: dict[str, int] = {}
    for named in (True, False):
        for drawn in kept:
            if bool(drawn.name) == named:
                wanted = name = _word(drawn.name) if named else _word(id_stem(drawn.kind))
                number = last.get(wanted, 1)
                while name in taken:
                    number += 1
                    name = f"{wanted}_{number}"
                last[wanted] = number
                result[drawn.number] = name
                taken.add(name)
    return result


def _word(name: str) -> str:
    """The name with letters, digits, _ and - only, as layers are called here."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in name) or "layer"


def _follows_classes(drawn: TracedNode) -> bool:
    """Whether a last Dense is what answers for the classes, of which the code does not tell how many there are."""
    layer = drawn.layer
    return layer is not None and drawn.kind == PLAIN_OUTPUT and "units" in layer.open and simple(
        str(drawn.params.get("activation") or "softmax")) in ("softmax", "sigmoid")


def _of_layer(drawn: TracedNode) -> list[Remark]:
    layer = drawn.layer
    assert layer is not None
    made: list[Remark] = []
    if len(layer.called) > 1:
        made.append(Remark("shared_layer", Text(
            "The layer is used {n} times with the same weights; here each use is a layer of its own.",
            "La capa se usa {n} veces con los mismos pesos; aquí cada uso es una capa propia.").fill(n=len(layer.called)),
            layer.line))
    if not layer.trainable and layer.known:
        made.append(Remark("frozen_layer", Text("{layer} is frozen in the code; here every layer outside a base learns.",
                                                "{layer} está congelada en el código; aquí aprende toda capa fuera de una "
                                                "base.").fill(layer=drawn.kind), layer.line))
    return made


def _told(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """By line, each once; of many the first ones and how many more there are."""
    seen: Mapping[tuple[int, str], Remark] = {(remark.line, remark.text.en): remark for remark in remarks}
    ordered = sorted(seen.values(), key=lambda each: each.line)
    if len(ordered) <= _MOST:
        return tuple(ordered)
    rest = Remark("more_remarks", Text("{n} more remarks of this kind follow.", "Siguen {n} observaciones más.").fill(
        n=len(ordered) - _MOST), ordered[_MOST].line)
    return (*ordered[:_MOST], rest)
