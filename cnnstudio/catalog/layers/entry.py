"""What one entry of the layer registry declares."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.params import Param
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text

T = TypeVar("T")
Shape = tuple[int, ...]
"""Shape of one picture's tensor, without the batch: (height, width, channels) or (units,)."""
Values = Mapping[str, Any]
Family = Literal["input", "base", "convolution", "pooling", "normalization", "activation", "core", "regularization",
                 "reshaping", "merge", "attention"]

FAMILIES: dict[str, Text] = {
    "input": Text("Input", "Entrada"),
    "base": Text("Pretrained", "Preentrenado"),
    "convolution": Text("Convolution", "Convolución"),
    "pooling": Text("Pooling", "Agrupamiento"),
    "normalization": Text("Normalization", "Normalización"),
    "activation": Text("Activation", "Activación"),
    "core": Text("Core", "Básicas"),
    "regularization": Text("Regularization", "Regularización"),
    "reshaping": Text("Reshaping", "Cambio de forma"),
    "merge": Text("Merge", "Unión"),
    "attention": Text("Attention", "Atención"),
}


class ShapeTrouble(Exception):
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
    """How far a layer looks: (height, width) of the kernel with its dilation, and the strides."""

    kernel: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    up: tuple[int, int] = (1, 1)
    """How often each input row and column is repeated or spread, as UpSampling2D does."""
    whole: bool = False
    """The layer sees the whole picture, as Flatten and global pooling make it."""


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
    unfit: Callable[[NetworkSpec], ShapeTrouble] = field(compare=False)
    weights_from: Context | None = field(default=None, compare=False)


SubgraphFunction = Callable[[Values, tuple[Shape, ...], Context], Subgraph]


def no_cost(_values: Values, _inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    return Cost()


class LayerType(msgspec.Struct, frozen=True, kw_only=True):
    """One layer of the palette.

    `shape` gives the output's shape or raises ShapeTrouble; `cost` its parameters and multiply-adds;
    `window` how far it looks. `call` builds and prints it; values of parameters are completed, and
    names in `from_context` are filled from the context. `formula` says in plain Unicode what is computed.
    A composite layer has a `subgraph` (a function that raises ShapeTrouble where the inputs do not fit): its cost is
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

    @property
    def title(self) -> Text:
        """The layer's name: Keras's, the same in all languages, unless the entry has its own."""
        return self.label if self.label is not None else Text(self.id, self.id)

    def passed(self, inputs: Sequence[T]) -> tuple[T | list[T], ...]:
        """The positional arguments with which Keras's layer is called on these inputs."""
        several = [*inputs, *inputs] if len(inputs) == 1 and self.passing != "list" else list(inputs)
        if self.passing == "arguments":
            return tuple(several)
        return (several,) if len(several) > 1 else (several[0],)
