"""The normalisation as the layer behind the Input, built and printed from one call, and whether a network does it itself."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core.network import INPUT, NetworkSpec

_SCALES: Final = {"zero_one": {"scale": 1 / 255}, "minus_one_one": {"scale": 1 / 127.5, "offset": -1.0}}


def rescaling(context: Context) -> Call | None:
    """The Rescaling layer; None where the recipe does not scale ("none", "base", or nothing measured yet).

    Standardised is (x - mean) / deviation = x · 1/deviation - mean/deviation, for each channel.
    """
    if context.normalization in _SCALES:
        return Call("keras.layers.Rescaling", dict(_SCALES[context.normalization]))
    if not is_measured(context):
        return None
    scale = tuple(_short(1 / (item or 1.0)) for item in context.deviation)
    offset = tuple(_short(-mean / (deviation or 1.0)) for mean, deviation in zip(context.mean, context.deviation, strict=True))
    return Call("keras.layers.Rescaling", {"scale": scale, "offset": offset})


def is_measured(context: Context) -> bool:
    """Whether the recipe standardises and has a mean and a deviation for every channel."""
    return context.normalization == "standardize" and len(context.mean) == len(context.deviation) == context.channels


def _short(value: float) -> float:
    """Rounded to the precision of float32."""
    return float(f"{value:.9g}")


def scales_pixels(network: NetworkSpec) -> bool:
    """Whether pixels meet a layer that scales them, or learns their range, before the first other one that learns."""
    waiting = [node.id for node in network.nodes if node.type == INPUT]
    seen: set[str] = set()
    while waiting:
        source = waiting.pop()
        for edge in network.edges:
            node = network.node(edge.target) if edge.source == source else None
            layer = LAYERS.find(node.type) if node is not None else None
            if node is None or layer is None or node.id in seen:
                continue
            seen.add(node.id)
            if layer.recipe_part == "scaling" or layer.batch_free:
                return True
            if layer.keeps_pixels or layer.flattens:
                waiting.append(node.id)
    return False
