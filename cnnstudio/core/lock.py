"""One process at a time: a lock on a folder that the operating system holds."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text

LOCK_FILE: Final = ".lock"


class LockHolder(msgspec.Struct, frozen=True):
    """The process that holds the lock of a project."""

    pid: int
    host: str
    since: float


class ProjectLock:
    """One window or command at a time may change a project.

    The operating system holds the lock for the life of the process, so that a killed program
    leaves none behind; the file's content only names the holder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._descriptor: int | None = None

    def acquire(self) -> Problem | None:
        """None if the lock is acquired; else the problem, which names the holder."""
        if self._descriptor is not None:
            return None
        # A link would let whoever made the project have a file elsewhere emptied.
        if self._path.is_symlink():
            return self._is_link()
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        except OSError as os_error:
            return self._is_link() if os_error.errno == errno.ELOOP else write_problem(os_error, self._path)
        # Not before the first paint of the window.
        from filelock import lock_descriptor

        try:
            free = lock_descriptor(descriptor, blocking=False)
        except OSError as os_error:
            os.close(descriptor)
            return write_problem(os_error, self._path)
        if not free:
            os.close(descriptor)
            return self._held()
        import socket

        holder = LockHolder(pid=os.getpid(), host=socket.gethostname(), since=time.time())
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, msgspec.json.encode(holder), 0) if hasattr(os, "pwrite") else os.write(
                descriptor, msgspec.json.encode(holder))
        self._descriptor = descriptor
        return None

    def _is_link(self) -> Problem:
        text = Text("{path} is a link, which a project never has there: nothing was changed. Delete the link.",
                    "{path} es un enlace, que un proyecto nunca tiene ahí: no se cambió nada. Borre el enlace.")
        return error("lock_is_link", text.fill(path=self._path), "project", path=self._path)

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
        """Release the lock; does nothing if it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
