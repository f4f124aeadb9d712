"""What the interpreter of source knows of PyTorch: its names, its classes, and loops that train."""

from __future__ import annotations

import ast
from typing import Any, Final, Protocol

from cnnstudio.catalog.torch_modules import find_helper
from cnnstudio.interchange.python_source.expressions import Expressions
from cnnstudio.interchange.python_source.graph import Nodes
from cnnstudio.interchange.python_source.state import NOT_RUN, CallPart, ObjectPart, Parts, State
from cnnstudio.interchange.python_source.statements import Statements
from cnnstudio.interchange.python_source.values import CallValue, Name, Scope, Unknown
from cnnstudio.interchange.torch_source.values import HelperClass, Loop, Module, Training

_ASSUMED: Final = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "optim": "torch.optim", "np": "numpy",
                   "math": "math", "torchvision": "torchvision", "transforms": "torchvision.transforms",
                   "models": "torchvision.models", "datasets": "torchvision.datasets"}
"""The meaning of names that code uses without importing them."""
_ROLES: Final = {"Module": "module", "Sequential": "sequential", "ModuleList": "list", "ModuleDict": "dict",
                 "LightningModule": "module"}


class TorchState(State):
    """The state while PyTorch source is followed."""

    def __init__(self) -> None:
        super().__init__(Nodes())
        self.modules: list[Module] = []
        """Objects of classes of the file and containers, in the order of their creation."""
        self.trained: list[Any] = []
        """Modules whose parameters an optimizer got."""
        self.shapes: list[tuple[int, int, int]] = []
        """Shapes (height, width, channels) that the code passes to a network."""
        self.loops: list[Loop] = []
        self.star_imports = False


class TorchObjectPart(ObjectPart, Protocol):
    def call_module(self, module: Module, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...


class TorchCallPart(CallPart, Protocol):
    def function(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any: ...


class TorchParts(Parts, Protocol):
    """The interpreter, as its parts that know PyTorch use it."""

    @property
    def state(self) -> TorchState: ...

    @property
    def objects(self) -> TorchObjectPart: ...

    @property
    def calls(self) -> TorchCallPart: ...

    @property
    def statements(self) -> Statements: ...


class TorchExpressions(Expressions):
    """Expressions of PyTorch source."""

    def __init__(self, parts: TorchParts) -> None:
        super().__init__(parts)
        self._torch = parts.state

    def assumed_name(self, name: str) -> Name | None:
        if name in _ASSUMED:
            return Name(_ASSUMED[name])
        return Name(f"torch.nn.{name}") if self._torch.star_imports else None

    def truth(self, value: Any) -> bool | None:
        """`self.training` is no: a network is read as it predicts."""
        if isinstance(value, Training):
            return False
        return None if isinstance(value, CallValue) else super().truth(value)


class TorchStatements(Statements):
    """Statements of PyTorch source."""

    def __init__(self, parts: TorchParts) -> None:
        super().__init__(parts)
        self._torch = parts.state

    def import_all(self, module: str) -> None:
        self._torch.star_imports = self._torch.star_imports or module == "torch.nn"

    def class_role(self, parents: list[str]) -> str:
        return next((_ROLES[name] for parent in parents if (name := parent.rpartition(".")[2]) in _ROLES), "")

    def _do_classdef(self, node: ast.ClassDef, scope: Scope) -> None:
        helper = find_helper(node)
        if helper is None:
            super()._do_classdef(node, scope)
        else:
            scope.names[node.name] = HelperClass(helper, node.name)

    def _do_functiondef(self, node: ast.FunctionDef, scope: Scope) -> None:
        helper = find_helper(node)
        if helper is None:
            super()._do_functiondef(node, scope)
        else:
            scope.names[node.name] = HelperClass(helper, node.name)

    def rounds(self, node: ast.For, items: list[Any] | None) -> list[Any] | None:
        """A loop that trains is followed once: over epochs, and over batches that are not known."""
        called = [item.func for item in ast.walk(node) if isinstance(item, ast.Call)]
        trains = any(isinstance(function, ast.Attribute) and function.attr in ("backward", "step") for function in called)
        variable = node.target.id.lower() if isinstance(node.target, ast.Name) else ""
        is_epochs = "epoch" in variable
        if not trains and not is_epochs:
            return items
        if is_epochs:
            self._torch.loops.append(Loop(len(items) if items is not None else 0, node.lineno))
        return items[:1] if items else [Unknown(NOT_RUN, node.lineno)]


