"""The zip files of assignments, keys and capsules: written atomically, and checked before anything is read from them."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, TypeVar

from cnnstudio.core.atomic import atomic_path, write_problem
from cnnstudio.core.foreign_files import LARGE, decode_json
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.sources.archives import Limits, Member, look_through
from cnnstudio.datasets.sources.containers import BROKEN, Container, open_archive
from cnnstudio.datasets.sources.staging import Check, no_check

LIMITS: Final = Limits(total=16 << 30, count=1_000_000, single=4 << 30)
"""What a file of an assignment may hold at most."""
_CHUNK: Final = 1 << 20
_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""Of every member: the same content gives the same file."""
T = TypeVar("T")
Content = bytes | Path


def write_sealed(path: Path, files: Iterable[tuple[str, Content]], check: Check = no_check) -> None:
    """Write the members in their order, atomically; files that are compressed already are stored. Raises ProblemError."""
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", allowZip64=True) as archive:
        for name, content in files:
            check()
            member = zipfile.ZipInfo(name, _TIME)
            member.external_attr = 0o644 << 16
            if isinstance(content, bytes):
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, content)
                continue
            with content.open("rb") as source, archive.open(member, "w", force_zip64=True) as written:
                while block := source.read(_CHUNK):
                    written.write(block)


class Sealed:
    """The members of a checked file, by name."""

    def __init__(self, path: Path, archive: Container, members: Mapping[str, Member]) -> None:
        self.path, self._archive, self._members = path, archive, members

    def __contains__(self, name: object) -> bool:
        return name in self._members

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    def read(self, name: str, limit: int = LARGE) -> bytes:
        """A member of at most `limit` bytes. Raises ProblemError (damaged_sealed)."""
        member = self._members.get(name)
        if member is None:
            raise ProblemError(damaged(self.path, Text("it has no {name}", "no tiene {name}").fill(name=name)))
        if member.size > limit:
            raise ProblemError(damaged(self.path, Text("{name} is larger than any file of this kind",
                                                       "{name} es mayor que cualquier archivo de este tipo").fill(name=name)))
        with self._opened(member) as source:
            data = source.read(limit + 1)
        if len(data) != member.size:
            raise ProblemError(damaged(self.path, Text("{name} is cut off", "{name} está cortado").fill(name=name)))
        return data

    def json(self, name: str, kind: type[T], limit: int = LARGE) -> T:
        """A member decoded as `kind`. Raises ProblemError."""
        try:
            return decode_json(self.read(name, limit), kind)
        except ValueError as value_error:
            reason = Text("{name}: {reason}", "{name}: {reason}").fill(name=name, reason=value_error)
            raise ProblemError(damaged(self.path, reason)) from value_error

    def json_lines(self, name: str, kind: type[T], limit: int = LARGE * 8) -> tuple[T, ...]:
        """A member with one value a line."""
        try:
            return tuple(decode_json(line, kind) for line in self.read(name, limit).splitlines() if line)
        except ValueError as value_error:
            reason = Text("{name}: {reason}", "{name}: {reason}").fill(name=name, reason=value_error)
            raise ProblemError(damaged(self.path, reason)) from value_error

    def unpack(self, name: str, target: Path) -> str:
        """Write a member to the new file `target`, in a folder that nothing else reads yet; returns its SHA-256. Raises
        ProblemError."""
        member, state = self._members.get(name), hashlib.sha256()
        if member is None:
            raise ProblemError(damaged(self.path, Text("it has no {name}", "no tiene {name}").fill(name=name)))
        left = member.size
        with _new_file(target) as written, self._opened(member) as source:
            while left and (block := source.read(min(_CHUNK, left))):
                state.update(block)
                written.write(block)
                left -= len(block)
            # Reading to the end verifies the checksum.
            if left or source.read(1):
                raise ProblemError(damaged(self.path, Text("{name} is cut off", "{name} está cortado").fill(name=name)))
        return state.hexdigest()

    @contextmanager
    def _opened(self, member: Member) -> Iterator[IO[bytes]]:
        try:
            with self._archive.open(member.handle) as source:
                yield source
        except ProblemError:
            raise
        except BROKEN as err:
            raise ProblemError(damaged(self.path, Text("{reason}", "{reason}").fill(reason=str(err)[:200]))) from err


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            yield file
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error


@contextmanager
def open_sealed(path: Path, check: Check = no_check) -> Iterator[Sealed]:
    """The file, after everything in it was checked: names, links, sizes, overlaps. Raises ProblemError."""
    try:
        plain = path.is_file() and zipfile.is_zipfile(path)
        if not plain:
            os.stat(path)
    except OSError as os_error:
        text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
        raise ProblemError(error("cannot_read", text.fill(path=path, reason=reason_of(os_error)), "file",
                                 path=path)) from os_error
    if not plain:
        raise ProblemError(damaged(path, Text("it is no zip file, or it is cut off", "no es un archivo zip o está cortado")))
    contents = look_through(path, LIMITS, check)
    if contents.problems:
        raise ProblemError(*contents.problems)
    members: dict[str, Member] = {}
    for member in contents.members:
        name = "/".join(member.parts)
        if name in members:
            raise ProblemError(damaged(path, Text("it has {name} twice", "tiene {name} dos veces").fill(name=name)))
        members[name] = member
    try:
        with open_archive(path, LIMITS.total + (LIMITS.count << 10)) as archive:
            yield Sealed(path, archive, members)
    except BROKEN as err:
        raise ProblemError(damaged(path, Text("{reason}", "{reason}").fill(reason=str(err)[:200]))) from err


def damaged(path: Path, reason: Text) -> Problem:
    """The problem of a file that is not what it should be."""
    text = Text("{path} is damaged, or another kind of file ({reason}). Ask for the file again.",
                "{path} está dañado o es otro tipo de archivo ({reason}). Pida de nuevo el archivo.")
    return error("damaged_sealed", text.fill(path=path.name, reason=reason), "file", path=path, details=reason.en)


def newer(path: Path) -> Problem:
    """The problem of a file of a newer version."""
    text = Text("{path} was written by a newer version of CNN Studio. Install that version or a later one to open it.",
                "{path} se escribió con una versión más nueva de CNN Studio. Instale esa versión o una posterior para abrirlo.")
    return error("newer_format", text.fill(path=path), "file", path=path)
