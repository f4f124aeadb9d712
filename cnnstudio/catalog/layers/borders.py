"""Borders of sliding windows in PyTorch, which pads both sides alike; TensorFlow's "same" does not, so they are counted here.

Padding of TensorFlow's "same": max((⌈n / s⌉ − 1) · s + k − n, 0), the smaller half before
(tensorflow.org/api_docs/python/tf/nn, notes on padding).
"""

from __future__ import annotations

from cnnstudio.catalog.torch_form import Part, Site

Borders = tuple[tuple[int, int], tuple[int, int]]
"""(above, below) and (left, right)."""


def same_borders(site: Site, window: tuple[int, int], strides: tuple[int, int], dilation: tuple[int, int] = (1, 1)) -> Borders:
    """The rows and columns that padding "same" adds; none for "valid"."""
    if site.values["padding"] == "valid":
        return (0, 0), (0, 0)
    sides = []
    for axis in (0, 1):
        size, reach = site.inputs[0][axis], (window[axis] - 1) * dilation[axis] + 1
        total = max((-(-size // strides[axis]) - 1) * strides[axis] + reach - size, 0)
        sides.append((total // 2, total - total // 2))
    return sides[0], sides[1]


def is_even(sides: Borders) -> bool:
    return all(before == after for before, after in sides)


def border_parts(sides: Borders, module: str = "nn.ZeroPad2d({})") -> tuple[Part, ...]:
    """A border of its own where the two sides differ."""
    (above, below), (left, right) = sides
    return () if is_even(sides) else (Part(module.format((left, right, above, below)), suffix="padding"),)
