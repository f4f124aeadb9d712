"""What a student has done of each lesson: kept in the user's data folder, a file a lesson, until it is reset."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import msgspec

from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.places import data_folder
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text

replace = msgspec.structs.replace


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a question: the id of a choice or a number as it was typed, and the id of the reason."""

    value: str = ""
    reason: str = ""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`project` is the folder of the lesson's project, "" before its start. `done` is when each task was done (seconds since
    the epoch), `hints` how many of each were revealed, `benches` the settings of the benches on the page by their number."""

    project: str = ""
    answers: dict[str, Answer] = {}
    done: dict[str, float] = {}
    hints: dict[str, int] = {}
    benches: dict[str, dict[str, Any]] = {}

    @property
    def begun(self) -> bool:
        """Whether anything was done of the lesson."""
        return bool(self.project or self.answers or self.done)


def progress_path(lesson: str) -> Path:
    """The file of a lesson."""
    return data_folder() / "course" / f"{lesson}.json"


def read_progress(lesson: str) -> Progress:
    """What was done of a lesson; nothing where the file is missing or damaged."""
    return read_progress_with_problem(lesson)[0]


def read_progress_with_problem(lesson: str) -> tuple[Progress, Problem | None]:
    """As `read_progress`, with the problem of a file that is damaged or cannot be read."""
    path = progress_path(lesson)
    try:
        return decode_json(read_bytes(path, SMALL), Progress), None
    except FileNotFoundError:
        return Progress(), None
    except (OSError, ValueError) as err:
        text = Text("What you did of this lesson cannot be read from {path} ({reason}). It begins anew; your project is "
                    "unchanged.",
                    "No se puede leer de {path} lo que hizo de esta lección ({reason}). Empieza de nuevo; su proyecto no ha "
                    "cambiado.")
        return Progress(), warning("damaged_progress", text.fill(path=path, reason=reason_of(err)), "file", path=path)


def write_progress(lesson: str, progress: Progress) -> None:
    """Keep what was done. Raises ProblemError where it cannot be written."""
    write_atomically(progress_path(lesson), msgspec.json.format(msgspec.json.encode(progress), indent=2))


def reset_progress(lesson: str) -> None:
    """Forget what was done of a lesson; its project stays on the disk. Raises ProblemError."""
    path = progress_path(lesson)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error


def with_done(progress: Progress, tasks: tuple[str, ...]) -> Progress:
    """With these tasks done now, unless they were done before."""
    new = {task: time.time() for task in tasks if task not in progress.done}
    return replace(progress, done=progress.done | new) if new else progress


def with_answer(progress: Progress, task: str, answer: Answer) -> Progress:
    """With an answer to the question of a task."""
    return replace(progress, answers=progress.answers | {task: answer})


def with_hint(progress: Progress, task: str, count: int) -> Progress:
    """With so many hints of a task revealed; a hint that was seen stays."""
    return replace(progress, hints=progress.hints | {task: max(count, progress.hints.get(task, 0))})


def with_bench(progress: Progress, place: int, settings: dict[str, Any]) -> Progress:
    """With the settings of the bench at that place of the page."""
    return replace(progress, benches=progress.benches | {str(place): settings})
