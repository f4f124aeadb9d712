"""Builds a pretrained base: its layers, their blocks, and its own scaling of the pixels.

Nothing is built until a graph is asked for, so that the list of bases is quick to import.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

import msgspec

from cnnstudio.catalog.bases.entry import Part, Weights
from cnnstudio.catalog.builder import NetworkBuilder
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text

Number = float | tuple[float, ...]


class Scaling(msgspec.Struct, frozen=True):
    """The scaling of 0-255 pixels in a base: pixel * scale + offset."""

    scale: Number
    offset: Number
    text: Text


MEANS: Final = (123.68, 116.779, 103.939)
"""Mean red, green and blue of the ImageNet pictures that VGG and ResNet were trained on."""
SHARE_MEANS: Final = (0.485, 0.456, 0.406)
SHARE_DEVIATIONS: Final = (0.229, 0.224, 0.225)
"""Mean and standard deviation of red, green and blue on ImageNet, as shares of full brightness."""

MINUS_MEAN: Final = Scaling(1.0, tuple(-mean for mean in MEANS),
                            Text("x - mean of each channel, inside the model",
                                 "x - media de cada canal, dentro del modelo"))
MINUS_ONE_ONE: Final = Scaling(1 / 127.5, -1.0, Text("x / 127.5 - 1, inside the model",
                                                     "x / 127,5 - 1, dentro del modelo"))
STANDARD: Final = Scaling(
    tuple(1 / (255 * deviation) for deviation in SHARE_DEVIATIONS),
    tuple(-mean / deviation for mean, deviation in zip(SHARE_MEANS, SHARE_DEVIATIONS, strict=True)),
    Text("(x - mean) / standard deviation of each channel, inside the model",
         "(x - media) / desviación estándar de cada canal, dentro del modelo"))


class BaseBuilder(NetworkBuilder):
    """A builder that starts with Input and scaling, and records the block and the part of every layer."""

    def __init__(self, scaling: Scaling | None = None) -> None:
        super().__init__()
        self.block = ""
        self.block_of: dict[str, str] = {}
        self.part: Part | None = None
        self.part_of: dict[str, Part | None] = {}
        self._counts: dict[str, int] = {}
        self.add("Input", id="input")
        if scaling is not None:
            self.add("Rescaling", id="scaling", scale=scaling.scale, offset=scaling.offset)

    def add(self, type: str, *after: str, id: str | None = None, **params: Any) -> str:
        identifier = super().add(type, *after, id=id, **params)
        self.block_of[identifier] = self.block
        self.part_of[identifier] = self.part
        return identifier

    @property
    def end(self) -> str:
        """The layer that was added last."""
        assert self.last is not None
        return self.last

    def next_name(self, stem: str) -> str:
        """Keras's default name for the next layer: stem, stem_1, stem_2, ..."""
        count = self._counts.get(stem, 0)
        self._counts[stem] = count + 1
        return f"{stem}_{count}" if count else stem

    def convolution(self, filters: int, kernel: int | tuple[int, int], *after: str, id: str | None = None,
                    stride: int = 1, **params: Any) -> str:
        """A Conv2D; only what differs from Keras's defaults is written into the graph."""
        if stride != 1:
            params["strides"] = (stride, stride)
        return self.add("Conv2D", *after, id=id, filters=filters, kernel_size=pair(kernel), **params)

    def pooling(self, type: str, size: int, stride: int, *after: str, id: str | None = None, **params: Any) -> str:
        return self.add(type, *after, id=id, pool_size=pair(size), strides=pair(stride), **params)

    def activation(self, name: str, *after: str, id: str | None = None) -> str:
        return self.add("Activation", *after, id=id, activation=name)


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


class Plan:
    """The layers of a base, built on first use."""

    def __init__(self, origin: str, draw: Callable[[], BaseBuilder]) -> None:
        self._origin, self._draw = origin, draw

    @cached_property
    def _builder(self) -> BaseBuilder:
        return self._draw()

    @cached_property
    def _network(self) -> NetworkSpec:
        return self._builder.network(self._origin)

    def graph(self) -> NetworkSpec:
        return self._network

    def block_of(self, layer: str) -> str:
        return self._builder.block_of.get(layer, "")

    def part_of(self, layer: str) -> Part | None:
        return self._builder.part_of.get(layer)


APPLICATIONS: Final = "https://storage.googleapis.com/tensorflow/keras-applications/"
"""Where Keras Applications publish their weights."""


def keras_weights(path: str, checksum: str = "", flip_input_of: str = "", file_name: str = "") -> Weights:
    """A weights file of Keras Applications without the top; `path` is below `APPLICATIONS` or a full URL."""
    url = path if path.startswith("https://") else APPLICATIONS + path
    return Weights(url=url, file_name=file_name or url.rpartition("/")[2], checksum=checksum, layout="keras_h5",
                   flip_input_of=flip_input_of)
