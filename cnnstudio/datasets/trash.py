"""Move pictures to the system's trash, undoably.

Not every system can restore files from the trash. So a second link to each file (a copy where the drive has no links)
is kept in the project's folder until the project is closed, and undo uses it. The file in the trash stays until the
user empties it.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.sources.staging import OnProgress, no_progress

HELD: Final = ".deleted"
"""The folder inside the project with the files that undo restores."""

Trash = Callable[[str], None]


def system_trash(path: str) -> None:
    """Move one file to the system's trash; raises OSError."""
    from send2trash import send2trash

    send2trash(path)


class TrashEffect:
    """An undoable deletion of files."""

    def __init__(self, held: Path, paths: Sequence[Path], trash: Trash | None = None) -> None:
        self._held, self._paths, self._trash = held, tuple(paths), trash or system_trash
        self._places: list[tuple[Path, Path]] = []

    def redo(self, on_progress: OnProgress = no_progress) -> None:
        """Delete; raises ProblemError naming what could not be deleted, and leaves the others where they were.
        An exception of `on_progress` ends it in the same way."""
        try:
            problems = self._delete(on_progress)
        except BaseException:
            self.undo()
            raise
        if problems:
            self.undo()
            raise ProblemError(*problems[:20])

    def _delete(self, on_progress: OnProgress) -> list[Problem]:
        problems: list[Problem] = []
        for number, path in enumerate(self._paths):
            on_progress(number, len(self._paths))
            place = self._held / uuid.uuid4().hex
            try:
                self._held.mkdir(parents=True, exist_ok=True)
                _link_or_copy(path, place)
                self._trash(str(path))
                self._places.append((path, place))
            except FileNotFoundError:
                place.unlink(missing_ok=True)
            except OSError as os_error:
                place.unlink(missing_ok=True)
                problems.append(_not_deleted_problem(path, os_error))
        return problems

    def undo(self, on_progress: OnProgress = no_progress) -> None:
        """Restore all files; raises ProblemError for those that cannot be restored. An exception of `on_progress` ends
        it; the rest can still be restored."""
        problems: list[Problem] = []
        left: list[tuple[Path, Path]] = []
        places = self._places
        for number, (path, place) in enumerate(places):
            try:
                on_progress(number, len(places))
            except BaseException:
                self._places = left + places[number:]
                raise
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.exists():
                    _link_or_copy(place, path)
                place.unlink(missing_ok=True)
            except OSError as os_error:
                left.append((path, place))
                problems.append(write_problem(os_error, path))
        self._places = left
        if problems:
            raise ProblemError(*problems[:20])


def forget_deleted(project_folder: Path) -> None:
    """Delete the kept links when the project is closed; the files remain in the system's trash."""
    shutil.rmtree(project_folder / HELD, ignore_errors=True)


def _link_or_copy(path: Path, place: Path) -> None:
    try:
        os.link(path, place)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(path, place)


def _not_deleted_problem(path: Path, os_error: OSError) -> Problem:
    text = Text("{path} could not be moved to the trash ({reason}); nothing was deleted.",
                "No se pudo mover {path} a la papelera ({reason}); no se borró nada.")
    return error("not_deleted", text.fill(path=path, reason=reason_of(os_error)), "file", path=path)
