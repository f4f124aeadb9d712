"""Folders and files that are created atomically: written beside the target and renamed at the end, never over
anything."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text

OnProgress = Callable[[int, int], None]
"""Called with (done, total); total 0 while it is not known."""
Check = Callable[[], None]
"""Called often during the work; may raise to end it. Nothing is left behind then."""

_ENDING: Final = ".writing"
_LONGEST: Final = 255
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED: Final = frozenset({"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt")
                                                             for number in range(1, 10))})
_ROOM: Final = 64 << 20
_SMALLEST_ROOM: Final = 1 << 20
"""Bytes that are left free at the most, and for a small work."""


def no_progress(_done: int, _total: int) -> None:
    """A progress callback that does nothing."""


def no_check() -> None:
    """A check that never raises."""


def refuse_existing(target: Path) -> None:
    """Raise ProblemError unless `target` is new or an empty folder."""
    try:
        there = os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir()))
    except OSError:
        there = True
    if there:
        raise ProblemError(_exists(target))


def _exists(target: Path) -> Problem:
    text = Text("{path} already exists, and nothing is ever overwritten. Choose another place.",
                "{path} ya existe, y nunca se sobrescribe nada. Elija otro lugar.")
    return error("target_exists", text.fill(path=target), "file", path=target)


@contextmanager
def new_folder(target: Path, room: int = 0, inner: Callable[[Path], Path] | None = None) -> Iterator[Path]:
    """A folder to write into, beside `target`, which it becomes at the end. Raises ProblemError.

    `target` must be new or empty. `room`: bytes that will be written; checked before. `inner` may choose a folder
    inside that becomes the target instead. After an error nothing is left behind; leftovers of a killed program are
    removed.
    """
    target = target.absolute()
    refuse_existing(target)
    with workplace(target, room) as place:
        folder = place / "folder"
        folder.mkdir()
        yield folder
        ready = inner(folder) if inner is not None else folder
        refuse_existing(target)
        if target.is_dir():
            target.rmdir()
        os.rename(ready, target)


@contextmanager
def new_file(target: Path, room: int = 0) -> Iterator[Path]:
    """A file to write, beside `target`, which it becomes at the end; as `new_folder`."""
    target = target.absolute()
    if os.path.lexists(target):
        raise ProblemError(_exists(target))
    with workplace(target, room) as place:
        yield place / "file"
        if os.path.lexists(target):
            raise ProblemError(_exists(target))
        os.rename(place / "file", target)


@contextmanager
def workplace(target: Path, room: int) -> Iterator[Path]:
    """A locked temporary folder beside the target, deleted at the end, as are those of killed programs. `room` as in
    `new_folder`."""
    place = None
    lock = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(target)
        check_room(target, room)
        place = Path(tempfile.mkdtemp(prefix=f".{target.name[:60]}.", suffix=_ENDING, dir=target.parent))
        lock = ProjectLock(place)
        lock.acquire()
        yield place
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, target)) from os_error
    finally:
        if lock is not None:
            lock.release()
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)


def check_room(target: Path, room: int) -> None:
    """Raise ProblemError if the disk of `target` has less than that many bytes left."""
    free = shutil.disk_usage(target.parent).free
    reserve = min(_ROOM, _SMALLEST_ROOM + room // 4)
    if room and room + reserve > free:
        text = Text("{path} needs {room} MB plus a reserve of {reserve} MB, but only {free} MB are free there. Choose "
                    "another disk or free some space.",
                    "{path} necesita {room} MB más una reserva de {reserve} MB, pero allí solo quedan {free} MB libres. "
                    "Elija otro disco o libere espacio.")
        raise ProblemError(error("no_space", text.fill(path=target, room=_megabytes(room), reserve=_megabytes(reserve),
                                                       free=_megabytes(free)), "file", path=target))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f}" if size >= 10_000_000 else f"{size / 1e6:.1f}"


def _clear_leftovers(target: Path) -> None:
    """Remove leftovers of a killed program beside the target; folders in use are locked."""
    for place in target.parent.glob(f".{_escaped(target.name[:60])}.*{_ENDING}"):
        lock = ProjectLock(place)
        if lock.acquire() is None:
            lock.release()
            shutil.rmtree(place, ignore_errors=True)


def _escaped(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def write_new(path: Path, data: bytes) -> None:
    """Write a new file; raises ProblemError, also if it exists."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error


class Names:
    """Unique names of files and folders that all systems allow.

    Names that differ in capitals only count as the same; the second gets a number.
    """

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()

    def free(self, folder: str, name: str) -> str:
        """`name`, cleaned, or the same with a number."""
        cleaned = clean_name(name)
        stem, dot, suffix = cleaned.rpartition(".") if "." in cleaned.lstrip(".") else (cleaned, "", "")
        candidate, number = cleaned, 2
        while (folder, candidate.casefold()) in self._taken:
            mark = f" ({number})"
            candidate = f"{shorten_name(stem, _LONGEST - len((mark + dot + suffix).encode()))}{mark}{dot}{suffix}"
            number += 1
        self._taken.add((folder, candidate.casefold()))
        return candidate


def clean_name(name: str) -> str:
    """A readable name that every system allows, never empty, ".", ".." or a device."""
    cleaned = _FORBIDDEN.sub("_", name).strip(" ").rstrip(". ").encode("utf-8", "replace").decode()
    if not cleaned or cleaned.startswith("."):
        cleaned = f"_{cleaned.lstrip('.')}"
    if cleaned.partition(".")[0].rstrip().lower() in _RESERVED:
        cleaned = f"_{cleaned}"
    if len(cleaned.encode()) > _LONGEST:
        stem, dot, suffix = cleaned.rpartition(".")
        if not stem or len(suffix) > 8:
            stem, dot, suffix = cleaned, "", ""
        mark = "~" + hashlib.blake2b(cleaned.encode(), digest_size=4).hexdigest()
        cleaned = shorten_name(stem, _LONGEST - len((mark + dot + suffix).encode())) + mark + dot + suffix
    return cleaned


def shorten_name(name: str, most: int) -> str:
    """The name cut to that many bytes of UTF-8."""
    return name.encode()[:most].decode("utf-8", "ignore")


def cannot_read(path: Path, reason: object) -> Problem:
    """The problem of a source that cannot be read."""
    text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
    return error("cannot_read", text.fill(path=path, reason=reason), "dataset", path=path)
