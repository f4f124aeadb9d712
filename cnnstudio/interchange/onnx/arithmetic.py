"""Sums, products and concatenations of ONNX: merging layers, and constants that belong to the layer before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isclose
from typing import Any, Final

import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.interchange.onnx.conversion import Conversion
from cnnstudio.interchange.onnx.model import Operator
from cnnstudio.interchange.onnx.values import Constant, FeatureMaps, Shape, Unsupported, Weight, replace

_MERGES: Final = {"Add": "Add", "Sum": "Add", "Sub": "Subtract", "Mul": "Multiply", "Max": "Maximum", "Min": "Minimum",
                  "Mean": "Average"}
_BIASED: Final = ("Conv2D", "DepthwiseConv2D", "Conv2DTranspose", "Dense")


def _align_inputs(conversion: Conversion, operator: Operator) -> list[FeatureMaps]:
    """All inputs, with the axes of the largest."""
    inputs = [conversion.maps(operator, number) for number in range(len(operator.inputs))]
    first = max(inputs, key=lambda maps: np.prod(maps.shape) if maps.shape is not None else 0)
    if any(maps.rank != first.rank for maps in inputs):
        raise Unsupported
    return [conversion.with_axes(maps, first.axes) for maps in inputs]


def merge(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """Merge feature maps with each other or with a constant."""
    values = [conversion.values.get(name) for name in operator.inputs]
    if all(isinstance(item, FeatureMaps) for item in values):
        maps = _align_inputs(conversion, operator)
        if len(maps) == 1:
            return maps[0]
        if operator.type == "Div":
            raise Unsupported
        merged = conversion.emit(_MERGES[operator.type], {}, *maps, axes=maps[0].axes)
        return replace(merged, positive=merged.positive and operator.type != "Sub")
    if len(values) != 2:
        raise Unsupported
    port = 0 if isinstance(values[0], FeatureMaps) else 1
    number = values[1 - port]
    if not isinstance(number, Constant | Weight):
        raise Unsupported
    return _merge_constant(conversion, operator, port, number)


def _merge_constant(conversion: Conversion, operator: Operator, port: int, number: Constant | Weight) -> FeatureMaps:
    maps = conversion.maps(operator, port)
    kind = operator.type
    if kind in ("Max", "Min"):
        return _limit(conversion, operator, maps, number)
    if kind == "Div" and port == 1:
        raise Unsupported
    if isinstance(number, Constant) and number.data.size == 1:
        return _rescale(conversion, operator, maps, port, float(number.data.ravel()[0]))
    last = _per_channel(maps, number.dims, conversion)
    if isinstance(number, Constant) and _is_at_input(conversion, maps):
        return _rescale(conversion, operator, last, port, [float(item) for item in number.data.ravel()])
    return (_shift_channels if kind in ("Add", "Sub") else _scale_channels)(conversion, operator, last, port)


def _per_channel(maps: FeatureMaps, dims: Shape, conversion: Conversion) -> FeatureMaps:
    """The maps with the axis of a per-channel constant last; raises Unsupported if the constant has more axes."""
    if len(dims) > maps.rank:
        raise Unsupported
    padded = (1,) * (maps.rank - len(dims)) + dims
    several = [axis for axis, size in enumerate(padded) if size != 1]
    if not several:
        return maps
    if len(several) > 1:
        raise Unsupported
    return conversion.with_last_axis(maps, several[0])


def _limit(conversion: Conversion, operator: Operator, maps: FeatureMaps, number: Constant | Weight) -> FeatureMaps:
    """Max(x, 0) is a ReLU, Min(x, 6) behind it sets its limit."""
    if not isinstance(number, Constant) or number.data.size != 1:
        raise Unsupported
    limit = float(f"{float(number.data.ravel()[0]):.7g}")
    if operator.type == "Max" and limit == 0:
        return conversion.emit("ReLU", {}, maps)
    if operator.type == "Min" and limit > 0 and maps.positive:
        node = conversion.nodes[maps.node]
        port = 0 if isinstance(conversion.values.get(operator.input(0)), FeatureMaps) else 1
        if node.type == "ReLU" and not node.params and conversion.only_use(operator, port):
            conversion.change(maps.node, max_value=limit)
            return maps
        return conversion.emit("ReLU", {"max_value": limit}, maps)
    raise Unsupported


# Numbers at the start: scaling of the pixels -----------------------------------------------------


def _is_at_input(conversion: Conversion, maps: FeatureMaps) -> bool:
    """Whether nothing but a scaling lies between the input and these maps."""
    node = conversion.nodes[maps.node]
    return node.type == "Input" or (node.type == "Rescaling" and _is_input(conversion, conversion.sources[maps.node]))


def _is_input(conversion: Conversion, sources: Sequence[str]) -> bool:
    return all(conversion.nodes[source].type == "Input" for source in sources)


def _rescale(conversion: Conversion, operator: Operator, maps: FeatureMaps, port: int,
             numbers: float | list[float]) -> FeatureMaps:
    """x + b, x - b, b - x, x * b or x / b as a Rescaling, together with one right before it."""
    value = np.asarray(numbers, np.float64)
    if not np.all(np.isfinite(value)) or (operator.type == "Div" and not np.all(value)):
        raise Unsupported
    ones, zeros = np.ones_like(value), np.zeros_like(value)
    scale, offset = {
        "Add": (ones, value), "Sub": (ones, -value) if port == 0 else (-ones, value), "Mul": (value, zeros),
        "Div": (1 / np.where(value == 0, 1, value), zeros)}[operator.type]
    node = conversion.nodes[maps.node]
    number = 0 if isinstance(conversion.values.get(operator.input(0)), FeatureMaps) else 1
    if node.type == "Rescaling" and conversion.only_use(operator, number):
        old_scale = np.asarray(node.params.get("scale", 1 / 255), np.float64)
        old_offset = np.asarray(node.params.get("offset", 0.0), np.float64)
        scale, offset = old_scale * scale, old_offset * scale + offset
        conversion.change(maps.node, scale=_as_parameter(scale), offset=_as_parameter(offset))
        return replace(maps, positive=False)
    if np.all(scale == 1) and np.all(offset == 0):
        return maps
    return conversion.emit("Rescaling", {"scale": _as_parameter(scale), "offset": _as_parameter(offset)}, maps)


def _as_parameter(values: np.ndarray) -> float | tuple[float, ...]:
    """One number where all are the same, as exact as float32 is."""
    numbers = [float(f"{item:.9g}") for item in np.atleast_1d(values).ravel()]
    return numbers[0] if all(isclose(item, numbers[0], rel_tol=1e-7, abs_tol=1e-12) for item in numbers) else tuple(numbers)


# Numbers for each channel ------------------------------------------------------------------------


def _shift_channels(conversion: Conversion, operator: Operator, maps: FeatureMaps, port: int) -> FeatureMaps:
    """A number added to each channel: the bias of the layer before, or the shift of the channel scale before."""
    if port == 1 and operator.type == "Sub":
        raise Unsupported
    node = conversion.nodes[maps.node]
    is_only_use = conversion.only_use(operator, port)
    if is_only_use and node.type in _BIASED and node.params.get("activation") is None:
        if _is_channel_scale(conversion, maps.node):
            conversion.add_note("affine", _AFFINE)
            conversion.change(maps.node, "BatchNormalization", kernel_size=None, use_bias=None)
            return replace(maps, positive=False)
        conversion.change(maps.node, use_bias=None)
        return maps
    if is_only_use and node.type == "BatchNormalization":
        conversion.change(maps.node, center=None)
        return maps
    if maps.rank != 4:
        raise Unsupported
    conversion.add_note("shift", _SHIFT)
    return conversion.emit("DepthwiseConv2D", {"kernel_size": (1, 1)}, maps)


def _scale_channels(conversion: Conversion, operator: Operator, maps: FeatureMaps, port: int) -> FeatureMaps:
    """A factor for each channel: that of a normalisation before, or a depthwise 1 x 1 convolution without bias."""
    node = conversion.nodes[maps.node]
    if conversion.only_use(operator, port) and node.type == "BatchNormalization":
        conversion.change(maps.node, scale=None)
        return maps
    if maps.rank == 4:
        return conversion.emit("DepthwiseConv2D", {"kernel_size": (1, 1), "use_bias": False}, maps)
    raise Unsupported


def _is_channel_scale(conversion: Conversion, node: str) -> bool:
    """Whether the layer is a factor for each channel that `_scale_channels` added."""
    return conversion.nodes[node].type == "DepthwiseConv2D" and conversion.layer_operators[node][0].type in ("Mul", "Div")


_AFFINE: Final = Text(
    "A factor and an offset for each channel are shown as BatchNormalization, which exporters write in this form.",
    "Un factor y un desplazamiento por canal se muestran como BatchNormalization, que los exportadores escriben de esa "
    "forma.")
_SHIFT: Final = Text(
    "A learned number added to each channel is shown as a depthwise 1 × 1 convolution, which also has a factor.",
    "Un número aprendido que se suma a cada canal se muestra como una convolución por canal de 1 × 1, que además tiene un "
    "factor.")


def concatenate(conversion: Conversion, operator: Operator) -> FeatureMaps:
    maps = _align_inputs(conversion, operator)
    if len(maps) == 1:
        return maps[0]
    axis = maps[0].our_axis(operator.attributes.get("axis", 1))
    if axis == 0:
        raise Unsupported
    return conversion.emit("Concatenate", {"axis": -1 if axis == maps[0].rank - 1 else axis}, *maps, axes=maps[0].axes)


def negate(conversion: Conversion, operator: Operator) -> FeatureMaps:
    return conversion.emit("Rescaling", {"scale": -1.0, "offset": 0.0}, conversion.maps(operator))


RULES: Final[dict[str, Callable[[Conversion, Operator], Any]]] = {
    **dict.fromkeys((*_MERGES, "Div"), merge), "Concat": concatenate, "Neg": negate,
}
