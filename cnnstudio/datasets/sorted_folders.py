"""Copy pictures into a folder for each label, and take the copies back.

Originals are only read, and nothing is ever overwritten: a name that is taken gets a number. Every copy is noted in a
record in the folder before it appears there, with the hash of its content, so that undo removes exactly the copies that
nobody has changed since.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.foreign_files import LARGEST, read_bytes
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.sources.staging import clean_name
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash_of_file
from cnnstudio.imaging.picture_files import open_regular

RECORD: Final = "cnnstudio-sorted.jsonl"
NOT_SURE: Final = Text("not sure", "sin certeza")
_FIRST_NAMES: Final = 5
_CHUNK: Final = 1 << 20


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the record: a sort begins, a folder was made, or a copy will appear."""

    sort: float = 0.0
    folder: str = ""
    copy: str = ""
    hash: str = ""


class FolderPlan(msgspec.Struct):
    """A folder of the result: how many pictures come into it, and the first names."""

    name: str
    count: int = 0
    first: list[str] = []


class SortedFolders:
    """Sorts pictures into `target` as their answers come. With `dry` nothing is written.

    `min_probability`: below it a picture goes to the folder of those that are not sure.
    """

    def __init__(self, target: Path, min_probability: float = 0.0, dry: bool = False) -> None:
        self.target = target.absolute()
        self._least, self._dry = min_probability, dry
        self._names: dict[str | None, str] = {}
        self._used: set[str] = set()
        self._planned: set[str] = set()
        self._begun = False
        self.folders: dict[str, FolderPlan] = {}
        """By name, in the order in which they were needed."""
        self.left_out = 0
        """Pictures without an answer."""
        self.problems: list[Problem] = []
        if target.exists() and not target.is_dir():
            raise ProblemError(write_problem(NotADirectoryError(20, os.strerror(20)), target))

    @property
    def count(self) -> int:
        """How many pictures were sorted."""
        return sum(folder.count for folder in self.folders.values())

    def add(self, path: str, label: str | None, probability: float, not_sure: bool = False) -> Path | None:
        """Copy a picture to its folder; the result is its copy, or None where it has no label or could not be read.

        Raises ProblemError where nothing more can be written; what was copied stays.
        """
        if label is None:
            self.left_out += 1
            return None
        folder = self._folder_of(None if not_sure or probability < self._least else label)
        if self._dry:
            copy: Path | None = self._free_name(self.target / folder / _text_name(path))
            self._planned.add(os.path.normcase(str(copy)))
        else:
            copy = self._copy(Path(path), self.target / folder)
        if copy is not None:
            plan = self.folders.setdefault(folder, FolderPlan(folder))
            plan.count += 1
            if len(plan.first) < _FIRST_NAMES:
                plan.first.append(copy.name)
        return copy

    def _folder_of(self, label: str | None) -> str:
        """The folder's name of a label, or of those that are not sure: two labels never share one."""
        if label not in self._names:
            wanted = clean_name(str(NOT_SURE) if label is None else label)
            name, number = wanted, 1
            while name.casefold() in self._used:
                number += 1
                name = f"{wanted} ({number})"
            self._used.add(name.casefold())
            self._names[label] = name
        return self._names[label]

    def _free_name(self, wanted: Path) -> Path:
        path, number = wanted, 1
        while os.path.lexists(path) or os.path.normcase(str(path)) in self._planned:
            number += 1
            path = wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")
        return path

    def _copy(self, source: Path, folder: Path) -> Path | None:
        try:
            self._begin(folder)
            temporary = folder / f".{os.urandom(6).hex()}.copying"
            try:
                digest = _copy_content(source, temporary)
                return self._place(temporary, folder / _text_name(source), digest)
            finally:
                with contextlib.suppress(OSError):
                    temporary.unlink()
        except _SourceError as err:
            self._report_unreadable(source, err.reason)
            return None
        except OSError as os_error:
            raise ProblemError(write_problem(os_error, folder)) from os_error

    def _place(self, temporary: Path, wanted: Path, digest: str) -> Path:
        """Give the copy the first name that is free, without ever taking that of another file."""
        while True:
            path = self._free_name(wanted)
            self._note(_Line(copy=path.relative_to(self.target).as_posix(), hash=digest))
            try:
                _rename_to_new(temporary, path)
            except FileExistsError:
                continue
            return path

    def _begin(self, folder: Path) -> None:
        """Make the folder, and begin the record with the first copy."""
        made = []
        for path in (self.target, folder):
            if not path.is_dir():
                path.mkdir(parents=True)
                made.append(path)
        if not self._begun:
            self._begun = True
            self._note(_Line(sort=time.time()))
        for path in made:
            self._note(_Line(folder=path.relative_to(self.target).as_posix()))

    def _note(self, line: _Line) -> None:
        with (self.target / RECORD).open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")

    def _report_unreadable(self, source: Path, reason: object) -> None:
        text = Text("{path} was not copied: {reason}.", "{path} no se copió: {reason}.")
        self.problems.append(warning("not_copied", text.fill(path=source, reason=reason), "file", path=source))


class _SourceError(Exception):
    """The original cannot be read: the others can still be copied."""

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


def _text_name(path: str | Path) -> str:
    """The file's name as text that any program can write: it may be any bytes."""
    return os.path.basename(path).encode("utf-8", "replace").decode()


def _copy_content(source: Path, target: Path) -> str:
    """Copy a regular file with its times; the result is the hash of what was written. Raises _SourceError, OSError."""
    state = hashlib.blake2b(digest_size=16)
    try:
        opened = open_regular(source)
    except PictureError as err:
        raise _SourceError(Text(err.text("en"), err.text("es"))) from err
    except OSError as os_error:
        raise _SourceError(reason_of(os_error)) from os_error
    with opened as reading, target.open("xb") as writing:
        while True:
            try:
                chunk = reading.read(_CHUNK)
            except OSError as os_error:
                raise _SourceError(reason_of(os_error)) from os_error
            if not chunk:
                break
            state.update(chunk)
            writing.write(chunk)
    with contextlib.suppress(OSError):
        shutil.copystat(source, target)
    return "b2:" + state.hexdigest()


def _rename_to_new(path: Path, target: Path) -> None:
    """Rename a file in one step; FileExistsError where the name is taken."""
    if os.name == "nt":
        os.rename(path, target)
        return
    try:
        os.link(path, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # A drive without hard links: the name is reserved, then taken.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        os.replace(path, target)


# Undo ---------------------------------------------------------------------------------------------


class SortedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The last sort into a folder: when it began, its copies with their hashes, and the folders that it made."""

    time: float
    copies: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What an undo removed, and what it left because it was changed or is gone."""

    removed: int
    changed: tuple[str, ...] = ()
    gone: int = 0


def last_sort(target: Path) -> SortedRecord | None:
    """The last sort into a folder; None where there is none. Raises ProblemError (damaged_record)."""
    sorts = _sorts(target)
    return _as_record(sorts[-1]) if sorts else None


def undo_sort(target: Path, on_progress: Callable[[int, int], object] = lambda _done, _total: None) -> Undone:
    """Remove the copies of the last sort into a folder that are as they were copied, and the folders that it made and that
    are empty then. Raises ProblemError (no_sort, damaged_record, cannot_write).

    An exception of `on_progress` ends it; undoing again goes on.
    """
    target = target.absolute()
    sorts = _sorts(target)
    if not sorts:
        text = Text("Nothing was sorted into {path}, or its record ({name}) is gone: there is nothing to undo.",
                    "No se clasificó nada en {path}, o su registro ({name}) ya no está: no hay nada que deshacer.")
        raise ProblemError(error("no_sort", text.fill(path=target, name=RECORD), "file", path=target))
    record = _as_record(sorts[-1])
    removed = gone = 0
    changed: list[str] = []
    for number, (name, digest) in enumerate(record.copies):
        on_progress(number, len(record.copies))
        path = target / name
        state = _state_of(path, digest)
        if state == "same":
            try:
                path.unlink()
            except OSError as os_error:
                raise ProblemError(write_problem(os_error, path)) from os_error
            removed += 1
        elif state == "changed":
            changed.append(name)
        else:
            gone += 1
    _keep_record(target, sorts[:-1])
    for name in sorted(record.folders, key=len, reverse=True):
        with contextlib.suppress(OSError):
            (target / name).rmdir()
    return Undone(removed=removed, changed=tuple(changed), gone=gone)


def _state_of(path: Path, digest: str) -> str:
    try:
        if path.is_symlink():
            return "changed"
        return "same" if content_hash_of_file(path) == digest else "changed"
    except FileNotFoundError:
        return "gone"
    except (OSError, PictureError):
        return "changed"


def _keep_record(target: Path, sorts: list[list[_Line]]) -> None:
    """Write the record of what is left, or remove it."""
    lines = [msgspec.json.encode(line) for lines in sorts for line in lines]
    if lines:
        write_atomically(target / RECORD, b"\n".join(lines) + b"\n")
    else:
        with contextlib.suppress(OSError):
            (target / RECORD).unlink()


def _as_record(lines: list[_Line]) -> SortedRecord:
    # A name that was taken in the last moment was noted, too: the last note of a name counts.
    copies = {line.copy: line.hash for line in lines if line.copy}
    return SortedRecord(time=lines[0].sort, copies=tuple(copies.items()),
                        folders=tuple(line.folder for line in lines if line.folder))


def _sorts(target: Path) -> list[list[_Line]]:
    """The lines of the record, by sorts. A last line that a crash cut off is left out."""
    try:
        data = read_bytes(target / RECORD, LARGEST)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as err:
        raise ProblemError(_damaged(target, str(err))) from err
    result: list[list[_Line]] = []
    for line in _decoded(target, data):
        if line.sort or not result:
            result.append([])
        result[-1].append(line)
    return result


def _decoded(target: Path, data: bytes) -> Iterator[_Line]:
    lines = data.split(b"\n")[:-1]
    for number, line in enumerate(lines, start=1):
        try:
            decoded = msgspec.json.decode(line, type=_Line)
        except ValueError as err:
            raise ProblemError(_damaged(target, f"{number}: {err}")) from err
        # The record is a file in a folder that anybody may write: nothing outside that folder is ever touched.
        name = decoded.copy or decoded.folder
        if name and (os.path.isabs(name) or ".." in Path(name).parts or len(Path(name).parts) > 2):
            raise ProblemError(_damaged(target, f"{number}: {name}"))
        yield decoded


def _damaged(target: Path, reason: str) -> Problem:
    text = Text("The record of what was sorted into {path} is damaged ({reason}); nothing was removed. Delete the copies by "
                "hand.",
                "El registro de lo clasificado en {path} está dañado ({reason}); no se borró nada. Borre las copias a mano.")
    return error("damaged_record", text.fill(path=target, reason=reason[:200]), "file", path=target / RECORD)
