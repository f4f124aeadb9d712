"""Networks out of Python source, whatever library it is written for: read as text, by its syntax alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.bases.resolver import BUILT_IN, BaseResolver
from cnnstudio.core.network import Node
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source import reader as keras_reader
from cnnstudio.interchange.python_source.source import (
    Framework,
    Source,
    SourceNetwork,
    parse,
    read_source,
    source_problem,
)
from cnnstudio.interchange.python_source.values import SourceError
from cnnstudio.interchange.torch_source import reader as torch_reader

_TORCH: Final = re.compile(r"^\s*(import\s+torch\b|from\s+torch\b)|\bnn\.Module\b", re.MULTILINE)
_TORCH_MODULES: Final = re.compile(r"\bnn\.(Module|Sequential)\b|^\s*from\s+torch\.nn\s+import\b", re.MULTILINE)
_KERAS: Final = re.compile(r"\bkeras\b")
_KERAS_IMPORT: Final = re.compile(r"^\s*(import|from)\s+(tensorflow|keras|tf_keras)\b", re.MULTILINE)
replace = msgspec.structs.replace


def framework_of(text: str) -> Framework:
    """The library that source is written for, by what it imports and names."""
    if not _TORCH.search(text):
        return "keras"
    if not _KERAS.search(text):
        return "torch"
    # Keras may run on PyTorch, and a PyTorch file may speak of Keras.
    return "torch" if _TORCH_MODULES.search(text) and not _KERAS_IMPORT.search(text) else "keras"


def read_file(path: Path, size: tuple[int, int] | None = None) -> SourceNetwork:
    """The network in a Python file or in the code cells of a notebook; raises ProblemError.

    `size` is the (height, width) that is tried first where PyTorch code does not tell it.
    """
    source = read_source(path)
    try:
        return read(source, with_data=True, size=size)
    except ProblemError as problem_error:
        located = (replace(problem, where=replace(problem.where, path=str(path))) for problem in problem_error.problems)
        raise ProblemError(*located) from None


def read_code(text: str, bases: Mapping[str, Node] | None = None, size: tuple[int, int] | None = None,
              resolver: BaseResolver = BUILT_IN) -> SourceNetwork:
    """The network that Python source describes; raises ProblemError with the lines.

    `bases` maps printed functions and classes to the nodes of the bases that they build, which `resolver` finds.
    """
    return read(Source(text), bases, size=size, resolver=resolver)


def read(source: Source, bases: Mapping[str, Node] | None = None, with_data: bool = False,
         size: tuple[int, int] | None = None, resolver: BaseResolver = BUILT_IN) -> SourceNetwork:
    """The network of a source, `with_data` also the scaling of its data code; raises ProblemError."""
    try:
        tree = parse(source)
        if framework_of(source.text) == "torch":
            return torch_reader.read(source, tree, bases, with_data, size, resolver)
        return keras_reader.read(source, tree, bases, with_data)
    except SourceError as source_error:
        raise source_problem(source, source_error.code, source_error.text, source_error.line) from None
    except (RecursionError, MemoryError):
        raise source_problem(source, "code_too_deep", Text(
            "The code is nested too deeply.", "El código está demasiado anidado."), 0) from None
