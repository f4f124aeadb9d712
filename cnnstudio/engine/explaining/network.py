"""A trained network opened up: any inner layer, also of a base within it, and the scores before the last activation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import keras

from cnnstudio.catalog.layers import LAYERS, LayerType

PIXELS: Final = ""
"""The name of the input among the layers."""
_ENDS: Final = ("softmax", "sigmoid")
"""Final activations that turn scores into probabilities."""
Hook = Callable[[str, Any], Any]
"""Gets the name and the output of a layer, and answers the output that the following layers see."""


@dataclass(frozen=True, eq=False)
class Step:
    """One operation of a graph: its tensors in `args`, `kwargs` and `output` are those that Keras drew it with. `inner` are
    the steps of a model within the model."""

    name: str
    operation: Any
    args: Any
    kwargs: Mapping[str, Any]
    output: Any
    inner: Graph | None = None

    @property
    def entry(self) -> LayerType | None:
        """The layer in the catalog, None for others."""
        return LAYERS.find(type(self.operation).__name__)

    @property
    def sources(self) -> list[Any]:
        """The tensors that enter."""
        return [leaf for leaf in keras.tree.flatten((self.args, dict(self.kwargs))) if _is_tensor(leaf)]


@dataclass(frozen=True, eq=False)
class Graph:
    """The steps of a model in an order in which they can be done."""

    inputs: tuple[Any, ...]
    output: Any
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class InnerLayer:
    """A layer by its name, "base/block" within a nested model. `shape` is that of its output for one picture; `maps`: the
    output are feature maps of more than one position, made by a layer with a kernel."""

    name: str
    kind: str
    shape: tuple[int, ...]
    maps: bool
    step: Step = field(repr=False, compare=False)


class OpenNetwork:
    """A model whose layers can be watched and changed one by one. It computes in float32, in inference mode: batch
    normalisation uses its moving averages, dropout does nothing."""

    def __init__(self, model: Any) -> None:
        for layer in _all_layers(model):
            # Gradients of small scores vanish in 16 bits.
            if getattr(layer, "compute_dtype", "float32") != "float32":
                layer.dtype_policy = keras.DTypePolicy("float32")
        self.model = model
        self.graph = _graph(model, "")
        self._last = _score_step(self.graph)
        self.input_shape: tuple[int, ...] = tuple(model.input_shape[1:])
        self.layers = tuple(_inner_layers(self.graph))

    @property
    def final_activation(self) -> str:
        """What turns the scores into probabilities: "softmax", "sigmoid" or "" where the outputs themselves are the
        scores."""
        return "" if self._last is None else _activation(self._last)

    def find(self, name: str) -> InnerLayer | None:
        """The layer of that name; the last part of the name is enough where only one layer has it."""
        exact = [layer for layer in self.layers if layer.name == name]
        short = [layer for layer in self.layers if layer.name.rpartition("/")[2] == name]
        return exact[0] if exact else short[0] if len(short) == 1 else None

    def default_layer(self) -> InnerLayer | None:
        """The last layer with feature maps of more than one position: what is pooled or flattened afterwards. None for a
        network without a convolution."""
        return next((layer for layer in reversed(self.layers) if layer.maps), None)

    def scores(self, pictures: Any, hook: Hook | None = None) -> Any:
        """(n, outputs) before the last activation, for a tensor of pictures; `hook` sees every layer, the input first."""
        if hook is not None:
            pictures = hook(PIXELS, pictures)
        return _run(self.graph, (pictures,), hook, self._last)


def _all_layers(model: Any) -> Iterator[Any]:
    """A layer and every layer in it, those of composite layers and wrappers included."""
    yield model
    for layer in getattr(model, "_layers", ()):
        yield from _all_layers(layer)


def _graph(model: Any, prefix: str) -> Graph:
    if isinstance(model, keras.Sequential):
        tensor = start = model.inputs[0]
        steps = []
        for layer in model.layers:
            inner = _graph(layer, f"{prefix}{layer.name}/") if _is_graph(layer) else None
            output = layer(tensor)
            steps.append(Step(prefix + layer.name, layer, (tensor,), {}, output, inner))
            tensor = output
        return Graph((start,), tensor, tuple(steps))
    steps = []

    def record(operation: Any, *args: Any, **kwargs: Any) -> Any:
        inner = _graph(operation, f"{prefix}{operation.name}/") if _is_graph(operation) else None
        output = operation(*args, **kwargs)
        steps.append(Step(prefix + operation.name, operation, args, kwargs, output, inner))
        return output

    # The layers stay the same: only the calls are drawn once more, each before what needs it.
    drawn = keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=record)
    return Graph(tuple(drawn.inputs), drawn.outputs[0], tuple(steps))


def _is_graph(operation: Any) -> bool:
    return isinstance(operation, keras.Sequential) or type(operation).__name__ == "Functional"


def _is_tensor(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor)


def _run(graph: Graph, inputs: tuple[Any, ...], hook: Hook | None, last: Step | None) -> Any:
    known = {id(tensor): value for tensor, value in zip(graph.inputs, inputs, strict=True)}

    def value(leaf: Any) -> Any:
        return known[id(leaf)] if _is_tensor(leaf) else leaf

    for step in graph.steps:
        args, kwargs = keras.tree.map_structure(value, (step.args, dict(step.kwargs)))
        if step.inner is not None:
            entered = [known[id(tensor)] for tensor in step.sources]
            result = _run(step.inner, tuple(entered), hook, last)
        else:
            work = _without_activation if step is last else _apply
            result = work(step.operation, args, kwargs)
            if hook is not None and _is_tensor(step.output):
                result = hook(step.name, result)
        for tensor, part in zip(keras.tree.flatten(step.output), keras.tree.flatten(result), strict=True):
            known[id(tensor)] = part
    return known[id(graph.output)]


def _score_step(graph: Graph) -> Step | None:
    """The step whose softmax or sigmoid is the last thing but for layers that keep it."""
    steps = {id(tensor): step for step in graph.steps for tensor in keras.tree.flatten(step.output)}
    tensor = graph.output
    while (step := steps.get(id(tensor))) is not None:
        if step.inner is not None:
            return _score_step(step.inner)
        if _activation(step):
            return step
        if step.entry is None or not step.entry.transparent or len(step.sources) != 1:
            return None
        tensor = step.sources[0]
    return None


def _activation(step: Step) -> str:
    """The softmax or sigmoid of a step, or ""."""
    holder = holder_of(step.operation)
    name = getattr(getattr(holder, "activation", None), "__name__", "") or type(step.operation).__name__.lower()
    return name if name in _ENDS else ""


def holder_of(operation: Any) -> Any:
    """The layer that has kernel and activation: that in a wrapper, or the layer itself."""
    inner = getattr(operation, "layer", None)
    return inner if isinstance(inner, keras.Layer) else operation


def _apply(operation: Any, args: Any, kwargs: Any) -> Any:
    return operation(*args, **kwargs)


def _without_activation(operation: Any, args: Any, kwargs: Any) -> Any:
    holder = holder_of(operation)
    if not getattr(holder, "weights", ()):
        return args[0]
    before = holder.activation
    holder.activation = keras.activations.linear
    try:
        return operation(*args, **kwargs)
    finally:
        holder.activation = before


def _inner_layers(graph: Graph) -> Iterator[InnerLayer]:
    """All layers with one output, in the order of the graph; a nested model is told by its layers."""
    learned: set[int] = set()

    def walk(part: Graph) -> Iterator[InnerLayer]:
        for step in part.steps:
            if step.inner is not None:
                if any(id(tensor) in learned for tensor in step.sources):
                    learned.update(id(tensor) for tensor in step.inner.inputs)
                yield from walk(step.inner)
                if id(step.inner.output) in learned:
                    learned.update(id(tensor) for tensor in keras.tree.flatten(step.output))
                continue
            entry = step.entry
            if (entry is not None and entry.has_kernel) or any(id(tensor) in learned for tensor in step.sources):
                learned.update(id(tensor) for tensor in keras.tree.flatten(step.output))
            if not _is_tensor(step.output) or not isinstance(step.operation, keras.Layer):
                continue
            shape = tuple(step.output.shape[1:])
            maps = len(shape) == 3 and shape[0] * shape[1] > 1 and id(step.output) in learned
            yield InnerLayer(step.name, type(step.operation).__name__, shape, maps, step)

    yield from walk(graph)
