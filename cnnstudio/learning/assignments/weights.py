"""The weights in a model's file, read without Keras: how many they are, and their digest."""

from __future__ import annotations

import hashlib
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.sources.containers import BROKEN
from cnnstudio.interchange.own_base.weights import open_weights

_MEMBER: Final = "model.weights.h5"
_LARGEST: Final = 2 << 30
_STATE: Final = ("optimizer", "seed_generator", "metrics", "normalization")
"""Groups of the file that are no parameters of the network: state of the training, of random numbers, and the scaling of the
pictures, which belongs to the recipe."""


def count_parameters(model: Path) -> int | None:
    """The parameters of the network in a `.keras` file; None where they cannot be read."""
    try:
        if _unpacks(model):
            with open_weights(model) as file:
                return int(sum(math.prod(item.shape) for _name, item in _arrays(file)))
    except (ProblemError, OSError, *BROKEN):
        # Whoever evaluates the model tells what is wrong with it.
        pass
    return None


def weights_digest(model: Path) -> str:
    """A digest that is the same for the same weights, whatever else the file says; that of the file where they cannot be
    read, and "" where it cannot be either."""
    state = hashlib.sha256()
    try:
        if _unpacks(model):
            with open_weights(model) as file:
                arrays = list(_arrays(file))
                # A file may claim to hold more than it does.
                if sum(math.prod(item.shape) * item.dtype.itemsize for _name, item in arrays) <= _LARGEST:
                    for name, item in arrays:
                        state.update(name.encode("utf-8", "replace") + np.asarray(item[()]).tobytes())
                    return state.hexdigest()
    except (ProblemError, OSError, *BROKEN):
        # As above.
        pass
    return _file_digest(model)


def _unpacks(model: Path) -> bool:
    """Whether the weights take no more memory than those of any real model: an archive may grow without limit."""
    with zipfile.ZipFile(model) as archive:
        return archive.getinfo(_MEMBER).file_size <= _LARGEST


def _arrays(file: Any) -> Iterator[tuple[str, Any]]:
    import h5py

    found: list[tuple[str, Any]] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not any(part.startswith(_STATE) for part in name.split("/")):
            found.append((name, item))

    file.visititems(visit)
    return iter(found)


def _file_digest(path: Path) -> str:
    state = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while block := file.read(1 << 20):
                state.update(block)
    except OSError:
        return ""
    return state.hexdigest()
