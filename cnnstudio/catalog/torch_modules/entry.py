"""The type of an entry of the PyTorch modules: which layers a module makes, the reverse of a layer's PyTorch form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from cnnstudio.catalog.shapes import Shape, Values
from cnnstudio.catalog.torch_form import Helper
from cnnstudio.core.text import Text

REQUIRED: Final = "required"
"""Default of an argument that a call must pass."""
Axes = Literal["picture", "channels", "last", "any"]
"""The axes that a module works along: those of a picture (batch, channels, height, width), the second one, the last one,
or none in particular."""


class NoCounterpart(Exception):
    """No layer computes what this module computes with these arguments."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Made(msgspec.Struct, frozen=True):
    """A layer that a module makes. `carries`: it has the module's weights. `border` (top, bottom, left, right) of
    the number `fill` is no layer of its own but belongs to the next one."""

    type: str
    params: dict[str, Any] = {}
    carries: bool = True
    border: tuple[int, int, int, int] | None = None
    fill: float = 0.0


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """A module that is called: the arguments by name with the defaults filled in, and the shape of its first input as
    Keras has it (without batch, channels last). `axes` are the tensor's axes by their place in Keras's, 0 being the batch.
    `border` is one of the number `fill` around the input, which the module takes over or refuses; `positive` says that
    no value of the input is below 0."""

    values: Values
    shape: Shape
    axes: tuple[int, ...] = ()
    border: tuple[int, int, int, int] = (0, 0, 0, 0)
    fill: float = 0.0
    positive: bool = False

    def pair(self, name: str) -> tuple[int, int]:
        """An argument that takes one number for both sides. Raises NoCounterpart."""
        value = self.values[name]
        if isinstance(value, int) and not isinstance(value, bool):
            return value, value
        if isinstance(value, tuple | list) and value and all(isinstance(item, int) for item in value) and len(value) <= 2:
            return value[0], value[-1]
        raise NoCounterpart(unusual(name, value))


    def keras_axis(self, name: str) -> int:
        """The axis of Keras's tensor for one of the argument's, -1 for the last. Raises NoCounterpart."""
        value = self.values[name]
        if not isinstance(value, int) or isinstance(value, bool) or not -len(self.axes) <= value < len(self.axes):
            raise NoCounterpart(unusual(name, value))
        axis = self.axes[value]
        if axis == 0:
            raise NoCounterpart(unusual(name, value))
        return -1 if axis == len(self.shape) else axis


class Reading(msgspec.Struct, frozen=True):
    """The layers of a module one behind the other, and a note where they do not compute quite the same."""

    layers: tuple[Made, ...]
    note: Text | None = None


class TorchModule(msgspec.Struct, frozen=True, kw_only=True):
    """A module of PyTorch, by `names` without "torch.nn.", or a function of a tensor by `functions` (last names, as in
    torch, torch.nn.functional or a method of the tensor).

    `arguments` in PyTorch's order with their defaults (REQUIRED: none); those of a function stand behind its input in
    `function_arguments`, where they differ. `expects` names the argument that must equal the channels (or units) of the
    input. `opens` are arguments that the code may leave open, with the layer's parameter. `helper` is the printed class
    or function of that name. `inputs` are the tensors that it takes at most.
    `takes_border`: it takes a border before it over.
    """

    names: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    arguments: dict[str, Any] = {}
    function_arguments: dict[str, Any] | None = None
    read: Callable[[Called], Reading]
    axes: Axes = "any"
    expects: str = ""
    opens: dict[str, str] = {}
    helper: Helper | None = None
    inputs: int = 1
    takes_border: bool = False


def one(type: str, **params: Any) -> Reading:
    """The reading of a module that is one layer."""
    return Reading((Made(type, params),))


def unusual(name: str, value: object) -> Text:
    """The reason that an argument has a value for which there is no layer."""
    return Text("with {name}={value} it has no equivalent here", "con {name}={value} no tiene equivalente aquí").fill(
        name=name, value=str(value)[:40])


def require(called: Called, **usual: Any) -> None:
    """Raise NoCounterpart unless these arguments have these values, each one or a tuple of several."""
    for name, expected in usual.items():
        value = called.values[name]
        if value != expected and not (isinstance(expected, tuple) and value in expected):
            raise NoCounterpart(unusual(name, value))
