"""Files that are never half written: atomic save, autosave, lock, and refusal of what is newer."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio import __version__
from cnnstudio.core.migrations import migrate
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import FORMAT, Project
from cnnstudio.core.system_words import reason_of
from cnnstudio.core.text import Text

PROJECT_FILE: Final = "project.cnnstudio"
AUTOSAVE_FILE: Final = "project.cnnstudio.autosave"
LOCK_FILE: Final = ".lock"


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data` so that a crash at any moment leaves the old or the new file.

    Raises ProblemError (no_space, read_only, cannot_write); the old file is then untouched.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o777)
        else:
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except OSError as trouble:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise ProblemError(write_problem(trouble, path)) from trouble


def write_problem(trouble: OSError, path: object) -> Problem:
    """The problem that an OSError of a write means to the user."""
    import errno

    if trouble.errno in (errno.ENOSPC, errno.EDQUOT):
        text = Text("The disk is full: {path} could not be written. Free some space and save again; "
                    "what was there before is unchanged.",
                    "El disco está lleno: no se pudo escribir {path}. Libere espacio y guarde de nuevo; "
                    "lo que había antes no ha cambiado.")
        return error("no_space", text.fill(path=path), "file", path=path)
    if trouble.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        text = Text("{path} cannot be written: the place is read-only for you. Choose another folder or change "
                    "its permissions.",
                    "No se puede escribir {path}: el lugar es de solo lectura para usted. Elija otra carpeta o "
                    "cambie sus permisos.")
        return error("read_only", text.fill(path=path), "file", path=path)
    text = Text("{path} could not be written: {reason}.", "No se pudo escribir {path}: {reason}.")
    return error("cannot_write", text.fill(path=path, reason=reason_of(trouble)), "file", path=path)


def encode_project(project: Project) -> bytes:
    """Readable JSON with a fixed order of keys: format, program version, then the specs."""
    # Not before the first paint of the window; msgspec writes some numbers in another way.
    import json

    raw = {"format": FORMAT, "program": __version__} | msgspec.to_builtins(project)
    return json.dumps(raw, indent=2, ensure_ascii=False).encode() + b"\n"


def decode_project(data: bytes, path: Path) -> Project:
    """The project in a file's bytes; raises ProblemError (newer_format, damaged_project)."""
    import json

    try:
        raw: Any = json.loads(data.decode("utf-8"))
    except ValueError as trouble:
        raise ProblemError(_damaged(path, str(trouble))) from trouble
    if not isinstance(raw, dict) or not isinstance(raw.get("format"), int):
        raise ProblemError(_damaged(path, "no format number"))
    if raw["format"] > FORMAT:
        text = Text("{path} was written by a newer CNN Studio ({program}). It is left as it is; install that "
                    "version or a later one to open it.",
                    "{path} fue escrito por un CNN Studio más nuevo ({program}). Queda como está; instale esa "
                    "versión o una posterior para abrirlo.")
        raise ProblemError(error("newer_format", text.fill(path=path, program=raw.get("program", "?")), "project",
                                 path=path))
    raw = migrate(raw, FORMAT)
    try:
        return msgspec.convert(raw, Project, strict=True)
    except msgspec.ValidationError as trouble:
        raise ProblemError(_damaged(path, str(trouble))) from trouble


def _damaged(path: Path, reason: str) -> Problem:
    text = Text("{path} is damaged ({reason}). The file is left as it is. Put a copy of it in its place; or move it away and "
                "make a new project of the same pictures in this folder: trainings and decisions about pictures stay.",
                "{path} está dañado ({reason}). El archivo queda como está. Ponga una copia en su lugar; o llévelo a otra "
                "parte y cree un proyecto nuevo de las mismas imágenes en esta carpeta: los entrenamientos y las decisiones "
                "sobre las imágenes se conservan.")
    return error("damaged_project", text.fill(path=path, reason=reason), "project", path=path, details=reason)


def read_project(folder: Path) -> Project:
    """The saved project of a folder; raises ProblemError (no_project, newer_format, damaged_project...)."""
    path = folder / PROJECT_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError as trouble:
        text = Text("There is no project in {path}.", "No hay ningún proyecto en {path}.")
        raise ProblemError(error("no_project", text.fill(path=folder), "project", path=folder)) from trouble
    except OSError as trouble:
        text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
        raise ProblemError(error("cannot_read", text.fill(path=path, reason=reason_of(trouble)),
                                 "project", path=path)) from trouble
    return decode_project(data, path)


def write_project(folder: Path, project: Project) -> None:
    """Save atomically and drop the autosave that it supersedes; raises ProblemError."""
    write_atomically(folder / PROJECT_FILE, encode_project(project))
    with contextlib.suppress(OSError):
        (folder / AUTOSAVE_FILE).unlink()


def write_autosave(folder: Path, project: Project) -> None:
    """Keep unsaved work beside the project's file, which stays untouched; raises ProblemError."""
    write_atomically(folder / AUTOSAVE_FILE, encode_project(project))


def read_autosave(folder: Path) -> Project | None:
    """Unsaved work that is newer than the saved file, or None."""
    path = folder / AUTOSAVE_FILE
    try:
        saved = folder / PROJECT_FILE
        if saved.exists() and path.stat().st_mtime < saved.stat().st_mtime:
            return None
        return decode_project(path.read_bytes(), path)
    except (OSError, ProblemError):
        return None


class LockHolder(msgspec.Struct, frozen=True):
    """Who works on a project."""

    pid: int
    host: str
    since: float


class ProjectLock:
    """One window or command at a time may change a project.

    The operating system holds the lock for the life of the process, so that a killed program
    leaves none behind; the file's content only tells who it is.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._descriptor: int | None = None

    def acquire(self) -> Problem | None:
        """None when the lock is ours; else the problem that names the holder."""
        if self._descriptor is not None:
            return None
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as trouble:
            return write_problem(trouble, self._path)
        if not _lock(descriptor):
            os.close(descriptor)
            return self._held()
        # Not before the first paint of the window.
        import socket

        holder = LockHolder(pid=os.getpid(), host=socket.gethostname(), since=time.time())
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, msgspec.json.encode(holder), 0) if hasattr(os, "pwrite") else os.write(
                descriptor, msgspec.json.encode(holder))
        self._descriptor = descriptor
        return None

    def _held(self) -> Problem:
        try:
            holder = msgspec.json.decode(self._path.read_bytes(), type=LockHolder)
            text = Text("This project is open in another window or command: process {pid} on the computer {host}. "
                        "Close it there first.",
                        "Este proyecto está abierto en otra ventana u orden: proceso {pid} en el equipo {host}. "
                        "Ciérrelo allí primero.").fill(pid=str(holder.pid), host=holder.host)
        except (OSError, msgspec.MsgspecError):
            text = Text("This project is open in another window or command. Close it there first.",
                        "Este proyecto está abierto en otra ventana u orden. Ciérrelo allí primero.")
        return error("project_in_use", text, "project", path=self._path.parent)

    def release(self) -> None:
        """Let go; harmless when nothing is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> bool:
    if os.name == "nt":
        import msvcrt

        try:
            # Far behind the content, so that others can still read who holds it.
            os.lseek(descriptor, 4096, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            os.lseek(descriptor, 0, os.SEEK_SET)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
