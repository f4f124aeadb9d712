"""Runs that were deleted: they wait in a folder of the project until it is emptied, so that a deletion can be undone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.own_folders import RUNS, is_link
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.run_problems import in_use_problem

_TRASH: Final = ".trash"


def trash_run(run: RunFolder) -> None:
    """Move a run to the trash. Raises ProblemError (run_in_use, is_link, or that it cannot be moved)."""
    if run.living():
        raise ProblemError(in_use_problem(run))
    run.check_links()
    trash = _trash(run.project_folder)
    place = trash / run.id
    try:
        trash.mkdir(exist_ok=True)
        if place.exists():
            shutil.rmtree(place)
        os.replace(run.folder, place)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, run.folder)) from os_error


def restore_run(project_folder: Path, identifier: str) -> RunFolder:
    """Bring a run back from the trash. Raises ProblemError (not_in_trash, run_exists, or that it cannot be moved)."""
    run = RunFolder(project_folder / RUNS / identifier)
    if identifier not in trashed_runs(project_folder):
        listed = ", ".join(trashed_runs(project_folder)) or "-"
        text = Text("There is no run called {run} in the trash. It holds: {listed}",
                    "No hay ningún entrenamiento llamado {run} en la papelera. Contiene: {listed}")
        raise ProblemError(error("not_in_trash", text.fill(run=identifier, listed=listed), "run"))
    if run.folder.exists():
        text = Text("There is another run called {run} now. Move its folder away first.",
                    "Ahora hay otro entrenamiento llamado {run}. Mueva antes su carpeta.")
        raise ProblemError(error("run_exists", text.fill(run=identifier), "run", path=run.folder))
    try:
        os.replace(_trash(project_folder) / identifier, run.folder)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, run.folder)) from os_error
    return run


def trashed_runs(project_folder: Path) -> tuple[str, ...]:
    """The ids of the runs in the trash. Raises ProblemError (is_link)."""
    try:
        with os.scandir(_trash(project_folder)) as entries:
            return tuple(sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False)))
    except OSError:
        return ()


def empty_trash(project_folder: Path) -> int:
    """Delete the runs in the trash permanently; returns how many are gone. Raises ProblemError (is_link)."""
    identifiers = trashed_runs(project_folder)
    trash = _trash(project_folder)
    shutil.rmtree(trash, ignore_errors=True)
    return sum(not (trash / identifier).exists() for identifier in identifiers)


def _trash(project_folder: Path) -> Path:
    """The folder; a link in its place would have folders elsewhere deleted."""
    for path in (project_folder / RUNS, project_folder / RUNS / _TRASH):
        if path.is_symlink():
            raise ProblemError(is_link(path))
    return project_folder / RUNS / _TRASH
