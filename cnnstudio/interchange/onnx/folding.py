"""Constant folding: shapes that exporters compute, axes, factors, weights.

Constants are computed as ONNX defines its operators (onnx.ai, "Operators"); of weights only the dimensions are followed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from cnnstudio.interchange.onnx.model import Operator, Tensor
from cnnstudio.interchange.onnx.values import Constant, Unsupported, Value, Weight

LARGEST: Final = 1 << 16
"""Numbers in a computed result; of a larger one only the dimensions are kept."""

Arrays = Sequence[np.ndarray | None]


def from_tensor(tensor: Tensor, name: str = "") -> Constant | Weight:
    """A tensor of the model as a constant, or as a weight if it is large."""
    return Weight(tensor.dims, name) if tensor.data is None or tensor.data.size > LARGEST else Constant(tensor.data)


def fold(operator: Operator, values: Sequence[Value | None]) -> Constant | Weight | None:
    """The result of an operator on constants and weights; None if it cannot be computed."""
    if any(not isinstance(item, Constant | Weight | None) for item in values):
        return None
    try:
        if all(isinstance(item, Constant | None) for item in values):
            rule = _RULES.get(operator.type)
            if rule is None:
                return None
            with np.errstate(all="ignore"):
                array = np.asarray(rule(operator, [item.data if isinstance(item, Constant) else None for item in values]))
            return Constant(array) if array.size <= LARGEST else Weight(array.shape)
        return _fold_weights(operator, values)
    except (ValueError, TypeError, IndexError, OverflowError, ZeroDivisionError, KeyError, AttributeError, Unsupported,
            MemoryError):
        return None


def to_ints(data: np.ndarray | None) -> tuple[int, ...]:
    """A constant as a flat tuple of integers; raises Unsupported."""
    if data is None or data.size > 64:
        raise Unsupported
    return tuple(int(item) for item in np.atleast_1d(data).ravel())


def get_ints(operator: Operator, name: str, values: Arrays, number: int) -> tuple[int, ...] | None:
    """Integers that older operators have as an attribute, newer ones as an input; None if they are left out."""
    if name in operator.attributes:
        return tuple(int(attribute) for attribute in operator.attributes[name])
    data = values[number] if number < len(values) else None
    return None if data is None else to_ints(data)


# Numbers -----------------------------------------------------------------------------------------

_TYPES: Final[dict[int, Any]] = {1: np.float32, 2: np.uint8, 3: np.int8, 5: np.int16, 6: np.int32, 7: np.int64, 9: np.bool_,
                                 10: np.float16, 11: np.float64, 12: np.uint32, 13: np.uint64}


def _require(values: Arrays, number: int) -> np.ndarray:
    data = values[number] if number < len(values) else None
    if data is None:
        raise Unsupported
    return data


def _elementwise(function: Callable[..., Any]) -> Callable[[Operator, Arrays], Any]:
    def rule(_operator: Operator, values: Arrays) -> Any:
        operands = [_require(values, number) for number in range(len(values))]
        if math.prod(np.broadcast_shapes(*(item.shape for item in operands))) > LARGEST:
            raise Unsupported
        return function(*operands)

    return rule


def _divide(one: np.ndarray, other: np.ndarray) -> Any:
    if np.issubdtype(one.dtype, np.integer):
        if not np.all(other):
            raise Unsupported
        return np.trunc(one / other).astype(one.dtype)
    return one / other


def _cast(operator: Operator, values: Arrays) -> Any:
    kind = _TYPES.get(operator.attributes.get("to", 1))
    return _require(values, 0) if kind is None else _require(values, 0).astype(kind)


def _slice(operator: Operator, values: Arrays) -> Any:
    data = _require(values, 0)
    starts, ends = get_ints(operator, "starts", values, 1), get_ints(operator, "ends", values, 2)
    if starts is None or ends is None:
        raise Unsupported
    axes = get_ints(operator, "axes", values, 3) or tuple(range(len(starts)))
    steps = get_ints(operator, "steps", values, 4) or (1,) * len(starts)
    cut = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        cut[axis] = slice(start, None if step < 0 and end < -data.shape[axis] else end, step)
    return data[tuple(cut)]


def _squeeze(operator: Operator, values: Arrays) -> Any:
    axes = get_ints(operator, "axes", values, 1)
    return np.squeeze(_require(values, 0), axis=axes)


def _unsqueeze(operator: Operator, values: Arrays) -> Any:
    axes = get_ints(operator, "axes", values, 1)
    if axes is None:
        raise Unsupported
    return np.expand_dims(_require(values, 0), axes)


def _reshape(operator: Operator, values: Arrays) -> Any:
    data, target = _require(values, 0), get_ints(operator, "shape", values, 1)
    if target is None:
        raise Unsupported
    return data.reshape(target_dims(data.shape, target, bool(operator.attributes.get("allowzero", 0))))


def _constant_of_shape(operator: Operator, values: Arrays) -> Any:
    dims, value = to_ints(_require(values, 0)), operator.attributes.get("value")
    if math.prod(dims) > LARGEST or any(dim < 0 for dim in dims):
        raise Unsupported
    number = value.data if isinstance(value, Tensor) and value.data is not None else np.zeros(1, np.float32)
    return np.full(dims, number.ravel()[0])


def _expand(_operator: Operator, values: Arrays) -> Any:
    data, dims = _require(values, 0), to_ints(_require(values, 1))
    shape = np.broadcast_shapes(data.shape, dims)
    if math.prod(shape) > LARGEST:
        raise Unsupported
    return np.broadcast_to(data, shape)


def _range(_operator: Operator, values: Arrays) -> Any:
    start, end, step = (_require(values, number).item() for number in range(3))
    if not step or abs((end - start) / step) > LARGEST:
        raise Unsupported
    return np.arange(start, end, step)


def _gather(operator: Operator, values: Arrays) -> Any:
    data, indices, axis = _require(values, 0), _require(values, 1).astype(np.int64), operator.attributes.get("axis", 0)
    if data.size // max(data.shape[axis], 1) * indices.size > LARGEST:
        raise Unsupported
    return np.take(data, indices, axis=axis)


def _concat(operator: Operator, values: Arrays) -> Any:
    parts = [_require(values, number) for number in range(len(values))]
    if sum(part.size for part in parts) > LARGEST:
        raise Unsupported
    return np.concatenate(parts, axis=operator.attributes["axis"])


def _reduction(function: Callable[..., Any]) -> Callable[[Operator, Arrays], Any]:
    def rule(operator: Operator, values: Arrays) -> Any:
        axes = get_ints(operator, "axes", values, 1)
        return function(_require(values, 0), axis=axes, keepdims=bool(operator.attributes.get("keepdims", 1)))

    return rule


_RULES: Final[dict[str, Callable[[Operator, Arrays], Any]]] = {
    "Add": _elementwise(np.add), "Sub": _elementwise(np.subtract), "Mul": _elementwise(np.multiply),
    "Div": _elementwise(_divide), "Pow": _elementwise(np.power), "Sqrt": _elementwise(np.sqrt),
    "Reciprocal": _elementwise(lambda data: 1 / data), "Neg": _elementwise(np.negative), "Abs": _elementwise(np.abs),
    "Floor": _elementwise(np.floor), "Ceil": _elementwise(np.ceil), "Exp": _elementwise(np.exp),
    "Min": _elementwise(lambda *data: np.minimum.reduce(data)), "Max": _elementwise(lambda *data: np.maximum.reduce(data)),
    "Mod": _elementwise(np.mod), "Equal": _elementwise(np.equal), "Less": _elementwise(np.less),
    "Greater": _elementwise(np.greater), "LessOrEqual": _elementwise(np.less_equal),
    "GreaterOrEqual": _elementwise(np.greater_equal), "Not": _elementwise(np.logical_not),
    "And": _elementwise(np.logical_and), "Or": _elementwise(np.logical_or), "Where": _elementwise(np.where),
    "Identity": lambda _operator, values: _require(values, 0),
    "Cast": _cast, "Slice": _slice, "Squeeze": _squeeze, "Unsqueeze": _unsqueeze, "Reshape": _reshape,
    "Flatten": lambda operator, values: _flatten(_require(values, 0), operator.attributes.get("axis", 1)),
    "Transpose": lambda operator, values: np.transpose(_require(values, 0), operator.attributes.get("perm")),
    "Gather": _gather, "Concat": _concat,
    "Shape": lambda operator, values: np.asarray(_require(values, 0).shape[operator.attributes.get("start", 0):
                                                                        operator.attributes.get("end")], np.int64),
    "Size": lambda _operator, values: np.asarray(_require(values, 0).size, np.int64),
    "ConstantOfShape": _constant_of_shape, "Expand": _expand, "Range": _range,
    "ReduceProd": _reduction(np.prod), "ReduceSum": _reduction(np.sum), "ReduceMax": _reduction(np.max),
    "ReduceMin": _reduction(np.min), "ReduceMean": _reduction(np.mean),
}


def _flatten(data: np.ndarray, axis: int) -> np.ndarray:
    return data.reshape(math.prod(data.shape[:axis]), -1)


def target_dims(dims: Sequence[int], target: Sequence[int], allow_zero: bool = False) -> tuple[int, ...]:
    """The dimensions after Reshape: 0 keeps one, -1 is inferred. Raises Unsupported if they do not fit."""
    sizes = [dims[axis] if size == 0 and not allow_zero and axis < len(dims) else size
             for axis, size in enumerate(target)]
    total, fixed = math.prod(dims), math.prod(item for item in sizes if item != -1)
    if any(item < -1 for item in sizes) or sizes.count(-1) > 1 or not fixed or total % fixed:
        raise Unsupported
    sizes = [total // fixed if item == -1 else item for item in sizes]
    if math.prod(sizes) != total:
        raise Unsupported
    return tuple(sizes)


# Weights -----------------------------------------------------------------------------------------

_KEEPS_DIMS: Final = ("Identity", "Cast", "Sqrt", "Neg", "Abs", "Reciprocal", "Exp", "QuantizeLinear", "DequantizeLinear")


def _fold_weights(operator: Operator, values: Sequence[Value | None]) -> Weight | None:
    """The dimensions of an operator's result on weights."""
    first = values[0]
    if not isinstance(first, Constant | Weight):
        return None
    name = next((item.name for item in values if isinstance(item, Weight)), "")
    arrays = [item.data if isinstance(item, Constant) else None for item in values]
    dims = first.dims
    if operator.type in _KEEPS_DIMS:
        return Weight(dims, name)
    if operator.type in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"):
        return Weight(np.broadcast_shapes(*(item.dims for item in values if isinstance(item, Constant | Weight))), name)
    if operator.type == "Transpose":
        order = operator.attributes.get("perm") or tuple(reversed(range(len(dims))))
        return Weight(tuple(dims[axis] for axis in order), name)
    if operator.type == "Reshape":
        target = get_ints(operator, "shape", arrays, 1)
        return None if target is None else Weight(
            target_dims(dims, target, bool(operator.attributes.get("allowzero", 0))), name)
    if operator.type == "Squeeze":
        axes = get_ints(operator, "axes", arrays, 1)
        removed = {axis % len(dims) for axis in axes} if axes is not None else {
            position for position, size in enumerate(dims) if size == 1}
        return Weight(tuple(size for position, size in enumerate(dims) if position not in removed), name)
    if operator.type == "Unsqueeze":
        axes = get_ints(operator, "axes", arrays, 1)
        return None if axes is None else Weight(np.expand_dims(np.broadcast_to(np.zeros(()), dims), axes).shape, name)
    return None
