"""Short texts for a layer: the labels of its node."""

from __future__ import annotations

from cnnstudio.catalog.bases import last_layers
from cnnstudio.catalog.bases.resolver import BaseResolver, base_label, base_of_node
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import BASE, OUTPUT, Node
from cnnstudio.core.text import format_number, tr


def summary(node: Node, context: Context) -> str:
    """The settings that matter at a glance, such as "7×7, stride 2, same"."""
    layer = LAYERS.find(node.type)
    if layer is None:
        return tr("unknown", "desconocida")
    values = values_of(node, layer)
    parts: list[str] = []
    if "kernel_size" in values:
        parts.append(_pair(values["kernel_size"]))
    if "pool_size" in values:
        parts.append(_pair(values["pool_size"]))
    parts += [_pair(values[name]) for name in ("size", "output_size") if name in values]
    if "num_heads" in values:
        parts.append(tr("heads: {n}", "cabezas: {n}", n=values["num_heads"]))
    strides = values.get("strides")
    if strides is not None and tuple(strides) != (1, 1) and strides != values.get("pool_size"):
        parts.append(tr("stride {s}", "paso {s}", s=strides[0] if strides[0] == strides[1] else _pair(strides)))
    if values.get("padding") == "same":
        parts.append("same")
    if "rate" in values:
        parts.append(format_number(values['rate']))
    if "stddev" in values:
        parts.append(f"σ {format_number(values['stddev'])}")
    if values.get("max_value") is not None:
        parts.append(f"≤ {format_number(values['max_value'])}")
    if values.get("spectral_normalization"):
        parts.append(tr("spectral norm", "norma espectral"))
    if values.get("activation"):
        parts.append(values["activation"])
    if node.type == OUTPUT:
        parts.append(context.output_activation)
    if node.type == BASE:
        line = values["trainable_from"]
        count = last_layers(line)
        if count is not None:
            return ", ".join([*parts, tr("last {n} layers learn", "aprenden las últimas {n} capas", n=count)])
        parts.append({"none": tr("frozen", "congelada"), "all": tr("all of it learns", "aprende toda")}.get(
            line, tr("learns from {block}", "aprende desde {block}", block=line)))
    return ", ".join(parts)


def title(node: Node, bases: BaseResolver) -> str:
    """The title of the node: the base's for a pretrained base, else the layer's."""
    if node.type == BASE:
        base = base_of_node(node, bases)
        if base is not None:
            return str(base.label)
        if node.params.get("base") == "own":
            return base_label(node)
    layer = LAYERS.find(node.type)
    return node.type if layer is None else str(layer.title)


def _pair(pair: tuple[int, int]) -> str:
    return f"{pair[0]}×{pair[1]}"
