"""The values between the operators of an ONNX model: constants, weights, feature maps."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

replace = msgspec.structs.replace

Shape = tuple[int, ...]
CHANNELS_FIRST: Final = (0, 3, 1, 2)
"""ONNX's axes (batch, channels, height, width) by their place in ours: (batch, height, width, channels)."""


class Unsupported(Exception):
    """No entry of the catalog computes this operator: it is kept as an unknown layer."""


class Constant(msgspec.Struct, frozen=True, eq=False):
    """A small tensor whose numbers are at hand: a shape, axes, factors."""

    data: np.ndarray

    @property
    def dims(self) -> Shape:
        return self.data.shape


class Weight(msgspec.Struct, frozen=True, eq=False):
    """A tensor of which only the dimensions are read. `name` is the tensor's name in the file."""

    dims: Shape
    name: str = ""


class FeatureMaps(msgspec.Struct, frozen=True, eq=False):
    """The output of the layer `node`.

    `shape` is ours: (height, width, channels) or (units,), without the batch; None if it is unknown.
    `axes` are ONNX's axes by their place in ours, 0 being the batch: a Transpose changes them and needs no layer.
    `padding` is (top, bottom, left, right) of a border of `fill` that the next layer may take over.
    `positive`: no value is below 0.
    """

    node: str
    axes: tuple[int, ...]
    shape: Shape | None = None
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    fill: float = 0.0
    positive: bool = False

    @property
    def rank(self) -> int:
        """Axes with the batch."""
        return len(self.axes)

    def dims(self, batch: int) -> Shape | None:
        """The shape in ONNX's order, with the batch; the padding is counted."""
        if self.shape is None:
            return None
        padded = self.padded
        assert padded is not None
        return tuple(batch if axis == 0 else padded[axis - 1] for axis in self.axes)

    @property
    def padded(self) -> Shape | None:
        """Our shape with the padding."""
        if self.shape is None or not any(self.padding):
            return self.shape
        top, bottom, left, right = self.padding
        return (self.shape[0] + top + bottom, self.shape[1] + left + right, *self.shape[2:])

    @property
    def channels_last(self) -> bool:
        """Whether ONNX's axes are in our order."""
        return self.axes == tuple(range(self.rank))

    def our_axis(self, axis: int) -> int:
        """Our axis for one of ONNX's; negative ones count from the end. Raises Unsupported if there is none."""
        if not -self.rank <= axis < self.rank:
            raise Unsupported
        return self.axes[axis]


Value = Constant | Weight | FeatureMaps
