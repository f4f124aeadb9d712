"""Weights of a Keras model as the state of the printed PyTorch network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.interchange.printing.torch.module import TorchModel
from cnnstudio.interchange.printing.torch.weights import layer_state


def torch_state(model: Any, printed: TorchModel) -> dict[str, np.ndarray]:
    """The state of the printed network, by name, with the weights of a Keras model of the same network."""
    state: dict[str, np.ndarray] = {}
    for carried in printed.carried:
        layer = model
        for name in carried.layer:
            layer = layer.get_layer(name)
        state |= layer_state(carried, layer.get_weights())
    return state


def save_state(state: Mapping[str, np.ndarray], path: Path) -> None:
    """Write the arrays as .npz, which `load_weights` of the printed file reads; nothing is pickled."""
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **state)
