"""Operators of ONNX that change a shape: most only view the axes in another order and need no layer."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, Final

import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.interchange.axes import group_axes, is_in_order
from cnnstudio.interchange.onnx.conversion import Conversion
from cnnstudio.interchange.onnx.folding import get_ints, target_dims
from cnnstudio.interchange.onnx.model import Graph, Operator
from cnnstudio.interchange.onnx.values import Constant, FeatureMaps, Shape, Unsupported, Value, Weight, replace


def identity(conversion: Conversion, operator: Operator) -> Value:
    """An operator that changes no value at inference."""
    value = conversion.values.get(operator.input(0))
    if value is None:
        raise Unsupported
    return value


def dropout(conversion: Conversion, operator: Operator) -> Value | list[Value]:
    """Dropout with its rate; a second output, its mask, is no part of a network."""
    if conversion.is_used(operator, 1):
        raise Unsupported
    rate = operator.attributes.get("ratio", 0.5)
    if operator.input(1):
        data = conversion.constant(operator, 1)
        rate = 0.5 if data is None or data.size != 1 else data.ravel()[0]
    rate = float(f"{float(rate):.7g}")
    maps = conversion.maps(operator)
    if rate == 0:
        return maps
    return conversion.emit("Dropout", {"rate": rate}, maps)


def quantize(conversion: Conversion, operator: Operator) -> Value:
    """QuantizeLinear and DequantizeLinear: the numbers before their rounding."""
    conversion.add_note("quantized", Text(
        "The file contains 8-bit values: the network is shown with the full-precision values they were made from; the "
        "rounding is not kept.",
        "El archivo contiene valores de 8 bits: la red se muestra con los valores de precisión completa de los que salieron; "
        "el redondeo no se conserva."))
    return identity(conversion, operator)


def shape_operator(conversion: Conversion, operator: Operator) -> Constant:
    value = conversion.values.get(operator.input(0))
    dims = value.dims(conversion.batch) if isinstance(value, FeatureMaps) else value.dims if value is not None else None
    if dims is None:
        raise Unsupported
    return Constant(np.asarray(dims[operator.attributes.get("start", 0):operator.attributes.get("end")], np.int64))


def size_operator(conversion: Conversion, operator: Operator) -> Constant:
    dims = conversion.maps(operator, bare=True).dims(conversion.batch)
    if dims is None:
        raise Unsupported
    return Constant(np.asarray(prod(dims), np.int64))


def transpose(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """The axes in another order: another view of the same values."""
    maps = conversion.maps(operator, bare=True)
    order = tuple(axis + maps.rank if axis < 0 else axis
                  for axis in operator.attributes.get("perm") or reversed(range(maps.rank)))
    if sorted(order) != list(range(maps.rank)):
        raise Unsupported
    return replace(maps, axes=tuple(maps.axes[axis] for axis in order))


# Reshape and its relatives -----------------------------------------------------------------------


def flatten(conversion: Conversion, operator: Operator) -> FeatureMaps:
    maps = conversion.maps(operator)
    axis = operator.attributes.get("axis", 1)
    if axis % max(maps.rank, 1) != 1 or maps.axes[0] != 0:
        raise Unsupported
    if maps.rank == 2:
        return maps
    if maps.shape is None:
        return _flatten_unknown(conversion, operator, maps)
    return _reshape_to(conversion, operator, maps, (conversion.batch, prod(maps.shape)))


def _flatten_unknown(conversion: Conversion, operator: Operator, maps: FeatureMaps) -> FeatureMaps:
    """Flatten maps of unknown size, behind an unknown operator."""
    if _drops_keepdims(conversion, operator, maps):
        return replace(maps, axes=(0, 1))
    return conversion.emit("Flatten", {}, maps, axes=(0, 1))


def reshape(conversion: Conversion, operator: Operator) -> FeatureMaps:
    maps = conversion.maps(operator)
    target = get_ints(operator, "shape", conversion.arrays(operator), 1)
    dims = maps.dims(conversion.batch)
    if target is None:
        raise Unsupported
    if dims is None:
        if len(target) == 2 and target[-1] == -1 and maps.axes[0] == 0:
            return _flatten_unknown(conversion, operator, maps)
        raise Unsupported
    allow_zero = bool(operator.attributes.get("allowzero", 0))
    try:
        dims_after = target_dims(dims, target, allow_zero)
    except Unsupported:
        # The shape is exported for one picture: its first number is the batch.
        dims_after = target_dims(dims, (conversion.batch, *target[1:]), allow_zero)
    return _reshape_to(conversion, operator, maps, dims_after)


def squeeze(conversion: Conversion, operator: Operator) -> FeatureMaps:
    maps = conversion.maps(operator)
    dims = maps.dims(conversion.batch)
    if dims is None:
        raise Unsupported
    axes = get_ints(operator, "axes", conversion.arrays(operator), 1)
    removed = [axis % maps.rank for axis in axes] if axes is not None else [
        axis for axis, size in enumerate(dims) if size == 1 and maps.axes[axis]]
    if any(dims[axis] != 1 or not maps.axes[axis] for axis in removed):
        raise Unsupported
    return _reshape_to(conversion, operator, maps, tuple(size for axis, size in enumerate(dims) if axis not in removed))


def unsqueeze(conversion: Conversion, operator: Operator) -> FeatureMaps:
    maps = conversion.maps(operator)
    dims = maps.dims(conversion.batch)
    axes = get_ints(operator, "axes", conversion.arrays(operator), 1)
    if dims is None or axes is None:
        raise Unsupported
    rank = maps.rank + len(axes)
    added = {axis % rank for axis in axes}
    if len(added) < len(axes):
        raise Unsupported
    rest = iter(dims)
    return _reshape_to(conversion, operator, maps, tuple(1 if axis in added else next(rest) for axis in range(rank)))


def _reshape_to(conversion: Conversion, operator: Operator, maps: FeatureMaps, target: Shape) -> FeatureMaps:
    """The same values as `target`, in ONNX's order with the batch."""
    dims = maps.dims(conversion.batch)
    assert dims is not None
    if maps.axes[0] != 0 or not target or target[0] != dims[0]:
        raise Unsupported
    if len(target) == 2 and maps.shape is not None and _drops_keepdims(conversion, operator, maps):
        return replace(maps, axes=(0, 1), shape=maps.shape[-1:])
    groups = group_axes(dims, target)
    if groups is None:
        raise Unsupported
    if any(not is_in_order(maps.axes, maps.shape or (), axes) for axes, _ in groups):
        if len(target) == 2 and conversion.feeds_only_dense(operator.outputs[0]):
            conversion.add_note("flatten", _ORDER)
            return conversion.emit("Flatten", {}, maps, axes=(0, 1))
        maps = conversion.with_axes(maps, tuple(range(maps.rank)))
    groups.sort(key=lambda group: maps.axes[group[0][0]])
    order = [axis for axis in range(1, len(target)) if target[axis] == 1]
    order += [axis for _, axes in groups for axis in axes]
    shape = tuple(target[axis] for axis in order)
    ours = {axis: position for position, axis in enumerate(order, start=1)} | {0: 0}
    axes = tuple(ours[axis] for axis in range(len(target)))
    if shape == maps.shape:
        return replace(maps, axes=axes)
    if len(shape) == 1:
        return conversion.emit("Flatten", {}, maps, axes=axes)
    return conversion.emit("Reshape", {"target_shape": shape}, maps, axes=axes)


_ORDER: Final = Text(
    "Here Flatten orders the values by rows, columns and channels; in the file, by channels, rows and columns. The network "
    "is the same, but the weights of the next dense layer are in another order.",
    "Aquí Flatten ordena los valores por filas, columnas y canales; en el archivo, por canales, filas y columnas. La red es "
    "la misma, pero los pesos de la capa densa siguiente van en otro orden.")


def _drops_keepdims(conversion: Conversion, operator: Operator, maps: FeatureMaps) -> bool:
    """Whether the maps come from a global pooling used here alone, which then drops height and width itself."""
    node = conversion.nodes[maps.node]
    if not node.type.startswith("Global") or not conversion.only_use(operator) or not node.params.get("keepdims"):
        return False
    conversion.change(maps.node, keepdims=None)
    return True


def channel_shuffle(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """The channel shuffle of ShuffleNet: two Reshapes around a Permute."""
    maps, groups = conversion.image_maps(operator), operator.attributes["groups"]
    if maps.shape is None or groups < 1 or maps.shape[2] % groups:
        raise Unsupported
    height, width, channels = maps.shape
    split = conversion.emit("Reshape", {"target_shape": (height * width, groups, channels // groups)}, maps, axes=(0, 1, 2, 3))
    turned = conversion.emit("Permute", {"dims": (1, 3, 2)}, split)
    return conversion.emit("Reshape", {"target_shape": (height, width, channels)}, turned, axes=maps.axes)


# Borders -----------------------------------------------------------------------------------------


def pad(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """A padding that the next layer may take over; a negative one becomes Cropping2D."""
    arrays = conversion.arrays(operator)
    pads = get_ints(operator, "pads", arrays, 1) or operator.attributes.get("paddings")
    value = operator.attributes.get("value", 0.0)
    if conversion.constant(operator, 2) is not None:
        data = conversion.constant(operator, 2)
        value = float(data.ravel()[0]) if data is not None and data.size == 1 else 1.0
    maps = conversion.maps(operator)
    axes = get_ints(operator, "axes", arrays, 3) or tuple(range(maps.rank))
    if pads is None or len(pads) != 2 * len(axes) or operator.attributes.get("mode", "constant") != "constant":
        raise Unsupported
    sides = {maps.our_axis(axis): (pads[number], pads[number + len(axes)]) for number, axis in enumerate(axes)}
    if not any(any(side) for side in sides.values()):
        return maps
    if maps.rank != 4 or any(any(side) for position, side in sides.items() if position not in (1, 2)):
        raise Unsupported
    border = (*sides.get(1, (0, 0)), *sides.get(2, (0, 0)))
    if max(border) <= 0:
        return conversion.emit("Cropping2D", {"cropping": tuple(-item for item in border)}, maps)
    if min(border) < 0 or (value != 0 and value > -1e30):
        raise Unsupported
    return replace(maps, padding=border, fill=0.0 if value == 0 else float("-inf"))


def slice_maps(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """A Slice of height and width in steps of one."""
    arrays, maps = conversion.arrays(operator), conversion.maps(operator)
    starts, ends = get_ints(operator, "starts", arrays, 1), get_ints(operator, "ends", arrays, 2)
    dims = maps.dims(conversion.batch)
    if starts is None or ends is None or dims is None:
        raise Unsupported
    axes = get_ints(operator, "axes", arrays, 3) or tuple(range(len(starts)))
    steps = get_ints(operator, "steps", arrays, 4) or (1,) * len(starts)
    cut = {}
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        size, position = dims[axis], maps.our_axis(axis)
        first, stop, _step = slice(start, end).indices(size)
        if position == 0 and (first, stop) == (0, size) and step == 1:
            continue
        if step != 1 or stop <= first or (position not in (1, 2) and (first, stop) != (0, size)) or position == 0:
            raise Unsupported
        cut[position] = (first, size - stop)
    if not any(any(item) for item in cut.values()):
        return maps
    if maps.rank != 4:
        raise Unsupported
    return conversion.emit("Cropping2D", {"cropping": (*cut.get(1, (0, 0)), *cut.get(2, (0, 0)))}, maps)


# Branches ----------------------------------------------------------------------------------------


def branch(conversion: Conversion, operator: Operator) -> list[Value]:
    """The branch that an If with a constant condition takes."""
    condition = conversion.constant(operator, 0)
    if condition is None or condition.size != 1:
        raise Unsupported
    graph = operator.attributes["then_branch" if bool(condition.ravel()[0]) else "else_branch"]
    if not isinstance(graph, Graph):
        raise Unsupported
    outputs = conversion.convert_subgraph(graph)
    if any(item is None for item in outputs):
        raise Unsupported
    return [item for item in outputs if isinstance(item, Constant | Weight | FeatureMaps)]


RULES: Final[dict[str, Callable[[Conversion, Operator], Any]]] = {
    "Identity": identity, "Cast": identity, "Dropout": dropout, "QuantizeLinear": quantize, "DequantizeLinear": quantize,
    "Shape": shape_operator, "Size": size_operator, "Transpose": transpose, "Flatten": flatten, "Reshape": reshape,
    "Squeeze": squeeze, "Unsqueeze": unsqueeze, "ChannelShuffle": channel_shuffle, "Pad": pad, "Slice": slice_maps,
    "If": branch,
}
