"""A user's model file copied into a project's folder, under a name that holds the digest of its content."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from cnnstudio.core.files import write_problem
from cnnstudio.core.problems import ProblemError
from cnnstudio.interchange.own_base.files import DIGITS, FOLDER, PIECE, file_name, unreadable
from cnnstudio.interchange.own_base.reader import preview_base


def copy_into_project(source: Path, folder: Path, name: str = "",
                      progress: Callable[[int, int], None] = lambda _done, _all: None,
                      check: Callable[[], None] = lambda: None) -> str:
    """Copy a `.keras` or `.h5` file into the project's folder, whole or not at all; answers its place in the project.

    Only what can be a base is copied. Raises ProblemError, and whatever `check` raises between two pieces.
    """
    preview_base(source, name)
    place = folder / FOLDER
    temporary = None
    try:
        place.mkdir(parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(prefix=".taking.", suffix=source.suffix, dir=place)
        temporary = Path(made)
        digest = _copied(source, descriptor, progress, check)
        file = file_name(source, digest, name)
        os.chmod(temporary, 0o644)
        os.replace(temporary, folder / file)
        temporary = None
    except OSError as os_error:
        raise ProblemError(unreadable(source, os_error) if os_error.filename == str(source)
                           else write_problem(os_error, place)) from os_error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
    return file


def _copied(source: Path, descriptor: int, progress: Callable[[int, int], None], check: Callable[[], None]) -> str:
    """Copy the content; answers the digest of what was copied."""
    state, done = hashlib.blake2b(digest_size=16), 0
    with os.fdopen(descriptor, "wb") as target, source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        while piece := file.read(PIECE):
            check()
            state.update(piece)
            target.write(piece)
            done += len(piece)
            progress(done, max(size, done))
        target.flush()
        os.fsync(target.fileno())
    return state.hexdigest()[:DIGITS]
