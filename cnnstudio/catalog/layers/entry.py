"""The type of an entry in the layer registry."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec

from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.shapes import Shape, Values
from cnnstudio.catalog.torch_form import TorchForm
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.params import Param
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text

T = TypeVar("T")
Family = Literal["input", "base", "convolution", "pooling", "normalization", "activation", "core", "regularization",
                 "reshaping", "merge", "attention"]

FAMILIES: dict[str, Text] = {
    "input": Text("Input", "Entrada"),
    "base": Text("Pretrained", "Preentrenado"),
    "convolution": Text("Convolution", "Convolución"),
    "pooling": Text("Pooling", "Agrupamiento"),
    "normalization": Text("Normalisation", "Normalización"),
    "activation": Text("Activation", "Activación"),
    "core": Text("Core", "Básicas"),
    "regularization": Text("Regularisation", "Regularización"),
    "reshaping": Text("Reshaping", "Cambio de forma"),
    "merge": Text("Merge", "Unión"),
    "attention": Text("Attention", "Atención"),
}


class ShapeError(Exception):
    """Raised by a layer's shape function when its inputs cannot work; becomes a located Problem."""

    def __init__(self, code: str, text: Text, *fixes: Fix) -> None:
        super().__init__(text.en)
        self.code, self.text, self.fixes = code, text, fixes


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters and multiply-adds of one layer for one picture (bias additions are not counted)."""

    trainable: int = 0
    non_trainable: int = 0
    multiply_adds: int = 0

    @property
    def parameters(self) -> int:
        return self.trainable + self.non_trainable


class Window(msgspec.Struct, frozen=True):
    """The window of a layer: (height, width) of the kernel with its dilation, and the strides."""

    kernel: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    up: tuple[int, int] = (1, 1)
    """The factors by which input rows and columns are repeated or spread, as in UpSampling2D."""
    is_global: bool = False
    """The layer covers the whole picture, as Flatten and global pooling do."""
    begin: tuple[int, int] | None = None
    """For a layer that adds or crops a border: the row and column of the input at which the output begins, negative where
    something is added."""


Passing = Literal["list", "arguments", "list of two"]
"""How inputs enter Keras's layer: one alone and several as a list; as positional arguments, a single
one twice (query and value); as a list, a single one twice."""

ShapeFunction = Callable[[Values, tuple[Shape, ...], Context], Shape]
CostFunction = Callable[[Values, tuple[Shape, ...], Shape, Context], Cost]


@dataclass(frozen=True)
class Subgraph:
    """The layers inside a composite layer; equal keys mean equal layers in an equal context.

    `network` starts with an Input and ends with the layer whose output leaves it; `context` describes its input.
    `trainable` are the ids of layers that learn. With `weights_from` the number of weights of every layer must be the
    same as in that other context (the weights exist already); where it is not, or the end has no shape, `unfit` is
    raised.
    """

    key: Hashable
    network: Callable[[], NetworkSpec] = field(compare=False)
    context: Context = field(compare=False)
    trainable: Callable[[], frozenset[str]] = field(compare=False)
    unfit: Callable[[NetworkSpec], ShapeError] = field(compare=False)
    weights_from: Context | None = field(default=None, compare=False)


SubgraphFunction = Callable[[Values, tuple[Shape, ...], Context], Subgraph]


def no_cost(_values: Values, _inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    return Cost()


class LayerType(msgspec.Struct, frozen=True, kw_only=True):
    """One layer of the palette.

    `shape` gives the output's shape or raises ShapeError; `cost` its parameters and multiply-adds;
    `window` how far it looks. `call` builds and prints it, by completed values of the parameters and the context, which
    the caller adds under "context". `formula` says in plain Unicode what is computed.
    `torch` writes it for PyTorch, or says why PyTorch has no such layer; None only for the input and for a layer that is a
    network of its own, which the printer writes itself.

    The traits tell consumers (checks, advice, readers, printers) what they may conclude about a layer, so that none of them
    keeps a list of names.

    A composite layer has a `subgraph` (a function that raises ShapeError where the inputs do not fit): its cost is
    that of the layers inside, and `shape` gets the output of the last of them instead of the layer's own inputs.
    """

    id: str
    family: Family
    help: Text
    call: Call
    formula: str = ""
    shape: ShapeFunction
    params: tuple[Param, ...] = ()
    cost: CostFunction = no_cost
    subgraph: SubgraphFunction | None = None
    window: Callable[[Values], Window] = lambda _values: Window()
    minimum_inputs: int = 1
    maximum_inputs: int | None = 1
    passing: Passing = "list"
    version: int = 1
    label: Text | None = None
    in_palette: bool = True
    torch: TorchForm | None = None
    id_stem: str = ""
    """First part of the id of a new layer, in snake case; empty: the id in small letters."""
    positional: tuple[str, ...] = ()
    """Keras's positional arguments in their order; empty: as in `call`."""
    file_safe: bool = True
    """A model file of unknown origin may have this layer: it cannot carry code."""
    elementwise: bool = False
    """The layer is elementwise: the output has the shape of the input."""
    keeps_pixels: bool = False
    """The output is pixels if the input is."""
    recipe_part: Literal["", "scaling", "size"] = ""
    """The part of the recipe that the layer can do right behind the input: scale or resize pixels."""
    has_kernel: bool = False
    """The layer has a kernel; other layers with weights belong to the one with a kernel before."""
    training_only: bool = False
    """The layer is an identity at inference."""
    training_flag: bool = False
    """The layer differs in training: Keras's call takes `training`."""
    transparent: bool = False
    """The layer keeps a final activation (softmax, sigmoid) at inference."""
    flattens: bool = False
    """The layer flattens maps."""
    pooling: Literal["", "avg", "max"] = ""
    """The layer pools every map to one number: its mean or its maximum."""
    batch_free: str = ""
    """For a layer that normalises by the statistics of the batch: the type that normalises without them."""
    activation: str | P | None = None
    """An activation as a layer: the name of its function, or the parameter that holds it."""
    operation: Literal["", "+", "-", "*", "max", "min"] = ""
    """The elementwise operation on tensors; Keras has an operation with the layer's name."""
    frozen_in_code: bool = True
    """Printed with trainable=False in the frozen part of a base."""
    functions: tuple[str, ...] = ()
    """Equivalent functions of Keras on tensors, by their last names."""
    aliases: tuple[str, ...] = ()
    """Further names of the class in Keras and in older versions of it."""
    renamed: dict[str, str] = {}
    """Parameters by the names that older versions of Keras have for them."""
    keras_defaults: dict[str, Any] = {}
    """Keras's defaults where a new layer starts with other values here."""

    @property
    def title(self) -> Text:
        """The layer's name: Keras's, the same in all languages, unless the entry has its own."""
        return self.label if self.label is not None else Text(self.id, self.id)

    @property
    def stem(self) -> str:
        """First part of the id of a new layer, before it is made unique."""
        return self.id_stem or self.id.lower()

    @property
    def keras_class(self) -> str:
        """The name of Keras's class in files."""
        return self.call.target.rpartition(".")[2]

    @property
    def is_keras(self) -> bool:
        """Whether Keras has a layer of this name; else it is a type of this program."""
        return self.call.target == f"keras.layers.{self.id}"

    @property
    def positions(self) -> tuple[str, ...]:
        """The names of Keras's positional arguments, in order."""
        return self.positional or tuple(self.call.kwargs)

    @property
    def has_weights(self) -> bool:
        return self.cost is not no_cost

    def has_param(self, name: str) -> bool:
        return any(param.name == name for param in self.params)

    def applied(self, values: Values) -> str | None:
        """The activation that the layer applies last; None for none."""
        name = self.activation
        if name is None or isinstance(name, P):
            name = values.get(name.name if isinstance(name, P) else "activation")
        return name if isinstance(name, str) and name != "linear" else None

    def passed(self, inputs: Sequence[T]) -> tuple[T | list[T], ...]:
        """The positional arguments with which Keras's layer is called on these inputs."""
        several = [*inputs, *inputs] if len(inputs) == 1 and self.passing != "list" else list(inputs)
        if self.passing == "arguments":
            return tuple(several)
        return (several,) if len(several) > 1 else (several[0],)


__all__ = [
    "FAMILIES",
    "Cost",
    "CostFunction",
    "LayerType",
    "Passing",
    "Shape",
    "ShapeError",
    "ShapeFunction",
    "Values",
    "Window",
    "no_cost",
]
