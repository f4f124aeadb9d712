"""Borders of PyTorch's windows as layers: padding "same" where it gives the very same border, else a border of its own."""

from __future__ import annotations

from math import ceil
from typing import Final

from cnnstudio.catalog.layers.reshaping import ZERO_PADDING2D
from cnnstudio.catalog.torch_modules.entry import Called, Made, NoCounterpart
from cnnstudio.core.text import Text

Border = tuple[int, int, int, int]
"""(top, bottom, left, right)."""
NO_BORDER: Final[Border] = (0, 0, 0, 0)
TOO_LARGE: Final = Text("its window is larger than its input", "su ventana es mayor que su entrada")


def same_border(shape: tuple[int, ...], reach: tuple[int, int], strides: tuple[int, int]) -> Border:
    """What padding "same" of TensorFlow adds to an input of this shape."""
    sides: list[int] = []
    for axis in (0, 1):
        total = max((-(-shape[axis] // strides[axis]) - 1) * strides[axis] + reach[axis] - shape[axis], 0)
        sides += [total // 2, total - total // 2]
    return sides[0], sides[1], sides[2], sides[3]


def with_border(called: Called, border: Border, reach: tuple[int, int], strides: tuple[int, int]
                ) -> tuple[tuple[Made, ...], str]:
    """(the layer that adds the border, the padding of the layer behind it)."""
    if border == NO_BORDER:
        return (), "valid"
    if border == same_border(called.shape, reach, strides):
        return (), "same"
    return (Made(ZERO_PADDING2D.id, {"padding": border}, carries=False),), "valid"


def pooling_border(called: Called, kernel: tuple[int, int], strides: tuple[int, int]) -> tuple[Border, Border]:
    """(the border that `padding` adds, the same with what ceil_mode adds for a last window that exceeds the input)."""
    down, across = called.pair("padding")
    border = (down + called.border[0], down + called.border[1], across + called.border[2], across + called.border[3])
    extended = list(border)
    for axis in (0, 1):
        before, after, size = border[2 * axis], border[2 * axis + 1], called.shape[axis]
        if size + before + after < kernel[axis]:
            raise NoCounterpart(TOO_LARGE)
        if called.values.get("ceil_mode"):
            windows = ceil((size + before + after - kernel[axis]) / strides[axis]) + 1
            if (windows - 1) * strides[axis] >= size + before:
                windows -= 1
            extended[2 * axis + 1] = after + max((windows - 1) * strides[axis] + kernel[axis] - size - before - after, 0)
    return border, (extended[0], extended[1], extended[2], extended[3])
