"""The signal connections of the window. Parts emit signals; they do not call each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from cnnstudio.core.problems import Fix, Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages import AREA_PAGES, SPEC_PAGES, PageEntry
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.state.changes import Change, Step
from cnnstudio.gui.state.cluster_job import ClusterJob
from cnnstudio.gui.state.commands import (
    Command,
    SetSetting,
    ShowLibraries,
    ShowPage,
    ShowProblems,
    ShowSettings,
)
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.state.lessons import remembered_lesson
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.window.context import WindowContext
from cnnstudio.gui.window.header import Header
from cnnstudio.gui.window.lesson_place import LessonPlace
from cnnstudio.gui.window.rail import Rail
from cnnstudio.gui.window.status import StatusBar

if TYPE_CHECKING:
    from cnnstudio.learning.course.lesson import Task

_UNDOABLE: Final = "undoable"
"""The topic of the message that offers to undo a step."""


@dataclass(frozen=True)
class Parts:
    """The pages and the parts around them; created again for another language or theme."""

    context: WindowContext
    rail: Rail
    header: Header
    status: StatusBar
    lesson: LessonPlace


class Wiring(QObject):
    """Lives as long as its window. `connect_parts` is called after every rebuild."""

    def __init__(self, workspace: Workspace, entries: tuple[PageEntry, ...], rebuild: Callable[[], bool],
                 parent: QObject) -> None:
        """`rebuild()` follows the settings: True where the window will be rebuilt."""
        super().__init__(parent)
        self._workspace, self._entries, self._rebuild = workspace, entries, rebuild
        self._parts: Parts | None = None
        self._undoable: Text | None = None
        self._follows_lessons = False
        """The step that a message offers to undo."""
        session = workspace.session
        session.changed.connect(self._on_changed)
        session.problem_reported.connect(self._on_problem_reported)
        session.command_requested.connect(self._on_command_requested)
        session.stepped.connect(self._on_stepped)
        session.jobs.changed.connect(self._on_jobs_changed)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)

    def connect_parts(self, parts: Parts) -> None:
        """Connect new parts; the previous ones are deleted."""
        self._parts = parts
        session, pages, status = self._workspace.session, parts.context.pages, parts.status
        parts.context.actions.triggered.connect(session.request)
        parts.header.command_chosen.connect(session.request)
        parts.rail.page_chosen.connect(lambda page: session.request(ShowPage(page)))
        parts.rail.page_refused.connect(self._on_page_refused)
        parts.rail.settings_chosen.connect(lambda: session.request(ShowSettings()))
        pages.page_made.connect(self._on_page_made)
        pages.page_shown.connect(parts.rail.set_current)
        pages.page_shown.connect(parts.header.show_page)
        pages.page_shown.connect(parts.lesson.show_page)
        pages.header_changed.connect(self._on_header_changed)
        pages.fix_chosen.connect(session.apply)
        status.save_requested.connect(session.save_now)
        status.problems_requested.connect(lambda: session.request(ShowProblems()))
        status.job_chosen.connect(self._on_job_chosen)
        status.cancel_requested.connect(self._on_cancel_requested)
        status.device_chosen.connect(lambda: session.request(ShowLibraries()))
        status.language_requested.connect(lambda code: session.request(SetSetting("language", code)))
        if remembered_lesson(session):
            # After the first paint: it imports the lessons.
            QTimer.singleShot(0, self, self._show_lesson)

    def _show_lesson(self) -> None:
        """Show the task at hand beside the pages, and say when one is done."""
        if self._parts is None:
            return
        lessons = self._workspace.lessons
        if not self._follows_lessons:
            self._follows_lessons = True
            lessons.changed.connect(self._on_lessons_changed)
            lessons.task_done.connect(self._on_task_done)
            lessons.check_now()
        self._parts.lesson.update_strip()

    def _on_lessons_changed(self) -> None:
        if self._parts is not None:
            self._parts.lesson.update_strip()

    def _on_task_done(self, task: Task) -> None:
        # On the page of the lesson the task says so itself; a message would only cover its text.
        if self._parts is not None and self._parts.context.pages.current.id != "learn":
            self._parts.context.toasts().show_text(tr("Task done: {title}", "Tarea hecha: {title}", title=task.title), 6.0,
                                                   topic="task")

    # The session ---------------------------------------------------------------------------------

    def _on_changed(self, change: Change) -> None:
        if self._parts is None or (change.of("settings") and self._rebuild()):
            return
        self._parts.context.pages.show_change(change)
        self.update_frame()
        self.update_steps()
        if change.of("folder") and self._workspace.session.is_open:
            self._parts.context.toasts().dismiss("page")
        if change.of("saved", "folder"):
            self._parts.status.update_saved()
        if change.of("problems", "folder"):
            self._parts.status.update_problems()

    def _on_problem_reported(self, problem: Problem) -> None:
        # Not before the first paint of the window.
        import logging

        logging.getLogger(__name__).log(logging.WARNING if problem.blocks else logging.INFO, "%s: %s", problem.code,
                                        problem.text.en)
        if self._parts is not None:
            undoes = any(fix.action == "undo" for fix in problem.fixes)
            self._undoable = next(iter(self._workspace.session.steps("undo")), None) if undoes else self._undoable
            self._parts.context.toasts().show_problem(problem, _UNDOABLE if undoes else "")

    def _on_stepped(self, step: Step) -> None:
        """Show what was undone or redone, where it is seen."""
        if self._parts is None:
            return
        context = self._parts.context
        pages = [page for part, page in SPEC_PAGES.items() if part in step.what]
        current = context.pages.current
        if pages and current.id not in pages and not set(step.what) & set(current.shows):
            context.pages.go(pages[0])
        text = (tr("Undone: {step}", "Deshecho: {step}", step=step.label) if step.direction == "undo" else
                tr("Redone: {step}", "Rehecho: {step}", step=step.label))
        context.toasts().show_text(text, 4.0, topic="step")

    def _on_command_requested(self, command: Command) -> None:
        if self._parts is not None:
            # The first paint does not need it.
            from cnnstudio.gui.window.handlers import handle

            handle(self._parts.context, command)
            if remembered_lesson(self._workspace.session):
                self._show_lesson()

    def _on_jobs_changed(self) -> None:
        if self._parts is not None:
            self._parts.status.update_job()
            self.update_frame()

    def _on_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self._workspace.session.settings.theme == "system":
            self._rebuild()

    # The pages -----------------------------------------------------------------------------------

    def _on_page_made(self, page: Page) -> None:
        if self._parts is not None:
            self._parts.header.add_page(page.id, page.actions())

    def _on_page_refused(self, page: str) -> None:
        """Say what a page needs that cannot be shown yet."""
        if self._parts is not None:
            title = next(str(entry.title) for entry in self._entries if entry.id == page)
            fixes = (Fix(action="choose_folder", label=Text("Choose a folder…", "Elegir carpeta…")),
                     Fix(action="open_project", label=Text("Open project…", "Abrir proyecto…")))
            self._parts.context.toasts().show_text(
                tr("{page} needs a project: choose a folder of pictures or open a project first.",
                   "{page} necesita un proyecto: elija antes una carpeta de imágenes o abra un proyecto.", page=title),
                8.0, fixes, topic="page")

    def _on_header_changed(self) -> None:
        if self._parts is not None:
            page = self._parts.context.pages.current
            self._parts.header.set_title(page.heading(), page.subtitle())
            self._parts.header.fit(page.id)

    def update_frame(self) -> None:
        """Show on actions, rail and title what is enabled, the problems and the running work."""
        if self._parts is None:
            return
        session, context, rail = self._workspace.session, self._parts.context, self._parts.rail
        context.actions.update(is_open=session.is_open, undo=session.undo_label, redo=session.redo_label)
        rail.set_enabled_pages({entry.id for entry in self._entries if context.pages.can_show(entry.id)})
        name = session.project.name if session.is_open else ""
        context.window.setWindowTitle(f"{name}[*] – CNN Studio" if name else "CNN Studio[*]")
        context.window.setWindowModified(session.dirty)
        blocked = {AREA_PAGES[problem.where.area] for problem in session.problems if problem.blocks}
        for entry in self._entries:
            busy = any(job.page == entry.id and not job.quiet for job in session.jobs)
            rail.set_mark(entry.id, "accent" if busy else "error" if entry.id in blocked else "")

    def update_steps(self) -> None:
        """Show on the header what can be undone and redone."""
        session = self._workspace.session
        if self._parts is not None:
            undo = session.steps("undo")
            self._parts.header.show_steps(undo, session.steps("redo"), visible=session.is_open)
            if self._undoable is not None and next(iter(undo), None) is not self._undoable:
                # The offer to undo it would undo another step by now.
                self._undoable = None
                self._parts.context.toasts().dismiss(_UNDOABLE)

    # The status bar ------------------------------------------------------------------------------

    def _on_job_chosen(self, job: Job | None) -> None:
        if job is not None and job.page:
            self._workspace.session.request(ShowPage(job.page))

    def _on_cancel_requested(self, job: Job | None) -> None:
        if job is None:
            return
        # A training is never discarded by one click: Cancel keeps its weights.
        if isinstance(job, ChildJob | ClusterJob) and job.kind == "train":
            job.stop(keep=True)
        else:
            job.cancel()
        self._on_jobs_changed()
