"""One process at a time: a lock on a folder that the operating system holds."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

import msgspec

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.own_folders import LOCK_FILE, NO_FOLLOW, is_link, link_problem, remove_leftovers
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text


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
        linked = link_problem(self._path.parent)
        if linked is not None:
            return linked
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | NO_FOLLOW, 0o644)
        except OSError as os_error:
            return is_link(self._path) if os_error.errno == errno.ELOOP else write_problem(os_error, self._path)
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
        remove_leftovers(self._path.parent)
        return None

    def is_held(self) -> bool:
        """Whether a process holds the lock; nothing is written, not even a lock file."""
        if self._descriptor is not None:
            return True
        try:
            try:
                descriptor = os.open(self._path, os.O_RDWR | NO_FOLLOW)
            except PermissionError:
                descriptor = os.open(self._path, os.O_RDONLY | NO_FOLLOW)
        except OSError:
            return False
        from filelock import lock_descriptor

        try:
            return not lock_descriptor(descriptor, blocking=False)
        except OSError:
            return False
        finally:
            os.close(descriptor)

    def _held(self) -> Problem:
        try:
            holder = decode_json(read_bytes(self._path, SMALL), LockHolder)
            text = Text("This project is open in another window or command: process {pid} on the computer {host}. Close it "
                        "there first.",
                        "Este proyecto está abierto en otra ventana u otro comando: proceso {pid} en el equipo {host}. "
                        "Ciérrelo allí primero.").fill(pid=str(holder.pid), host=holder.host)
        except (OSError, ValueError):
            text = Text("This project is open in another window or command. Close it there first.",
                        "Este proyecto está abierto en otra ventana u otro comando. Ciérrelo allí primero.")
        return error("project_in_use", text, "project", path=self._path.parent)

    def release(self) -> None:
        """Release the lock; does nothing if it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
