"""Which module or function of PyTorch makes which layers: the layers' PyTorch forms (`torch_form`), read backwards."""

from __future__ import annotations

import ast
from typing import Final

from cnnstudio.catalog.torch_modules import activation, convolution, helpers, normalization, pooling
from cnnstudio.catalog.torch_modules.entry import (
    REQUIRED,
    Called,
    Made,
    NoCounterpart,
    Reading,
    TorchModule,
)

TORCH_MODULES: Final = (*convolution.MODULES, *pooling.MODULES, *normalization.MODULES, *activation.MODULES)
_BY_NAME: Final = {name: module for module in TORCH_MODULES for name in module.names}
_BY_FUNCTION: Final = {name: module for module in TORCH_MODULES for name in module.functions}
_HELPERS: Final = {module.names[0]: module for module in helpers.MODULES}


def find_module(name: str) -> TorchModule | None:
    """The module of a class of torch.nn, by its last name."""
    return _BY_NAME.get(name)


def find_function(name: str) -> TorchModule | None:
    """The module that computes a function of a tensor, by its last name."""
    return _BY_FUNCTION.get(name)


def find_helper(node: ast.ClassDef | ast.FunctionDef) -> TorchModule | None:
    """The module of a class or function that the program printed; None if it is no such, or was changed."""
    module = _HELPERS.get(node.name)
    if module is None or module.helper is None:
        return None
    return module if ast.dump(node) == ast.dump(ast.parse(module.helper.code).body[0]) else None


__all__ = ["REQUIRED", "TORCH_MODULES", "Called", "Made", "NoCounterpart", "Reading", "TorchModule", "find_function",
           "find_helper", "find_module"]
