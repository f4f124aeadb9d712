"""Reads the lessons that come along; what is wrong with one is told as Problems."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.foreign_files import SMALL, read_bytes
from cnnstudio.core.places import resource
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import LANGUAGES, Text, same
from cnnstudio.learning.benches import BENCHES
from cnnstudio.learning.course.blocks import EmbeddedBench, TaskPlace, page_blocks
from cnnstudio.learning.course.checks import read_check
from cnnstudio.learning.course.data import DATA_SETS
from cnnstudio.learning.course.lesson import TOPICS, Lesson, LessonFile

LESSONS: Final = 12
"""How many lessons the course has."""
_NAME: Final = re.compile(r"(\d\d)-([a-z0-9-]+)")


def lessons_folder() -> Path:
    """Where the lessons lie."""
    return resource("lessons")


@lru_cache(4)
def read_lessons(folder: Path) -> tuple[Lesson, ...]:
    """All lessons of a folder, in their order. Raises ProblemError with everything that is wrong in any of them."""
    found: list[Lesson] = []
    problems: list[Problem] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and _NAME.fullmatch(path.name)):
        try:
            found.append(read_lesson(place))
        except ProblemError as problem_error:
            problems += problem_error.problems
    if problems:
        raise ProblemError(*problems)
    return tuple(found)


def course() -> tuple[Lesson, ...]:
    """The lessons of the course."""
    return read_lessons(lessons_folder())


def find_lesson(name: str, lessons: Sequence[Lesson] | None = None) -> Lesson:
    """The lesson of that id or number. Raises ProblemError (no_lesson)."""
    known = course() if lessons is None else lessons
    for lesson in known:
        if name in (lesson.id, lesson.folder.name, str(lesson.number), f"{lesson.number:02d}"):
            return lesson
    text = Text("There is no lesson called {name}. There are: {known}.", "No hay ninguna lección llamada {name}. Hay: {known}.")
    raise ProblemError(error("no_lesson", text.fill(name=name, known=", ".join(lesson.id for lesson in known)), "file"))


def following_lesson(lesson: Lesson) -> Lesson | None:
    """The lesson after this one; None behind the last."""
    return next((item for item in course() if item.number == lesson.number + 1), None)


def read_lesson(folder: Path) -> Lesson:
    """The lesson of a folder. Raises ProblemError with all that is wrong with it."""
    path = folder / "lesson.toml"
    match = _NAME.fullmatch(folder.name)
    try:
        if match is None:
            raise ValueError("the folder is not called NN-name")
        file = msgspec.convert(tomllib.loads(read_bytes(path, SMALL).decode()), LessonFile)
        pages = {code: read_bytes(folder / f"{code}.md", SMALL).decode() for code in LANGUAGES}
    except (OSError, ValueError) as err:
        raise ProblemError(_wrong(path, reason_of(err))) from err
    lesson = Lesson(number=int(match[1]), folder=folder, file=file, pages=pages)
    problems = [_wrong(path, same(reason)) for reason in _mistakes(lesson, match[2])]
    if problems:
        raise ProblemError(*problems)
    return lesson


def _mistakes(lesson: Lesson, name: str) -> list[str]:
    file = lesson.file
    result = []
    if file.id != name:
        result.append(f"its id is {file.id}, its folder says {name}")
    result += [f"{topic} is no topic of the course" for topic in file.topics if topic not in TOPICS]
    if file.start.data not in DATA_SETS:
        result.append(f"there is no set of pictures called {file.start.data}")
    ids = [task.id for task in file.tasks]
    result += [f"two tasks are called {task}" for task in set(ids) if ids.count(task) > 1]
    for task in file.tasks:
        if not task.checks:
            result.append(f"the task {task.id} has no check")
        for raw in task.checks:
            try:
                read_check(raw)
            except ValueError as value_error:
                result.append(f"the task {task.id}: {value_error}")
    for code, text in lesson.pages.items():
        result += [f"{code}.md: {reason}" for reason in _page_mistakes(text, ids)]
    return result


def _page_mistakes(text: str, tasks: Sequence[str]) -> list[str]:
    try:
        blocks = page_blocks(text)
    except ValueError as value_error:
        return [str(value_error)]
    stand = [block.task for block in blocks if isinstance(block, TaskPlace)]
    return [f"the task {task} stands {stand.count(task)} times on the page" for task in tasks if stand.count(task) != 1] + [
        f"there is no task called {task}" for task in stand if task not in tasks]


def missing_benches(lesson: Lesson) -> tuple[str, ...]:
    """The benches that a lesson embeds and this version lacks."""
    wanted = {block.bench for text in lesson.pages.values() for block in page_blocks(text) if isinstance(block, EmbeddedBench)}
    return tuple(sorted(wanted - set(BENCHES.ids())))


def _wrong(path: Path, reason: Text) -> Problem:
    text = Text("The lesson in {path} is damaged: {reason}. Install the program again, or mend the file.",
                "La lección de {path} está dañada: {reason}. Instale de nuevo el programa o corrija el archivo.")
    return error("damaged_lesson", text.fill(path=path, reason=reason), "file", path=path)
