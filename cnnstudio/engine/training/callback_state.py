"""The state of any Keras callback as plain values and arrays, without pickle and without knowing its attributes."""

from __future__ import annotations

import math
from typing import Any, Final

import keras
import numpy as np

_NOT_STATE: Final = frozenset(("_model", "params", "validation_data", "since"))
"""Attributes that `fit` sets on every callback, and a moment of this process's clock."""
_KIND: Final = "$"


class NotKept(Exception):
    """A value without a plain form."""


def encode_state(callback: Any, arrays: list[np.ndarray], begun: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """(attributes in JSON's types, names of those that changed since `begun` and have no plain form).

    `begun` are the attributes right after `on_train_begin`. Arrays are appended to `arrays`, and named by their place
    there; they are not copied. An attribute that is new counts as changed.
    """
    state: dict[str, Any] = {}
    lost: list[str] = []
    for name, value in vars(callback).items():
        if name in _NOT_STATE:
            continue
        count = len(arrays)
        try:
            state[name] = _encode(value, arrays)
        except NotKept:
            del arrays[count:]
            if value is not begun.get(name, begun):
                lost.append(name)
    return state, lost


def decode_state(callback: Any, state: dict[str, Any], arrays: list[np.ndarray]) -> None:
    """Put a state back. Raises AttributeError, IndexError, KeyError, TypeError or ValueError for one that is damaged."""
    for name, value in state.items():
        if name not in _NOT_STATE:
            setattr(callback, name, _decode(value, arrays))


def _encode(value: Any, arrays: list[np.ndarray]) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, np.generic | np.ndarray):
        arrays.append(np.asarray(value))
        return {_KIND: "array" if isinstance(value, np.ndarray) else "scalar", "number": len(arrays) - 1}
    if isinstance(value, float):
        return value if math.isfinite(value) else {_KIND: "float", "value": repr(value)}
    if isinstance(value, list | tuple | set | frozenset):
        return {_KIND: type(value).__name__, "items": [_encode(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {_KIND: "dict", "items": [[_encode(key, arrays), _encode(item, arrays)] for key, item in value.items()]}
    name = getattr(value, "__name__", "")
    if name and getattr(keras.ops, name, None) is value:
        return {_KIND: "operation", "name": name}
    if keras.ops.is_tensor(value):
        arrays.append(np.array(keras.ops.convert_to_numpy(value)))
        return {_KIND: "tensor", "number": len(arrays) - 1}
    raise NotKept(type(value).__name__)


_COLLECTIONS: Final = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


def _decode(value: Any, arrays: list[np.ndarray]) -> Any:
    if not isinstance(value, dict):
        return value
    kind = value[_KIND]
    if kind == "array":
        return arrays[value["number"]]
    if kind == "scalar":
        return arrays[value["number"]][()]
    if kind == "tensor":
        return keras.ops.convert_to_tensor(arrays[value["number"]])
    if kind == "float":
        return float(value["value"])
    if kind == "dict":
        return {_decode(key, arrays): _decode(item, arrays) for key, item in value["items"]}
    if kind == "operation":
        return getattr(keras.ops, str(value["name"]))
    return _COLLECTIONS[kind](_decode(item, arrays) for item in value["items"])
