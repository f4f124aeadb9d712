"""Zip and tar archives: checked before anything is unpacked, then unpacked into a temporary folder and moved into
place.

An archive is refused as a whole, with everything that is wrong, when one of its names would leave the folder, when it
holds links or devices, when it is a decompression bomb, or when the disk has no room. Archives inside archives are not
unpacked.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import find_split, is_picture
from cnnstudio.datasets.sources.containers import BROKEN, Container, Raw, open_archive
from cnnstudio.datasets.sources.staging import (
    Check,
    Names,
    OnProgress,
    cannot_read,
    new_folder,
    no_check,
    no_progress,
    refuse_existing,
)
from cnnstudio.imaging.picture_files import LeftOut, Tally, is_system

SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
_CHUNK: Final = 1 << 20
_MOST_NAMED: Final = 5


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of an archive: total bytes, files, bytes of one file, and the factor by which it may grow."""

    total: int = 200 << 30
    count: int = 3_000_000
    single: int = 8 << 30
    ratio: float = 150.0
    free_growth: int = 64 << 20
    """Any archive may unpack to this many bytes, however small it is."""


LIMITS: Final = Limits()


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an archive: its name as written there and as parts of a path, and its size."""

    name: str
    parts: tuple[str, ...]
    size: int
    handle: Any


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """The content of an archive and all of its problems; `left_out` are files of systems that are not unpacked.

    A file without an ending counts as a picture here; it is looked into when it is unpacked.
    """

    members: tuple[Member, ...]
    problems: tuple[Problem, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(member.size for member in self.members)

    @property
    def pictures(self) -> int:
        return sum(_may_be_picture(member.name) for member in self.members)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The folders that hold pictures directly, without splits: the classes."""
        return tuple(sorted({member.parts[-2] for member in self.members
                             if len(member.parts) > 1 and _may_be_picture(member.name)
                             and find_split(member.parts[-2]) is None}))


def _may_be_picture(name: str) -> bool:
    return is_picture(name) or not os.path.splitext(name)[1]


def is_archive(path: Path) -> bool:
    """Whether a file has the name of an archive that can be unpacked."""
    return path.name.lower().endswith(SUFFIXES)


def look_through(path: Path, limits: Limits = LIMITS, check: Check = no_check) -> Contents:
    """The members of an archive and its problems; nothing is unpacked. Raises ProblemError if it is no archive."""
    inspection = _Inspection(path, limits)
    try:
        with open_archive(path, limits.total + (limits.count << 10)) as archive:
            for member in archive.members():
                check()
                if not inspection.take(member):
                    break
            inspection.finish(archive)
    except ProblemError:
        raise
    except (*BROKEN, OSError) as err:
        raise ProblemError(_damaged(path, err)) from err
    return inspection.contents()


def unpack_archive(path: Path, target: Path, on_progress: OnProgress = no_progress, check: Check = no_check,
                   limits: Limits = LIMITS, tally: Tally | None = None) -> Path:
    """Unpack an archive into the new or empty folder `target`; raises ProblemError, and then leaves nothing.

    A single folder that only wraps the others is removed. What is not unpacked is counted in `tally`.
    """
    refuse_existing(target)
    contents = look_through(path, limits, check)
    if contents.problems:
        raise ProblemError(*contents.problems)
    if tally is not None:
        for entry in contents.left_out:
            tally.add(entry.reason, entry.example, entry.number)
    total, done = contents.bytes, 0
    names = _TargetNames()
    with new_folder(target, total, inner_folder) as place, open_archive(path, limits.total + (limits.count << 10)) as archive:
        for member in contents.members:
            destination = place.joinpath(*names.place(member.parts))
            destination.parent.mkdir(parents=True, exist_ok=True)
            try:
                with archive.open(member.handle) as source, destination.open("xb") as written:
                    left = member.size
                    while left and (piece := source.read(min(_CHUNK, left))):
                        written.write(piece)
                        left -= len(piece)
                        done += len(piece)
                        on_progress(done, total)
                        check()
                    # Reading to the end verifies the checksum.
                    if left or source.read(1):
                        raise ProblemError(_damaged(path, member.name))
            except BROKEN as err:
                raise ProblemError(_damaged(path, f"{member.name}: {err}")) from err
            check()
    return target


def inner_folder(place: Path) -> Path:
    """The inner folder with the collection, without folders that only wrap it."""
    while True:
        entries = [entry for entry in os.scandir(place) if not entry.name.startswith(".")]
        if len(entries) != 1 or not entries[0].is_dir(follow_symlinks=False):
            return place
        inside = Path(entries[0].path)
        holds_folders = any(entry.is_dir() for entry in os.scandir(inside))
        holds_pictures = any(_may_be_picture(entry.name) and entry.is_file() for entry in os.scandir(inside))
        if holds_pictures or find_split(inside.name) is not None:
            return place
        if not holds_folders and not any(entry.is_file() for entry in os.scandir(inside)):
            return place
        place = inside


def _damaged(path: Path, problem: object) -> Problem:
    if isinstance(problem, RuntimeError) and "password" in str(problem):
        text = Text("{path} is protected with a password. Unpack it with another program first.",
                    "{path} está protegido con contraseña. Descomprímalo antes con otro programa.")
        return error("encrypted", text.fill(path=path), "dataset", path=path)
    if isinstance(problem, FileNotFoundError | PermissionError):
        return cannot_read(path, reason_of(problem))
    reason = reason_of(problem) if isinstance(problem, OSError) else str(problem)[:200]
    text = Text("{path} is not an archive that can be unpacked, or it is damaged ({reason}). Nothing was unpacked.",
                "{path} no es un archivo comprimido que se pueda abrir, o está dañado ({reason}). No se extrajo nada.")
    return error("damaged_archive", text.fill(path=path, reason=reason), "dataset", path=path)


# Looking through ----------------------------------------------------------------------------------

_TEXTS: Final[dict[str, Text]] = {
    "escapes": Text("{path} contains names that point outside the folder: {names}.",
                    "{path} contiene nombres que apuntan fuera de la carpeta: {names}."),
    "bad_names": Text("{path} contains names that are not valid file names: {names}.",
                      "{path} contiene nombres de archivo no válidos: {names}."),
    "links": Text("{path} contains links, which could point anywhere: {names}.",
                  "{path} contiene enlaces, que podrían apuntar a cualquier parte: {names}."),
    "devices": Text("{path} contains entries that are neither files nor folders: {names}.",
                    "{path} contiene entradas que no son ni archivos ni carpetas: {names}."),
    "encrypted": Text("{path} contains files protected with a password: {names}.",
                      "{path} contiene archivos protegidos con contraseña: {names}."),
    "too_big": Text("{path} contains files that are too large: {names}.",
                    "{path} contiene archivos demasiado grandes: {names}."),
}


class _Inspection:
    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._packed = path.stat().st_size if path.is_file() else 0
        self._wrong: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self._members: list[Member] = []
        self._files: set[tuple[str, ...]] = set()
        self._folders: set[tuple[str, ...]] = set()
        self._problems: list[Problem] = []
        self._tally = Tally()
        self._total = self._number = 0

    def take(self, raw: Raw) -> bool:
        """Check one member; False if the check can stop."""
        self._number += 1
        self._total += raw.size
        if self._number > self._limits.count:
            return self._stop("too_many_files", Text("{path} contains more than {n} files.",
                                                     "{path} contiene más de {n} archivos."), n=self._limits.count)
        if self._total > self._limits.total:
            return self._stop("too_big", Text("{path} would take more than {n} GB when unpacked.",
                                              "{path} ocuparía más de {n} GB una vez descomprimido."),
                              n=round(self._limits.total / 1e9))
        allowed = max(self._limits.free_growth, round(self._packed * self._limits.ratio))
        if self._total > allowed:
            return self._stop("bomb", Text("{path} would grow to more than {n} times its size when unpacked, which no "
                                           "collection of pictures does.",
                                           "{path} crecería más de {n} veces al descomprimirse, algo que no hace ninguna "
                                           "colección de imágenes."), n=round(self._limits.ratio))
        problem, parts = name_problem(raw.name)
        if problem or raw.kind not in ("", "folder"):
            self._note(problem or raw.kind, raw.name)
        elif raw.size > self._limits.single:
            self._note("too_big", raw.name)
        elif any(map(is_system, parts)):
            if raw.kind != "folder":
                self._tally.add("system", raw.name)
        elif parts:
            if raw.kind == "folder":
                self._folders.add(parts)
            else:
                self._files.add(parts)
                self._folders.update(parts[:depth] for depth in range(1, len(parts)))
                self._members.append(Member(name=raw.name, parts=parts, size=raw.size, handle=raw.handle))
        return True

    def _stop(self, code: str, text: Text, **values: object) -> bool:
        self._problems.append(error(code, text.fill(path=self._path, **values), "dataset", path=self._path))
        return False

    def _note(self, code: str, name: str) -> None:
        self._counts[code] = self._counts.get(code, 0) + 1
        names = self._wrong.setdefault(code, [])
        if len(names) < _MOST_NAMED:
            names.append(name if len(name) < 80 else "…" + name[-80:])

    def finish(self, archive: Container) -> None:
        """Checks that need all members."""
        for parts in sorted(self._files & self._folders):
            self._note("bad_names", "/".join(parts))
        if archive.overlaps():
            self._stop("bomb", Text("The files in {path} overlap: the archive was made to grow without limit.",
                                    "Los archivos de {path} se solapan: el archivo comprimido está hecho para crecer sin "
                                    "límite."))

    def contents(self) -> Contents:
        problems = list(self._problems)
        for code, names in self._wrong.items():
            named = ", ".join(repr(name) for name in names)
            more = self._counts[code] - len(names)
            text = _TEXTS[code].fill(path=self._path, names=named + (f", … (+{more})" if more else ""))
            problems.append(error(code, text, "dataset", path=self._path))
        return Contents(members=tuple(self._members), problems=tuple(problems), left_out=self._tally.entries())


def name_problem(name: str) -> tuple[str, tuple[str, ...]]:
    """The problem of a member's name ("escapes", "bad_names" or ""), and the parts of its path."""
    if "\0" in name:
        return "bad_names", ()
    plain = name.replace("\\", "/")
    if plain.startswith("/") or (len(plain) > 1 and plain[1] == ":" and plain[0].isalpha()):
        return "escapes", ()
    parts = tuple(part for part in plain.split("/") if part not in ("", "."))
    if ".." in parts:
        return "escapes", ()
    try:
        name.encode()
    except UnicodeEncodeError:
        return "bad_names", ()
    if len(parts) > 60 or len(plain) > 3000:
        return "bad_names", ()
    return "", parts


class _TargetNames:
    """Target paths of members: their own names if the system allows them, each used once."""

    def __init__(self) -> None:
        self._names = Names()
        self._folders: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}

    def place(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        return (*self._folder(parts[:-1]), self._names.free("/".join(self._folder(parts[:-1])), parts[-1]))

    def _folder(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        placed = self._folders.get(parts)
        if placed is None:
            above = self._folder(parts[:-1])
            placed = (*above, self._names.free("/".join(above), parts[-1]))
            self._folders[parts] = placed
        return placed
