"""The normalisation as the layer behind the Input: built and printed from one call."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context

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
