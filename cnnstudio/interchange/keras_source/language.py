"""What the interpreter of source knows of Keras: its names, its classes, the functions that build its bases."""

from __future__ import annotations

import ast
from typing import Any, Protocol

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core.network import BASE, Node
from cnnstudio.interchange.keras_source import bases
from cnnstudio.interchange.keras_source.graph_builder import GraphBuilder
from cnnstudio.interchange.keras_source.names import ASSUMED, canonical, layer_kind
from cnnstudio.interchange.keras_source.values import BaseModel, Instance, Model, TrainingCall
from cnnstudio.interchange.python_source.expressions import Expressions
from cnnstudio.interchange.python_source.names import path_parts
from cnnstudio.interchange.python_source.state import CallPart, ObjectPart, Parts, State
from cnnstudio.interchange.python_source.statements import Statements
from cnnstudio.interchange.python_source.values import Function, Layer, Name, Tensor, TracedNode


class KerasState(State):
    """The state while Keras source is followed."""

    graph: GraphBuilder

    def __init__(self) -> None:
        super().__init__(GraphBuilder())
        self.augmenting: dict[str, int] = {}
        """Types of skipped augmentation layers, with the line of their first use."""
        self.bases: dict[str, Node] = {}
        """Nodes of bases by the syntax of their printed functions."""
        self.training_calls: list[TrainingCall] = []
        self.changes: list[Layer] = []
        """Layers that change training pictures, in the order of their creation."""
        self.starred = False
        """Whether the code has `from keras.layers import *`."""


def frozen_layers(graph: GraphBuilder) -> dict[int, frozenset[str]]:
    """The ids of the frozen layers of each base, by the identity of the base's model."""
    return {id(model): frozenset(model.frozen) for model in graph.models if isinstance(model, BaseModel)}


class KerasObjectPart(ObjectPart, Protocol):
    def layers(self, model: Model) -> list[Any]: ...

    def call_instance(self, owner: Instance, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def is_known(self, traced: TracedNode) -> bool: ...


class KerasCallPart(CallPart, Protocol):
    def apply(self, layer: Layer, tensors: list[Tensor], line: int) -> Any: ...


class KerasParts(Parts, Protocol):
    """The interpreter, as its parts that know Keras use it."""

    @property
    def state(self) -> KerasState: ...

    @property
    def objects(self) -> KerasObjectPart: ...

    @property
    def calls(self) -> KerasCallPart: ...


class KerasExpressions(Expressions):
    """Expressions of Keras source."""

    def __init__(self, parts: KerasParts) -> None:
        super().__init__(parts)
        self._keras = parts.state

    def assumed_name(self, name: str) -> Name | None:
        """Keras's classes and modules, in code that does not import them."""
        if name in ASSUMED:
            return Name(ASSUMED[name])
        if name in ("Sequential", "Model"):
            return Name(f"keras.{name}")
        if LAYERS.find(layer_kind(name)) is not None or name == "InputLayer" or self._keras.starred:
            return Name(f"keras.layers.{name}")
        return None


class KerasStatements(Statements):
    """Statements of Keras source."""

    def __init__(self, parts: KerasParts) -> None:
        super().__init__(parts)
        self._keras = parts.state

    def canonical(self, path: str) -> str:
        return canonical(path)

    def import_all(self, module: str) -> None:
        self._keras.starred = self._keras.starred or module == "keras.layers"

    def class_role(self, parents: list[str]) -> str:
        """"model" or "layer" for a class derived from one of these."""
        names = [path_parts(parent)[2] for parent in parents]
        return "model" if "Model" in names or "Sequential" in names else "layer" if "Layer" in names else ""

    def run(self, function: Function, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """Call a function of the file; one that builds the layers of a base becomes that base."""
        graph, known = self._keras.graph, self._keras.bases
        if known and len(arguments) == 1 and isinstance(arguments[0], Tensor) and (
                node := known.get(ast.dump(function.node))) is not None:
            return graph.node(BASE, dict(node.params), [arguments[0].node], line, name=node.id)
        before = len(graph.nodes)
        answer = super().run(function, arguments, keywords, line)
        params = bases.recognise_base(function, graph.nodes[before:], arguments[0] if arguments else None, answer)
        if params is None:
            return answer
        del graph.nodes[before:]
        source: Tensor = arguments[0]
        return graph.node(BASE, params, [source.node], line, name=bases.node_name(function))
