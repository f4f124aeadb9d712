"""Weights of a PyTorch state as those of our layers, as arrays: neither library is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.torch_form import Layout
from cnnstudio.core.network import NetworkSpec
from cnnstudio.interchange.equivalence import torch_form
from cnnstudio.interchange.foreign import LayerOrigin
from cnnstudio.network.shapes import report

_UNUSED: Final = ("num_batches_tracked",)
"""Entries of a state that no layer needs."""
Shape = tuple[int, ...]


class CarriedWeights(msgspec.Struct, frozen=True):
    """The arrays of each layer in Keras's order; the layers without theirs; the names that no layer took."""

    arrays: Mapping[str, list[np.ndarray]]
    missing: tuple[str, ...]
    unused: tuple[str, ...]


def carry_weights(network: NetworkSpec, context: Context, origins: Mapping[str, LayerOrigin], state: Mapping[str, np.ndarray],
                  shapes: Mapping[str, list[Shape]]) -> CarriedWeights:
    """The weights of a state for the layers of a network that was read from source. `shapes` are those of Keras's weights of
    each layer. Names and shapes decide: what does not fit is missing."""
    network_report = report(network, context, headless=True)
    state = _without_prefix(state, {name for origin in origins.values() for name in origin.names})
    orders = _flat_orders(network, origins, {node: found.inputs for node, found in network_report.nodes.items()})
    arrays: dict[str, list[np.ndarray]] = {}
    missing: list[str] = []
    used: set[str] = set()
    for node in network.nodes:
        wanted = shapes.get(node.id)
        if not wanted:
            continue
        form, origin = torch_form(node, network_report, context), origins.get(node.id)
        path = origin.names[0] if origin is not None and origin.names else ""
        weights = [(part.suffix, weight) for part in form.parts for weight in part.weights] if form is not None else []
        found: list[np.ndarray] = []
        names: list[str] = []
        for (suffix, weight), shape in zip(weights, wanted, strict=False):
            # Printed wrappers put "module." or "layer." before; the path of the source has what it is called there.
            name = f"{path}{'_' + suffix if suffix == 'depthwise' else ''}.{weight.key.rpartition('.')[2]}".lstrip(".")
            array = state.get(name)
            if array is None or array.size != int(np.prod(shape)):
                break
            turned = _LAYOUTS[weight.layout](np.asarray(array, np.float32), shape)
            order = orders.get(node.id)
            if order is not None and (turned.ndim == 1 or weight.layout == "dense") and turned.shape[0] == int(np.prod(order)):
                turned = _reorder(turned, order)
            if turned.shape != shape:
                break
            found.append(turned)
            names.append(name)
        if len(found) == len(wanted):
            arrays[node.id] = found
            used.update(names)
        else:
            missing.append(node.id)
    unused = tuple(name for name in state if name not in used and name.rpartition(".")[2] not in _UNUSED)
    return CarriedWeights(arrays, tuple(missing), unused)


_LAYOUTS: Final[Mapping[Layout, Callable[[np.ndarray, Shape], np.ndarray]]] = {
    "same": lambda array, shape: array.reshape(shape) if array.size == 1 else array,
    "convolution": lambda array, _shape: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array,
    "depthwise": lambda array, shape: array.reshape(shape[2], shape[3], *array.shape[2:]).transpose(2, 3, 0, 1)
    if array.ndim == 4 and array.shape[2:] == shape[:2] else array,
    "transposed": lambda array, _shape: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array,
    "dense": lambda array, _shape: array.T,
    "heads in": lambda array, shape: array.T.reshape(shape),
    "heads bias": lambda array, shape: array.reshape(shape),
    "heads out": lambda array, shape: array.T.reshape(shape),
    "picture": lambda array, _shape: array.transpose(1, 2, 0) if array.ndim == 3 else array,
    "flat": lambda array, shape: array.reshape(shape),
}
"""From PyTorch's array to Keras's of that shape: the reverse of the layouts of printed code."""


def _without_prefix(state: Mapping[str, np.ndarray], paths: set[str]) -> Mapping[str, np.ndarray]:
    """The state without what wrappers put before all names ("module." of DataParallel), where that fits more layers."""
    def hits(names: Mapping[str, Any]) -> int:
        return sum(name.rpartition(".")[0] in paths for name in names)

    best = state
    for _depth in range(3):
        first = next(iter(best), "").partition(".")[0]
        shorter = {name.removeprefix(f"{first}."): array for name, array in best.items()}
        if not first or hits(shorter) <= hits(best):
            break
        best = shorter
    return best


def _flat_orders(network: NetworkSpec, origins: Mapping[str, LayerOrigin], inputs: Mapping[str, tuple[Shape, ...]]
                 ) -> dict[str, Shape]:
    """For each layer whose input is a row in the code's order of channels, rows and columns: (height, width, channels)."""
    result: dict[str, Shape] = {}
    order: dict[str, Shape] = {}
    for node in network.nodes:
        identifier = node.id
        sources = network.inputs_of(identifier)
        origin = origins.get(identifier)
        entry = LAYERS.find(node.type)
        if origin is not None and origin.layer.get("channels_first") and inputs.get(identifier):
            order[identifier] = inputs[identifier][0]
        elif len(sources) == 1 and sources[0] in order:
            result[identifier] = order[sources[0]]
            if entry is not None and entry.elementwise:
                order[identifier] = order[sources[0]]
    return result


def _reorder(array: np.ndarray, shape: Shape) -> np.ndarray:
    """The first axis from channels, rows, columns to rows, columns, channels."""
    height, width, channels = shape
    return array.reshape(channels, height, width, *array.shape[1:]).transpose(
        1, 2, 0, *range(3, 2 + array.ndim)).reshape(array.shape)
