"""The models of Keras source: called on inputs, each has its layers as nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cnnstudio.catalog.layers import PLAIN_OUTPUT
from cnnstudio.core.network import BASE, INPUT
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source.values import BaseModel, Chain, Graph, Instance, Model
from cnnstudio.interchange.python_source.graph import Nodes, ancestors
from cnnstudio.interchange.python_source.values import Layer, Tensor, TracedNode, Unknown


class GraphBuilder(Nodes):
    """The nodes and models that the code has created so far."""

    def __init__(self) -> None:
        super().__init__()
        self.models: list[Model] = []
        self.call_instance: Callable[[Instance, list[Any], dict[str, Any], int], Any] = lambda *_arguments: Unknown(
            Text("it is a custom object", "es un objeto propio"), 0)
        """Calls an object of a class of the file; set by the interpreter."""
        self.call_layer: Callable[[Layer, list[Tensor], int], Any] = self.apply
        """Calls a layer of a Sequential; the interpreter sets one that skips layers that only prepare pictures."""

    # Models ----------------------------------------------------------------------------------------

    def call_model(self, model: Model, tensors: Sequence[Tensor], line: int) -> Any:
        """Call a model on tensors: its layers are added again behind them."""
        model.nested = True
        if isinstance(model, Instance):
            return self.call_instance(model, list(tensors), {}, line)
        if isinstance(model, BaseModel):
            return self._call_base(model, tensors[0], line)
        if isinstance(model, Chain):
            return self._call_in_sequence(model.items, tensors[0], line)
        if isinstance(model, Graph):
            return self._copy_graph(model, tensors)
        raise TypeError(type(model).__name__)

    def ends(self, model: Model, line: int) -> tuple[list[Any], list[Any]]:
        """(inputs, outputs) of a model on its own; Unknown if the code leaves them open."""
        before, self._implied = self._implied, True
        try:
            return self._ends(model, line)
        finally:
            self._implied = before

    def _ends(self, model: Model, line: int) -> tuple[list[Any], list[Any]]:
        if isinstance(model, Graph):
            return model.inputs, model.outputs
        if isinstance(model, BaseModel):
            if model.start is None:
                model.start = self.input(model.shape, model.line)
            if model.end is None:
                model.end = self._call_base(model, model.start, model.line)
            return [model.start], [model.end]
        if isinstance(model, Chain):
            if model.ends is None or len(model.items) != model.ends[2]:
                start, answer = self._standalone_chain(model)
                model.ends = (start, answer, len(model.items))
            return [model.ends[0]], [model.ends[1]]
        if isinstance(model, Instance):
            start = self.input(model.shape, model.line)
            nested = model.nested
            answer = self.call_instance(model, [start], {}, model.line)
            model.nested = nested
            return [start], [answer]
        raise TypeError(type(model).__name__)

    def ancestors_of(self, ends: Iterable[TracedNode]) -> list[TracedNode]:
        """The nodes that lead to these, in order of creation."""
        return ancestors(ends)

    def _standalone_chain(self, chain: Chain) -> tuple[Any, Any]:
        """A Sequential on its own input: its Input, the shape of its first layer, or its first model."""
        items = list(chain.items)
        first = items[0] if items else None
        if isinstance(first, Tensor):
            return first, self._call_in_sequence(items[1:], first, chain.line)
        if isinstance(first, Model) and not isinstance(first, Instance):
            inputs, outputs = self.ends(first, chain.line)
            first.nested = True
            if len(inputs) == 1 and len(outputs) == 1 and isinstance(inputs[0], Tensor):
                return inputs[0], self._call_in_sequence(items[1:], outputs[0], chain.line)
        shape = chain.shape
        if isinstance(first, Layer) and first.input_shape is not None:
            shape = first.input_shape
            if first.kind == "InputLayer":
                items = items[1:]
        start = self.input(shape, chain.line)
        return start, self._call_in_sequence(items, start, chain.line)

    def _call_in_sequence(self, items: Iterable[Any], tensor: Any, line: int) -> Any:
        for item in items:
            if isinstance(item, Unknown) or isinstance(tensor, Unknown):
                return item if isinstance(item, Unknown) else tensor
            if isinstance(item, Layer):
                if item.kind != "InputLayer":
                    tensor = self.call_layer(item, [tensor], item.line)
            elif isinstance(item, Model):
                tensor = self.call_model(item, [tensor], line)
            elif not isinstance(item, Tensor):
                return Unknown(Text("a part of the Sequential is not a layer",
                                    "una parte del Sequential no es una capa"), line)
        return tensor

    def _copy_graph(self, graph: Graph, tensors: Sequence[Tensor]) -> Any:
        if any(isinstance(output, Unknown) for output in graph.outputs):
            return next(output for output in graph.outputs if isinstance(output, Unknown))
        copies = {id(old.node): new.node for old, new in zip(graph.inputs, tensors, strict=False)
                 if isinstance(old, Tensor)}
        for traced in ancestors([output.node for output in graph.outputs]):
            if id(traced) not in copies:
                copied = self.node(traced.kind, traced.params, [copies[id(source)] for source in traced.sources], traced.line,
                                 name=traced.name, layer=traced.layer, base=traced.base,
                                 shape=traced.shape if traced.kind == INPUT else None)
                copies[id(traced)] = copied.node
        outputs = [Tensor(copies[id(output.node)]) for output in graph.outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def _call_base(self, model: BaseModel, tensor: Tensor, line: int) -> Tensor:
        output = self.node(BASE, model.params, [tensor.node], line, base=model)
        if model.classes:
            output = self.node(PLAIN_OUTPUT, {"units": model.classes, "activation": "softmax"}, [output.node], line,
                              name="predictions")
        return output
