"""Deletes runs as steps of the undo list; what cannot be undone any more is deleted permanently when the project closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject

from cnnstudio.core.problems import Fix, Problem, ProblemError, warning
from cnnstudio.core.text import Text

if TYPE_CHECKING:
    from cnnstudio.gui.state.run_queue import RunQueue, Waiting
    from cnnstudio.gui.state.session import Session
    from cnnstudio.workers.runs.folder import RunFolder


class DeletedRuns(QObject):
    """Owns the trash of the open project's runs. One that waits leaves the queue, and returns to its place with Undo."""

    def __init__(self, session: Session, queue: Callable[[], RunQueue]) -> None:
        super().__init__(session)
        self._session, self._queue = session, queue

    def delete(self, run: RunFolder, title: str) -> bool:
        """Move a run to the trash, as a step that can be undone; False, with a message, where that failed."""
        label = Text("Delete the run {run}", "Eliminar el entrenamiento {run}").fill(run=title)
        return self._delete((run,), label, _deleted(title))

    def delete_group(self, runs: Sequence[RunFolder], title: str) -> bool:
        """Move the runs of a group to the trash, as one step that can be undone; False, with a message, where that failed."""
        label = Text("Delete the runs of {group}", "Eliminar los entrenamientos de {group}").fill(group=title)
        return self._delete(runs, label, _deleted_group(title, len(runs)))

    def _delete(self, runs: Sequence[RunFolder], label: Text, message: Problem) -> bool:
        deletion = _Deletion(runs, self._queue(), lambda: self._session.jobs.of_kind("train") is not None)
        try:
            deletion.redo()
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)
            return False
        self._session.record(deletion, label, part="runs")
        self._session.report(message)
        return True

    def empty(self) -> None:
        """Delete permanently what no undo step can bring back."""
        if self._session.folder is None:
            return
        from cnnstudio.workers.runs.trash import empty_trash

        try:
            empty_trash(self._session.folder)
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)


class _Deletion:
    """Deleted runs in the history, with their places in the queue."""

    def __init__(self, runs: Sequence[RunFolder], queue: RunQueue, trains: Callable[[], bool]) -> None:
        self._runs, self._queue, self._trains = tuple(runs), queue, trains
        self._waited: list[tuple[int, Waiting]] = []

    def undo(self) -> None:
        _all_or_none(self._runs, _restore, _trash)
        # In the opposite order each place is again the one that was left.
        for place, item in reversed(self._waited):
            self._queue.insert(place, item, held=not self._trains())

    def redo(self) -> None:
        _all_or_none(self._runs, _trash, _restore)
        self._waited = [left for run in self._runs if (left := self._queue.remove(run.id)) is not None]


def _trash(run: RunFolder) -> None:
    from cnnstudio.workers.runs.folder import find_run
    from cnnstudio.workers.runs.trash import trash_run

    trash_run(find_run(run.project_folder, run.id))


def _restore(run: RunFolder) -> None:
    from cnnstudio.workers.runs.trash import restore_run

    restore_run(run.project_folder, run.id)


def _all_or_none(runs: Sequence[RunFolder], act: Callable[[RunFolder], None], back: Callable[[RunFolder], None]) -> None:
    done: list[RunFolder] = []
    try:
        for run in runs:
            act(run)
            done.append(run)
    except ProblemError:
        for run in done:
            back(run)
        raise


def _deleted(title: str) -> Problem:
    text = Text("The run {run} was deleted. It can be brought back until the project is closed.",
                "Se eliminó el entrenamiento {run}. Se puede recuperar hasta que se cierre el proyecto.").fill(run=title)
    fix = Fix(action="undo", label=Text("Undo", "Deshacer"))
    return msgspec.structs.replace(warning("run_deleted", text, "run", fixes=(fix,)), severity="info")


def _deleted_group(title: str, count: int) -> Problem:
    text = Text("The {n} runs of {group} were deleted. They can be brought back until the project is closed.",
                "Se eliminaron los {n} entrenamientos de {group}. Se pueden recuperar hasta que se cierre el proyecto.")
    fix = Fix(action="undo", label=Text("Undo", "Deshacer"))
    return msgspec.structs.replace(warning("run_deleted", text.fill(n=count, group=title), "run", fixes=(fix,)),
                                   severity="info")
