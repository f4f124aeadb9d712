"""The layers of a user's file that can be converted exactly, and the reasons against the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.layers.attention import MULTI_HEAD_ATTENTION
from cnnstudio.catalog.layers.convolution import CONV2D_TRANSPOSE
from cnnstudio.catalog.layers.normalization import NORMALIZATION
from cnnstudio.core.network import INPUT, NetworkSpec, Node
from cnnstudio.core.params import check
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import ForeignNetwork, LayerOrigin
from cnnstudio.interchange.keras_file.calls import is_tensor_reference
from cnnstudio.interchange.keras_file.operations import is_operation
from cnnstudio.interchange.own_base import weights as own_weights
from cnnstudio.network.shapes import NetworkReport

_MODULES: Final = ("", "keras", "keras.layers")
_OPERATIONS: Final = frozenset(layer.id for layer in LAYERS if layer.operation)
"""Operations on two tensors that have a layer of the same name."""
_SUPPORTED: Final[Mapping[str, tuple[Any, ...]]] = {
    "data_format": ("channels_last", None), "rms_scaling": (False,), "renorm": (False,), "use_gate": (False,),
    "output_shape": (None,), "attention_axes": (None,), "sliding_window": (None,), "quantization_config": (None,),
    "lora_rank": (None,),
}
"""Settings without a parameter here, with the values for which the layer computes the same."""
_MOST_CHANNELS: Final = 4096
_UNKNOWN: Final = Text("unknown", "desconocida")
_OTHER_SIGMOID: Final = Text("hard_sigmoid of Keras 2, which is a different function in Keras 3",
                             "hard_sigmoid de Keras 2, que en Keras 3 es otra función")
_SETTING: Final = Text("{name} = {value}", "{name} = {value}")


def with_measured_statistics(network: NetworkSpec, foreign: ForeignNetwork, path: Path) -> NetworkSpec:
    """The network with the statistics of adapted Normalization layers, which the file has among the weights."""
    without_statistics = [node for node in network.nodes if node.type == NORMALIZATION.id
             and foreign.origins[node.id].layer["config"].get("mean") is None]
    if not without_statistics:
        return network
    with own_weights.open_weights(path) as weights:
        statistics = {node.id: _mean_and_variance(weights, foreign.origins[node.id], path) for node in without_statistics}
    nodes = tuple(msgspec.structs.replace(node, params=dict(node.params) | statistics.get(node.id, {}))
                  for node in network.nodes)
    return msgspec.structs.replace(network, nodes=nodes)


def _mean_and_variance(weights: Any, origin: LayerOrigin, path: Path) -> dict[str, tuple[float, ...]]:
    """Mean and variance of each channel."""
    arrays = own_weights.arrays(weights, origin, path, _MOST_CHANNELS)
    return {name: tuple(array.ravel().tolist()) for name, array in zip(("mean", "variance"), arrays, strict=False)}


def refused_layers(foreign: ForeignNetwork, network: NetworkSpec, report: NetworkReport) -> dict[str, Text]:
    """The layers that would not compute the same here, with the reasons."""
    refused: dict[str, Text] = {}
    old = any("batch_input_shape" in origin.layer["config"] for origin in foreign.origins.values())
    for node in network.nodes:
        if node.type == INPUT:
            continue
        reason = _reason(node, foreign.origins[node.id], network, report)
        if reason is None and old and node.params.get("activation") == "hard_sigmoid":
            reason = _OTHER_SIGMOID
        # Layers behind a refused one cannot be judged.
        if reason is not None and all(report.nodes[item].shape is not None for item in network.inputs_of(node.id)):
            refused[node.id] = reason
    return refused


def _reason(node: Node, origin: LayerOrigin, network: NetworkSpec, report: NetworkReport) -> Text | None:
    module = str(origin.layer.get("module") or "")
    if is_operation(origin.layer):
        sources = network.inputs_of(node.id)
        joined = len(sources) > 1 and len({report.nodes[item].shape for item in sources}) == 1
        return None if node.type in _OPERATIONS and joined else Text("an operation on tensors", "una operación con tensores")
    custom = module not in _MODULES and not module.startswith("keras.src.")
    if node.type not in LAYERS or custom or not LAYERS[node.type].is_keras:
        return Text("{kind}, {why}", "{kind}, {why}").fill(kind=node.type, why=_UNKNOWN)
    if node.params.get("spectral_normalization"):
        return Text("its weights are inside a wrapper layer", "sus pesos están dentro de una capa envolvente")
    config = origin.layer.get("config")
    if not isinstance(config, Mapping):
        return _UNKNOWN
    inputs = report.nodes[node.id].inputs
    rank = len(inputs[0]) if inputs else 0
    for name, value in (*_settings(node, config, rank), *_call_arguments(origin.layer.get("inbound_nodes"))):
        return _SETTING.fill(name=name, value=str(value)[:40])
    problems = [problem for problem in report.of(node.id) if problem.blocks]
    if problems:
        return problems[0].text
    axes = config.get("axis", -1)
    several = axes if isinstance(axes, list) else [axes]
    if "axis" not in LAYERS[node.type].call.kwargs and any(item not in (-1, rank) for item in several):
        return _SETTING.fill(name="axis", value=axes)
    return None


def _settings(node: Node, config: Mapping[str, Any], rank: int) -> Iterator[tuple[str, Any]]:
    """Settings that the layer here cannot have; `rank` is that of its input without the batch."""
    entry = LAYERS[node.type]
    # Keras saves the default axes of attention: all but batch and channels.
    all_axes = list(range(1, rank)) if node.type == MULTI_HEAD_ATTENTION.id else None
    for name, allowed in _SUPPORTED.items():
        if name in config and name not in entry.call.kwargs and config[name] not in (*allowed, all_axes):
            yield name, config[name]
    if node.type == CONV2D_TRANSPOSE.id and set(_as_list(config.get("dilation_rate", 1))) != {1}:
        yield "dilation_rate", config["dilation_rate"]
    values = entry.call.parameters(config)
    param_names = {param.name for param in entry.params}
    # Regularisers, constraints and initialisers matter in training only.
    invalid = {str(problem.where.field) for problem in check(
        entry.params, {name: value for name, value in values.items() if name in param_names}, "network")}
    for name, expression in entry.call.kwargs.items():
        if config.get(name) is None or name.endswith(("_initializer", "_regularizer", "_constraint")):
            continue
        param_name = expression.name if hasattr(expression, "name") else ""
        unread = bool(param_name) and param_name not in values
        if (param_name in invalid and not _equals_default(entry.id, param_name, config[name], values)) or unread:
            yield name, config[name]


def _equals_default(kind: str, name: str, value: Any, values: Mapping[str, Any]) -> bool:
    """Whether the value that Keras saved equals the parameter's implied default."""
    param = next(param for param in LAYERS[kind].params if param.name == name)
    return param.default is None and (value == "linear" or value == values.get(name))


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _call_arguments(inbound: Any) -> Iterator[tuple[str, Any]]:
    """Arguments of a layer's calls that change its result, such as a causal mask."""
    for call in inbound if isinstance(inbound, list) else []:
        # Keras 2 writes them behind each tensor of the call.
        tensors = call if isinstance(call, list) else []
        arguments = [call.get("kwargs")] if isinstance(call, Mapping) else [
            tensor[3] for tensor in tensors if is_tensor_reference(tensor)
                                                                        and len(tensor) > 3]
        for name, value in ((name, value) for item in arguments if isinstance(item, Mapping) for name, value in item.items()):
            plain = isinstance(value, bool | int | float | str)
            if name != "training" and plain and value:
                yield name, value
