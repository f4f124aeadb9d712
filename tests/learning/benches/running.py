"""Running the code that a bench prints, and settings drawn at random."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

from cnnstudio.learning.benches.convolution.kernels import EDITED, KERNELS
from cnnstudio.learning.benches.convolution.settings import ConvolutionSettings, Filter, check_settings
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pictures.samples import SAMPLES
from cnnstudio.learning.benches.pictures.source import SIDES, PictureSource, matrix_of


def run_code(code: Code) -> Any:
    """What a printed program computes: its `result`."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code.source, code.label, "exec"), names)
    return names["result"]


def code_of(codes: tuple[Code, ...], label: str) -> Code:
    return next(code for code in codes if code.label == label)


def random_source(rng: np.random.Generator, most: int = 28) -> PictureSource:
    """A sample, reduced, or a typed matrix of positive and negative numbers."""
    channels = int(rng.integers(1, 4))
    if rng.random() < 0.5:
        shape = (*rng.integers(2, 13, 2).tolist(), channels)
        return PictureSource(kind="matrix", matrix=matrix_of(rng.integers(-99, 256, shape)), channels=channels)
    side = int(rng.choice([side for side in SIDES if side <= most]))
    return PictureSource(sample=str(rng.choice(SAMPLES.ids())), side=side, channels=channels)


def random_convolution(rng: np.random.Generator) -> ConvolutionSettings:
    """Settings of the convolution bench; the kernel may be larger than the picture."""
    size = int(rng.integers(1, 12))
    source = random_source(rng)
    filters = []
    for _ in range(int(rng.integers(1, 4))):
        bias = float(np.round(rng.normal(0, 20), 3))
        if rng.random() < 0.5:
            filters.append(Filter(preset=str(rng.choice(KERNELS.ids())), bias=bias))
        else:
            planes = np.round(rng.normal(0, 3, (source.channels, size, size)), int(rng.integers(0, 4)))
            values = tuple(tuple(map(tuple, plane.tolist())) for plane in planes)
            filters.append(Filter(preset=EDITED, values=values, bias=bias))
    return check_settings(ConvolutionSettings(
        source=source, size=size, stride=int(rng.integers(1, 5)), padding="same" if rng.random() < 0.5 else "valid",
        dilation=int(rng.integers(1, 4)), flip=bool(rng.random() < 0.5), filters=tuple(filters)))
