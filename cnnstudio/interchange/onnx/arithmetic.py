"""Sums, products and joins of ONNX: merging layers, and numbers that belong to a layer before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isclose
from typing import Any, Final

import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.interchange.onnx.conversion import Conversion
from cnnstudio.interchange.onnx.parts import Operator
from cnnstudio.interchange.onnx.values import Known, Maps, Shape, Unlike, Weight, replace

_MERGES: Final = {"Add": "Add", "Sum": "Add", "Sub": "Subtract", "Mul": "Multiply", "Max": "Maximum", "Min": "Minimum",
                  "Mean": "Average"}
_BIASED: Final = ("Conv2D", "DepthwiseConv2D", "Conv2DTranspose", "Dense")


def _aligned(conversion: Conversion, operator: Operator) -> list[Maps]:
    """All inputs, with the axes of the largest."""
    found = [conversion.maps(operator, number) for number in range(len(operator.inputs))]
    first = max(found, key=lambda maps: np.prod(maps.shape) if maps.shape is not None else 0)
    if any(maps.rank != first.rank for maps in found):
        raise Unlike
    return [conversion.arranged(maps, first.axes) for maps in found]


def merge(conversion: Conversion, operator: Operator) -> Maps:
    """Maps with maps, or maps with numbers."""
    values = [conversion.values.get(name) for name in operator.inputs]
    if all(isinstance(item, Maps) for item in values):
        maps = _aligned(conversion, operator)
        if len(maps) == 1:
            return maps[0]
        if operator.type == "Div":
            raise Unlike
        made = conversion.emit(_MERGES[operator.type], {}, *maps, axes=maps[0].axes)
        return replace(made, positive=made.positive and operator.type != "Sub")
    if len(values) != 2:
        raise Unlike
    place = 0 if isinstance(values[0], Maps) else 1
    number = values[1 - place]
    if not isinstance(number, Known | Weight):
        raise Unlike
    return _with_numbers(conversion, operator, place, number)


def _with_numbers(conversion: Conversion, operator: Operator, place: int, number: Known | Weight) -> Maps:
    maps = conversion.maps(operator, place)
    kind = operator.type
    if kind in ("Max", "Min"):
        return _limited(conversion, operator, maps, number)
    if kind == "Div" and place == 1:
        raise Unlike
    if isinstance(number, Known) and number.data.size == 1:
        return _scaled(conversion, operator, maps, place, float(number.data.ravel()[0]))
    last = _per_channel(maps, number.dims, conversion)
    if isinstance(number, Known) and _is_start(conversion, maps):
        return _scaled(conversion, operator, last, place, [float(item) for item in number.data.ravel()])
    return (_shifted if kind in ("Add", "Sub") else _multiplied)(conversion, operator, last, place)


def _per_channel(maps: Maps, dims: Shape, conversion: Conversion) -> Maps:
    """The maps, where the numbers are one for each channel: our last axis. Raises Unlike where they are not."""
    if len(dims) > maps.rank:
        raise Unlike
    padded = (1,) * (maps.rank - len(dims)) + dims
    several = [axis for axis, size in enumerate(padded) if size != 1]
    if not several:
        return maps
    if len(several) > 1:
        raise Unlike
    return conversion.with_last(maps, several[0])


def _limited(conversion: Conversion, operator: Operator, maps: Maps, number: Known | Weight) -> Maps:
    """Max(x, 0) is a ReLU, Min(x, 6) behind it sets its limit."""
    if not isinstance(number, Known) or number.data.size != 1:
        raise Unlike
    limit = float(f"{float(number.data.ravel()[0]):.7g}")
    if operator.type == "Max" and limit == 0:
        return conversion.emit("ReLU", {}, maps)
    if operator.type == "Min" and limit > 0 and maps.positive:
        node = conversion.nodes[maps.node]
        place = 0 if isinstance(conversion.values.get(operator.input(0)), Maps) else 1
        if node.type == "ReLU" and not node.params and conversion.only_use(operator, place):
            conversion.change(maps.node, max_value=limit)
            return maps
        return conversion.emit("ReLU", {"max_value": limit}, maps)
    raise Unlike


# Numbers at the start: scaling of the pixels -----------------------------------------------------


def _is_start(conversion: Conversion, maps: Maps) -> bool:
    """Whether nothing but a scaling lies between the input and these maps."""
    node = conversion.nodes[maps.node]
    return node.type == "Input" or (node.type == "Rescaling" and _is_input(conversion, conversion.sources[maps.node]))


def _is_input(conversion: Conversion, sources: Sequence[str]) -> bool:
    return all(conversion.nodes[source].type == "Input" for source in sources)


def _scaled(conversion: Conversion, operator: Operator, maps: Maps, place: int, numbers: float | list[float]) -> Maps:
    """x + b, x - b, b - x, x * b or x / b as a Rescaling, together with one right before it."""
    value = np.asarray(numbers, np.float64)
    if not np.all(np.isfinite(value)) or (operator.type == "Div" and not np.all(value)):
        raise Unlike
    one, none = np.ones_like(value), np.zeros_like(value)
    scale, offset = {
        "Add": (one, value), "Sub": (one, -value) if place == 0 else (-one, value), "Mul": (value, none),
        "Div": (1 / np.where(value == 0, 1, value), none)}[operator.type]
    node = conversion.nodes[maps.node]
    number = 0 if isinstance(conversion.values.get(operator.input(0)), Maps) else 1
    if node.type == "Rescaling" and conversion.only_use(operator, number):
        old_scale = np.asarray(node.params.get("scale", 1 / 255), np.float64)
        old_offset = np.asarray(node.params.get("offset", 0.0), np.float64)
        scale, offset = old_scale * scale, old_offset * scale + offset
        conversion.change(maps.node, scale=_numbers(scale), offset=_numbers(offset))
        return replace(maps, positive=False)
    if np.all(scale == 1) and np.all(offset == 0):
        return maps
    return conversion.emit("Rescaling", {"scale": _numbers(scale), "offset": _numbers(offset)}, maps)


def _numbers(values: np.ndarray) -> float | tuple[float, ...]:
    """One number where all are the same, as exact as float32 is."""
    found = [float(f"{item:.9g}") for item in np.atleast_1d(values).ravel()]
    return found[0] if all(isclose(item, found[0], rel_tol=1e-7, abs_tol=1e-12) for item in found) else tuple(found)


# Numbers for each channel ------------------------------------------------------------------------


def _shifted(conversion: Conversion, operator: Operator, maps: Maps, place: int) -> Maps:
    """A number added to each channel: the bias of the layer before, or the shift of a scale before."""
    if place == 1 and operator.type == "Sub":
        raise Unlike
    node = conversion.nodes[maps.node]
    mine = conversion.only_use(operator, place)
    if mine and node.type in _BIASED and node.params.get("activation") is None:
        if _is_scale(conversion, maps.node):
            conversion.tell("affine", _AFFINE)
            conversion.change(maps.node, "BatchNormalization", kernel_size=None, use_bias=None)
            return replace(maps, positive=False)
        conversion.change(maps.node, use_bias=None)
        return maps
    if mine and node.type == "BatchNormalization":
        conversion.change(maps.node, center=None)
        return maps
    if maps.rank != 4:
        raise Unlike
    conversion.tell("shift", _SHIFT)
    return conversion.emit("DepthwiseConv2D", {"kernel_size": (1, 1)}, maps)


def _multiplied(conversion: Conversion, operator: Operator, maps: Maps, place: int) -> Maps:
    """A factor for each channel: that of a normalisation before, or a depthwise 1 x 1 convolution without bias."""
    node = conversion.nodes[maps.node]
    if conversion.only_use(operator, place) and node.type == "BatchNormalization":
        conversion.change(maps.node, scale=None)
        return maps
    if maps.rank == 4:
        return conversion.emit("DepthwiseConv2D", {"kernel_size": (1, 1), "use_bias": False}, maps)
    raise Unlike


def _is_scale(conversion: Conversion, node: str) -> bool:
    """Whether the layer is a factor for each channel that `_multiplied` made."""
    return conversion.nodes[node].type == "DepthwiseConv2D" and conversion.made_of[node][0].type in ("Mul", "Div")


_AFFINE: Final = Text(
    "A factor and a shift for each channel are drawn as BatchNormalization, which exporters write so.",
    "Un factor y un desplazamiento por canal se dibujan como BatchNormalization, que los exportadores escriben así.")
_SHIFT: Final = Text(
    "A learned number added to each channel is drawn as a depthwise 1 × 1 convolution, which has a factor as well.",
    "Un número aprendido que se suma a cada canal se dibuja como una convolución por canal de 1 × 1, que además tiene un "
    "factor.")


def concatenate(conversion: Conversion, operator: Operator) -> Maps:
    maps = _aligned(conversion, operator)
    if len(maps) == 1:
        return maps[0]
    place = maps[0].place(operator.attributes.get("axis", 1))
    if place == 0:
        raise Unlike
    return conversion.emit("Concatenate", {"axis": -1 if place == maps[0].rank - 1 else place}, *maps, axes=maps[0].axes)


def negative(conversion: Conversion, operator: Operator) -> Maps:
    return conversion.emit("Rescaling", {"scale": -1.0, "offset": 0.0}, conversion.maps(operator))


RULES: Final[dict[str, Callable[[Conversion, Operator], Any]]] = {
    **dict.fromkeys((*_MERGES, "Div"), merge), "Concat": concatenate, "Neg": negative,
}
