"""Files of own bases: taken into the project under a name that tells their content, and looked at before they are read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.files import write_problem
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_words import reason_of
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
"""Weights hardly shrink when they are packed: what grows more than this, and beyond `_FREE`, is refused."""
_PIECE: Final = 1 << 20
_DIGITS: Final = 12
_NAME: Final = re.compile(r"bases/[a-z0-9][a-z0-9_-]*-[0-9a-f]{12}\.(?:keras|h5)")


def is_own_file(file: str) -> bool:
    """Whether this can be the place of an own base: no other place of the disk is ever read for one."""
    return _NAME.fullmatch(file) is not None


def digest_in(name: str) -> str:
    """The digest that the name of a file tells."""
    return name.partition(".")[0].rpartition("-")[2]


def digest_of(path: Path) -> str:
    """The first 12 hexadecimal digits of BLAKE2b over the content. Raises ProblemError."""
    state = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                state.update(piece)
    except OSError as trouble:
        raise ProblemError(_unreadable(path, trouble)) from trouble
    return state.hexdigest()[:_DIGITS]


def looked_at(source: Path, name: str = "") -> Base:
    """The base that a file will be when it is taken in. Raises ProblemError."""
    from cnnstudio.interchange.own_base.reader import read_base

    return read_base(source, f"{FOLDER}/{_slug(name or source.stem)}-{'0' * _DIGITS}{SUFFIXES[is_h5(source)]}")


def take_in(source: Path, folder: Path, name: str = "", progress: Callable[[int, int], None] = lambda _done, _all: None,
            check: Callable[[], None] = lambda: None) -> str:
    """Copy a `.keras` or `.h5` file into the project's folder, whole or not at all; answers its place in the project.

    Only what can be a base is copied. Raises ProblemError, and whatever `check` raises between two pieces.
    """
    looked_at(source, name)
    wanted, suffix = _slug(name or source.stem), SUFFIXES[is_h5(source)]
    place = folder / FOLDER
    temporary = None
    try:
        place.mkdir(parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(prefix=".taking.", suffix=suffix, dir=place)
        temporary = Path(made)
        digest = _copied(source, descriptor, progress, check)
        file = f"{FOLDER}/{wanted}-{digest}{suffix}"
        os.chmod(temporary, 0o644)
        os.replace(temporary, folder / file)
        temporary = None
    except OSError as trouble:
        raise ProblemError(_unreadable(source, trouble) if trouble.filename == str(source)
                           else write_problem(trouble, place)) from trouble
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
    return file


def _copied(source: Path, descriptor: int, progress: Callable[[int, int], None], check: Callable[[], None]) -> str:
    """Copy the content; answers the digest of what was copied."""
    state, done = hashlib.blake2b(digest_size=16), 0
    with os.fdopen(descriptor, "wb") as target, source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        while piece := file.read(_PIECE):
            check()
            state.update(piece)
            target.write(piece)
            done += len(piece)
            progress(done, max(size, done))
        target.flush()
        os.fsync(target.fileno())
    return state.hexdigest()[:_DIGITS]


def _slug(name: str) -> str:
    """Small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "model"


def is_h5(path: Path) -> bool:
    """Whether this is a whole model in HDF5 rather than an archive."""
    return path.suffix.lower() in H5_SUFFIXES


def check_file(path: Path) -> None:
    """Whether the file is whole and holds a model with its weights, by its table of contents. Raises ProblemError."""
    if path.suffix.lower() not in SUFFIXES:
        text = Text("{path} cannot be a base: a .keras or .h5 file of Keras is needed, which has the weights with the "
                    "network.",
                    "{path} no puede ser una base: hace falta un archivo .keras o .h5 de Keras, que contiene los pesos con "
                    "la red.")
        raise ProblemError(problem("own_base_kind", text.fill(path=path.name), path))
    try:
        size = path.stat().st_size
    except OSError as trouble:
        raise ProblemError(_unreadable(path, trouble)) from trouble
    if size > LARGEST:
        raise ProblemError(_too_large(path, size))
    if not is_h5(path):
        _check_archive(path, size)
    elif lacks_weights(path):
        raise ProblemError(_without_weights(path))


def _check_archive(path: Path, size: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        raise ProblemError(damaged(path)) from None
    except OSError as trouble:
        raise ProblemError(_unreadable(path, trouble)) from trouble
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
    """Bytes of the weights in a file that was looked at. Raises ProblemError."""
    if is_h5(path):
        return path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.getinfo(WEIGHTS).file_size
    except (OSError, KeyError, zipfile.BadZipFile) as trouble:
        raise ProblemError(damaged(path, str(trouble))) from trouble


def problem(code: str, text: Text, path: Path | None = None) -> Problem:
    """A problem of the network with the file it is about."""
    return error(code, text, "network", field="file", path=path)


def damaged(path: Path, reason: str = "") -> Problem:
    text = Text("{path} is damaged, cut off or no model of Keras.",
                "{path} está dañado, incompleto o no es un modelo de Keras.")
    return error("own_base_damaged", text.fill(path=path.name), "network", field="file", path=path, details=reason)


def _without_weights(path: Path) -> Problem:
    text = Text("{path} describes a network but holds no weights.", "{path} describe una red pero no contiene pesos.")
    return problem("own_base_no_weights", text.fill(path=path.name), path)


def _too_large(path: Path, size: int) -> Problem:
    text = Text("{path} would take {n:,.0f} MB, more than any network that can be a base.",
                "{path} ocuparía {n:,.0f} MB, más que cualquier red que pueda ser una base.")
    return problem("own_base_too_large", text.fill(path=path.name, n=size / 2**20), path)


def _unreadable(path: Path, trouble: OSError) -> Problem:
    text = Text("{path} cannot be read ({reason}).", "No se puede leer {path} ({reason}).")
    code = "own_base_missing" if isinstance(trouble, FileNotFoundError) else "own_base_unreadable"
    return problem(code, text.fill(path=path, reason=reason_of(trouble)), path)
