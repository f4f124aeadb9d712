"""The handlers of commands about lessons: making and opening their projects, and leaving them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtWidgets import QFileDialog

from cnnstudio.core.places import free_path
from cnnstudio.core.text import tr
from cnnstudio.gui.state import commands, creation
from cnnstudio.gui.state.commands import Command
from cnnstudio.gui.window.closing import confirm_close_project
from cnnstudio.gui.window.context import WindowContext


def _open_lesson(context: WindowContext, command: commands.OpenLesson) -> None:
    if command.lesson and not context.workspace.lessons.activate(command.lesson):
        return
    lesson = context.workspace.lessons.lesson
    if context.pages.go("learn"):
        context.pages.current.handle(commands.OpenLesson("" if lesson is None or not command.lesson else lesson.id))


def _start_lesson(context: WindowContext, command: commands.StartLesson) -> None:
    lessons, session = context.workspace.lessons, context.workspace.session
    if not lessons.activate(command.lesson) or lessons.lesson is None:
        return
    from cnnstudio.learning.course.start import default_folder

    usual, name = default_folder(lessons.lesson), lessons.lesson.id
    folder = Path(command.folder) if command.folder else free_path(usual)
    if command.ask:
        chosen = QFileDialog.getExistingDirectory(context.window, tr("Where is the project to be made?",
                                                                     "¿Dónde se crea el proyecto?"),
                                                  session.recall("projects_folder", str(usual.parent)))
        if not chosen:
            return
        folder = free_path(Path(chosen) / usual.name)
    creation.make_lesson(session, lessons.lesson, folder, lambda made: _begin(context, name, made))


def _begin(context: WindowContext, lesson: str, folder: Path) -> None:
    """The project was made: open it, and stay on the page of the lesson."""
    lessons = context.workspace.lessons
    if lessons.lesson is None or lessons.lesson.id != lesson:
        return
    lessons.set_project(folder.absolute())
    _open_project(context)


def _open_project(context: WindowContext) -> None:
    lessons, session = context.workspace.lessons, context.workspace.session
    if lessons.folder is not None and confirm_close_project(context) and session.open(lessons.folder):
        lessons.check_now()


def _reset_lesson(context: WindowContext, _command: commands.ResetLesson) -> None:
    from cnnstudio.gui.widgets.question import Question

    lessons = context.workspace.lessons
    if lessons.lesson is None:
        return
    answer = Question(
        tr("Begin “{title}” anew?", "¿Empezar de nuevo «{title}»?", title=lessons.lesson.title),
        tr("Your answers and the tasks that you have done are forgotten. The project of the lesson stays on the disk.",
           "Se olvidan sus respuestas y las tareas que ha hecho. El proyecto de la lección sigue en el disco."),
        (("reset", tr("Begin anew", "Empezar de nuevo"), "primary"),), context.window).ask()
    if answer == "reset":
        lessons.reset()


LESSON_HANDLERS: Final[dict[type[Command], Callable[[WindowContext, Any], object]]] = {
    commands.OpenLesson: _open_lesson,
    commands.StartLesson: _start_lesson,
    commands.OpenLessonProject: lambda context, _command: _open_project(context),
    commands.CheckLesson: lambda context, _command: context.workspace.lessons.check_now(),
    commands.ResetLesson: _reset_lesson,
    commands.LeaveLesson: lambda context, _command: context.workspace.lessons.leave(),
}
