"""Judges the tasks of a lesson from a project's folder, without Keras and without the window."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.learning.course.checks import Outcome, read_check
from cnnstudio.learning.course.checks.entry import joined
from cnnstudio.learning.course.data import DATA_SETS
from cnnstudio.learning.course.evidence import Evidence
from cnnstudio.learning.course.lesson import Lesson, Task
from cnnstudio.learning.course.progress import Progress

_UNREADABLE: Final = Text("the project cannot be read", "no se puede leer el proyecto")


class TaskState(msgspec.Struct, frozen=True, kw_only=True):
    """A task with what was found of it. `kept`: it was done before, whatever the project is like now."""

    lesson: str
    task: str
    done: bool
    kept: bool
    measured: Text
    missing: Text
    share: float

    @property
    def counts(self) -> bool:
        """Whether it counts as done."""
        return self.done or self.kept


def judge_lesson(lesson: Lesson, folder: Path | None, progress: Progress, project: Project | None = None
                 ) -> tuple[TaskState, ...]:
    """Every task of the lesson, for the project in `folder`; `project` is the present one where it is not saved yet."""
    data = DATA_SETS.find(lesson.file.start.data)
    evidence = Evidence(folder, progress, None if data is None else data.faults(), project)
    return tuple(_judge_task(lesson, task, evidence) for task in lesson.tasks)


def _judge_task(lesson: Lesson, task: Task, evidence: Evidence) -> TaskState:
    evidence.task = task.id
    try:
        outcomes = [read_check(raw).judge(evidence) for raw in task.checks]
    except ProblemError as problem_error:
        outcomes = [Outcome(done=False, measured=_UNREADABLE, missing=problem_error.problems[0].text)]
    done = all(outcome.done for outcome in outcomes)
    return TaskState(lesson=lesson.id, task=task.id, done=done, kept=task.id in evidence.progress.done,
                     measured=joined(list(dict.fromkeys(outcome.measured for outcome in outcomes))),
                     missing=joined(list(dict.fromkeys(outcome.missing for outcome in outcomes if not outcome.done))),
                     share=sum(outcome.share for outcome in outcomes) / len(outcomes))
