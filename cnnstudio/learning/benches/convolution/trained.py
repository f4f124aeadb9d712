"""Kernels of the convolution layers of a trained model, read from its `.keras` file as data."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from cnnstudio.catalog.layers.convolution import CONV2D
from cnnstudio.interchange.keras_file.model import read_keras
from cnnstudio.interchange.own_base.weights import arrays, open_weights
from cnnstudio.learning.benches.convolution.kernels import TRAINED
from cnnstudio.learning.benches.convolution.settings import LARGEST, Filter

_MOST_WEIGHTS: Final = 64 << 20


class TrainedLayer(NamedTuple):
    """A convolution layer: its name, its kernel (size, size, channels, filters) and its biases."""

    name: str
    kernel: np.ndarray
    biases: np.ndarray

    @property
    def channels(self) -> int:
        return int(self.kernel.shape[2])

    @property
    def filters(self) -> int:
        return int(self.kernel.shape[3])


def read_layers(path: Path) -> list[TrainedLayer]:
    """The convolution layers of a model whose kernels are square and at most 11 pixels large. Raises ProblemError."""
    network = read_keras(path)
    found = []
    with open_weights(path) as weights:
        for node in network.network.nodes:
            origin = network.origins.get(node.id)
            if node.type != CONV2D.id or origin is None:
                continue
            kernel, *rest = arrays(weights, origin, path, _MOST_WEIGHTS)
            if kernel.ndim == 4 and kernel.shape[0] == kernel.shape[1] <= LARGEST:
                biases = rest[0] if rest else np.zeros(kernel.shape[3], np.float32)
                found.append(TrainedLayer(node.id, kernel, biases))
    return found


def trained_filter(layer: TrainedLayer, number: int, channels: int, first: int = 0) -> Filter:
    """One filter of a layer on a picture of that many channels: its planes from channel `first` on."""
    planes = layer.kernel[..., first:first + channels, number].astype(np.float64)
    values = tuple(tuple(tuple(line) for line in plane.tolist()) for plane in np.moveaxis(planes, 2, 0))
    whole = channels == layer.channels
    return Filter(preset=TRAINED, values=values, bias=float(layer.biases[number]) if whole else 0.0,
                  origin=f"{layer.name}, {number + 1}")
