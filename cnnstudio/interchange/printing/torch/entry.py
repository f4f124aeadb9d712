"""What one row of the PyTorch registry declares: how a layer is written, and where its weights go.

PyTorch keeps pictures as (batch, channels, height, width); rows (batch, units) and lists of places
(batch, places, channels) are as in Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import Shape

Form = Literal["same", "convolution", "depthwise", "transposed", "dense", "heads in", "heads bias", "heads out",
               "picture", "flat"]
"""How an array of Keras becomes one of PyTorch; the engine has the functions."""


class Weight(msgspec.Struct, frozen=True):
    """One entry of a module's state: the next of the layer's weights in Keras's order, in another form."""

    key: str
    form: Form = "same"


class Fixed(msgspec.Struct, frozen=True):
    """An entry of a module's state that Keras's layer does not have; `learns` False keeps it as it is."""

    key: str
    shape: Shape
    value: float
    learns: bool = False
    whole: bool = False
    """A whole number, as a counter is."""


class Part(msgspec.Struct, frozen=True):
    """One module. `suffix` is appended to the layer's name ("" for the layer itself)."""

    code: str
    suffix: str = ""
    weights: tuple[Weight, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    helpers: tuple[str, ...] = ()


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A layer in PyTorch: modules one behind the other, or an expression of several inputs with `{0}`, `{1}`, ...

    `remark` is printed as a comment: where the two differ.
    """

    parts: tuple[Part, ...] = ()
    expression: str = ""
    helpers: tuple[str, ...] = ()
    remark: str = ""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A layer where it stands: its parameters, the shapes of its inputs and of its output (Keras's, without batch)."""

    values: Mapping[str, Any]
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


Write = Callable[[Site], Written]


class TorchLayer(msgspec.Struct, frozen=True, kw_only=True):
    """How the layer `id` of LAYERS is written."""

    id: str
    write: Write


def one(code: str, *weights: Weight, fixed: tuple[Fixed, ...] = (), helpers: tuple[str, ...] = (), remark: str = "",
        activation: tuple[Part, ...] = ()) -> Written:
    """A layer that is one module, and its activation behind it."""
    return Written(parts=(Part(code, weights=weights, fixed=fixed, helpers=helpers), *activation), remark=remark)


def torch_axis(axis: int, rank: int) -> int:
    """The axis of PyTorch's tensor for one of Keras's, counted with the batch; negative ones from the end."""
    place = axis if axis > 0 else rank + 1 + axis
    return {1: 2, 2: 3, 3: 1}[place] if rank == 3 else place


def pair_code(pair: tuple[int, ...]) -> str:
    """A window's size as PyTorch's users write it: one number where both are the same."""
    first = pair[0]
    return str(first) if all(each == first for each in pair) else repr(tuple(pair))


def along_channels(module: str, rank: int, helpers: tuple[str, ...] = ()) -> tuple[str, str, tuple[str, ...]]:
    """(code, prefix of its state's keys, helpers) of a module that works along the last axis, on channels wherever they are."""
    if rank == 3:
        return f"ChannelsLast({module})", "module.", ("ChannelsLast", *helpers)
    return module, "", helpers
