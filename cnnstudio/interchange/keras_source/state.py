"""The shared state of the interpreter of Keras source, and the protocols of its parts."""

from __future__ import annotations

import ast
from typing import Any, Final, Protocol

from cnnstudio.core.network import Node
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source.graph_builder import GraphBuilder
from cnnstudio.interchange.keras_source.values import (
    Class,
    Function,
    Instance,
    Layer,
    Method,
    Model,
    Remark,
    Scope,
    Tensor,
    TracedNode,
    Unknown,
)

STEPS: Final = 60_000
"""Limit of evaluated expressions: the largest printed base takes a fifth."""
NOT_RUN: Final = Text("it would be known only by running the code", "solo se sabría al ejecutar el código")


class OutOfSteps(Exception):
    """The code exceeds the limit of steps."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


class State:
    """The state while a file is followed: its graph, and the remarks for the user."""

    def __init__(self) -> None:
        self.graph = GraphBuilder()
        self.remarks: list[Remark] = []
        self.augmenting: dict[str, int] = {}
        """Types of skipped augmentation layers, with the line of their first use."""
        self.scope = Scope(names={"__name__": "__main__", "__file__": "network.py"})
        self.bases: dict[str, Node] = {}
        """Nodes of bases by the syntax of their printed functions."""
        self.starred = False
        """Whether the code has `from keras.layers import *`."""
        self.steps = STEPS
        self.line = 1
        self.stopped = 0
        """The line at which the reading stopped before the end of the file; 0 if it did not."""


class ExpressionPart(Protocol):
    def value(self, node: ast.expr, scope: Scope) -> Any: ...

    def truth(self, value: Any) -> bool | None: ...

    def operate(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any: ...


class ObjectPart(Protocol):
    def attribute(self, owner: Any, name: str, line: int) -> Any: ...

    def set_attribute(self, owner: Any, name: str, value: Any, line: int) -> None: ...

    def layers(self, model: Model) -> list[Any]: ...

    def call_method(self, method: Method, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def make_instance(self, kind: Class, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def call_instance(self, owner: Instance, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def super_object(self, scope: Scope) -> Any: ...

    def is_known(self, traced: TracedNode) -> bool: ...


class CallPart(Protocol):
    def call(self, function: Any, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def apply(self, layer: Layer, tensors: list[Tensor], line: int) -> Any: ...

    def combine_tensors(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any: ...

    def tensors(self, values: list[Any]) -> tuple[list[Tensor], Unknown | None]: ...


class StatementPart(Protocol):
    def follow(self, tree: ast.Module) -> None: ...

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None: ...

    def run(self, function: Function, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...


class Parts(Protocol):
    """The interpreter, as its parts use it."""

    @property
    def state(self) -> State: ...

    @property
    def expressions(self) -> ExpressionPart: ...

    @property
    def objects(self) -> ObjectPart: ...

    @property
    def calls(self) -> CallPart: ...

    @property
    def statements(self) -> StatementPart: ...
