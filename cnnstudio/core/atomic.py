"""Atomic writes: a file is written under a temporary name beside its target and then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text

_HERE: Final = -100
"""AT_FDCWD: a path is as for any other function."""
_EXCHANGE: Final = 2
"""RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A new path beside `path`, with its suffix, for a file that takes its place when the block ends.

    A crash at any moment leaves the old file or the new one. Where the block raises, the old file is untouched and the
    new one is deleted. OSError becomes ProblemError (no_space, read_only, cannot_write). The new file gets the old
    one's permissions.
    """
    if not path.name or path.name == "..":  # "" or "." or the root
        folder = IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise ProblemError(write_problem(folder, path)) from folder
    temporary = path.with_name(f".{path.stem}.{os.urandom(4).hex()}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            os.chmod(temporary, path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except OSError as os_error:
        _delete(temporary)
        raise ProblemError(write_problem(os_error, path)) from os_error
    except BaseException:
        _delete(temporary)
        raise


def exchange(first: Path, second: Path) -> bool:
    """Exchange two files or folders of one folder in one step; False where the system cannot."""
    import ctypes

    library: Any = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    names = os.fsencode(first), os.fsencode(second)
    if hasattr(library, "renameat2"):
        done = library.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)
    elif hasattr(library, "renamex_np"):
        done = library.renamex_np(*names, _EXCHANGE)
    else:
        return False
    return bool(done == 0)


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the content of `path`; as `atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_problem(os_error: OSError, path: object) -> Problem:
    """The problem that an OSError of a write means to the user."""
    if os_error.errno in (errno.ENOSPC, errno.EDQUOT):
        text = Text("The disk is full: {path} could not be written. Free some space and save again; "
                    "what was there before is unchanged.",
                    "El disco está lleno: no se pudo escribir {path}. Libere espacio y guarde de nuevo; "
                    "lo que había antes no ha cambiado.")
        return error("no_space", text.fill(path=path), "file", path=path)
    if os_error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        text = Text("{path} cannot be written: you have no permission to write there. Choose another folder or "
                    "change its permissions.",
                    "No se puede escribir {path}: no tiene permiso para escribir ahí. Elija otra carpeta o cambie "
                    "sus permisos.")
        return error("read_only", text.fill(path=path), "file", path=path)
    text = Text("{path} could not be written: {reason}. Check the name and the disk, or choose another folder.",
                "No se pudo escribir {path}: {reason}. Revise el nombre y el disco, o elija otra carpeta.")
    return error("cannot_write", text.fill(path=path, reason=reason_of(os_error)), "file", path=path)
