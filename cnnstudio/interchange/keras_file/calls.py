"""The connections in Keras's description of a model, in the formats of Keras 2 and Keras 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Config = Mapping[str, Any]
Call = tuple[str, int]
"""A layer by its name in the file, and the number of the call."""

MODELS: Final = ("Functional", "Sequential", "Model")
TENSOR: Final = "__keras_tensor__"
CONSTANT: Final = "_CONSTANT_VALUE"
"""Keras 2's name for the layer of a constant in place of a tensor."""


def layer_name(layer: Config) -> str:
    """A layer's name in the file; that of a model of Keras 2 may be missing."""
    config = layer["config"]
    return str(layer.get("name") or (config.get("name") if isinstance(config, Mapping) else "") or "")


def parse_ends(value: Any) -> list[Call]:
    """[name, call, tensor], or a list of such."""
    items = [value] if value and isinstance(value[0], str) else list(value)
    return [(str(item[0]), int(item[1])) for item in items]


def sources(node: Any) -> Iterator[Call]:
    """The inputs of one call of a layer: Keras 3 describes tensors in its arguments, Keras 2 lists layers, each with
    the call's other arguments after it."""
    if isinstance(node, Mapping):
        if node.get("class_name") == TENSOR:
            name, number, _tensor = node["config"]["keras_history"]
            yield str(name), int(number)
        else:
            for item in node.values():
                yield from sources(item)
    elif isinstance(node, list):
        if is_tensor_reference(node):
            if node[0] != CONSTANT:
                yield node[0], node[1]
            for item in node[3:]:
                yield from sources(item)
        else:
            for item in node:
                yield from sources(item)


def is_tensor_reference(value: Any) -> bool:
    """Whether this is a tensor, or a constant in its place, in the format of Keras 2."""
    return isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int) and (
        isinstance(value[2], int) or value[0] == CONSTANT)


def first_calls(layers: Sequence[Config], outputs: Sequence[Call]) -> dict[str, int]:
    """The number of the first call of every layer in the file, where it is not 0.

    A functional model was called once when it was made; some versions of Keras count that, some do not.
    """
    calls = {layer_name(layer): len(layer.get("inbound_nodes") or ()) for layer in layers if layer["class_name"] in MODELS}
    used: dict[str, set[int]] = {}
    for name, number in (*outputs, *(source for layer in layers for source in sources(layer.get("inbound_nodes") or []))):
        used.setdefault(name, set()).add(number)
    return {name: 1 for name, count in calls.items() if name in used and 0 not in used[name] and max(used[name]) >= count}
