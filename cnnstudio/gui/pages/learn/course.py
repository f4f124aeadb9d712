"""The lessons of the course on this page, where the program has them."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

from cnnstudio.core.problems import ProblemError
from cnnstudio.gui.state.workspace import Workspace

_LESSONS = "cnnstudio.gui.pages.learn.lessons"
_READING = "cnnstudio.learning.course.reading"


@dataclass(frozen=True)
class Course:
    """`cards` for the home with `lesson_chosen(id)` and `refresh()`, the `view` of the lesson that is being worked on, with
    `left`, `bench_chosen(id)`, `refresh`, `enter`, `leave` and `close_view`, and the lessons as pairs of id and title."""

    cards: Any
    view: Any
    lessons: list[tuple[str, str]]


def make_course(workspace: Workspace) -> Course | None:
    """The course; None where there is none."""
    if not all(_exists(name) for name in (_READING, f"{_LESSONS}.lesson_cards", f"{_LESSONS}.lesson_view")):
        return None
    try:
        lessons = [(lesson.id, f"{lesson.number}. {lesson.title}") for lesson in importlib.import_module(_READING).course()]
    except ProblemError:
        # The cards show what is wrong with the lessons.
        lessons = []
    cards = importlib.import_module(f"{_LESSONS}.lesson_cards").LessonCards(workspace)
    view = importlib.import_module(f"{_LESSONS}.lesson_view").LessonView(workspace)
    return Course(cards, view, lessons)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        # Not even its package.
        return False
