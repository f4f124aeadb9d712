"""Copies a user's model file into a project's folder, under a name with the digest of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from cnnstudio.core.atomic import atomic_path
from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.problems import ProblemError
from cnnstudio.interchange.own_base.files import DIGITS, PIECE, file_digest, file_name, unreadable
from cnnstudio.interchange.own_base.reader import preview_base


def copy_into_project(source: Path, folder: Path, name: str = "",
                      progress: Callable[[int, int], None] = lambda _done, _all: None,
                      check: Callable[[], None] = lambda: None) -> str:
    """Copy a `.keras` or `.h5` file into the project's folder atomically; returns its path in the project.

    Only what can be a base is copied. Raises ProblemError, and whatever `check` raises between two pieces.
    """
    preview_base(source, name)
    file = file_name(source, file_digest(source), name)
    with atomic_path(folder / file) as target:
        digest = _copy(source, target, progress, check)
    if file_name(source, digest, name) != file:
        # The source changed in between: the digest in the name must be that of the copy.
        (folder / file).unlink()
        return copy_into_project(source, folder, name, progress, check)
    return file


def _copy(source: Path, target: Path, progress: Callable[[int, int], None], check: Callable[[], None]) -> str:
    """Copy the content; returns the digest of what was copied. Raises ProblemError where the source cannot be read."""
    state, done = hashlib.blake2b(digest_size=16), 0
    with target.open("wb") as copy:
        try:
            with open_regular(source) as file:
                size = source.stat().st_size
                while piece := file.read(PIECE):
                    check()
                    state.update(piece)
                    copy.write(piece)
                    done += len(piece)
                    progress(done, max(size, done))
        except OSError as os_error:
            if os_error.filename == str(source):
                raise ProblemError(unreadable(source, os_error)) from os_error
            raise
    return state.hexdigest()[:DIGITS]
