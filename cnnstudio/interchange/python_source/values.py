"""The values of names in source: plain values of Python, names of libraries, functions and classes of the file, layers.

Numbers, texts, tuples, lists, dictionaries and ranges represent themselves. No value here can run code.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from cnnstudio.core.text import Text

Shape = tuple[int, ...]


class SourceError(Exception):
    """Ends the reading, with the line (from 1) of the problem."""

    def __init__(self, code: str, text: Text, line: int) -> None:
        super().__init__(text.en)
        self.code, self.text, self.line = code, text, line


@dataclass(eq=False)
class Unknown:
    """A value that is known only when the code runs; why, and where."""

    reason: Text
    line: int


@dataclass(frozen=True)
class Name:
    """A dotted name of a library, "keras.layers.Conv2D"; nothing is imported."""

    path: str


@dataclass(eq=False)
class CallValue:
    """The object that a call of a library makes: `keras.regularizers.L2(0.01)`."""

    path: str
    arguments: list[Any]
    keywords: dict[str, Any]
    line: int


@dataclass(eq=False)
class Remark:
    """A message for the user on one line of the source."""

    code: str
    text: Text
    line: int


@dataclass(eq=False)
class Layer:
    """A layer, called or not. `kind` is its type here; `open` are settings that the code leaves open."""

    kind: str
    params: dict[str, Any]
    line: int
    name: str = ""
    trainable: bool = True
    is_known: bool = True
    open: set[str] = field(default_factory=set)
    input_shape: Any = None
    activation: Layer | None = None
    """A layer passed as activation: it follows this one."""
    remarks: list[Remark] = field(default_factory=list)
    called: list[TracedNode] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    """The settings in the source, for attributes such as `layer.filters`."""


@dataclass(eq=False)
class TracedNode:
    """One node of the graph. `shape` is without the batch, None where it is open."""

    number: int
    kind: str
    params: dict[str, Any]
    sources: list[TracedNode]
    line: int
    name: str = ""
    shape: Shape | None = None
    layer: Layer | None = None
    base: Any = None
    """The pretrained network that the node is, as the reader of its language holds it."""
    implied: bool = False
    """Created because the ends of a model were needed, not because the code called something."""
    error: SourceError | None = None
    """Why a network cannot start from this input."""


@dataclass(eq=False)
class Tensor:
    """The output of a node."""

    node: TracedNode


@dataclass(eq=False)
class Scope:
    """Names and their values; the outer scope is searched next."""

    names: dict[str, Any] = field(default_factory=dict)
    outer: Scope | None = None

    def find(self, name: str) -> tuple[bool, Any]:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return True, scope.names[name]
            scope = scope.outer
        return False, None


@dataclass(eq=False)
class Function:
    """A function or lambda of the source."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    defaults: list[Any]
    named_defaults: list[Any]
    owner: Class | None = None

    @property
    def decorator(self) -> str:
        """"staticmethod", "classmethod" or "property" of a function with that decorator."""
        names = [item.id for item in getattr(self.node, "decorator_list", ()) if isinstance(item, ast.Name)]
        return next((name for name in names if name in ("staticmethod", "classmethod", "property")), "")

    @property
    def name(self) -> str:
        return "lambda" if isinstance(self.node, ast.Lambda) else self.node.name


@dataclass(eq=False)
class Class:
    """A class of the source; `role` is the kind of its base class as the reader of a library tells it ("model", "layer"), ""
    for anything else. `about` is its docstring."""

    name: str
    role: str
    names: dict[str, Any]
    bases: list[Any]
    line: int
    about: str = ""
    node: ast.ClassDef | None = None

    def find(self, name: str) -> Any:
        """An attribute of the class or its base classes; None if there is none."""
        if name in self.names:
            return self.names[name]
        return next((value for item in self.bases if isinstance(item, Class)
                     and (value := item.find(name)) is not None), None)


@dataclass(eq=False)
class Method:
    """A method of an object: `model.add`, `self.conv_block`."""

    owner: Any
    name: str
    function: Function | None = None
