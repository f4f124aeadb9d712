"""The name that a user gives to a run; its id, which is its folder, stays."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.problems import ProblemError

_FILE: Final = "name.txt"
LONGEST: Final = 80
"""Characters of a name."""


def read_name(folder: Path) -> str:
    """The name of the run in `folder`; empty where it has none."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / _FILE, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            return clean_name(file.read(4 * LONGEST).decode("utf-8", "replace"))
    return ""


def write_name(folder: Path, name: str) -> None:
    """Give the run a name, or take it away with an empty one. Raises ProblemError."""
    path, name = folder / _FILE, clean_name(name)
    try:
        if name:
            write_atomically(path, (name + "\n").encode())
        else:
            path.unlink(missing_ok=True)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error


def clean_name(name: str) -> str:
    """The name on one line, without control characters, and not endless."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())[:LONGEST].strip()
