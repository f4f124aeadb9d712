"""The files of weights of pretrained bases, read without Keras: arrays by layer, never a pickle."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.catalog.bases.entry import Base
from cnnstudio.catalog.context import Context
from cnnstudio.core.graph import depth_order
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.places import resource
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.interchange.own_base import weights as own_weights
from cnnstudio.interchange.own_base.model import own_model
from cnnstudio.network.shapes import report


def weights_path(base: Base, file: str = "") -> Path:
    """The file to load: the user's, the bundled or the downloaded one. Raises ProblemError (weights_missing)."""
    if file:
        path = Path(file).expanduser()
    elif base.weights.bundled:
        path = resource("weights", base.weights.resource)
    else:
        path = base.weights.cached
    if path.is_file():
        return path
    if file:
        text = Text("The weights file {path} does not exist. Choose another file.",
                    "El archivo de pesos {path} no existe. Elija otro archivo.").fill(path=path)
    else:
        text = Text("The weights of {base} are not on this computer yet. Download them once (this needs the internet), "
                    "choose a weights file of your own, or use the bundled EfficientNet-Lite0.",
                    "Los pesos de {base} aún no están en este equipo. Descárguelos una vez (requiere internet), elija un "
                    "archivo de pesos propio o use la EfficientNet-Lite0 incluida.").fill(base=base.label)
    raise ProblemError(error("weights_missing", text, "network", field="weights", path=path))


def base_arrays(base: Base, values: Mapping[str, Any], height: int, width: int) -> dict[str, list[np.ndarray]]:
    """The weights of a base by layer in Keras's order, as a node with these values uses them. Raises ProblemError."""
    graph = base.graph_for(height, width, "all" if base.own is None else values["ends_at"])
    context = Context(height=height, width=width, channels=base.channels, class_count=1, normalization="none")
    counted = report(graph, context, headless=True)
    sizes = {node.id: counted.nodes[node.id].cost.parameters for node in graph.nodes
             if counted.nodes[node.id].cost.parameters}
    if base.own is not None:
        return _own_arrays(base, {node.id: node.type for node in graph.nodes if node.id in sizes}, sizes)
    path = weights_path(base, values["weights_file"] if values["weights"] == "file" else "")
    try:
        weights = read_weights(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as err:
        raise ProblemError(make_unfit_problem(base, path, reason_of(err))) from err
    if not weights.keys() >= sizes.keys() and base.weights.layout == "keras_h5":
        weights = match_in_order(weights, [name for name in keras_order(graph, counted.output) if name in sizes])
    for name, size in sizes.items():
        numbers = sum(array.size for array in weights.get(name, ()))
        if numbers != size:
            raise ProblemError(make_unfit_problem(base, path, f"{name}: {numbers:,} instead of {size:,}"))
    first = base.weights.flip_input_of
    if first in weights:
        weights[first] = [weights[first][0][:, :, ::-1, :], *weights[first][1:]]
    return {name: weights[name] for name in sizes}


def keras_order(graph: NetworkSpec, output: str | None) -> list[str]:
    """The layers of a base as Keras lists them, and writes their weights."""
    inputs: dict[str, list[str]] = {}
    for edge in sorted(graph.edges, key=lambda edge: edge.port):
        inputs.setdefault(edge.target, []).append(edge.source)
    return depth_order(output or graph.nodes[-1].id, inputs)


def _own_arrays(base: Base, types: Mapping[str, str], sizes: Mapping[str, int]) -> dict[str, list[np.ndarray]]:
    model = own_model(base)
    path = Path(model.path)
    with own_weights.open_weights(path) as file:
        return {name: own_weights.arrays(file, model.origins[name], path, sizes[name], own_weights.PARTS.get(kind, ("",)))
                for name, kind in types.items()}


def unfit_problem(base: Base, path: Path) -> Problem | None:
    """The problem of a file that cannot hold the weights of a base without a published checksum: an error page, half a
    file, weights of a smaller network. Every name and shape is checked when they are loaded."""
    try:
        numbers = sum(array.size for arrays in read_weights(path).values() for array in arrays)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as err:
        return make_unfit_problem(base, path, reason_of(err))
    if numbers < base.parameters:
        return make_unfit_problem(base, path, f"{numbers:,} < {base.parameters:,}")
    return None


def match_in_order(result: Mapping[str, list[np.ndarray]], names: list[str]) -> dict[str, list[np.ndarray]]:
    """The file's layers under our names, in order, without the normalisation of the pixels, which is not one of our
    layers."""
    arrays = [array for name, array in result.items() if array and not name.startswith("normalization")]
    return dict(zip(names, arrays, strict=False)) if len(arrays) == len(names) else {}


def reshape_weight(array: np.ndarray, wanted: tuple[int, ...]) -> np.ndarray:
    """The array in the wanted shape where only axes of length 1 differ: a factor for each channel is the kernel
    of a depthwise 1 x 1 convolution, and one filter a group is a depthwise one."""
    longer = [[size for size in shape if size != 1] for shape in (array.shape, wanted)]
    return array.reshape(wanted) if longer[0] == longer[1] else array


def read_weights(path: Path) -> dict[str, list[np.ndarray]]:
    """Arrays by layer name, in Keras's order of a layer's weights; `.npz` or HDF5 (never a pickle)."""
    if zipfile.is_zipfile(path):
        with np.load(path, allow_pickle=False) as archive:
            by_layer: dict[str, dict[int, np.ndarray]] = {}
            for key in archive.files:
                layer, _, number = key.rpartition("/")
                by_layer.setdefault(layer, {})[int(number)] = archive[key]
        return {layer: [arrays[number] for number in sorted(arrays)] for layer, arrays in by_layer.items()}
    import h5py

    result: dict[str, list[np.ndarray]] = {}
    with h5py.File(path, "r") as archive:
        top = archive.get("model_weights", archive)
        for name in _names(top, "layer_names"):
            weights = _names(top[name], "weight_names")
            # A nested model is one group: the names of its weights contain the layers.
            inner = [weight.split("/")[-2] if "/" in weight else "" for weight in weights]
            several = len(set(inner)) > 1 and "" not in inner
            for weight, layer in zip(weights, inner, strict=True):
                result.setdefault(layer if several else name, []).append(np.asarray(top[name][weight]))
            result.setdefault(name, [])
    return {name: arrays for name, arrays in result.items() if arrays}


def _names(group: Any, attribute: str) -> list[str]:
    """A list of names; HDF5 limits the size of an attribute, and Keras cuts a longer list into numbered ones."""
    if attribute in group.attrs:
        return [_decode_bytes(name) for name in group.attrs[attribute]]
    names: list[str] = []
    for number in range(len(group.attrs)):
        names += [_decode_bytes(name) for name in group.attrs.get(f"{attribute}{number}", ())]
    return names


def _decode_bytes(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def make_unfit_problem(base: Base, path: Path, reason: object) -> Problem:
    text = Text("{path} does not contain the weights of {base}: {reason}.",
                "{path} no contiene los pesos de {base}: {reason}.")
    return error("weights_unfit", text.fill(path=path.name, base=base.label, reason=reason), "network",
                 field="weights_file", path=path)
