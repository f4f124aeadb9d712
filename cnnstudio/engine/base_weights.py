"""Weights of pretrained bases: from the bundle, the cache or a user's file, loaded by name."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.system_errors import reason_of
from cnnstudio.interchange.base_weights import (
    make_unfit_problem,
    match_in_order,
    read_weights,
    reshape_weight,
    weights_path,
)


def download_path(base: Base) -> Path:
    """The path of the downloaded weights of a base."""
    return base.weights.cached


def load_base_weights(base: Base, layers: Mapping[str, Any], file: str = "") -> None:
    """Set the weights of all layers. Every name and shape must fit; raises ProblemError.

    `layers` are the base's, by name, in the order in which Keras lists them. The file is read by name; a file of Keras
    with other names (it numbers layers without a name, and renamed some) is read in order, as Keras does.
    """
    path = weights_path(base, file)
    try:
        weights = read_weights(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as err:
        raise ProblemError(make_unfit_problem(base, path, reason_of(err))) from err
    weighted = {name: layer for name, layer in layers.items() if layer.weights}
    if not weights.keys() >= weighted.keys() and base.weights.layout == "keras_h5":
        weights = match_in_order(weights, list(weighted))
    for name, layer in weighted.items():
        wanted = [tuple(weight.shape) for weight in layer.weights]
        arrays = [reshape_weight(array, shape) for array, shape in zip(weights.get(name, []), wanted, strict=False)]
        if [array.shape for array in arrays] != wanted or len(weights[name]) != len(wanted):
            have = [array.shape for array in weights.get(name, [])]
            raise ProblemError(make_unfit_problem(base, path, f"{name}: {have} instead of {wanted}"))
        if name == base.weights.flip_input_of:
            arrays = [arrays[0][:, :, ::-1, :], *arrays[1:]]
        layer.set_weights(arrays)
