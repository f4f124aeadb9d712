"""Arithmetic on what is known before any picture comes: shapes that exporters compute, axes, factors, weights.

Numbers are computed as ONNX defines its operators (onnx.ai, "Operators"); of weights only the dimensions are followed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from cnnstudio.interchange.onnx.parts import Operator, Tensor
from cnnstudio.interchange.onnx.values import Known, Unlike, Value, Weight

LARGEST: Final = 1 << 16
"""Numbers in a result that is computed; of more only the dimensions are kept."""

Arrays = Sequence[np.ndarray | None]


def of_tensor(tensor: Tensor, name: str = "") -> Known | Weight:
    """Numbers of the model."""
    return Weight(tensor.dims, name) if tensor.data is None or tensor.data.size > LARGEST else Known(tensor.data)


def folded(operator: Operator, values: Sequence[Value | None]) -> Known | Weight | None:
    """What an operator makes of numbers; None where it is no operator on numbers, or cannot be followed."""
    if any(not isinstance(item, Known | Weight | None) for item in values):
        return None
    try:
        if all(isinstance(item, Known | None) for item in values):
            rule = _RULES.get(operator.type)
            if rule is None:
                return None
            with np.errstate(all="ignore"):
                found = np.asarray(rule(operator, [item.data if isinstance(item, Known) else None for item in values]))
            return Known(found) if found.size <= LARGEST else Weight(found.shape)
        return _of_weights(operator, values)
    except (ValueError, TypeError, IndexError, OverflowError, ZeroDivisionError, KeyError, AttributeError, Unlike,
            MemoryError):
        return None


def whole(data: np.ndarray | None) -> tuple[int, ...]:
    """Known numbers as whole ones, in a row; raises Unlike."""
    if data is None or data.size > 64:
        raise Unlike
    return tuple(int(item) for item in np.atleast_1d(data).ravel())


def listed(operator: Operator, name: str, values: Arrays, number: int) -> tuple[int, ...] | None:
    """Whole numbers that older operators have as an attribute, newer ones as an input; None where they are left out."""
    if name in operator.attributes:
        return tuple(int(attribute) for attribute in operator.attributes[name])
    data = values[number] if number < len(values) else None
    return None if data is None else whole(data)


# Numbers -----------------------------------------------------------------------------------------

_TYPES: Final[dict[int, Any]] = {1: np.float32, 2: np.uint8, 3: np.int8, 5: np.int16, 6: np.int32, 7: np.int64, 9: np.bool_,
                                 10: np.float16, 11: np.float64, 12: np.uint32, 13: np.uint64}


def _need(values: Arrays, number: int) -> np.ndarray:
    data = values[number] if number < len(values) else None
    if data is None:
        raise Unlike
    return data


def _elementwise(function: Callable[..., Any]) -> Callable[[Operator, Arrays], Any]:
    def rule(_operator: Operator, values: Arrays) -> Any:
        found = [_need(values, number) for number in range(len(values))]
        if math.prod(np.broadcast_shapes(*(item.shape for item in found))) > LARGEST:
            raise Unlike
        return function(*found)

    return rule


def _division(one: np.ndarray, other: np.ndarray) -> Any:
    if np.issubdtype(one.dtype, np.integer):
        if not np.all(other):
            raise Unlike
        return np.trunc(one / other).astype(one.dtype)
    return one / other


def _cast(operator: Operator, values: Arrays) -> Any:
    kind = _TYPES.get(operator.attributes.get("to", 1))
    return _need(values, 0) if kind is None else _need(values, 0).astype(kind)


def _slice(operator: Operator, values: Arrays) -> Any:
    data = _need(values, 0)
    starts, ends = listed(operator, "starts", values, 1), listed(operator, "ends", values, 2)
    if starts is None or ends is None:
        raise Unlike
    axes = listed(operator, "axes", values, 3) or tuple(range(len(starts)))
    steps = listed(operator, "steps", values, 4) or (1,) * len(starts)
    cut = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        cut[axis] = slice(start, None if step < 0 and end < -data.shape[axis] else end, step)
    return data[tuple(cut)]


def _squeezed(operator: Operator, values: Arrays) -> Any:
    axes = listed(operator, "axes", values, 1)
    return np.squeeze(_need(values, 0), axis=axes)


def _unsqueezed(operator: Operator, values: Arrays) -> Any:
    axes = listed(operator, "axes", values, 1)
    if axes is None:
        raise Unlike
    return np.expand_dims(_need(values, 0), axes)


def _reshaped(operator: Operator, values: Arrays) -> Any:
    data, target = _need(values, 0), listed(operator, "shape", values, 1)
    if target is None:
        raise Unlike
    return data.reshape(target_dims(data.shape, target, bool(operator.attributes.get("allowzero", 0))))


def _filled(operator: Operator, values: Arrays) -> Any:
    dims, value = whole(_need(values, 0)), operator.attributes.get("value")
    if math.prod(dims) > LARGEST or any(dim < 0 for dim in dims):
        raise Unlike
    number = value.data if isinstance(value, Tensor) and value.data is not None else np.zeros(1, np.float32)
    return np.full(dims, number.ravel()[0])


def _expanded(_operator: Operator, values: Arrays) -> Any:
    data, dims = _need(values, 0), whole(_need(values, 1))
    shape = np.broadcast_shapes(data.shape, dims)
    if math.prod(shape) > LARGEST:
        raise Unlike
    return np.broadcast_to(data, shape)


def _range(_operator: Operator, values: Arrays) -> Any:
    start, end, step = (_need(values, number).item() for number in range(3))
    if not step or abs((end - start) / step) > LARGEST:
        raise Unlike
    return np.arange(start, end, step)


def _gathered(operator: Operator, values: Arrays) -> Any:
    data, places, axis = _need(values, 0), _need(values, 1).astype(np.int64), operator.attributes.get("axis", 0)
    if data.size // max(data.shape[axis], 1) * places.size > LARGEST:
        raise Unlike
    return np.take(data, places, axis=axis)


def _joined(operator: Operator, values: Arrays) -> Any:
    parts = [_need(values, number) for number in range(len(values))]
    if sum(part.size for part in parts) > LARGEST:
        raise Unlike
    return np.concatenate(parts, axis=operator.attributes["axis"])


def _reduced(function: Callable[..., Any]) -> Callable[[Operator, Arrays], Any]:
    def rule(operator: Operator, values: Arrays) -> Any:
        axes = listed(operator, "axes", values, 1)
        return function(_need(values, 0), axis=axes, keepdims=bool(operator.attributes.get("keepdims", 1)))

    return rule


_RULES: Final[dict[str, Callable[[Operator, Arrays], Any]]] = {
    "Add": _elementwise(np.add), "Sub": _elementwise(np.subtract), "Mul": _elementwise(np.multiply),
    "Div": _elementwise(_division), "Pow": _elementwise(np.power), "Sqrt": _elementwise(np.sqrt),
    "Reciprocal": _elementwise(lambda data: 1 / data), "Neg": _elementwise(np.negative), "Abs": _elementwise(np.abs),
    "Floor": _elementwise(np.floor), "Ceil": _elementwise(np.ceil), "Exp": _elementwise(np.exp),
    "Min": _elementwise(lambda *data: np.minimum.reduce(data)), "Max": _elementwise(lambda *data: np.maximum.reduce(data)),
    "Mod": _elementwise(np.mod), "Equal": _elementwise(np.equal), "Less": _elementwise(np.less),
    "Greater": _elementwise(np.greater), "LessOrEqual": _elementwise(np.less_equal),
    "GreaterOrEqual": _elementwise(np.greater_equal), "Not": _elementwise(np.logical_not),
    "And": _elementwise(np.logical_and), "Or": _elementwise(np.logical_or), "Where": _elementwise(np.where),
    "Identity": lambda _operator, values: _need(values, 0),
    "Cast": _cast, "Slice": _slice, "Squeeze": _squeezed, "Unsqueeze": _unsqueezed, "Reshape": _reshaped,
    "Flatten": lambda operator, values: _flat(_need(values, 0), operator.attributes.get("axis", 1)),
    "Transpose": lambda operator, values: np.transpose(_need(values, 0), operator.attributes.get("perm")),
    "Gather": _gathered, "Concat": _joined,
    "Shape": lambda operator, values: np.asarray(_need(values, 0).shape[operator.attributes.get("start", 0):
                                                                        operator.attributes.get("end")], np.int64),
    "Size": lambda _operator, values: np.asarray(_need(values, 0).size, np.int64),
    "ConstantOfShape": _filled, "Expand": _expanded, "Range": _range,
    "ReduceProd": _reduced(np.prod), "ReduceSum": _reduced(np.sum), "ReduceMax": _reduced(np.max),
    "ReduceMin": _reduced(np.min), "ReduceMean": _reduced(np.mean),
}


def _flat(data: np.ndarray, axis: int) -> np.ndarray:
    return data.reshape(math.prod(data.shape[:axis]), -1)


def target_dims(dims: Sequence[int], target: Sequence[int], allow_zero: bool = False) -> tuple[int, ...]:
    """The dimensions that Reshape makes: 0 keeps one, -1 takes what is left. Raises Unlike where they do not fit."""
    found = [dims[place] if each == 0 and not allow_zero and place < len(dims) else each
             for place, each in enumerate(target)]
    size, known = math.prod(dims), math.prod(item for item in found if item != -1)
    if any(item < -1 for item in found) or found.count(-1) > 1 or not known or size % known:
        raise Unlike
    found = [size // known if item == -1 else item for item in found]
    if math.prod(found) != size:
        raise Unlike
    return tuple(found)


# Weights -----------------------------------------------------------------------------------------

_SAME: Final = ("Identity", "Cast", "Sqrt", "Neg", "Abs", "Reciprocal", "Exp", "QuantizeLinear", "DequantizeLinear")


def _of_weights(operator: Operator, values: Sequence[Value | None]) -> Weight | None:
    """The dimensions of what an operator makes of weights."""
    first = values[0]
    if not isinstance(first, Known | Weight):
        return None
    name = next((item.name for item in values if isinstance(item, Weight)), "")
    arrays = [item.data if isinstance(item, Known) else None for item in values]
    dims = first.dims
    if operator.type in _SAME:
        return Weight(dims, name)
    if operator.type in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"):
        return Weight(np.broadcast_shapes(*(item.dims for item in values if isinstance(item, Known | Weight))), name)
    if operator.type == "Transpose":
        order = operator.attributes.get("perm") or tuple(reversed(range(len(dims))))
        return Weight(tuple(dims[axis] for axis in order), name)
    if operator.type == "Reshape":
        target = listed(operator, "shape", arrays, 1)
        return None if target is None else Weight(
            target_dims(dims, target, bool(operator.attributes.get("allowzero", 0))), name)
    if operator.type == "Squeeze":
        axes = listed(operator, "axes", arrays, 1)
        gone = {axis % len(dims) for axis in axes} if axes is not None else {
            place for place, size in enumerate(dims) if size == 1}
        return Weight(tuple(size for place, size in enumerate(dims) if place not in gone), name)
    if operator.type == "Unsqueeze":
        axes = listed(operator, "axes", arrays, 1)
        return None if axes is None else Weight(np.expand_dims(np.broadcast_to(np.zeros(()), dims), axes).shape, name)
    return None
