"""Small tensors and what is done to them, every number of it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from math import prod
from typing import Any, Final, Literal

import msgspec
import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.tensors.broadcasting import broadcast_shape

Operation = Literal["look", "reshape", "transpose", "broadcast", "channels"]
OPERATIONS: Final[tuple[Operation, ...]] = ("look", "reshape", "transpose", "broadcast", "channels")
LABELS: Final[dict[Operation, Text]] = {
    "look": Text("Shape", "Forma"), "reshape": Text("Reshape", "Reshape"), "transpose": Text("Transpose", "Transpose"),
    "broadcast": Text("Broadcasting", "Broadcasting"), "channels": Text("Channels", "Canales")}
Shape = tuple[int, ...]
MOST_AXES: Final = 4
MOST_SIDE: Final = 12
MOST_VALUES: Final = 400
"""A tensor of more values is no longer drawn number by number."""
_UFUNCS: Final = {"+": np.add, "-": np.subtract, "*": np.multiply, "maximum": np.maximum}
SIGNS: Final = tuple(_UFUNCS)


class TensorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A tensor of `shape` that counts from 0, and what is done to it. In `target` -1 stands for what is left. `axes` is the
    new order of the axes. `other` is the shape of the second tensor, `sign` what is done with both. `first`: the channels of
    (batch, height, width, channels) go to the front."""

    operation: Operation = "look"
    shape: Shape = (2, 3, 4)
    target: Shape = (4, 6)
    axes: Shape = (2, 0, 1)
    other: Shape = (3, 1)
    sign: str = "+"
    first: bool = True


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown: the shapes that go in, the shape that comes out, and the program; or the error that NumPy raises and
    what it means."""

    inputs: tuple[Shape, ...]
    output: Shape | None
    code: str
    error: str = ""
    reason: Text | None = None


def to_tensor_settings(values: Mapping[str, Any]) -> TensorSettings:
    """The settings of plain values; unknown names and impossible values are left out."""
    kept: dict[str, Any] = {}
    for field in msgspec.structs.fields(TensorSettings):
        with suppress(msgspec.ValidationError, KeyError):
            kept[field.name] = msgspec.convert(values[field.name], field.type)
    settings = TensorSettings(**kept)
    plain = TensorSettings()
    ok = {"shape": is_drawable(settings.shape), "other": is_drawable(settings.other), "sign": settings.sign in _UFUNCS,
          "target": len(settings.target) <= MOST_AXES and all(side == -1 or side > 0 for side in settings.target)}
    return msgspec.structs.replace(settings, **{name: getattr(plain, name) for name, fine in ok.items() if not fine})


def is_drawable(shape: Shape) -> bool:
    """Whether a tensor of this shape can be shown value by value."""
    return len(shape) <= MOST_AXES and all(0 < side <= MOST_SIDE for side in shape) and prod(shape) <= MOST_VALUES


def numbers(shape: Shape, start: int = 0) -> np.ndarray:
    """The values of a tensor: they count from `start` in the order in which they lie in memory."""
    return np.arange(start, start + prod(shape)).reshape(shape)


def transposed_axes(settings: TensorSettings) -> Shape:
    """The order of the axes; where it does not fit the shape, the axes from the last to the first."""
    axes = settings.axes
    return axes if sorted(axes) == list(range(len(settings.shape))) else tuple(reversed(range(len(settings.shape))))


def channel_axes(settings: TensorSettings) -> Shape:
    """The axes that move the channels of a picture (three axes) or of a batch of them (four)."""
    first = {3: (2, 0, 1), 4: (0, 3, 1, 2)}
    last = {3: (1, 2, 0), 4: (0, 2, 3, 1)}
    axes: Shape = (first if settings.first else last).get(len(settings.shape), ())
    return axes or tuple(range(len(settings.shape)))


def reshaped(settings: TensorSettings) -> Shape | None:
    """The shape that `reshape` makes, None where the values do not fit into it."""
    known, open_sides = [side for side in settings.target if side != -1], settings.target.count(-1)
    count, filled = prod(settings.shape), prod(known)
    if open_sides > 1 or count % filled:
        return None
    if not open_sides and count != filled:
        return None
    return tuple(count // filled if side == -1 else side for side in settings.target)


def output_values(settings: TensorSettings) -> np.ndarray | None:
    """The values that come out, None where there is an error."""
    tensor = numbers(settings.shape)
    if settings.operation == "reshape":
        target = reshaped(settings)
        return None if target is None else tensor.reshape(target)
    if settings.operation == "transpose":
        return tensor.transpose(transposed_axes(settings))
    if settings.operation == "channels":
        return tensor.transpose(channel_axes(settings))
    if settings.operation == "broadcast":
        if broadcast_shape(settings.shape, settings.other) is None:
            return None
        return np.asarray(_UFUNCS[settings.sign](tensor, second_tensor(settings)))
    return tensor


def second_tensor(settings: TensorSettings) -> np.ndarray:
    """The second tensor of broadcasting: its values count in hundreds, so that they can be told in the sum."""
    return numbers(settings.other) * 100


def source_index(settings: TensorSettings, place: int, index: tuple[int, ...]) -> tuple[int, ...] | None:
    """From where the value at an index of the result comes: its index in the input of number `place`; None where there is
    no such input."""
    if settings.operation == "broadcast":
        shape = (settings.shape, settings.other)[place]
        own = index[len(index) - len(shape):]
        return tuple(0 if side == 1 else item for side, item in zip(shape, own, strict=True))
    if place:
        return None
    if settings.operation == "reshape":
        target = reshaped(settings)
        if target is None:
            return None
        flat = int(np.ravel_multi_index(index, target)) if target else 0
        return tuple(int(item) for item in np.unravel_index(flat, settings.shape)) if settings.shape else ()
    axes = {"transpose": transposed_axes(settings), "channels": channel_axes(settings)}.get(
        settings.operation, tuple(range(len(settings.shape))))
    found = [0] * len(settings.shape)
    for position, axis in enumerate(axes):
        found[axis] = index[position]
    return tuple(found)


def program(settings: TensorSettings) -> str:
    """The program in NumPy; it prints shapes and values."""
    lines = ["import numpy as np", "", _tensor_line("a", settings.shape)]
    if settings.operation == "reshape":
        lines.append(f"b = a.reshape({settings.target!r})")
    elif settings.operation == "transpose":
        lines.append(f"b = a.transpose({transposed_axes(settings)!r})")
    elif settings.operation == "channels":
        lines.append(f"b = a.transpose({channel_axes(settings)!r})")
    elif settings.operation == "broadcast":
        sign = settings.sign
        lines += [_tensor_line("c", settings.other, " * 100"),
                  f"b = np.{sign}(a, c)" if sign.isidentifier() else f"b = a {sign} c"]
    else:
        lines += ["print(a.ndim, a.shape, a.size, a.dtype)", "b = a"]
    return "\n".join([*lines, "print(a.shape, \"->\", b.shape)", "print(b)", ""])


def _tensor_line(name: str, shape: Shape, factor: str = "") -> str:
    return f"{name} = np.arange({prod(shape)}).reshape({shape!r}){factor}"


def run_program(settings: TensorSettings) -> tuple[str, str]:
    """What the program prints, and the error that ends it."""
    printed = io.StringIO()
    try:
        exec(program(settings), {"print": partial(print, file=printed)})  # our own text
    except ValueError as err:
        return printed.getvalue(), f"ValueError: {err}"
    return printed.getvalue(), ""


def calculate(settings: TensorSettings) -> Result:
    """The result of the settings."""
    values = output_values(settings)
    inputs = (settings.shape, settings.other) if settings.operation == "broadcast" else (settings.shape,)
    if values is not None:
        return Result(inputs=inputs, output=values.shape, code=program(settings))
    return Result(inputs=inputs, output=None, code=program(settings), error=run_program(settings)[1],
                  reason=_reason(settings))


def _reason(settings: TensorSettings) -> Text:
    if settings.operation == "broadcast":
        return Text("An axis has two different sizes, and neither is 1: NumPy does not know which to repeat.",
                    "Un eje tiene dos tamaños distintos y ninguno es 1: NumPy no sabe cuál repetir.")
    if settings.target.count(-1) > 1:
        return Text("Only one side may be left open with -1.", "Solo un lado puede quedar abierto con -1.")
    text = Text("{n} values do not fit into {target}: reshape neither adds nor drops any.",
                "{n} valores no caben en {target}: reshape no añade ni quita ninguno.")
    return text.fill(n=prod(settings.shape), target=" × ".join(str(side) for side in settings.target if side != -1))


def codes(settings: TensorSettings) -> tuple[Code, ...]:
    """The program of the bench."""
    return (Code("NumPy", program(settings), needs=("numpy",)),)
