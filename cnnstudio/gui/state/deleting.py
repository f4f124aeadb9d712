"""Files to the system's trash and back, in the background: thousands of them would hold the window up for seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cnnstudio.core.history import Direction
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.trashing import HELD, TrashEffect
from cnnstudio.gui.state.jobs import Report, Work

if TYPE_CHECKING:
    from cnnstudio.gui.state.session import Session

TRASH: Final = "trash"
_LABELS: Final = {"redo": Text("Moving to the trash", "Moviendo a la papelera"),
                  "undo": Text("Bringing the files back", "Devolviendo los archivos")}


class Deletion:
    """A deletion in the history. Redone it moves the files once more; either way it can be cancelled.

    The folder is looked at again afterwards: not every drive tells of changes.
    """

    def __init__(self, session: Session, effect: TrashEffect) -> None:
        self._session, self._effect = session, effect
        self._index = session.index

    def undo(self) -> None:
        self._effect.undo()
        self._session.pictures.scan()

    def redo(self) -> None:
        self._effect.redo()
        self._session.pictures.scan()

    def start(self, direction: Direction, done: Callable[[], object]) -> None:
        """Move the files in the background; `done()` when all were moved."""
        session = self._session
        if session.jobs.of_kind(TRASH) is not None:
            session.notice(_busy())
            return
        carry_out = self._effect.redo if direction == "redo" else self._effect.undo

        def work(report: Report) -> tuple[Problem, ...]:
            def told(count: int, total: int) -> None:
                report.check()
                report.progress(count, total)

            try:
                carry_out(told)
            except ProblemError as trouble:
                return trouble.problems
            return ()

        def ended(job: Work) -> None:
            # Another project, or the same one opened again, has nothing to do with it.
            if session.index is None or session.index is not self._index:
                return
            if job.result == ():
                done()
            problem = getattr(job.last, "problem", None)
            session.notice(*(job.result or ()), *((problem,) if problem is not None else ()))
            session.pictures.scan()

        session.jobs.run(work, _LABELS[direction], TRASH, page="data", done=ended)


def delete(session: Session, paths: Sequence[Path]) -> bool:
    """Move files to the system's trash, as one step to undo; False where others are on their way already."""
    if session.folder is None or session.jobs.of_kind(TRASH) is not None:
        return False
    deletion = Deletion(session, TrashEffect(session.folder / HELD, paths))
    deletion.start("redo", lambda: session.record(deletion, Text("Delete pictures", "Borrar imágenes")))
    return True


def _busy() -> Problem:
    text = Text("Files are still being moved. Wait for the end, or cancel it at the bottom of the window.",
                "Aún se están moviendo archivos. Espere al final, o cancélelo en la parte inferior de la ventana.")
    return warning("files_on_their_way", text, "file")
