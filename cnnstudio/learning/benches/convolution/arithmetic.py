"""The convolution layer as one would calculate it on a blackboard. Everything is exact: see `settings.Kernel`."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from cnnstudio.learning.benches.convolution.settings import ConvolutionSettings, Kernel, filter_kernel


class Side(NamedTuple):
    """One side of a picture: its length, the padding before and behind, the length that the kernel covers, the stride, and
    how many positions there are."""

    length: int
    before: int
    behind: int
    span: int
    stride: int

    @property
    def padded(self) -> int:
        return self.length + self.before + self.behind

    @property
    def positions(self) -> int:
        """0 where the kernel is larger than the picture."""
        return max(0, (self.padded - self.span) // self.stride + 1)


def make_side(length: int, size: int, stride: int, dilation: int, padding: str) -> Side:
    """The padding of a side as Keras does it: "same" gives one position for every `stride` pixels, and an odd pixel of
    padding stands behind."""
    span = (size - 1) * dilation + 1
    total = max(0, (-(-length // stride) - 1) * stride + span - length) if padding == "same" else 0
    return Side(length, total // 2, total - total // 2, span, stride)


class Convolved(msgspec.Struct, frozen=True):
    """A picture and all that the layer makes of it.

    `padded` (rows, columns, channels), `kernels` those that are laid over the picture (turned already, if it is the
    convolution of mathematics), `result` (rows, columns, filters).
    """

    settings: ConvolutionSettings
    pixels: np.ndarray
    rows: Side
    columns: Side
    padded: np.ndarray
    kernels: tuple[Kernel, ...]
    result: np.ndarray

    @property
    def positions(self) -> int:
        return self.rows.positions * self.columns.positions

    @property
    def channels(self) -> int:
        return int(self.pixels.shape[2])

    @property
    def parameters(self) -> int:
        """The weights that such a layer learns."""
        return len(self.kernels) * (self.settings.size**2 * self.channels + 1)

    @property
    def multiply_adds(self) -> int:
        return self.positions * len(self.kernels) * self.settings.size**2 * self.channels

    def corner(self, position: int) -> tuple[int, int]:
        """The first row and column of the padded picture that the kernel covers there."""
        row, column = divmod(position, max(1, self.columns.positions))
        return row * self.rows.stride, column * self.columns.stride

    def patch(self, position: int) -> np.ndarray:
        """The pixels below the kernel (size, size, channels)."""
        row, column = self.corner(position)
        step, size = self.settings.dilation, self.settings.size
        return self.padded[row:row + (size - 1) * step + 1:step, column:column + (size - 1) * step + 1:step]


def convolve(pixels: np.ndarray, settings: ConvolutionSettings) -> Convolved:
    """The layer on a picture (height, width, channels)."""
    size, stride, dilation = settings.size, settings.stride, settings.dilation
    rows, columns = (make_side(length, size, stride, dilation, settings.padding) for length in pixels.shape[:2])
    padded = np.pad(pixels, ((rows.before, rows.behind), (columns.before, columns.behind), (0, 0))).astype(np.float64)
    kernels = tuple(_laid_over(filter_kernel(item, size, pixels.shape[2]), settings.flip) for item in settings.filters)
    return Convolved(settings, pixels, rows, columns, padded, kernels, _sums(padded, rows, columns, kernels, dilation))


def _laid_over(kernel: Kernel, flip: bool) -> Kernel:
    return msgspec.structs.replace(kernel, values=kernel.values[::-1, ::-1]) if flip else kernel


def _sums(padded: np.ndarray, rows: Side, columns: Side, kernels: tuple[Kernel, ...], dilation: int) -> np.ndarray:
    """One shifted picture for each cell of the kernel: the sum of all positions at once."""
    high, wide = rows.positions, columns.positions
    weights = np.stack([kernel.values for kernel in kernels], axis=3)
    result = np.zeros((high, wide, len(kernels)))
    if not result.size:
        return result
    for row in range(weights.shape[0]):
        for column in range(weights.shape[1]):
            top, left = row * dilation, column * dilation
            part = padded[top:top + (high - 1) * rows.stride + 1:rows.stride,
                          left:left + (wide - 1) * columns.stride + 1:columns.stride]
            result += part @ weights[row, column]
    divisors = np.asarray([kernel.divisor for kernel in kernels])
    return np.asarray(result / divisors + np.asarray([kernel.bias for kernel in kernels]))


def other_way(convolved: Convolved) -> Convolved:
    """Cross-correlation where it is the convolution of mathematics, and the other way round."""
    settings = convolved.settings
    return convolve(convolved.pixels, msgspec.structs.replace(settings, flip=not settings.flip))
