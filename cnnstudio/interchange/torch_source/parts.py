"""Joins nodes that are one layer here: chains of additions, a pooling and what drops its axes, the parts of a printed layer."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.torch_modules.windows import same_border
from cnnstudio.interchange.python_source.values import TracedNode

_CHAINS: Final = frozenset(("Add", "Multiply", "Maximum", "Minimum"))
_WINDOWS: Final = {"Conv2D": "kernel_size", "DepthwiseConv2D": "kernel_size", "SeparableConv2D": "kernel_size"}


def join_parts(nodes: list[TracedNode], end: TracedNode) -> tuple[list[TracedNode], TracedNode]:
    """The nodes with these joined, and the last one of them."""
    nodes = list(nodes)
    for rule in (_chain, _pooling, _separable, _padding, _crop, _activation, _penalty):
        uses = Counter(source.number for node in nodes for source in node.sources)
        gone: dict[int, TracedNode] = {}
        for node in nodes:
            node.sources = [_kept(source, gone) for source in node.sources]
            by = rule(node, uses, end)
            if by is not None:
                gone[node.number] = by
        nodes = [node for node in nodes if node.number not in gone]
        reached = _reached(nodes, _kept(end, gone))
        nodes, end = [node for node in nodes if node.number in reached], _kept(end, gone)
    return nodes, end


def _kept(node: TracedNode, gone: dict[int, TracedNode]) -> TracedNode:
    while node.number in gone:
        node = gone[node.number]
    return node


def _reached(nodes: list[TracedNode], end: TracedNode) -> set[int]:
    by_number = {node.number: node for node in nodes}
    waiting, reached = [end.number], set[int]()
    while waiting:
        number = waiting.pop()
        if number not in reached:
            reached.add(number)
            waiting += [source.number for source in by_number[number].sources]
    return reached


# Each rule changes a node for what it takes over, or answers the node that takes it over. ---------------------------------

def _single(node: TracedNode, uses: Counter[int]) -> TracedNode | None:
    """The only source of a node, if nothing else uses it."""
    return node.sources[0] if len(node.sources) == 1 and uses[node.sources[0].number] == 1 else None


def _is_part(node: TracedNode, source: TracedNode, suffix: str) -> bool:
    """Whether a node is named as a part of a printed layer: "conv_2_activation", or "conv_activation_2" in a block."""
    stem, _, number = source.name.rpartition("_")
    numbered = f"{stem}_{suffix}_{number}" if stem and number.isdigit() else ""
    return bool(source.name and node.name) and node.name in (f"{source.name}_{suffix}", numbered)


def _set(node: TracedNode, **params: Any) -> None:
    """Change parameters of a node; its layer may have others elsewhere."""
    node.params = dict(node.params) | params


def _chain(node: TracedNode, uses: Counter[int], _end: TracedNode) -> TracedNode | None:
    """a + b + c, which Python adds one after the other."""
    if node.kind in _CHAINS and node.sources:
        first = node.sources[0]
        if first.kind == node.kind and uses[first.number] == 1 and not first.name and not first.params:
            node.sources = [*first.sources, *node.sources[1:]]
    return None


def _pooling(node: TracedNode, uses: Counter[int], _end: TracedNode) -> TracedNode | None:
    """A global pooling that keeps its axes, and the Flatten behind it."""
    source = _single(node, uses)
    if node.kind != "Flatten" or source is None or not LAYERS[source.kind].pooling or not source.params.get("keepdims"):
        return None
    _set(source, keepdims=False)
    source.shape = node.shape
    return source


def _activation(node: TracedNode, uses: Counter[int], _end: TracedNode) -> TracedNode | None:
    """"conv" and "conv_activation", or a function such as F.relu behind a layer: one layer with an activation."""
    source = _single(node, uses)
    if source is None or not (_is_part(node, source, "activation") or (source.name and not node.name)):
        return None
    entry = LAYERS[source.kind]
    if not entry.has_param("activation") or source.params.get("activation") is not None:
        return None
    name = _activation_name(node)
    if name is None:
        return None
    _set(source, activation=name)
    return source


def _activation_name(node: TracedNode) -> str | None:
    """The function that a node computes, if it has no settings of its own."""
    params = {name: value for name, value in node.params.items() if value is not None}
    if node.kind == "Activation":
        return str(params.get("activation", "relu"))
    plain: dict[str, dict[Any, str]] = {
        "ReLU": {(): "relu", (("max_value", 6.0),): "relu6", (("negative_slope", 0.2),): "leaky_relu"},
        "LeakyReLU": {(("negative_slope", 0.2),): "leaky_relu"}, "ELU": {(("alpha", 1.0),): "elu"},
        "Softmax": {(): "softmax"}, "Identity": {(): "linear"}}
    forms: dict[Any, str] = plain.get(node.kind, {})
    return forms.get(tuple(sorted(params.items())))


def _penalty(node: TracedNode, uses: Counter[int], _end: TracedNode) -> TracedNode | None:
    """"conv" and "conv_penalty": one layer with an activity regulariser."""
    source = _single(node, uses)
    if source is None or node.kind != "ActivityRegularization" or not _is_part(node, source, "penalty"):
        return None
    l1, l2 = float(node.params.get("l1", 0.0)), float(node.params.get("l2", 0.0))
    if not LAYERS[source.kind].has_param("activity_regularizer"):
        return None
    kind = "L1L2" if l1 and l2 else "L2" if l2 else "L1"
    _set(source, activity_regularizer=kind, **({"activity_regularizer_l1": l1} if kind != "L2" else {}),
         **({"activity_regularizer_l2": l2} if kind != "L1" else {}))
    return source


def _separable(node: TracedNode, uses: Counter[int], _end: TracedNode) -> TracedNode | None:
    """"conv_depthwise" and a 1 × 1 "conv" behind it: one SeparableConv2D."""
    source = _single(node, uses)
    if source is None or node.kind != "Conv2D" or not _is_part(source, node, "depthwise"):
        return None
    depthwise = source.kind == "DepthwiseConv2D" or (source.kind == "Conv2D" and source.sources[0].shape is not None and (
        source.params.get("groups", 1) == source.sources[0].shape[-1]))
    if not depthwise or source.params.get("use_bias", True) or node.params.get("kernel_size") != (1, 1):
        return None
    multiplier = source.params.get("depth_multiplier")
    if multiplier is None:
        multiplier = source.params["filters"] // source.params.get("groups", 1)
    shared = ("kernel_size", "strides", "padding", "dilation_rate")
    kept = {name: source.params[name] for name in shared if name in source.params}
    node.kind = "SeparableConv2D"
    node.params = kept | {"filters": node.params["filters"], "use_bias": node.params.get("use_bias", True),
                          "depth_multiplier": multiplier}
    node.sources = source.sources
    if node.layer is not None:
        node.layer.kind = node.kind
    return None


def _padding(node: TracedNode, uses: Counter[int], _end: TracedNode) -> TracedNode | None:
    """"conv_padding" and "conv": padding same, where the border is the same one."""
    source = _single(node, uses)
    if source is None or source.kind != "ZeroPadding2D" or not _is_part(source, node, "padding"):
        return None
    before = source.sources[0]
    if node.kind == "Resizing" and not node.params.get("pad_to_aspect_ratio"):
        _set(node, pad_to_aspect_ratio=True, fill_value=0.0)
        node.sources = [before]
        return None
    window = _WINDOWS.get(node.kind)
    if window is None or before.shape is None or node.params.get("padding", "valid") != "valid":
        return None
    kernel, strides = node.params[window], node.params.get("strides", (1, 1))
    dilation = node.params.get("dilation_rate", (1, 1))
    reach = ((kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1)
    if source.params.get("padding", (1, 1, 1, 1)) == same_border(before.shape, reach, strides):
        _set(node, padding="same")
        node.sources = [before]
    return None


def _crop(node: TracedNode, uses: Counter[int], _end: TracedNode) -> TracedNode | None:
    """"conv" and "conv_crop", or "resizing_crop" and "resizing": what a layer of Keras cuts off itself."""
    source = _single(node, uses)
    if source is None:
        return None
    if node.kind == "Resizing" and source.kind == "Cropping2D" and _is_part(source, node, "crop"):
        _set(node, crop_to_aspect_ratio=True)
        node.sources = source.sources
        return None
    if node.kind != "Cropping2D" or source.kind != "Conv2DTranspose" or not _is_part(node, source, "crop") or (
            node.shape is None):
        return None
    cut, shape, before = node.params.get("cropping", (1, 1, 1, 1)), node.shape, source.sources[0].shape
    kernel, strides = source.params["kernel_size"], source.params["strides"]
    assert before is not None
    extra: list[int] = []
    for axis in (0, 1):
        first = max((-(-shape[axis] // strides[axis]) - 1) * strides[axis] + kernel[axis] - shape[axis], 0) // 2
        more = shape[axis] - ((before[axis] - 1) * strides[axis] + kernel[axis] % 2)
        if cut[2 * axis] != first or not 0 <= more < strides[axis]:
            return None
        extra.append(more)
    plain = all(shape[axis] == before[axis] * strides[axis] for axis in (0, 1))
    _set(source, padding="same", output_padding=None if plain else tuple(extra))
    source.shape = node.shape
    return source
