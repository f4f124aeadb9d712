"""Weights of a Keras model as the state of the printed PyTorch network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.catalog.torch_form import Layout
from cnnstudio.interchange.printing.torch.module import TorchModel

LAYOUTS: Final[Mapping[Layout, Callable[[np.ndarray], np.ndarray]]] = {
    "same": lambda array: array,
    # (height, width, in, out) to (out, in, height, width)
    "convolution": lambda array: array.transpose(3, 2, 0, 1),
    # (height, width, channels, multiplier) to (channels * multiplier, 1, height, width)
    "depthwise": lambda array: array.transpose(2, 3, 0, 1).reshape(-1, 1, *array.shape[:2]),
    # (height, width, out, in) to (in, out, height, width)
    "transposed": lambda array: array.transpose(3, 2, 0, 1),
    "dense": lambda array: array.T,
    # (in, heads, size) to (heads * size, in); (heads, size) to (heads * size,); (heads, size, out) to (out, heads * size)
    "heads in": lambda array: array.reshape(array.shape[0], -1).T,
    "heads bias": lambda array: array.reshape(-1),
    "heads out": lambda array: array.reshape(-1, array.shape[-1]).T,
    # (height, width, channels) to (channels, height, width)
    "picture": lambda array: array.transpose(2, 0, 1),
    "flat": lambda array: array.reshape(-1),
}


def torch_state(model: Any, printed: TorchModel) -> dict[str, np.ndarray]:
    """The state of the printed network, by name, with the weights of a Keras model of the same network."""
    state: dict[str, np.ndarray] = {}
    for carried in printed.carried:
        layer = model
        for name in carried.layer:
            layer = layer.get_layer(name)
        arrays = layer.get_weights()
        if len(arrays) != len(carried.entries):
            raise ValueError(f"Expected {len(carried.entries)} weights of {layer.name}. Received: {len(arrays)}")
        for (key, weight), array in zip(carried.entries, arrays, strict=True):
            state[key] = np.ascontiguousarray(LAYOUTS[weight.layout](np.asarray(array)))
        for key, fixed in carried.fixed:
            state[key] = np.full(fixed.shape, fixed.value, np.int64 if fixed.is_integer else np.float32)
    return state


def save_state(state: Mapping[str, np.ndarray], path: Path) -> None:
    """Write the arrays as .npz, which `load_weights` of the printed file reads; nothing is pickled."""
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **state)
