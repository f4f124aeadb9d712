"""The lesson that is being worked on: its project, its tasks as they stand now, and what the student has done of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from cnnstudio.core.events import Event, Finished
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.gui.state.changes import SPECS, Change
from cnnstudio.gui.state.jobs import Job, Report, Work

if TYPE_CHECKING:
    from cnnstudio.gui.state.session import Session
    from cnnstudio.learning.course.judge import TaskState
    from cnnstudio.learning.course.lesson import Lesson, Task
    from cnnstudio.learning.course.progress import Answer, Progress

KIND: Final = "lesson"
"""The kind of the job that judges; it reads the index."""
_ACTIVE: Final = "lesson"
_CHECK_MS: Final = 500
"""Milliseconds after a change until the tasks are judged again."""


def remembered_lesson(session: Session) -> str:
    """The id of the lesson that was being worked on; "" for none. It imports nothing, so that the window can ask at once."""
    return str(session.recall(_ACTIVE, "") or "")


class Lessons(QObject):
    """At most one lesson is active: its tasks are judged again whenever something changes that they look at."""

    changed = Signal()
    """Another lesson is active, its tasks were judged again, or what was done of it changed."""
    task_done = Signal(object)
    """A task that was not done before is done: the `Task`."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._lesson: Lesson | None = None
        self._progress: Progress | None = None
        self._states: tuple[TaskState, ...] = ()
        self._chosen = ""
        self._judging: Work | None = None
        self._again = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_CHECK_MS)
        self._timer.timeout.connect(self.check_now)
        session.changed.connect(self._on_changed)
        session.jobs.ended.connect(self._on_job_ended)
        if name := remembered_lesson(session):
            self._take(name)

    # What is active -------------------------------------------------------------------------------

    @property
    def lesson(self) -> Lesson | None:
        """The active lesson."""
        return self._lesson

    @property
    def progress(self) -> Progress:
        """What was done of the active lesson."""
        from cnnstudio.learning.course.progress import Progress

        return self._progress if self._progress is not None else Progress()

    @property
    def states(self) -> tuple[TaskState, ...]:
        """The tasks as they were last judged, in the order of the lesson; empty before that."""
        return self._states

    def state(self, task: str) -> TaskState | None:
        """A task as it was last judged."""
        return next((state for state in self._states if state.task == task), None)

    @property
    def folder(self) -> Path | None:
        """The folder of the active lesson's project; None before it was made, or where it is gone."""
        from cnnstudio.core.files import PROJECT_FILE

        folder = Path(self.progress.project)
        return folder if self.progress.project and (folder / PROJECT_FILE).is_file() else None

    @property
    def is_project_open(self) -> bool:
        """Whether the project of the active lesson is the open one."""
        return self.folder is not None and self._session.is_open and self._session.folder == self.folder

    def task_at(self, page: str) -> Task | None:
        """The task to work on at a page of the window: the one that was chosen, else the first open one that is done there,
        else the first open one; after them all the last."""
        if self._lesson is None:
            return None
        tasks = self._lesson.tasks
        chosen = self._lesson.task(self._chosen)
        left = [task for task in tasks if task.id not in self.progress.done]
        here = [task for task in left if task.page == page]
        return chosen or next(iter((*here, *left)), tasks[-1])

    def choose_task(self, task: str) -> None:
        """Work on this task until it is done; "" for none in particular."""
        self._chosen = task
        self.changed.emit()

    def activate(self, name: str) -> bool:
        """Work on a lesson; False, with a message, where it cannot be read."""
        if not self._take(name):
            return False
        self._session.remember(_ACTIVE, self._lesson.id if self._lesson is not None else "")
        self.changed.emit()
        self.check_now()
        return True

    def leave(self) -> None:
        """Work on no lesson; what was done is kept."""
        self._timer.stop()
        self._lesson = self._progress = None
        self._states = ()
        self._session.remember(_ACTIVE, "")
        self.changed.emit()

    def _take(self, name: str) -> bool:
        from cnnstudio.learning.course.progress import read_progress_with_problem
        from cnnstudio.learning.course.reading import find_lesson

        try:
            lesson = find_lesson(name)
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)
            return False
        self._progress, problem = read_progress_with_problem(lesson.id)
        if problem is not None:
            self._session.report(problem)
        if self._lesson is None or lesson.id != self._lesson.id:
            self._states, self._chosen = (), ""
        self._lesson = lesson
        return True

    # What the student does ------------------------------------------------------------------------

    def set_project(self, folder: Path) -> None:
        """The project of the active lesson was made or chosen."""
        from cnnstudio.learning.course.progress import replace

        self._change(lambda progress: replace(progress, project=str(folder)))

    def answer(self, task: str, answer: Answer) -> None:
        """Answer the question of a task."""
        from cnnstudio.learning.course.progress import with_answer

        self._change(lambda progress: with_answer(progress, task, answer))

    def reveal_hint(self, task: str) -> None:
        """Show one more hint of a task."""
        from cnnstudio.learning.course.progress import with_hint

        self._change(lambda progress: with_hint(progress, task, progress.hints.get(task, 0) + 1), judge=False)

    def keep_bench(self, place: int, settings: dict[str, Any]) -> None:
        """A bench on the page of the active lesson was set."""
        from cnnstudio.learning.course.progress import with_bench

        if self.progress.benches.get(str(place)) != settings:
            self._change(lambda progress: with_bench(progress, place, settings))

    def reset(self) -> None:
        """Forget what was done of the active lesson; its project stays on the disk."""
        from cnnstudio.learning.course.progress import Progress, reset_progress

        if self._lesson is None:
            return
        try:
            reset_progress(self._lesson.id)
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)
            return
        self._progress, self._states = Progress(), ()
        self.changed.emit()
        self.check_now()

    def _change(self, change: Callable[[Progress], Progress], judge: bool = True) -> None:
        if self._lesson is None:
            return
        self._progress = change(self.progress)
        self._keep()
        self.changed.emit()
        if judge:
            self._timer.start()

    def _keep(self) -> None:
        from cnnstudio.learning.course.progress import write_progress

        try:
            if self._lesson is not None:
                write_progress(self._lesson.id, self.progress)
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)

    # Judging --------------------------------------------------------------------------------------

    def check_now(self) -> None:
        """Judge the tasks, in the background."""
        self._timer.stop()
        lesson, progress, folder = self._lesson, self.progress, self.folder
        if lesson is None:
            return
        if self._judging is not None:
            self._again = True
            return
        project = self._session.project if self.is_project_open else None

        def work(_report: Report) -> tuple[TaskState, ...]:
            from cnnstudio.learning.course.judge import judge_lesson

            return judge_lesson(lesson, folder, progress, project)

        self._judging = self._session.jobs.run(work, Text("Checking the tasks", "Comprobando las tareas"), KIND, quiet=True,
                                               done=self._on_judged, owner=self)

    def _on_judged(self, job: Work) -> None:
        self._judging = None
        again, self._again = self._again, False
        if isinstance(job.last, Finished) and self._lesson is not None and job.result and (
                job.result[0].lesson == self._lesson.id):
            self._show(job.result)
        if again:
            self.check_now()

    def _show(self, states: tuple[TaskState, ...]) -> None:
        from cnnstudio.learning.course.progress import with_done

        new = tuple(state.task for state in states if state.done and not state.kept and state.task not in self.progress.done)
        self._states = states
        if self._chosen in new:
            self._chosen = ""
        if new:
            self._progress = with_done(self.progress, new)
            self._keep()
        self.changed.emit()
        for name in new:
            task = self._lesson.task(name) if self._lesson is not None else None
            if task is not None:
                self.task_done.emit(task)

    def _on_changed(self, change: Change) -> None:
        if self._lesson is None:
            return
        if change.of("folder"):
            self.changed.emit()
        if change.of("folder", "pictures", "runs", "calibration", *SPECS):
            self._timer.start()

    def _on_job_ended(self, job: Job, _last: Event) -> None:
        if self._lesson is not None and not job.quiet:
            self._timer.start()

    def stop(self) -> None:
        """The project will be closed, or the program ends."""
        self._timer.stop()
