"""The settings of the convolution bench, as plain values that are remembered and that lessons give."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
import numpy as np

from cnnstudio.learning.benches.convolution.kernels import EDITED, KERNELS, TRAINED
from cnnstudio.learning.benches.pictures.source import PictureSource, check_source
from cnnstudio.learning.benches.plain import from_plain

LARGEST: Final = 11
MOST_STRIDE: Final = 4
MOST_DILATION: Final = 4
MOST_FILTERS: Final = 8
GRID: Final = 2**24
"""Weights of a trained layer are multiples of 1 / GRID: so their sums with whole pixels are exact in float64. Smaller parts
are below what float32 tells apart in the result."""
_LIMIT: Final = 99_999
_DECIMALS: Final = 3

Padding = Literal["valid", "same"]
Plane = tuple[tuple[float, ...], ...]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """One filter: a preset by its id, or edited or trained `values`, one plane for each channel; planes that it lacks are its
    last one. The sum of edited ones is divided by `divisor`; trained ones are named in `origin`."""

    preset: str = "sobel_x"
    values: tuple[Plane, ...] = ()
    divisor: int = 1
    bias: float = 0.0
    origin: str = ""


class ConvolutionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`filter` and `channel` are those on the board, `position` that of the window; with `flip` it is the convolution of
    mathematics, which turns the kernel by 180 degrees."""

    source: PictureSource = PictureSource()
    size: int = 3
    stride: int = 1
    padding: Padding = "valid"
    dilation: int = 1
    flip: bool = False
    filters: tuple[Filter, ...] = (Filter(),)
    filter: int = 0
    channel: int = 0
    position: int = 0
    speed: int = 8


class Kernel(msgspec.Struct, frozen=True):
    """The kernel of one filter: `values` (size, size, channels) with exact sums, the divisor of the sum, and the bias.

    Typed decimals are `scale` times as large as they were typed, and so is the divisor.
    """

    values: np.ndarray
    divisor: int
    bias: float
    scale: int = 1

    @property
    def shown(self) -> np.ndarray:
        """The values as they were typed."""
        return self.values / self.scale

    @property
    def shown_divisor(self) -> int:
        return self.divisor // self.scale


def filter_kernel(chosen: Filter, size: int, channels: int) -> Kernel:
    """The kernel of a filter. A preset is the same in all channels, and their mean is taken."""
    preset = KERNELS.find(chosen.preset)
    if preset is not None:
        plane = preset.values(size)
        return Kernel(np.repeat(plane[..., None], channels, axis=2), preset.divisor(size) * channels, chosen.bias)
    planes = [chosen.values[min(number, len(chosen.values) - 1)] for number in range(channels)]
    values = np.stack([np.asarray(plane, np.float64) for plane in planes], axis=2)
    if chosen.preset == TRAINED:
        return Kernel(np.rint(values * GRID) / GRID, 1, chosen.bias)
    scale = _power_of_ten(values)
    return Kernel(np.rint(values * scale), chosen.divisor * scale, chosen.bias, scale)


def _power_of_ten(values: np.ndarray) -> int:
    """What makes whole numbers of typed decimals."""
    for power in range(_DECIMALS):
        if np.allclose(values * 10**power, np.rint(values * 10**power), rtol=0, atol=1e-9):
            return int(10**power)
    return int(10**_DECIMALS)


def edited_filter(kernel: Kernel, row: int, column: int, channel: int, value: float) -> Filter:
    """The filter of a kernel with one cell changed."""
    shown = kernel.shown.copy()
    shown[row, column, channel] = value
    planes = tuple(tuple(tuple(line) for line in plane.tolist()) for plane in np.moveaxis(shown, 2, 0))
    return Filter(preset=EDITED, values=planes, divisor=kernel.shown_divisor, bias=kernel.bias)


def fit_filter(chosen: Filter, size: int) -> Filter:
    """The filter at another size: a preset as it is, edited cells cut or filled with zeros around the middle."""
    if chosen.preset in KERNELS or not chosen.values or len(chosen.values[0]) == size:
        return chosen
    planes = []
    for plane in chosen.values:
        before = np.asarray(plane, np.float64)
        after = np.zeros((size, size))
        shift = (size - 1) // 2 - (len(before) - 1) // 2
        for row in range(size):
            for column in range(size):
                if 0 <= row - shift < len(before) and 0 <= column - shift < len(before):
                    after[row, column] = before[row - shift, column - shift]
        planes.append(tuple(tuple(line) for line in after.tolist()))
    return msgspec.structs.replace(chosen, preset=EDITED, origin="", values=tuple(planes))


def read_settings(values: dict[str, Any]) -> ConvolutionSettings:
    """Settings from plain values; unknown names and impossible values are left out."""
    return check_settings(from_plain(ConvolutionSettings, values))


def check_settings(settings: ConvolutionSettings) -> ConvolutionSettings:
    """The settings within their limits."""
    size = min(max(settings.size, 1), LARGEST)
    source = check_source(settings.source)
    filters = tuple(_check_filter(item, size) for item in settings.filters[:MOST_FILTERS]) or (Filter(),)
    return msgspec.structs.replace(
        settings, source=source, size=size, stride=min(max(settings.stride, 1), MOST_STRIDE),
        dilation=min(max(settings.dilation, 1), MOST_DILATION), filters=filters,
        filter=min(max(settings.filter, 0), len(filters) - 1), channel=min(max(settings.channel, 0), source.channels - 1),
        position=max(0, settings.position))


def _check_filter(chosen: Filter, size: int) -> Filter:
    bias = min(max(chosen.bias, -_LIMIT), _LIMIT)
    bias = bias if chosen.preset == TRAINED else round(bias, _DECIMALS)
    chosen = msgspec.structs.replace(chosen, bias=bias, divisor=max(1, chosen.divisor))
    if chosen.preset in KERNELS:
        least = KERNELS[chosen.preset].least
        return chosen if size >= least else msgspec.structs.replace(chosen, preset="identity")
    square = bool(chosen.values) and all(
        len(plane) == len(chosen.values[0]) and all(len(line) == len(plane) for line in plane) for plane in chosen.values)
    finite = square and all(abs(value) <= _LIMIT for plane in chosen.values for line in plane for value in line)
    if not finite or not chosen.values[0] or chosen.preset not in (EDITED, TRAINED):
        return Filter(preset="identity", bias=bias)
    return fit_filter(chosen, size)
