"""Models in HDF5, the format of Keras 2 that Keras 3 still writes: the description and the paths of weights.

`model_config` is JSON in an attribute; `model_weights/<layer>` holds the weights of a layer, or of a whole model within
the model, and lists them in its attribute `weight_names`. Nothing is deserialised, and nothing but numbers is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cnnstudio.core.foreign_files import decode_json, open_regular
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text

H5_SUFFIXES: Final = (".h5", ".hdf5")
LARGEST: Final = 64 << 20
"""Bytes of a description, or of a list of names, that is read."""
_CONFIG: Final = "model_config"
_WEIGHTS: Final = "model_weights"
_NAMES: Final = "weight_names"
_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
_H5_ERRORS: Final = (OSError, EOFError, KeyError, ValueError, TypeError, RuntimeError, NotImplementedError, MemoryError)
"""Errors of h5py for files that are no HDF5 or are truncated."""


@contextmanager
def open_h5(path: Path) -> Iterator[Any]:
    """Open the file. Raises ProblemError if it is no HDF5 file or is truncated."""
    import h5py

    try:
        file = open_regular(path)
    except OSError as os_error:
        text = Text("{path} cannot be read ({reason}).", "No se puede leer {path} ({reason}).")
        raise problem("network_unreadable", text.fill(path=path.name, reason=reason_of(os_error)), path) from None
    with file:
        if file.read(len(_SIGNATURE)) != _SIGNATURE:
            text = Text("{path} is not an HDF5 file. Choose a .keras or .h5 file that Keras saved.",
                        "{path} no es un archivo HDF5. Elija un archivo .keras o .h5 guardado por Keras.")
            raise problem("network_damaged", text.fill(path=path.name), path)
        try:
            with h5py.File(file, "r") as weights:
                yield weights
        except _H5_ERRORS as err:
            raise damaged(path, str(err)) from err


def read_config(path: Path) -> Any:
    """Keras's description of the model in a file. Raises ProblemError."""
    with open_h5(path) as file:
        if _CONFIG not in file.attrs:
            text = Text("{path} contains weights but no network. Save the whole model in Keras with model.save(…) and open "
                        "that file.",
                        "{path} contiene pesos, pero no la red. Guarde el modelo entero en Keras con model.save(…) y abra "
                        "ese archivo.")
            raise problem("network_only_weights", text.fill(path=path.name), path)
        texts = _read_texts(file.attrs, _CONFIG)
        if len(texts) != 1:
            raise damaged(path)
        try:
            return decode_json(texts[0])
        except ValueError as err:
            raise damaged(path, str(err)) from err


def lacks_weights(path: Path) -> bool:
    """Whether the file describes a model but does not hold its weights. Raises ProblemError."""
    with open_h5(path) as file:
        return _CONFIG in file.attrs and _WEIGHTS not in file


def weight_paths(file: Any, names: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The group of a layer's weights and their paths in it, in Keras's order; raises KeyError or ValueError
    if there are none. `names` lead from the outermost model to the layer."""
    group = [_WEIGHTS, *names[0].split("/")]
    weight_names = [path.decode() for path in _weight_names(file["/".join(group)].attrs)]
    if len(names) == 1:
        return group, [item.split("/") for item in weight_names]
    # A model within the model keeps all its weights in one group, each called after its own layer: the layer's name, the
    # weight's behind it, in some versions those of the models before it.
    marked = [f"/{item}" for item in weight_names]
    inner, mark = names[-1], f"/{names[-1]}/"
    matching = [path for path in marked if mark in path and path.rpartition(mark)[2].count("/") <= 1]
    prefixes = {path.rpartition(mark)[0] for path in matching}
    if len(prefixes) > 1:
        candidates = {prefix for prefix in prefixes if not prefix or prefix.rpartition("/")[2] in names[:-1]}
        nearest = {prefix for prefix in candidates if prefix.endswith(f"/{names[-2]}")}
        prefixes = nearest or candidates
    if len(prefixes) != 1:
        raise ValueError(f"{group}: weights of {inner}")
    (start,) = prefixes
    return group, [path[1:].split("/") for path in matching if path.rpartition(mark)[0] == start]


def _weight_names(attributes: Any) -> list[bytes]:
    """The names of weights; a long list is split into several attributes."""
    if _NAMES in attributes:
        return _read_texts(attributes, _NAMES)
    names: list[bytes] = []
    while f"{_NAMES}{len(names)}" in attributes or not names:
        names += _read_texts(attributes, f"{_NAMES}{len(names)}")
    return names


def _read_texts(attributes: Any, name: str) -> list[bytes]:
    """The texts of an attribute, if it is not larger than in any file of this kind."""
    handle = attributes.get_id(name)
    if handle.get_storage_size() > LARGEST:
        raise ValueError(f"{name} is too large")
    value = attributes[name]
    values = value.ravel().tolist() if hasattr(value, "ravel") else [value]
    texts = [text.encode() if isinstance(text, str) else text for text in values]
    if not all(isinstance(text, bytes) for text in texts) or sum(map(len, texts)) > LARGEST:
        raise ValueError(f"{name} is no text")
    return texts


def problem(code: str, text: Text, path: Path) -> ProblemError:
    return ProblemError(error(code, text, "network", path=path))


def damaged(path: Path, reason: str = "") -> ProblemError:
    text = Text("{path} is damaged, incomplete or not a Keras model.",
                "{path} está dañado, incompleto o no es un modelo de Keras.")
    return ProblemError(error("network_damaged", text.fill(path=path.name), "network", path=path, details=reason))
