"""The benches of the Learn page, in the order in which they are shown.

Each calculates here, with NumPy and OpenCV alone, and is drawn in `gui.pages.learn.benches`.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.core.registry import Registry
from cnnstudio.learning.benches import (
    activation,
    architecture,
    convolution,
    feature_maps,
    image_processing,
    optimisation,
    pipeline,
    pooling,
    regularisation,
    tensors,
)
from cnnstudio.learning.benches.entry import Bench

BENCHES: Final[Registry[Bench]] = Registry("bench", (
    convolution.BENCH, pooling.BENCH, activation.BENCH, architecture.BENCH, optimisation.BENCH, regularisation.BENCH,
    image_processing.BENCH, tensors.BENCH, pipeline.BENCH, feature_maps.BENCH))
