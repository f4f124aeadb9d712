"""The projects of the lessons, made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnstudio.learning.course.progress import Progress, replace, write_progress
from cnnstudio.learning.course.reading import find_lesson
from cnnstudio.learning.course.start import start_lesson


@pytest.fixture(scope="session")
def made_lessons(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The untouched project of a lesson, made on first use."""
    place = tmp_path_factory.mktemp("lessons")

    def make(name: str) -> Path:
        lesson = find_lesson(name)
        folder = place / lesson.folder.name
        return folder if folder.exists() else start_lesson(lesson, folder)

    return make


@pytest.fixture
def started(made_lessons: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """The project of a lesson to work on: a copy, which the progress of the lesson knows."""

    def start(name: str) -> Path:
        folder = tmp_path / "project"
        shutil.copytree(made_lessons(name), folder)
        write_progress(find_lesson(name).id, replace(Progress(), project=str(folder)))
        return folder

    return start
