"""`cnnstudio learn`: the lessons of the course, their projects and their tasks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cnnstudio.cli.output import Output, scan_progress
from cnnstudio.core.files import check_project
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.learning.course.judge import TaskState, judge_lesson
from cnnstudio.learning.course.lesson import Lesson
from cnnstudio.learning.course.progress import (
    Answer,
    Progress,
    read_progress_with_problem,
    replace,
    reset_progress,
    with_answer,
    with_done,
    write_progress,
)
from cnnstudio.learning.course.reading import course, find_lesson
from cnnstudio.learning.course.start import start_lesson


def learn(arguments: argparse.Namespace, output: Output) -> int:
    """List the lessons, make the project of one, tell its tasks, or forget what was done of it. To show a lesson is the
    window's. Exit code of --check: 0 where every task is done, 1 where one is not."""
    if arguments.start:
        return _start(arguments.start, output)
    if arguments.check:
        return _check(arguments, output)
    if arguments.reset:
        lesson = find_lesson(arguments.reset)
        reset_progress(lesson.id)
        output.line({"lesson": lesson.id, "reset": True},
                    tr("The progress of “{title}” is forgotten.", "Se ha olvidado el progreso de «{title}».",
                       title=lesson.title))
        return 0
    lessons = (find_lesson(arguments.lesson),) if arguments.lesson else course()
    for lesson in lessons:
        _print_lesson(lesson, output)
    return 0


def _print_lesson(lesson: Lesson, output: Output) -> None:
    progress = _progress(lesson, output)
    done = sum(task.id in progress.done for task in lesson.tasks)
    title = f"{lesson.number:2}  {lesson.title}"
    line = tr("{title} ({id}): {done} of {all} tasks done, {minutes} min",
              "{title} ({id}): {done} de {all} tareas hechas, {minutes} min", title=title, id=lesson.id, done=done,
              all=len(lesson.tasks), minutes=lesson.file.minutes)
    output.line({"lesson": lesson.id, "number": lesson.number, "title": lesson.title, "summary": lesson.file.summary,
                 "minutes": lesson.file.minutes, "tasks": [task.id for task in lesson.tasks], "done": sorted(progress.done),
                 "project": progress.project}, line)


def _start(names: list[str], output: Output) -> int:
    lesson, folder = find_lesson(names[0]), _folder(names[1])
    start_lesson(lesson, folder, scan_progress(output))
    _keep(lesson, replace(_progress(lesson, output), project=str(folder)))
    output.line({"lesson": lesson.id, "project": str(folder)},
                tr("The project of “{title}” is in {folder}. Its tasks: cnnstudio learn --check {id} \"{folder}\"",
                   "El proyecto de «{title}» está en {folder}. Sus tareas: cnnstudio learn --check {id} \"{folder}\"",
                   title=lesson.title, folder=folder, id=lesson.id))
    return 0


def _folder(name: str) -> Path:
    """The folder of that name. An empty one, as an unset variable of a shell gives, is not the folder where one stands."""
    if not name.strip():
        raise ProblemError(error("no_folder", Text("The name of the folder is empty.",
                                                   "El nombre de la carpeta está vacío."), "file"))
    return Path(name).absolute()


def _check(arguments: argparse.Namespace, output: Output) -> int:
    lesson, folder = find_lesson(arguments.check[0]), _folder(arguments.check[1])
    check_project(folder)
    progress = _with_answers(lesson, _progress(lesson, output), arguments.answer)
    states = judge_lesson(lesson, folder, progress)
    for state in states:
        output.line(_line(lesson, state), _text(lesson, state))
    if progress.project == str(folder):
        progress = with_done(progress, tuple(state.task for state in states if state.done))
    _keep(lesson, progress)
    return 0 if all(state.done for state in states) else 1


def _with_answers(lesson: Lesson, progress: Progress, answers: list[str]) -> Progress:
    """With the answers TASK=VALUE or TASK=VALUE:REASON. Raises ProblemError for what is no task of the lesson."""
    for item in answers:
        name, sign, rest = item.partition("=")
        value, _, reason = rest.partition(":")
        if not sign or lesson.task(name) is None:
            text = Text("{item} is no answer to a task of this lesson. Its tasks: {known}.",
                        "{item} no es una respuesta a una tarea de esta lección. Sus tareas: {known}.")
            known = ", ".join(task.id for task in lesson.tasks)
            raise ProblemError(error("no_task", text.fill(item=item, known=known), "file"))
        progress = with_answer(progress, name, Answer(value=value, reason=reason))
    return progress


def _line(lesson: Lesson, state: TaskState) -> dict[str, Any]:
    task = lesson.task(state.task)
    return {"lesson": state.lesson, "task": state.task, "title": "" if task is None else task.title, "done": state.done,
            "done_before": state.kept, "measured": state.measured, "missing": state.missing, "share": round(state.share, 3)}


def _text(lesson: Lesson, state: TaskState) -> str:
    task = lesson.task(state.task)
    mark = "✓" if state.done else "·"
    lines = [f"{mark} {state.task}: {'' if task is None else task.title}", f"    {state.measured}"]
    if not state.done and str(state.missing):
        lines.append("    " + tr("still to do: {text}", "falta: {text}", text=state.missing))
    return "\n".join(lines)


def _progress(lesson: Lesson, output: Output) -> Progress:
    progress, problem = read_progress_with_problem(lesson.id)
    if problem is not None:
        output.problems([problem], as_lines=False)
    return progress


def _keep(lesson: Lesson, progress: Progress) -> None:
    if progress != Progress():
        write_progress(lesson.id, progress)
