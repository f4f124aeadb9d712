"""The folders of projects and runs: no links in them, and nothing left over from programs that were killed.

A folder from elsewhere may have a link in the place of any file that the program writes to; following it would empty or
extend a file outside of the folder.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Final

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text

LOCK_FILE: Final = ".lock"
RUNS: Final = "runs"
SEARCHES: Final = "searches"
CHECKPOINTS: Final = "checkpoints"
BASES: Final = "bases"
KEPT: Final = "kept"
"""The models that a run keeps besides its final one."""
_OPENED: Final = frozenset((
    LOCK_FILE, RUNS, SEARCHES, CHECKPOINTS, BASES, "events.jsonl", "commands.jsonl", "worker.log",
    *(f"{name}.sqlite{suffix}" for name in ("dataset", "study") for suffix in ("", "-wal", "-shm", "-journal"))))
"""What is opened for writing in place. Everything else is written beside its place and renamed, which replaces a link."""
_LEFTOVER: Final = re.compile(r"\.(.+\.[0-9a-f]{8}\.tmp(\..+)?|[a-z0-9_]{8}\.tmp)")
"""Temporary names of `core.atomic` and of checkpoints."""
NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Flags with which a link is not followed and a pipe not waited for."""


def link_problem(folder: Path) -> Problem | None:
    """The problem of a link where the folder of a project or a run must have a file or a folder of its own."""
    if folder.parent.name in (RUNS, SEARCHES):
        for path in (folder.parent, folder):
            if path.is_symlink():
                return is_link(path)
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name in _OPENED and entry.is_symlink()]
    except OSError:
        # It is missing or cannot be read: whoever opens it tells so.
        return None
    return is_link(folder / names[0]) if names else None


def linked_way(folder: Path, path: Path) -> Problem | None:
    """The problem of a link on the way from the folder of a project to what is written in it, such as an export."""
    for root in (folder.absolute(), folder.resolve()):
        if path.absolute().is_relative_to(root):
            for part in reversed(path.absolute().relative_to(root).parents[:-1]):
                if (root / part).is_symlink():
                    return is_link(root / part)
    return None


def is_link(path: Path) -> Problem:
    text = Text("{path} is a link, which a project never contains in that place. Nothing was changed. Delete the link.",
                "{path} es un enlace, que un proyecto nunca contiene en ese lugar. No se cambió nada. Borre el enlace.")
    return error("is_link", text.fill(path=path), "project", path=path)


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files of killed programs in a folder whose lock is held, and in its folders of files."""
    for place in (folder, folder / CHECKPOINTS, folder / BASES):
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if _LEFTOVER.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)
