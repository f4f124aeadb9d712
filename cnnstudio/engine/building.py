"""From a NetworkSpec to a Keras model, by the same calls that the code view prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras

from cnnstudio.catalog.augmenting import MIXING
from cnnstudio.catalog.bases.resolver import BaseResolver, base_of, base_of_node, identifier_of
from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.keras_parts import PREFIX, SLOW_DOWN
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.optimizers.common import DECAY_EXEMPT, exempts
from cnnstudio.catalog.schedules import learning_rate_of
from cnnstudio.catalog.training import OPTIMIZERS, chosen_loss
from cnnstudio.catalog.training.metrics import active_metrics, is_own, metric_call
from cnnstudio.core.graph import unique_id
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import BASE, INPUT, NetworkSpec, Node
from cnnstudio.core.params import with_defaults
from cnnstudio.core.problems import ProblemError, blocking, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.core.training import Precision, Stage
from cnnstudio.engine.base_weights import load_base_weights
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.names import is_own_object, resolve
from cnnstudio.engine.own_base import load_own_weights
from cnnstudio.network.checks import not_measured_problem
from cnnstudio.network.normalization import rescaling
from cnnstudio.network.shapes import report


@dataclass(frozen=True)
class Built:
    """A model and its parts: for each node its layer and its output tensor; the order; the output's node.

    `bases` are the layers within each pretrained base, by its node and their own id.
    """

    model: Any
    layers: Mapping[str, Any]
    tensors: Mapping[str, Any]
    order: tuple[str, ...]
    output: str
    bases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def build(network: NetworkSpec, context: Context, *, weights: bool = True, headless: bool = False,
          precision: Precision = "float32") -> Built:
    """Build the network for plain 0-255 pixels of the context's shape; its layers are named by node ids.

    Weights are drawn from Keras's seed (keras.utils.set_random_seed); those of a pretrained base
    are loaded unless `weights` is False. With `headless` the last layer need not be a classifier. With a mixed
    `precision` the layers compute in 16 bits, the last one in float32 as its probabilities need it.
    Raises ProblemError with every problem of the network.
    """
    network_report = report(network, context, headless=headless)
    problems = blocking(network_report.problems)
    if problems or network_report.output is None:
        raise ProblemError(*problems)
    network = network_report.network
    with _policy(precision):
        return _build_layers(network, context, network_report.order, network_report.output, weights)


@contextmanager
def _policy(precision: Precision) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _build_layers(network: NetworkSpec, context: Context, order: tuple[str, ...], output: str, weights: bool) -> Built:
    layers: dict[str, Any] = {}
    tensors: dict[str, Any] = {}
    bases: dict[str, dict[str, Any]] = {}
    start: Any = None
    mixed = keras.config.dtype_policy().name != "float32"
    for identifier in order:
        node = network.node(identifier)
        assert node is not None
        if node.type == INPUT:
            start = _make(node, context)
            tensors[identifier] = _normalized(start, network, context)
            continue
        entering = [tensors[source] for source in network.inputs_of(identifier)]
        if node.type == BASE:
            layer, bases[identifier] = _base(node, entering[0], weights, context.bases)
        else:
            layer = _make(node, context, **({"dtype": "float32"} if mixed and identifier == output else {}))
        layers[identifier] = layer
        tensors[identifier] = apply(layer, entering, node.type)
    model = keras.Model(start, tensors[output], name="network")
    return Built(model, layers, tensors, order, output, bases)


def apply(layer: Any, entering: list[Any], kind: str) -> Any:
    """The output of a layer for its inputs, passed as its type needs them; a base is always called in inference
    mode."""
    if isinstance(layer, keras.Model):
        return layer(entering[0], training=False)
    return layer(*LAYERS[kind].passed(entering))


def _make(node: Node, context: Context, **extra: Any) -> Any:
    entry = LAYERS[node.type]
    return entry.call.build(values_of(node, entry) | {"context": context}, resolve, name=node.id, **extra)


def _normalized(start: Any, network: NetworkSpec, context: Context) -> Any:
    call = rescaling(context)
    if call is None:
        if context.normalization == "standardize":
            raise ProblemError(not_measured_problem())
        return start
    name = unique_id("normalization", [node.id for node in network.nodes])
    return call.build({}, resolve, name=name)(start)


def _base(node: Node, entering: Any, weights: bool, bases: BaseResolver) -> tuple[Any, dict[str, Any]]:
    """The base as a nested model, named by the node, and its layers; frozen up to `trainable_from`."""
    values = values_of(node, LAYERS[BASE])
    base = base_of(values, bases)
    if base is None:
        raise KeyError(identifier_of(values))
    height, width, channels = entering.shape[1:]
    # The file of a built-in base holds all its layers, even if the network uses fewer.
    graph = base.graph_for(height, width, "all" if base.own is None else values["ends_at"])
    context = Context(height=height, width=width, channels=channels, class_count=1, normalization="none")
    tensors: dict[str, Any] = {}
    layers: dict[str, Any] = {}
    for inner in graph.nodes:
        layer = _make(inner, context)
        if inner.type == INPUT:
            tensors[inner.id] = layer
            continue
        layers[inner.id] = layer
        tensors[inner.id] = apply(layer, [tensors[source] for source in graph.inputs_of(inner.id)], inner.type)
    start, end = tensors[graph.nodes[0].id], tensors[graph.nodes[-1].id]
    if base.own is not None:
        if weights:
            load_own_weights(base, layers)
    elif weights and values["weights"] != "random":
        file = values["weights_file"] if values["weights"] == "file" else ""
        order = keras.Model(start, end).layers
        load_base_weights(base, {layer.name: layer for layer in order if layer.name in layers}, file or "")
    last = tensors[base.graph_for(height, width, values["ends_at"]).nodes[-1].id]
    if values["pooling"] != "none" and len(last.shape) == 4:
        pooling = {"avg": keras.layers.GlobalAveragePooling2D, "max": keras.layers.GlobalMaxPooling2D}
        last = pooling[values["pooling"]](name=unique_id("pooling", tensors))(last)
    model = keras.Model(start, last, name=node.id)
    learning = base.trainable_layers(values["trainable_from"], values["ends_at"])
    for identifier, layer in layers.items():
        layer.trainable = identifier in learning
    return model, layers


def set_trainable(built: Built, network: NetworkSpec, resolver: BaseResolver, trainable_from: str = "") -> None:
    """Set which layers of pretrained bases are trainable: from `trainable_from` on, or ("") as in the network.

    The model has to be compiled afterwards.
    """
    network, _copies = expand_repeats(network)
    for identifier, layers in built.bases.items():
        node = network.node(identifier)
        base = base_of_node(node, resolver) if node is not None else None
        if node is None or base is None:
            continue
        values = values_of(node, LAYERS[BASE])
        learning = base.trainable_layers(trainable_from or values["trainable_from"], values["ends_at"])
        for name, layer in layers.items():
            layer.trainable = name in learning


def optimizer_of(stage: Stage, accumulation: int = 1, epoch_batches: int = 1) -> Any:
    """A new optimizer for a stage; raises ProblemError for an unknown one."""
    entry = OPTIMIZERS.find(stage.optimizer.type)
    if entry is None:
        text = Text("This version does not know the optimizer {name}. Choose another one.",
                    "Esta versión no conoce el optimizador {name}. Elija otro.")
        raise ProblemError(error("unknown_optimizer", text.fill(name=stage.optimizer.type), "training",
                                 field="optimizer"))
    values = with_defaults(entry.params, stage.optimizer.params)
    rate = learning_rate_of(stage, values["learning_rate"], epoch_batches)
    values["learning_rate"] = rate.build({}, resolve) if isinstance(rate, Call) else rate
    extra = {"gradient_accumulation_steps": accumulation} if accumulation > 1 else {}
    optimizer = entry.call.build(values, resolve, **extra)
    if exempts(values):
        optimizer.exclude_from_weight_decay(var_names=list(DECAY_EXEMPT))
    return optimizer


def loss_of(project: Project, context: Context) -> Any:
    """The loss: the label mode's own for "auto"."""
    entry, values = chosen_loss(project.training.loss, context.label_mode)
    return entry.call.build(values, resolve)


def metrics_of(project: Project, context: Context, shares: bool = False, only_keras: bool = False) -> list[Any]:
    """The metrics of the project, named by their ids, those left out that these labels do not have. With `shares`, labels
    may be mixed; `only_keras` leaves out those that need a class of our own."""
    calls = (metric_call(step, context.label_mode, shares) for step in active_metrics(project.training.metrics))
    return [call.build({}, resolve) for call in calls if call is not None and not (only_keras and is_own(call))]


def compile_model(model: Any, project: Project, context: Context, stage: Stage | None = None,
                  epoch_batches: int = 1) -> None:
    """Compile with the optimizer of a stage (the last one by default), the project's loss and its metrics."""
    stage = stage or project.training.last_stage
    optimizer = optimizer_of(stage, project.training.accumulation, epoch_batches)
    if stage.base_rate_factor != 1:
        # A model within the network is a pretrained base.
        bases = [layer for layer in model.layers if isinstance(layer, keras.Model)]
        resolve(PREFIX + SLOW_DOWN.name)(optimizer, bases, stage.base_rate_factor)
    shares = any(step.type in MIXING for step in project.augmentation.active)
    _compile(model, optimizer, project, context, metrics_of(project, context, shares))


def with_plain_rate(optimizer: Any, variables: list[Any]) -> Any:
    """The optimizer with its state; where its rate comes from a schedule of our own, which no other program has, one with
    the rate that was reached."""
    schedule = getattr(optimizer, "_learning_rate", None)
    if not is_own_object(schedule):
        return optimizer
    config = optimizer.get_config() | {"learning_rate": max(float(numpy_of(optimizer.learning_rate)), 1e-12)}
    plain = type(optimizer).from_config(config)
    plain.build(variables)
    state = [variable for variable in plain.variables if variable is not plain._learning_rate]
    if optimizer.built:
        for mine, theirs in zip(state, optimizer.variables, strict=True):
            mine.assign(theirs)
    return plain


def compile_to_keep(model: Any, project: Project, context: Context, optimizer: Any) -> None:
    """Compile with an optimizer, used or new, for whole labels and with Keras's own metrics: the file can be loaded
    anywhere, and trained further."""
    optimizer = with_plain_rate(optimizer, model.trainable_variables)
    if not optimizer.built:
        # Keras builds it while loading, and warns where the file lacks its variables.
        optimizer.build(model.trainable_variables)
    _compile(model, optimizer, project, context, metrics_of(project, context, only_keras=True))


def _compile(model: Any, optimizer: Any, project: Project, context: Context, metrics: list[Any]) -> None:
    """By itself XLA only where JAX needs it: on a processor it made a small network slower."""
    wanted = {"on": True, "off": False, "auto": "auto" if keras.backend.backend() == "jax" else False}
    model.compile(optimizer=optimizer, loss=loss_of(project, context), metrics=metrics,
                  jit_compile=wanted[project.training.jit_compile])
