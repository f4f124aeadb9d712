"""Converts layers and operations of Keras's files that have no entry into layers that compute the same.

Arithmetic with constants, which Keras keeps as operations, is what Rescaling does; ConvNeXt's LayerScale is a depthwise
1 x 1 convolution without bias.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, prod
from typing import Any, Final

import msgspec

from cnnstudio.catalog.layers import LAYERS, find_merging_layer
from cnnstudio.catalog.layers.convolution import DEPTHWISE_CONV2D
from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.core.network import NetworkSpec, Node
from cnnstudio.interchange.keras_file.calls import CONSTANT, MODELS, TENSOR, is_tensor_reference

Config = Mapping[str, Any]
Factor = float | tuple[float, ...]
"""One number, or one for each channel."""

OPERATION: Final = "keras.src.ops.numpy"
"""The module of a sum, a product, ... of two tensors."""
_ARITHMETIC: Final = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "TrueDivide": "/", "Divide": "/", "Negative": "~", "Cast": "=",
    "__operators__.add": "+", "math.add": "+", "add": "+", "math.subtract": "-", "subtract": "-", "math.multiply": "*",
    "multiply": "*", "math.truediv": "/", "math.divide": "/", "divide": "/", "truediv": "/", "math.negative": "~",
    "negative": "~", "cast": "=",
}
"""Names of operations in Keras 3, and of TensorFlow's functions in Keras 2."""
_MOST_NUMBERS: Final = 65_536
_RENAMED: Final = {"swish": "silu", "hard_swish": "hard_silu"}
"""Activations by their names in Keras 2."""
_LAYER_SCALE: Final = {"init_values", "projection_dim"}


def is_operation(layer: Config) -> bool:
    """Whether this is an operation on tensors, which is no layer and has no group of weights."""
    module = layer.get("module")
    if module or layer.get("class_name") == "TFOpLambda":
        return not module or ".ops" in str(module) or layer["class_name"] == "TFOpLambda"
    # Older files have no module; every layer has `trainable`, an operation does not.
    config = layer.get("config")
    return isinstance(config, Mapping) and "trainable" not in config and layer.get("class_name") not in MODELS and bool(
        layer.get("inbound_nodes"))


def to_catalog_layer(layer: Config) -> Config:
    """The description of the equivalent layer of the catalog, else the layer unchanged."""
    config = layer.get("config")
    if not isinstance(config, Mapping):
        return layer
    if layer["class_name"] == "LayerScale" and config.keys() >= _LAYER_SCALE and _is_keras_class(layer):
        return {**layer, "class_name": DEPTHWISE_CONV2D.id, "module": "keras.layers",
                "config": {"name": config.get("name"), "kernel_size": [1, 1], "use_bias": False}}
    if is_operation(layer):
        return _arithmetic(layer, config)
    renamed = {name: _RENAMED.get(value, value) if isinstance(value, str) and name == "activation" else value
            for name, value in config.items()}
    entry = LAYERS.find(str(layer["class_name"]))
    if entry is not None:
        renamed = {entry.renamed.get(name, name): value for name, value in renamed.items()}
    return layer if renamed == config else {**layer, "config": renamed}


def _is_keras_class(layer: Config) -> bool:
    """Whether the class is Keras's own, from keras.applications; older files have no module."""
    return str(layer.get("module") or "keras.").startswith("keras.")


def _arithmetic(layer: Config, config: Config) -> Config:
    calls = layer.get("inbound_nodes") or []
    kind = str(config.get("function") if layer["class_name"] == "TFOpLambda" else layer["class_name"])
    sign = _ARITHMETIC.get(kind)
    operands = _operands(calls[0]) if len(calls) == 1 else None
    if sign is None or operands is None:
        return layer
    factors: tuple[Factor, Factor] | None
    if sign == "=":
        factors = (1.0, 0.0) if len(operands) == 1 and str(_cast_to(config, calls[0])).endswith("float32") else None
    elif sign == "~":
        factors = (-1.0, 0.0) if len(operands) == 1 else None
    elif [isinstance(item, _Tensor) for item in operands] == [True, True]:
        # Two tensors: the merging layer of that name, still marked as an operation.
        entry = find_merging_layer(sign)
        return layer if entry is None else {**layer, "class_name": entry.id, "module": OPERATION}
    else:
        factors = _scale_and_offset(sign, *operands) if len(operands) == 2 else None
    if factors is None:
        return layer
    settings = {name: list(value) if isinstance(value, tuple) else value
               for name, value in zip(("scale", "offset"), factors, strict=True)}
    return {**layer, "class_name": RESCALING.id, "module": "keras.layers", "inbound_nodes": [],
            "config": {"name": config.get("name"), **settings}}


class _Tensor(msgspec.Struct, frozen=True):
    """The output of a layer; `is_integer`: its numbers are integers, which have other arithmetic."""

    is_integer: bool = False


def _operands(call: Any) -> list[_Tensor | Factor] | None:
    """The tensors and constants of a call, in order; None if there is anything else."""
    if isinstance(call, Mapping):
        arguments = [*(call.get("args") or ()), *((call.get("kwargs") or {}).values())]
    elif is_tensor_reference(call):
        # Keras 2: the first value, and the others by their names.
        others = call[3] if len(call) > 3 and isinstance(call[3], Mapping) else {}
        arguments = [call, *(value for name, value in others.items() if name not in ("name", "dtype") and value is not None)]
    elif isinstance(call, list) and len(call) == 1 and is_tensor_reference(call[0]):
        return _operands(call[0])
    else:
        return None
    operands = [_operand(item) for item in arguments]
    return [item for item in operands if item is not None] if None not in operands else None


def _operand(argument: Any) -> _Tensor | Factor | None:
    if isinstance(argument, Mapping):
        config = argument.get("config")
        if argument.get("class_name") == TENSOR and isinstance(config, Mapping):
            return _Tensor(is_integer="float" not in str(config.get("dtype") or "float32"))
        return _factor(config.get("value")) if argument.get("class_name") in ("__numpy__", "__tensor__") and (
            isinstance(config, Mapping)) else None
    if is_tensor_reference(argument):
        return _factor(argument[2]) if argument[0] == CONSTANT else _Tensor()
    return _factor(argument)


def _factor(value: Any) -> Factor | None:
    """A number, or numbers along the last axis alone."""
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    numbers = value if isinstance(value, list | tuple) else [value]
    if not 0 < len(numbers) <= _MOST_NUMBERS or not all(
            isinstance(item, int | float) and not isinstance(item, bool) and isfinite(item) for item in numbers):
        return None
    return tuple(float(item) for item in numbers) if isinstance(value, list | tuple) else float(value)


def _cast_to(config: Config, call: Any) -> Any:
    if config.get("dtype") and "function" not in config:
        return config["dtype"]
    return call[3].get("dtype") if is_tensor_reference(call) and len(call) > 3 and isinstance(call[3], Mapping) else None


def _scale_and_offset(sign: str, first: _Tensor | Factor, second: _Tensor | Factor) -> tuple[Factor, Factor] | None:
    """(scale, offset) of a tensor and a constant; None if it is not such an operation."""
    tensor = first if isinstance(first, _Tensor) else second
    constant = second if isinstance(first, _Tensor) else first
    if not isinstance(tensor, _Tensor) or isinstance(constant, _Tensor) or (tensor.is_integer and sign != "/"):
        return None
    tensor_first = isinstance(first, _Tensor)
    if sign == "+":
        return 1.0, constant
    if sign == "-":
        return (1.0, _map_factor(constant, lambda number: -number)) if tensor_first else (-1.0, constant)
    if sign == "*":
        return constant, 0.0
    numbers = constant if isinstance(constant, tuple) else (constant,)
    if not tensor_first or not all(number and isfinite(1 / number) for number in numbers):
        return None
    return _map_factor(constant, lambda number: 1 / number), 0.0


def _map_factor(factor: Factor, change: Callable[[float], float]) -> Factor:
    return tuple(change(number) for number in factor) if isinstance(factor, tuple) else float(change(factor))


def merge_rescalings(network: NetworkSpec, operations: Sequence[str]) -> NetworkSpec:
    """Merge successive arithmetic into one layer, under the name of the last: x / 127.5 - 1 is one Rescaling.

    `operations` are the layers that replace an operation, in order.
    """
    nodes, edges, kinds = {node.id: node for node in network.nodes}, list(network.edges), set(operations)
    for name in operations:
        before = [edge.source for edge in edges if edge.target == name]
        if nodes[name].type != RESCALING.id or len(before) != 1 or before[0] not in kinds or (
                nodes[before[0]].type != RESCALING.id or sum(edge.source == before[0] for edge in edges) != 1):
            continue
        merged = _merge(nodes[before[0]], nodes[name])
        if merged is not None:
            nodes[name] = merged
            del nodes[before[0]]
            edges = [msgspec.structs.replace(edge, target=name) if edge.target == before[0] else edge
                     for edge in edges if edge.target != name]
    return msgspec.structs.replace(network, nodes=tuple(nodes.values()), edges=tuple(edges))


def _merge(first: Node, second: Node) -> Node | None:
    """One Rescaling for two; None if their constants have different lengths."""
    inner, outer = (tuple(node.params.get(name, default) for name, default in (("scale", 1 / 255), ("offset", 0.0)))
                    for node in (first, second))
    lengths = {len(item) for item in (*inner, *outer) if isinstance(item, tuple)}
    if len(lengths) > 1:
        return None
    count = max(lengths, default=1)
    a, b, c, d = (item if isinstance(item, tuple) else (item,) * count for item in (*inner, *outer))
    scale = tuple(map(prod, zip(a, c, strict=True)))
    offset = tuple(low * factor + high for low, factor, high in zip(b, c, d, strict=True))
    if not all(map(isfinite, (*scale, *offset))):
        return None
    result: dict[str, Factor] = {"scale": scale, "offset": offset} if lengths else {"scale": scale[0], "offset": offset[0]}
    params = {name: value for name, value in result.items() if value != (1 / 255 if name == "scale" else 0.0)}
    return msgspec.structs.replace(second, params=params)
