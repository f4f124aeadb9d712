"""From the traced graph of Keras source to a network: which model is taken, and the settings of its training."""

from __future__ import annotations

from collections.abc import Iterable

from cnnstudio.core.network import INPUT
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import augmenting_note
from cnnstudio.interchange.keras_source import bases
from cnnstudio.interchange.keras_source.language import KerasState
from cnnstudio.interchange.keras_source.training import has_from_logits, training_fields
from cnnstudio.interchange.keras_source.values import BaseModel, Graph, Instance, Model
from cnnstudio.interchange.python_source.description import Description, apply_from_logits, build_network, limit_remarks
from cnnstudio.interchange.python_source.graph import ancestors
from cnnstudio.interchange.python_source.values import Remark, SourceError, Tensor, TracedNode, Unknown


def describe(state: KerasState) -> Description:
    """The network that the code describes; raises SourceError where it describes none."""
    remarks = list(state.remarks)
    model, start, end = _choose_model(state, remarks)
    nodes = _network_nodes(state, model, end)
    if start is not None:
        _check_inputs(start, ancestors([end]) if end is not None else nodes)
    if end is not None and has_from_logits(model):
        apply_from_logits(end, remarks)
    network, unknown, _ids = build_network(nodes, end, remarks, bases.node_params)
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
    return Description(network=network, shape=shape, unknown=unknown, training=training, remarks=limit_remarks(remarks))


# Which model ----------------------------------------------------------------------------------------

def _choose_model(state: KerasState, remarks: list[Remark]) -> tuple[Model | None, TracedNode | None, TracedNode | None]:
    """(the model, its input, its output): the one that is compiled, else the last that others do not take in."""
    models = state.graph.models
    if not models:
        return _loose_layers(state, remarks)
    first: SourceError | None = None
    for model in ranked_models(state):
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


def ranked_models(state: KerasState) -> list[Model]:
    """The models, the one that is most likely meant first: a compiled one, none that another takes in, no base, the last."""
    models = state.graph.models
    order = sorted(range(len(models)), key=lambda index: (models[index].compiled is not None, not models[index].nested,
                                                          not isinstance(models[index], BaseModel), index), reverse=True)
    return [models[index] for index in order]


def _other_models(state: KerasState, model: Model, end: TracedNode) -> list[Model]:
    """The models besides this one that are no part of it: bases, models within it, its layers up to some point."""
    leading = {ancestor.number for ancestor in ancestors([end])}

    def part(other: Model) -> bool:
        return isinstance(other, Graph) and all(isinstance(output, Tensor) and output.node.number in leading
                                                for output in other.outputs)

    return [item for item in state.graph.models
            if item is not model and not item.nested and not isinstance(item, BaseModel) and not part(item)]


def _model_ends(state: KerasState, model: Model) -> tuple[TracedNode, TracedNode]:
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


def _loose_layers(state: KerasState, remarks: list[Remark]) -> tuple[None, TracedNode | None, None]:
    """Code that only calls layers: all of them are the network."""
    nodes = state.graph.nodes
    if not any(node.kind != INPUT for node in nodes):
        text = Text("There is no Keras or PyTorch network in this code.",
                    "No hay ninguna red de Keras ni de PyTorch en este código.")
        raise SourceError("no_network", text, 1)
    remarks.append(Remark("no_model", Text("The code does not create a keras.Model: all its layers were imported.",
                                           "El código no crea ningún keras.Model: se importaron todas sus capas."),
                          nodes[-1].line))
    return None, next((node for node in nodes if node.kind == INPUT), None), None


def _network_nodes(state: KerasState, model: Model | None, end: TracedNode | None) -> list[TracedNode]:
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
