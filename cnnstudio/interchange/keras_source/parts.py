"""What the parts of the interpreter of Keras source share: its state, and what each part does for the others."""

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
"""Expressions that are evaluated before the reading stops: the largest printed base takes a fifth."""
NOT_RUN: Final = Text("only running the code would tell", "solo se sabría al ejecutar el código")


class OutOfSteps(Exception):
    """The code goes on and on."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


class State:
    """What is known while a file is followed: the graph it draws, and what a reader should hear of."""

    def __init__(self) -> None:
        self.graph = GraphBuilder()
        self.remarks: list[Remark] = []
        self.augmenting: dict[str, int] = {}
        """Kinds of augmenting layers that were passed over, and the line of the first of each."""
        self.scope = Scope(names={"__name__": "__main__", "__file__": "network.py"})
        self.bases: dict[str, Node] = {}
        """Nodes of bases whose printed functions are known, by the syntax of each."""
        self.starred = False
        """Whether all names of keras.layers were imported."""
        self.steps = STEPS
        self.line = 1
        self.stopped = 0
        """The line at which the reading ended before the end of the file; 0 where it did not."""


class ExpressionPart(Protocol):
    def value(self, node: ast.expr, scope: Scope) -> Any: ...

    def truth(self, value: Any) -> bool | None: ...

    def operate(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any: ...


class ObjectPart(Protocol):
    def attribute(self, owner: Any, name: str, line: int) -> Any: ...

    def set_attribute(self, owner: Any, name: str, value: Any, line: int) -> None: ...

    def layers(self, model: Model) -> list[Any]: ...

    def act(self, method: Method, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def instance(self, kind: Class, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def answer(self, owner: Instance, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def parent(self, scope: Scope) -> Any: ...

    def known(self, traced: TracedNode) -> bool: ...


class CallPart(Protocol):
    def call(self, function: Any, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def apply(self, layer: Layer, tensors: list[Tensor], line: int) -> Any: ...

    def joined(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any: ...

    def tensors(self, values: list[Any]) -> tuple[list[Tensor], Unknown | None]: ...


class StatementPart(Protocol):
    def follow(self, tree: ast.Module) -> None: ...

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None: ...

    def run(self, function: Function, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...


class Parts(Protocol):
    """The interpreter, as its parts see it."""

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
