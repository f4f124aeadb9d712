"""The shared state of an interpreter of source, and the protocols of its parts."""

from __future__ import annotations

import ast
from typing import Any, Final, Protocol

from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.graph import Nodes
from cnnstudio.interchange.python_source.values import (
    CallValue,
    Class,
    Function,
    Method,
    Remark,
    Scope,
    Tensor,
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
    """The state while a file is followed: its graph, the calls of libraries, and the remarks for the user."""

    def __init__(self, graph: Nodes) -> None:
        self.graph = graph
        self.remarks: list[Remark] = []
        self.library_calls: list[CallValue] = []
        """The calls of libraries in the order in which the code makes them."""
        self.scope = Scope(names={"__name__": "__main__", "__file__": "network.py"})
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

    def item(self, owner: Any, key: Any, line: int) -> Any: ...

    def set_item(self, owner: Any, key: Any, value: Any) -> None: ...

    def items(self, value: Any) -> list[Any] | None: ...

    def call_method(self, method: Method, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def make_instance(self, kind: Class, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def super_object(self, scope: Scope) -> Any: ...


class CallPart(Protocol):
    def call(self, function: Any, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...

    def combine_tensors(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any: ...

    def tensors(self, values: list[Any]) -> tuple[list[Tensor], Unknown | None]: ...

    def is_instance(self, value: Any, kinds: Any, line: int) -> Any: ...


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
