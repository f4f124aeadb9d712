"""From a NetworkSpec to a Keras model, by the same calls that the code view prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from cnnstudio.catalog.bases.resolver import BaseResolver, base_of, identifier_of
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.training import LOSSES, OPTIMIZERS
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import BASE, INPUT, NetworkSpec, Node
from cnnstudio.core.params import complete
from cnnstudio.core.problems import ProblemError, blocking, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.core.training import TrainingSpec
from cnnstudio.engine.base_weights import load_base_weights
from cnnstudio.engine.names import resolve
from cnnstudio.engine.own_base import load_own_weights
from cnnstudio.network.checks import not_measured
from cnnstudio.network.normalization import rescaling
from cnnstudio.network.shapes import report


@dataclass(frozen=True)
class Built:
    """A model and its parts: for each node its layer and its output tensor; the order; the output's node."""

    model: Any
    layers: Mapping[str, Any]
    tensors: Mapping[str, Any]
    order: tuple[str, ...]
    output: str


def build(network: NetworkSpec, context: Context, *, weights: bool = True,
          headless: bool = False) -> Built:
    """Build the network for plain 0-255 pixels of the context's shape; its layers are named by node ids.

    Weights are drawn from Keras's seed (keras.utils.set_random_seed); those of a pretrained base
    are loaded unless `weights` is False. With `headless` the end need not be an answer for classes.
    Raises ProblemError with every problem of the network.
    """
    found = report(network, context, headless=headless)
    problems = blocking(found.problems)
    if problems or found.output is None:
        raise ProblemError(*problems)
    network = found.network
    layers: dict[str, Any] = {}
    tensors: dict[str, Any] = {}
    start: Any = None
    for identifier in found.order:
        node = network.node(identifier)
        assert node is not None
        if node.type == INPUT:
            start = _make(node, context)
            tensors[identifier] = _normalized(start, network, context)
            continue
        entering = [tensors[source] for source in network.inputs_of(identifier)]
        layer = _base(node, entering[0], weights, context.bases) if node.type == BASE else _make(node, context)
        layers[identifier] = layer
        tensors[identifier] = apply(layer, entering, node.type)
    model = keras.Model(start, tensors[found.output], name="network")
    return Built(model, layers, tensors, found.order, found.output)


def apply(layer: Any, entering: list[Any], kind: str) -> Any:
    """A layer's answer to its inputs, passed as its type wants them; a base is always called as when it predicts."""
    if isinstance(layer, keras.Model):
        return layer(entering[0], training=False)
    return layer(*LAYERS[kind].passed(entering))


def _make(node: Node, context: Context) -> Any:
    entry = LAYERS[node.type]
    return entry.call.build(values_of(node, entry) | {"context": context}, resolve, name=node.id)


def _normalized(start: Any, network: NetworkSpec, context: Context) -> Any:
    call = rescaling(context)
    if call is None:
        if context.normalization == "standardize":
            raise ProblemError(not_measured())
        return start
    name = unique_id("normalization", [node.id for node in network.nodes])
    return call.build({}, resolve, name=name)(start)


def _base(node: Node, entering: Any, weights: bool, bases: BaseResolver) -> Any:
    """The base as a model within the model, named by the node; frozen before its freeze line."""
    values = values_of(node, LAYERS[BASE])
    base = base_of(values, bases)
    if base is None:
        raise KeyError(identifier_of(values))
    height, width, channels = entering.shape[1:]
    # The file of a built-in base holds all its layers, whatever the network takes of it.
    graph = base.graph_for(height, width, "all" if base.own is None else values["ends_at"])
    context = Context(height=height, width=width, channels=channels, class_count=1, normalization="none")
    tensors: dict[str, Any] = {}
    made: dict[str, Any] = {}
    for inner in graph.nodes:
        layer = _make(inner, context)
        if inner.type == INPUT:
            tensors[inner.id] = layer
            continue
        made[inner.id] = layer
        tensors[inner.id] = apply(layer, [tensors[source] for source in graph.inputs_of(inner.id)], inner.type)
    start, whole = tensors[graph.nodes[0].id], tensors[graph.nodes[-1].id]
    if base.own is not None:
        if weights:
            load_own_weights(base, made)
    elif weights and values["weights"] != "random":
        file = values["weights_file"] if values["weights"] == "file" else ""
        order = keras.Model(start, whole).layers
        load_base_weights(base, {layer.name: layer for layer in order if layer.name in made}, file or "")
    last = tensors[base.graph_for(height, width, values["ends_at"]).nodes[-1].id]
    if values["pooling"] != "none" and len(last.shape) == 4:
        pooling = {"avg": keras.layers.GlobalAveragePooling2D, "max": keras.layers.GlobalMaxPooling2D}
        last = pooling[values["pooling"]](name=unique_id("pooling", tensors))(last)
    model = keras.Model(start, last, name=node.id)
    learning = base.trainable_layers(values["trainable_from"])
    for identifier, layer in made.items():
        layer.trainable = identifier in learning
    return model


def optimizer_of(training: TrainingSpec) -> Any:
    """The optimizer; raises ProblemError for one that this version does not know."""
    entry = OPTIMIZERS.find(training.optimizer.type)
    if entry is None:
        text = Text("This version does not know the optimizer {name}.", "Esta versión no conoce el optimizador {name}.")
        raise ProblemError(error("unknown_optimizer", text.fill(name=training.optimizer.type), "training",
                                 field="optimizer"))
    return entry.call.build(complete(entry.params, training.optimizer.params), resolve)


def loss_of(project: Project, context: Context) -> Any:
    """The loss: the label mode's own for "auto"."""
    name = context.loss if project.training.loss == "auto" else project.training.loss
    return LOSSES[name].call.build({}, resolve)


def accuracy_of(context: Context) -> Any:
    """The share of right answers, called "accuracy" in every label mode."""
    kinds = {"binary": keras.metrics.BinaryAccuracy, "categorical": keras.metrics.CategoricalAccuracy,
             "int": keras.metrics.SparseCategoricalAccuracy}
    return kinds[context.label_mode](name="accuracy")


def compile_model(model: Any, project: Project, context: Context) -> None:
    """Compile with the project's optimizer, loss and accuracy. XLA only where JAX needs it: on a
    processor it made a small network slower."""
    model.compile(optimizer=optimizer_of(project.training), loss=loss_of(project, context),
                  metrics=[accuracy_of(context)], jit_compile="auto" if keras.backend.backend() == "jax" else False)
