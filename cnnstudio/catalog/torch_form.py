"""The PyTorch form of an entry: its source, and the transfer of its weights.

A form is data and a function that writes text; nothing here imports PyTorch. PyTorch keeps pictures as (batch, channels,
height, width); rows (batch, units) and lists of places (batch, places, channels) are as in Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.shapes import Shape, Values
from cnnstudio.core.problems import Area, Problem, error
from cnnstudio.core.text import Text

Layout = Literal["same", "convolution", "depthwise", "transposed", "dense", "heads in", "heads bias", "heads out",
                 "picture", "flat"]
"""The conversion of a Keras array into one of PyTorch; the engine has the functions."""


class NotInTorch(msgspec.Struct, frozen=True):
    """The reason, in both languages, why PyTorch has no equivalent."""

    en: str
    es: str

    @property
    def reason(self) -> Text:
        return Text(self.en, self.es)


NOT_IN_TORCH: Final = "not_in_torch"
"""Code of the problem that an entry has no form in PyTorch."""


def not_in_torch(name: str, form: NotInTorch, area: Area, node: str | None = None, field: str | None = None) -> Problem:
    """The problem that this entry, chosen there, is not in PyTorch, with its reason."""
    text = Text("{name} is not in PyTorch: {reason}.", "{name} no está en PyTorch: {reason}.")
    return error(NOT_IN_TORCH, text.fill(name=name, reason=form.reason), area, node=node, field=field)


class Helper(msgspec.Struct, frozen=True):
    """A class or function of the printed file that PyTorch does not have itself."""

    name: str
    code: str


class Weight(msgspec.Struct, frozen=True):
    """One entry of a module's state: the next of the layer's weights in Keras's order, in another layout.

    `role` is Keras's name of the weight, as in kernel_regularizer; "moving" for one that no gradient changes. Left empty
    it follows from key and layout.
    """

    key: str
    layout: Layout = "same"
    role: str = ""

    @property
    def keras_role(self) -> str:
        if self.role:
            return self.role
        if self.key.endswith("bias"):
            return "bias"
        return "depthwise" if self.layout == "depthwise" else "kernel"


class Fixed(msgspec.Struct, frozen=True):
    """An entry of a module's state that Keras's layer does not have; `learns` False keeps it as it is.

    `is_integer`: its values are integers, as in a counter.
    """

    key: str
    shape: Shape
    value: float
    learns: bool = False
    is_integer: bool = False


class Part(msgspec.Struct, frozen=True):
    """One module. `suffix` is appended to the layer's name ("" for the layer itself)."""

    code: str
    suffix: str = ""
    weights: tuple[Weight, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    helpers: tuple[Helper, ...] = ()


class TorchCode(msgspec.Struct, frozen=True, kw_only=True):
    """A layer in PyTorch: modules one behind the other, or an expression of several inputs with `{0}`, `{1}`, ...

    `remark` is printed as a comment: where the two differ.
    """

    parts: tuple[Part, ...] = ()
    expression: str = ""
    helpers: tuple[Helper, ...] = ()
    remark: str = ""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A layer in its network: its parameters, the shapes of its inputs and its output (Keras's, without batch)."""

    values: Values
    inputs: tuple[Shape, ...]
    output: Shape
    context: Context

    @property
    def channels(self) -> int:
        return self.inputs[0][-1]

    @property
    def rank(self) -> int:
        """Axes of the first input without the batch: 3 for pictures."""
        return len(self.inputs[0])


TorchForm = Callable[[Site], TorchCode] | NotInTorch
"""The PyTorch form in a layer's entry."""


def single_module(code: str, *weights: Weight, fixed: tuple[Fixed, ...] = (), helpers: tuple[Helper, ...] = (),
                  remark: str = "", activation: tuple[Part, ...] = ()) -> TorchCode:
    """A layer that is one module, and its activation behind it."""
    return TorchCode(parts=(Part(code, weights=weights, fixed=fixed, helpers=helpers), *activation), remark=remark)


def torch_axis(axis: int, rank: int) -> int:
    """The axis of PyTorch's tensor for one of Keras's, counted with the batch; negative ones from the end."""
    position = axis if axis > 0 else rank + 1 + axis
    return {1: 2, 2: 3, 3: 1}[position] if rank == 3 else position


def pair_code(pair: tuple[int, ...]) -> str:
    """A window's size as PyTorch's users write it: one number where both are the same."""
    first = pair[0]
    return str(first) if all(side == first for side in pair) else repr(tuple(pair))


def options_code(**values: object) -> str:
    """Further keyword arguments, those that are None left out."""
    return "".join(f", {name}={value}" for name, value in values.items() if value is not None)
