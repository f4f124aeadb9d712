"""Reads files that others may have made: regular, of a bounded size, and JSON that may be anything.

A project, a run or a notebook may come from anywhere. A pipe in the place of a file would wait for ever, a device would
never end, and its content may be no UTF-8 or nested a hundred thousand times.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO, Any, Final, TypeVar, overload

import msgspec

from cnnstudio.core.problems import Area, Problem, ProblemError, error
from cnnstudio.core.system_errors import ReasonedError, reason_of
from cnnstudio.core.text import Text

SMALL: Final = 1 << 20
"""Bytes of settings and of other files with a few values."""
LARGE: Final = 64 << 20
"""Bytes of a description: a project, a network, a notebook."""
LARGEST: Final = 2 << 30
"""Bytes of a file with a line for every picture or event."""
T = TypeVar("T")


def open_regular(path: str | os.PathLike[str], limit: int | None = None) -> IO[bytes]:
    """Open a regular file (of at most `limit` bytes) for reading; OSError for anything else, which is neither opened nor
    waited for."""
    _check_regular(os.stat(path).st_mode)
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    try:
        # It may have been replaced in between; without O_NONBLOCK opening a pipe would have waited.
        facts = os.fstat(descriptor)
        _check_regular(facts.st_mode)
        if limit is not None and facts.st_size > limit:
            raise _too_large(limit)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise ReasonedError(Text("it is a pipe or a device, not a file", "es una tubería o un dispositivo, no un archivo"))


def read_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes; else OSError."""
    with open_regular(path, limit) as file:
        # Files of /proc say that they are empty, and any file may grow.
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _too_large(limit: int) -> OSError:
    return ReasonedError(Text("it is larger than {n} MB, far larger than any file of this kind",
                              "ocupa más de {n} MB, mucho más que cualquier archivo de este tipo").fill(n=limit >> 20))


@overload
def decode_json(data: bytes | str) -> Any: ...


@overload
def decode_json(data: bytes | str, kind: type[T]) -> T: ...


def decode_json(data: bytes | str, kind: Any = Any) -> Any:
    """JSON decoded as `kind`; whatever is wrong with it gives ValueError."""
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError as recursion_error:
        raise ValueError("nested too deeply") from recursion_error
    except (msgspec.MsgspecError, UnicodeError, OverflowError) as decode_error:
        raise ValueError(str(decode_error)) from decode_error


def read_json(path: Path, kind: type[T], limit: int = LARGE, area: Area = "file") -> T:
    """A file of JSON decoded as `kind`; raises ProblemError (cannot_read, damaged_file)."""
    try:
        data = read_bytes(path, limit)
    except OSError as os_error:
        text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
        raise ProblemError(error("cannot_read", text.fill(path=path, reason=reason_of(os_error)), area,
                                 path=path)) from os_error
    try:
        return decode_json(data, kind)
    except ValueError as value_error:
        raise ProblemError(damaged_file(path, str(value_error), area)) from value_error


def find_json(path: Path, kind: type[T], limit: int = LARGE) -> T | None:
    """As `read_json`, or None where the file is missing or damaged: for what can be made again."""
    try:
        return read_json(path, kind, limit)
    except ProblemError:
        return None


def damaged_file(path: Path, reason: str, area: Area) -> Problem:
    """The problem of a file whose content cannot be understood."""
    text = Text("{path} is damaged ({reason}).", "{path} está dañado ({reason}).")
    return error("damaged_file", text.fill(path=path, reason=reason), area, path=path, details=reason)
