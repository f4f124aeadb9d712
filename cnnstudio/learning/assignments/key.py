"""The teacher's key: what is in the assignment by content, and the hidden pictures themselves."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.foreign_files import LARGE, read_json
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.sources.staging import Check, no_check
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.learning.assignments.encryption import LARGEST, decrypt
from cnnstudio.learning.assignments.model import FORMAT, Assignment, Key, Known, Listed
from cnnstudio.learning.assignments.sealed import Content, Sealed, damaged, newer, open_sealed

DESCRIPTION: Final = "assignment.json"
LIST: Final = "pictures.jsonl"
ENCRYPTED: Final = "hidden.enc"
KEY: Final = "key.json"
PICTURES: Final = "pictures"
_LARGE_KEY: Final = LARGE * 8


def token_of(pictures: tuple[Known, ...]) -> str:
    """The digest of what a key knows: by it an assignment and its key are found to belong together."""
    return hashlib.sha256(msgspec.json.encode(pictures)).hexdigest()


def key_files(key: Key, sources: Mapping[str, Path]) -> Iterator[tuple[str, Content]]:
    """The members of a key's file; `sources` are the files of its hidden and validation pictures by their paths."""
    yield KEY, msgspec.json.format(msgspec.json.encode(key), indent=1)
    for picture in key.pictures:
        if picture.split != "train":
            yield f"{PICTURES}/{picture.path}", sources[picture.path]


class OpenKey:
    """A key whose pictures lie in the folder `root`, by their paths."""

    def __init__(self, key: Key, root: Path) -> None:
        self.key, self.root = key, root


@contextmanager
def open_key(path: Path, passphrase: str = "", check: Check = no_check) -> Iterator[OpenKey]:
    """A key from its file, from the folder it was unpacked into, or from the students' file that has it encrypted. Raises
    ProblemError."""
    if path.is_dir():
        key = read_json(path / KEY, Key, _LARGE_KEY)
        _check_key(key, path)
        _check_unpacked(key, path, check)
        yield OpenKey(key, path / PICTURES)
        return
    places = cache_folder() / "grading"
    places.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="key-", dir=places) as temporary:
        folder = Path(temporary)
        with open_sealed(path, check) as sealed:
            if KEY in sealed:
                yield _unpacked(sealed, folder, check)
                return
            if ENCRYPTED not in sealed:
                raise ProblemError(_no_key(path))
            inner = folder / "key.zip"
            inner.write_bytes(decrypt(sealed.read(ENCRYPTED, LARGEST + (1 << 16)), passphrase, path))
        with open_sealed(inner, check) as sealed:
            yield _unpacked(sealed, folder / "key", check)


def _unpacked(sealed: Sealed, folder: Path, check: Check) -> OpenKey:
    key = sealed.json(KEY, Key, _LARGE_KEY)
    _check_key(key, sealed.path)
    for picture in key.pictures:
        check()
        if picture.split != "train" and sealed.unpack(f"{PICTURES}/{picture.path}", folder / PICTURES / picture.path
                                                      ) != picture.sha256:
            raise ProblemError(_changed(sealed.path, picture.path))
    return OpenKey(key, folder / PICTURES)


def _check_unpacked(key: Key, path: Path, check: Check) -> None:
    """Raise ProblemError where a picture in an unpacked folder is not the one of the key."""
    for picture in key.pictures:
        check()
        if picture.split == "train":
            continue
        try:
            with (path / PICTURES / picture.path).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as os_error:
            why = Text("{name} is missing or cannot be read", "{name} falta o no se puede leer").fill(name=picture.path)
            raise ProblemError(damaged(path, why)) from os_error
        if found != picture.sha256:
            raise ProblemError(_changed(path, picture.path))


def _changed(path: Path, name: str) -> Problem:
    return damaged(path, Text("{name} was changed", "{name} se ha modificado").fill(name=name))


def _check_key(key: Key, path: Path) -> None:
    if key.format > FORMAT or key.assignment.metric not in FIGURES:
        raise ProblemError(newer(path))
    if token_of(key.pictures) != key.assignment.token:
        raise ProblemError(damaged(path, Text("its list of pictures was changed", "su lista de imágenes se ha modificado")))
    for picture in key.pictures:
        check_path(picture.path, path)


def check_path(name: str, file: Path) -> None:
    """Raise ProblemError unless the path of a picture stays inside its folder."""
    parts = name.split("/")
    if not name or "\\" in name or "\0" in name or ":" in name or any(part in ("", ".", "..") for part in parts):
        raise ProblemError(damaged(file, Text("{name} points outside", "{name} apunta fuera").fill(name=name)))


def read_assignment(path: Path) -> tuple[Assignment, tuple[Listed, ...]]:
    """The assignment in the students' file, with the list of its pictures. Raises ProblemError."""
    with open_sealed(path) as sealed:
        return assignment_in(sealed)


def assignment_in(sealed: Sealed) -> tuple[Assignment, tuple[Listed, ...]]:
    """As `read_assignment`, of an opened file."""
    if DESCRIPTION not in sealed:
        raise ProblemError(_no_assignment(sealed.path))
    assignment = sealed.json(DESCRIPTION, Assignment)
    if assignment.format > FORMAT or assignment.metric not in FIGURES:
        raise ProblemError(newer(sealed.path))
    listed = sealed.json_lines(LIST, Listed)
    for picture in listed:
        check_path(picture.path, sealed.path)
    return assignment, listed


def _no_assignment(path: Path) -> Problem:
    text = Text("{path} is no assignment: it has no description. Choose the file that the teacher gave out.",
                "{path} no es una práctica: no tiene descripción. Elija el archivo que repartió el profesorado.")
    return error("no_assignment", text.fill(path=path), "file", path=path)


def _no_key(path: Path) -> Problem:
    text = Text("{path} has no hidden pictures: it is neither the key of an assignment nor a students' file with an encrypted "
                "one. Choose the key that was written when the assignment was made.",
                "{path} no tiene imágenes ocultas: no es la clave de una práctica ni un archivo del alumnado con una clave "
                "cifrada. Elija la clave que se escribió al crear la práctica.")
    return error("no_key", text.fill(path=path), "file", path=path)
