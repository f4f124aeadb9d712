"""The bases of a project: the built-in ones, and the user's models in its folder."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.resolver import OWN, OWN_PREFIX, choose_model_fix, own_base_missing
from cnnstudio.core.network import BASE, NetworkSpec
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.interchange.own_base.files import FOLDER, SUFFIXES, digest_from_name, file_digest, is_own_file, problem
from cnnstudio.interchange.own_base.reader import read_base

_CHECKED_AT_ONCE: Final = 32 << 20
"""Bytes of a file whose digest is checked whenever it changed; of a larger one before its weights are read."""

_read: dict[tuple[str, int, int, str], Base | ProblemError] = {}
"""Cache by path, size, modification time and scaling, since reading a file takes some 100 ms."""


class ProjectBases(msgspec.Struct, frozen=True):
    """Resolves custom bases in a project's `folder`. Equal for equal folders."""

    folder: Path

    def find(self, identifier: str) -> Base | None:
        """The base of that id ("bases/<file>", with ":" and a scaling, for one of the user's), or None."""
        if not identifier.startswith(OWN_PREFIX):
            return BASES.find(identifier)
        file, _, scaling = identifier.partition(":")
        try:
            return self.require_own(file, scaling or "none")
        except ProblemError:
            return None

    def require_own(self, file: str, scaling: str = "") -> Base:
        """The base in `file` of the folder; without a scaling the one that is proposed. Raises ProblemError."""
        if file and not is_own_file(file):
            text = Text("{file} is not a valid place for a base of your own. Choose the model again.",
                        "{file} no es un lugar válido para una base propia. Elija de nuevo el modelo.").fill(file=file)
            raise ProblemError(problem("own_base_missing", text))
        path = self.folder.absolute() / file
        try:
            status = path.stat() if file else None
        except OSError:
            status = None
        if status is None:
            raise ProblemError(own_base_missing(file, path if file else None))
        key = (str(path), status.st_size, status.st_mtime_ns, scaling)
        if key not in _read:
            try:
                if status.st_size <= _CHECKED_AT_ONCE:
                    check_digest(path)
                _read[key] = read_base(path, file, scaling)
            except ProblemError as problem_error:
                _read[key] = problem_error
        result = _read[key]
        if isinstance(result, ProblemError):
            raise result
        return result

    def own_bases(self) -> list[Base]:
        """The user's bases in the folder, by name; files that cannot be used are left out."""
        bases = []
        for path in sorted(path for path in (self.folder / FOLDER).glob("*.*") if path.suffix in SUFFIXES):
            with contextlib.suppress(ProblemError):
                bases.append(self.require_own(f"{FOLDER}/{path.name}"))
        return bases

    def file_states(self, network: NetworkSpec) -> Hashable:
        """Changes when a file of an own base in the network appears, disappears or changes."""
        states = []
        for node in network.nodes:
            if node.type == BASE and node.params.get("base") == OWN:
                path = self.folder.absolute() / str(node.params.get("file"))
                try:
                    status = path.stat()
                    states.append((str(path), status.st_size, status.st_mtime_ns))
                except (OSError, ValueError):
                    states.append((str(path), -1, -1))
        return tuple(states)


def check_digest(path: Path) -> None:
    """Raises ProblemError if the content does not match the digest in the file's name."""
    if file_digest(path) != digest_from_name(path.name):
        text = Text("{path} is no longer the model that the network was created with: its content has changed. Choose the "
                    "model again.",
                    "{path} ya no es el modelo con el que se creó la red: su contenido ha cambiado. Elija de nuevo el "
                    "modelo.")
        raise ProblemError(problem("own_base_changed", text.fill(path=path.name), path))


def require_own_bases(network: NetworkSpec, bases: ProjectBases) -> None:
    """Raises ProblemError, located at its node, if the file of a custom base is missing or has changed."""
    for node in network.nodes:
        if node.type == BASE and node.params.get("base") == OWN:
            try:
                bases.require_own(str(node.params.get("file") or ""))
            except ProblemError as problem_error:
                first = problem_error.problems[0]
                where = msgspec.structs.replace(first.where, node=node.id)
                fixes = (choose_model_fix(node.id),)
                raise ProblemError(msgspec.structs.replace(first, where=where, fixes=fixes)) from None
