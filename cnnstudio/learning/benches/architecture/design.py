"""A convolutional network from a few settings, and a dense one for the same pictures, as networks of the program."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.networks import network_builder
from cnnstudio.core.network import NetworkSpec

Pooling = Literal["none", "max", "average"]
End = Literal["global", "dense"]
LIMITS: Final = {"side": (8, 512), "channels": (1, 4), "classes": (2, 1000), "depth": (1, 8), "filters": (1, 256),
                 "kernel": (1, 11), "stride": (1, 4), "units": (1, 4096)}
"""The least and the greatest value of every number."""
PADDINGS: Final = ("valid", "same")
POOLINGS: Final = ("none", "max", "average")
ENDS: Final = ("global", "dense")
_POOLING_LAYERS: Final = {"max": "MaxPooling2D", "average": "AveragePooling2D"}


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """`depth` convolutions with their pooling, then a mean over each map ("global") or a dense layer of `units`.

    Pictures are square. `doubling`: each convolution has twice as many filters as the one before.
    """

    side: int = 32
    channels: int = 3
    classes: int = 10
    depth: int = 3
    filters: int = 16
    doubling: bool = True
    kernel: int = 3
    stride: int = 1
    padding: str = "same"
    pooling: str = "max"
    end: str = "global"
    units: int = 128


def to_design(values: dict[str, Any]) -> Design:
    """The design of plain values; unknown names and impossible values are left out."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if name in LIMITS and isinstance(value, int) and not isinstance(value, bool):
            low, high = LIMITS[name]
            kept[name] = min(max(value, low), high)
        elif (name == "doubling" and isinstance(value, bool)) or value in _CHOICES.get(name, ()):
            kept[name] = value
    return Design(**kept)


_CHOICES: Final[dict[str, tuple[str, ...]]] = {"padding": PADDINGS, "pooling": POOLINGS, "end": ENDS}


def context_of_design(design: Design) -> Context:
    """What the network depends on besides its layers. The pictures are not scaled in the network."""
    return Context(height=design.side, width=design.side, channels=design.channels, class_count=design.classes,
                   label_mode="int", normalization="none")


def filters_of(design: Design) -> tuple[int, ...]:
    """The filters of each convolution."""
    return tuple(design.filters * (2 ** place if design.doubling else 1) for place in range(design.depth))


def convolutional(design: Design) -> NetworkSpec:
    """The convolutional network."""
    builder = network_builder()
    builder.add("Input")
    for filters in filters_of(design):
        builder.add("Conv2D", filters=filters, kernel_size=(design.kernel,) * 2, strides=(design.stride,) * 2,
                    padding=design.padding, activation="relu")
        if design.pooling in _POOLING_LAYERS:
            builder.add(_POOLING_LAYERS[design.pooling])
    if design.end == "global":
        builder.add("GlobalAveragePooling2D")
    else:
        builder.add("Flatten")
        builder.add("Dense", units=design.units, activation="relu")
    builder.add("Output")
    return builder.network()


def dense(design: Design) -> NetworkSpec:
    """A network without convolutions for the same pictures: as many hidden layers as there are convolutions, each of
    `units`."""
    builder = network_builder()
    builder.add("Input")
    builder.add("Flatten")
    for _ in range(design.depth):
        builder.add("Dense", units=design.units, activation="relu")
    builder.add("Output")
    return builder.network()
