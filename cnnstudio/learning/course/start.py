"""Makes the project of a lesson."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cnnstudio.catalog.params import params_of
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import PROJECT_FILE, write_project
from cnnstudio.core.keys import set_value
from cnnstudio.core.places import projects_folder
from cnnstudio.core.text import tr
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never
from cnnstudio.datasets.sample import LICENCE_FILE
from cnnstudio.learning.course.data import DATA_SETS
from cnnstudio.learning.course.data.entry import write_set
from cnnstudio.learning.course.lesson import Lesson

PICTURES: Final = "pictures"
"""The folder of the pictures in the project's folder."""


def default_folder(lesson: Lesson) -> Path:
    """Where the project of a lesson is made unless another place is asked for."""
    return projects_folder() / tr("Course", "Curso") / f"{lesson.number:02d} {lesson.title}".replace("/", "-").replace(":", "")


def start_lesson(lesson: Lesson, folder: Path, on_progress: OnProgress | None = None, cancelled: Cancelled = never) -> Path:
    """Make the project of a lesson in `folder`, with its pictures inside; returns the folder. Raises ProblemError, and then
    leaves no half-made project."""
    start = lesson.file.start
    if not (folder / PROJECT_FILE).exists():
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
