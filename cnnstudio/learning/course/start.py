"""Makes the project of a lesson."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cnnstudio.catalog.params import params_of
from cnnstudio.core.atomic import write_problem
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import PROJECT_FILE, write_project
from cnnstudio.core.keys import set_value
from cnnstudio.core.places import projects_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.index import FILE as INDEX_FILE
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never
from cnnstudio.datasets.sample import LICENCE_FILE
from cnnstudio.learning.course.data import DATA_SETS
from cnnstudio.learning.course.data.entry import write_set
from cnnstudio.learning.course.lesson import Lesson

PICTURES: Final = "pictures"
"""The folder of the pictures in the project's folder."""
_OURS: Final = frozenset({PICTURES, f".{PICTURES}.part", INDEX_FILE, f"{INDEX_FILE}-wal", f"{INDEX_FILE}-shm"})
"""What an attempt that was cut off may have left, and the next one takes over."""
_NAMED: Final = 3


def default_folder(lesson: Lesson) -> Path:
    """Where the project of a lesson is made unless another place is asked for."""
    return projects_folder() / tr("Course", "Curso") / f"{lesson.number:02d} {lesson.title}".replace("/", "-").replace(":", "")


def start_lesson(lesson: Lesson, folder: Path, on_progress: OnProgress | None = None, cancelled: Cancelled = never) -> Path:
    """Make the project of a lesson in `folder`, with its pictures inside; returns the folder. Raises ProblemError where the
    folder has other files, or when it cannot be made, and then leaves no half-made project."""
    start = lesson.file.start
    if not (folder / PROJECT_FILE).exists():
        _refuse_others(folder)
        write_set(DATA_SETS[start.data], folder / PICTURES)
    reading = DatasetSpec(ignore=(LICENCE_FILE,))
    created, index = create_project(folder, folder / PICTURES, template=start.template, base=start.base, name=str(lesson.title),
                                    on_progress=on_progress, cancelled=cancelled, reading=reading)
    try:
        project = created.project
        for item in start.values:
            key, _, value = item.partition("=")
            project = set_value(project, key.strip(), value.strip(), params_of)
        index.apply(project.dataset)
        write_project(folder, project)
    except BaseException:
        (folder / PROJECT_FILE).unlink(missing_ok=True)
        raise
    finally:
        index.close()
    return folder


def _refuse_others(folder: Path) -> None:
    """Raise ProblemError where a folder has files that are not left over from an attempt of ours."""
    try:
        others = sorted(path.name for path in folder.iterdir() if path.name not in _OURS) if folder.is_dir() else []
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, folder)) from os_error
    if others:
        names = ", ".join(others[:_NAMED]) + ("…" if len(others) > _NAMED else "")
        text = Text("The folder {path} is not empty: {names}. The project of a lesson needs a folder of its own; give the name "
                    "of a new one.",
                    "La carpeta {path} no está vacía: {names}. El proyecto de una lección necesita una carpeta propia; indique "
                    "el nombre de una nueva.")
        raise ProblemError(error("folder_taken", text.fill(path=folder, names=names), "project", path=folder))
