"""The objects of Keras that code creates: models, and pretrained networks with their layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cnnstudio.catalog.bases import Base
from cnnstudio.interchange.python_source.values import Class, Tensor


@dataclass(eq=False)
class Model:
    """Common to all models: the line where they are created, and the arguments of `compile` and `fit`."""

    line: int
    name: str = ""
    compiled: dict[str, Any] | None = None
    fitted: dict[str, Any] = field(default_factory=dict)
    nested: bool = False
    """Whether another model contains it."""


@dataclass(eq=False)
class TrainingCall:
    """A `compile` or `fit` of a model in the order of the code; `frozen` are the ids of the layers of each base that do not
    learn at that moment."""

    name: str
    model: Model
    arguments: list[Any]
    keywords: dict[str, Any]
    line: int
    frozen: dict[int, frozenset[str]]


@dataclass(eq=False)
class Chain(Model):
    """`keras.Sequential`: its layers, models and inputs in order."""

    items: list[Any] = field(default_factory=list)
    shape: Any = None
    """The input's shape without the batch, if `build` sets it."""
    ends: tuple[Any, Any, int] | None = None
    """(input, output, number of items) once it has been called on an input of its own."""


@dataclass(eq=False)
class Graph(Model):
    """`keras.Model(inputs, outputs)`."""

    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)


@dataclass(eq=False)
class BaseModel(Model):
    """A network of `keras.applications`."""

    base: Base = None  # type: ignore[assignment]
    params: dict[str, Any] = field(default_factory=dict)
    shape: Any = None
    classes: int = 0
    """Units of its top; 0 without a top."""
    frozen: set[str] = field(default_factory=set)
    """Ids of its frozen layers."""
    start: Tensor | None = None
    end: Tensor | None = None


@dataclass(eq=False)
class BaseLayer:
    """One layer of a base, by its id."""

    model: BaseModel
    id: str
    kind: str


@dataclass(eq=False)
class Instance(Model):
    """An object of a class of the source."""

    kind: Class = None  # type: ignore[assignment]
    names: dict[str, Any] = field(default_factory=dict)
    shape: Any = None
    init_arguments: tuple[list[Any], dict[str, Any]] = field(default_factory=lambda: ([], {}))
