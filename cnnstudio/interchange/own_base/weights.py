"""The weights in a model's file: HDF5 groups by the place of each layer in the archive that `.keras` is (keras.io, "Save,
serialize, and export models"), by its name in a `.h5` file.

Only plain arrays of numbers in the file itself are read. Links to elsewhere, data in other files, virtual data and
filters that would load code are refused, and nothing is unpacked beyond what a layer can hold.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.catalog.layers.attention import MULTI_HEAD_ATTENTION
from cnnstudio.core.problems import ProblemError
from cnnstudio.interchange.foreign import LayerOrigin
from cnnstudio.interchange.keras_file import h5 as keras_h5
from cnnstudio.interchange.own_base.files import WEIGHTS, damaged, is_h5

PARTS: Final = {MULTI_HEAD_ATTENTION.id: ("query_dense", "key_dense", "value_dense", "output_dense")}
"""Layers whose weights are stored in sublayers, in Keras's order."""
_FILTERS: Final = (1, 2, 3)
"""Built into HDF5: deflate, shuffle, Fletcher's checksum."""
_MOST_ARRAYS: Final = 64
_OLD_GROUP: Final = "_layer_checkpoint_dependencies"
"""The name of the group of a model's layers in the first files of Keras 3's format."""


@contextmanager
def open_weights(path: Path) -> Iterator[Any]:
    """Open the HDF5 file, or the one in the archive. Raises ProblemError if it is none."""
    import h5py

    if is_h5(path):
        with keras_h5.open_h5(path) as weights:
            yield weights
        return
    try:
        with zipfile.ZipFile(path) as archive, archive.open(WEIGHTS) as member:
            size = archive.getinfo(WEIGHTS).file_size
            content = member.read(size + 1)
        if len(content) != size:
            raise ProblemError(damaged(path, "truncated"))
        with h5py.File(io.BytesIO(content), "r") as weights:
            yield weights
    except (OSError, EOFError, KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as err:
        # zlib's own error has no common base; a damaged member shows as a wrong checksum.
        raise ProblemError(damaged(path, str(err))) from err


def arrays(weights: Any, origin: LayerOrigin, path: Path, largest: int, parts: Sequence[str] = ("",)) -> list[np.ndarray]:
    """The arrays of a layer in Keras's order: those of its group, in an archive of `parts` of it one after another.

    Raises ProblemError where the group is not there or holds anything but finite numbers, at most `largest` in an
    array: what a file only declares is never unpacked.
    """
    if is_h5(path):
        return _h5_arrays(weights, origin, path, largest)
    arrays: list[np.ndarray] = []
    for part in parts:
        names = [*origin.group.split("/"), *([part] if part else []), "vars"]
        holder = _open_group(weights, names, path)
        keys = sorted(holder, key=lambda key: int(key) if key.isdigit() else -1)
        if len(keys) > _MOST_ARRAYS or keys != [str(number) for number in range(len(keys))]:
            raise ProblemError(damaged(path, f"{'/'.join(names)}: {keys[:5]}"))
        arrays += [_read_array(holder, key, path, largest) for key in keys]
    return arrays


def _h5_arrays(weights: Any, origin: LayerOrigin, path: Path, largest: int) -> list[np.ndarray]:
    group, paths = keras_h5.weight_paths(weights, origin.names)
    if len(paths) > _MOST_ARRAYS:
        raise ProblemError(damaged(path, f"{'/'.join(group)}: {paths[:5]}"))
    return [_read_array(_open_group(weights, [*group, *names[:-1]], path), names[-1], path, largest) for names in paths]


def _open_group(weights: Any, names: Sequence[str], path: Path) -> Any:
    import h5py

    holder = weights
    for item in names:
        name = _OLD_GROUP if item == "layers" and item not in holder and _OLD_GROUP in holder else item
        link = holder.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink) or not isinstance(holder[name], h5py.Group):
            raise ProblemError(damaged(path, f"{holder.name}: no group {name}"))
        holder = holder[name]
    return holder


def _read_array(holder: Any, key: str, path: Path, largest: int) -> np.ndarray:
    import h5py

    dataset = holder[key] if isinstance(holder.get(key, getlink=True), h5py.HardLink) else None
    if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.dtype.kind not in "fiu" or (
            dataset.size > largest):
        raise ProblemError(damaged(path, f"{holder.name}/{key} is no array of numbers that fits its layer"))
    properties = dataset.id.get_create_plist()
    if properties.get_external_count() or any(properties.get_filter(number)[0] not in _FILTERS
                                        for number in range(properties.get_nfilters())):
        raise ProblemError(damaged(path, f"{holder.name}/{key} lies elsewhere or is packed by something unknown"))
    array = np.asarray(dataset[()], np.float32)
    if not np.isfinite(array).all():
        raise ProblemError(damaged(path, f"{holder.name}/{key} holds numbers that are not finite"))
    return array
