"""Deletes runs as steps of the undo list; what cannot be undone any more is deleted permanently when the project closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject

from cnnstudio.core.problems import Fix, Problem, ProblemError, warning
from cnnstudio.core.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from cnnstudio.gui.state.session import Session
    from cnnstudio.workers.runs.folder import RunFolder


class DeletedRuns(QObject):
    """Owns the trash of the open project's runs."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def delete(self, run: RunFolder, title: str) -> bool:
        """Move a run to the trash, as a step that can be undone; False, with a message, where that failed."""
        deletion = _Deletion(run.project_folder, run.id)
        try:
            deletion.redo()
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)
            return False
        label = Text("Delete the run {run}", "Eliminar el entrenamiento {run}").fill(run=title)
        self._session.record(deletion, label, part="runs")
        self._session.report(_deleted(title))
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
    """A deleted run in the history."""

    def __init__(self, project_folder: Path, run_id: str) -> None:
        self._project_folder, self._run_id = project_folder, run_id

    def undo(self) -> None:
        from cnnstudio.workers.runs.trash import restore_run

        restore_run(self._project_folder, self._run_id)

    def redo(self) -> None:
        from cnnstudio.workers.runs.folder import find_run
        from cnnstudio.workers.runs.trash import trash_run

        trash_run(find_run(self._project_folder, self._run_id))


def _deleted(title: str) -> Problem:
    text = Text("The run {run} was deleted. It can be brought back until the project is closed.",
                "Se eliminó el entrenamiento {run}. Se puede recuperar hasta que se cierre el proyecto.").fill(run=title)
    fix = Fix(action="undo", label=Text("Undo", "Deshacer"))
    return msgspec.structs.replace(warning("run_deleted", text, "run", fixes=(fix,)), severity="info")
