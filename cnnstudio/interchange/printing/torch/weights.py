"""Weights of Keras's layers as the state of the printed PyTorch network, as arrays: neither library is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.torch_form import Layout
from cnnstudio.core.network import NetworkSpec
from cnnstudio.interchange.base_weights import base_arrays
from cnnstudio.interchange.printing.torch.layer_lines import TransferredWeights
from cnnstudio.interchange.printing.torch.module import torch_model

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


def layer_state(carried: TransferredWeights, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """The state entries of a layer whose weights in Keras's order are `arrays`."""
    if len(arrays) != len(carried.entries):
        raise ValueError(f"Expected {len(carried.entries)} weights of {carried.layer}. Received: {len(arrays)}")
    state = {key: np.ascontiguousarray(LAYOUTS[weight.layout](np.asarray(array)))
             for (key, weight), array in zip(carried.entries, arrays, strict=True)}
    return state | {key: np.full(fixed.shape, fixed.value, np.int64 if fixed.is_integer else np.float32)
                    for key, fixed in carried.fixed}


def base_state(network: NetworkSpec, context: Context, node: str, base: Base, values: Mapping[str, Any]
               ) -> dict[str, np.ndarray]:
    """The state of the printed module of the base at `node`, from the file of its weights. Raises ProblemError."""
    arrays = base_arrays(base, values, context.height, context.width)
    state: dict[str, np.ndarray] = {}
    for carried in torch_model(network, context).carried:
        if carried.layer[0] == node and len(carried.layer) == 2:
            layouts = [weight.layout for _key, weight in carried.entries]
            state |= layer_state(carried, list(map(_kernel, arrays.get(carried.layer[1], ()), layouts)))
    # Behind the attribute of the base, which the module itself does not know.
    return {key.partition(".")[2]: array for key, array in state.items()}


def _kernel(array: np.ndarray, layout: Layout) -> np.ndarray:
    """A kernel with Keras's four axes: files of Keras have factors of channels where a base has a depthwise kernel of
    one pixel, and one filter a group where it has a depthwise one."""
    if layout == "depthwise" and array.ndim == 1:
        return array.reshape(1, 1, -1, 1)
    if layout == "depthwise" and array.shape[2] == 1:
        return array.reshape(*array.shape[:2], -1, 1)
    return array
