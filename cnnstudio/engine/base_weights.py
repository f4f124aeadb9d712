"""Weights of pretrained bases: found in the bundle, in the cache or in a user's file, and loaded by name."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.places import resource
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text


def downloaded(base: Base) -> Path:
    """Where the weights of a base lie after they were fetched."""
    return base.weights.cached


def weights_path(base: Base, file: str = "") -> Path:
    """The file to load: the user's, the bundled or the fetched one. Raises ProblemError (weights_missing)."""
    if file:
        path = Path(file).expanduser()
    elif base.weights.bundled:
        path = resource("weights", base.weights.resource)
    else:
        path = downloaded(base)
    if path.is_file():
        return path
    if file:
        text = Text("The weights file {path} is not there.", "El archivo de pesos {path} no está.").fill(path=path)
    else:
        text = Text("The weights of {base} are not on this computer yet. Fetch them once (it needs the internet), or "
                    "give a weights file that you have, or use the bundled EfficientNet-Lite0.",
                    "Los pesos de {base} aún no están en este equipo. Descárguelos una vez (hace falta internet), o dé "
                    "un archivo de pesos que tenga, o use la EfficientNet-Lite0 incluida.").fill(base=base.label)
    raise ProblemError(error("weights_missing", text, "network", field="weights", path=path))


def load_base_weights(base: Base, layers: Mapping[str, Any], file: str = "") -> None:
    """Set the weights of all layers, by layer name. Every name and shape must fit; raises ProblemError."""
    path = weights_path(base, file)
    try:
        found = read_weights(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as trouble:
        raise ProblemError(_unfit(base, path, str(trouble))) from trouble
    for name, layer in layers.items():
        wanted = [tuple(weight.shape) for weight in layer.weights]
        if not wanted:
            continue
        arrays = found.get(name, [])
        if [array.shape for array in arrays] != wanted:
            have = [array.shape for array in arrays]
            raise ProblemError(_unfit(base, path, f"{name}: {have} instead of {wanted}"))
        if name == base.weights.flip_input_of:
            arrays = [arrays[0][:, :, ::-1, :], *arrays[1:]]
        layer.set_weights(arrays)


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

    with h5py.File(path, "r") as archive:
        group = archive.get("model_weights", archive)
        names = [_word(name) for name in group.attrs["layer_names"]]
        return {
            name: [np.asarray(group[name][_word(weight)]) for weight in group[name].attrs["weight_names"]]
            for name in names
        }


def _word(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _unfit(base: Base, path: Path, reason: str) -> Problem:
    text = Text("{path} does not hold the weights of {base}: {reason}.",
                "{path} no contiene los pesos de {base}: {reason}.")
    return error("weights_unfit", text.fill(path=path.name, base=base.label, reason=reason), "network",
                 field="weights_file", path=path)
