"""Running the code that a bench prints, and settings drawn at random."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

from cnnstudio.core.params import Choice, Float, Int
from cnnstudio.learning.benches.activation.functions import FUNCTIONS
from cnnstudio.learning.benches.activation.settings import ActivationSettings
from cnnstudio.learning.benches.activation.settings import check_settings as check_activation
from cnnstudio.learning.benches.convolution.kernels import EDITED, KERNELS
from cnnstudio.learning.benches.convolution.settings import ConvolutionSettings, Filter, check_settings
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.image_processing.operations import OPERATIONS
from cnnstudio.learning.benches.image_processing.settings import ProcessingSettings, Step
from cnnstudio.learning.benches.image_processing.settings import check_settings as check_processing
from cnnstudio.learning.benches.pictures.samples import SAMPLES
from cnnstudio.learning.benches.pictures.source import SIDES, PictureSource, matrix_of
from cnnstudio.learning.benches.pooling.settings import PoolingSettings


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


def random_pooling(rng: np.random.Generator) -> PoolingSettings:
    """Settings of the pooling bench; the window may be larger than the picture."""
    return PoolingSettings(source=random_source(rng), size=int(rng.integers(1, 9)), stride=int(rng.integers(1, 9)),
                           padding="same" if rng.random() < 0.5 else "valid")


def random_activation(rng: np.random.Generator) -> ActivationSettings:
    """Settings of the activation bench."""
    function = FUNCTIONS[str(rng.choice(FUNCTIONS.ids()))]
    return check_activation(ActivationSettings(
        function=function.id, param=float(np.round(rng.uniform(function.least, function.most), 3)),
        source=PictureSource(sample=str(rng.choice(SAMPLES.ids())), side=int(rng.choice((8, 16, 28)))),
        before="edges" if rng.random() < 0.5 else "pixels", gain=float(np.round(rng.uniform(0.5, 12), 2)),
        shift=float(np.round(rng.uniform(-3, 3), 2))))


def random_processing(rng: np.random.Generator, most: int) -> ProcessingSettings:
    """Settings of the image processing bench with up to `most` operations."""
    steps = [_random_step(rng) for _ in range(int(rng.integers(1, most + 1)))]
    if most == 1 and rng.random() < 0.5:
        steps.insert(0, Step(operation="gray"))
    source = PictureSource(sample=str(rng.choice(SAMPLES.ids())), side=int(rng.choice((28, 40, 64, 96))), channels=3)
    return check_processing(ProcessingSettings(source=source, steps=tuple(steps)))


def _random_step(rng: np.random.Generator) -> Step:
    operation = OPERATIONS[str(rng.choice(OPERATIONS.ids()))]
    values: dict[str, Any] = {}
    for param in operation.params:
        if isinstance(param, Choice):
            values[param.name] = str(rng.choice([option.value for option in param.options]))
        elif isinstance(param, Int):
            high = min(param.maximum, 99 if param.maximum > 99 else 15)
            value = int(rng.integers(max(param.minimum, -30), high + 1))
            values[param.name] = value | 1 if param.odd else value
        elif isinstance(param, Float):
            values[param.name] = float(np.round(rng.uniform(param.minimum, min(param.maximum, 400)), 2))
    return Step(operation=operation.id, values=values)
