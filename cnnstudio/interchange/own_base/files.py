"""Files of custom bases: their names, which have a digest of the content, and checks before they are read."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path
from typing import Final

from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_file.h5 import H5_SUFFIXES, lacks_weights

FOLDER: Final = "bases"
SUFFIXES: Final = (".keras", *H5_SUFFIXES)
"""Files that hold a whole model of Keras; a copy ends with one of the first two."""
WEIGHTS: Final = "model.weights.h5"
LARGEST: Final = 4 << 30
"""Bytes of a file, and of the weights in it: ConvNeXt-XLarge has 1.4 GB."""
_FREE: Final = 64 << 20
_EXPANSION: Final = 100
"""Weights compress poorly: a member that expands more than this, and beyond `_FREE`, is rejected."""
PIECE: Final = 1 << 20
DIGITS: Final = 12
_NAME: Final = re.compile(r"bases/[a-z0-9][a-z0-9_-]*-[0-9a-f]{12}\.(?:keras|h5)")


def is_own_file(file: str) -> bool:
    """Whether this is a valid path of a custom base: no other path on the disk is read for one."""
    return _NAME.fullmatch(file) is not None


def digest_from_name(name: str) -> str:
    """The digest in the name of a file."""
    return name.partition(".")[0].rpartition("-")[2]


def file_digest(path: Path) -> str:
    """The first 12 hexadecimal digits of BLAKE2b over the content. Raises ProblemError."""
    state = hashlib.blake2b(digest_size=16)
    try:
        with open_regular(path) as file:
            while piece := file.read(PIECE):
                state.update(piece)
    except OSError as os_error:
        raise ProblemError(unreadable(path, os_error)) from os_error
    return state.hexdigest()[:DIGITS]


def file_name(source: Path, digest: str, name: str = "") -> str:
    """The path of a model file in a project: "bases/<name>-<digest>.keras" or .h5."""
    return f"{FOLDER}/{_slug(name or source.stem)}-{digest}{SUFFIXES[is_h5(source)]}"


def _slug(name: str) -> str:
    """Lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "model"


def is_h5(path: Path) -> bool:
    """Whether this is a model in HDF5 rather than an archive."""
    return path.suffix.lower() in H5_SUFFIXES


def check_file(path: Path) -> None:
    """Raise ProblemError unless the file is complete and has a model with weights, judged by its table of contents."""
    if path.suffix.lower() not in SUFFIXES:
        text = Text("{path} cannot be a base: choose a .keras or .h5 file of Keras, which contains the weights with the "
                    "network.",
                    "{path} no puede ser una base: elija un archivo .keras o .h5 de Keras, que contiene los pesos con la "
                    "red.")
        raise ProblemError(problem("own_base_kind", text.fill(path=path.name), path))
    try:
        size = path.stat().st_size
    except OSError as os_error:
        raise ProblemError(unreadable(path, os_error)) from os_error
    if size > LARGEST:
        raise ProblemError(_too_large(path, size))
    if not is_h5(path):
        _check_archive(path, size)
    elif lacks_weights(path):
        raise ProblemError(_without_weights(path))


def _check_archive(path: Path, size: int) -> None:
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        raise ProblemError(damaged(path)) from None
    except OSError as os_error:
        raise ProblemError(unreadable(path, os_error)) from os_error
    names = [member.filename for member in members]
    if "config.json" not in names or len(set(names)) != len(names):
        raise ProblemError(damaged(path))
    if WEIGHTS not in names:
        raise ProblemError(_without_weights(path))
    total = sum(member.file_size for member in members)
    expanding = any(member.file_size > _FREE and member.file_size > _EXPANSION * max(member.compress_size, 1)
                    for member in members)
    if total > LARGEST or expanding or len(members) > 10_000:
        raise ProblemError(_too_large(path, max(total, size)))


def weights_bytes(path: Path) -> int:
    """Bytes of the weights in a checked file. Raises ProblemError."""
    if is_h5(path):
        return path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.getinfo(WEIGHTS).file_size
    except (OSError, KeyError, zipfile.BadZipFile) as err:
        raise ProblemError(damaged(path, str(err))) from err


def problem(code: str, text: Text, path: Path | None = None) -> Problem:
    """A problem of the network with the file it is about."""
    return error(code, text, "network", field="file", path=path)


def damaged(path: Path, reason: str = "") -> Problem:
    text = Text("{path} is damaged, incomplete or not a Keras model.",
                "{path} está dañado, incompleto o no es un modelo de Keras.")
    return error("own_base_damaged", text.fill(path=path.name), "network", field="file", path=path, details=reason)


def _without_weights(path: Path) -> Problem:
    text = Text("{path} describes a network but contains no weights. Save the whole model with model.save(…).",
                "{path} describe una red, pero no contiene pesos. Guarde el modelo entero con model.save(…).")
    return problem("own_base_no_weights", text.fill(path=path.name), path)


def _too_large(path: Path, size: int) -> Problem:
    text = Text("{path} would take {n:,.0f} MB, more than any network that can be a base.",
                "{path} ocuparía {n:,.0f} MB, más que cualquier red que pueda ser una base.")
    return problem("own_base_too_large", text.fill(path=path.name, n=size / 2**20), path)


def unreadable(path: Path, os_error: OSError) -> Problem:
    text = Text("{path} cannot be read ({reason}).", "No se puede leer {path} ({reason}).")
    code = "own_base_missing" if isinstance(os_error, FileNotFoundError) else "own_baseunreadable"
    return problem(code, text.fill(path=path, reason=reason_of(os_error)), path)
