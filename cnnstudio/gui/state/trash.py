"""Files to the system's trash and back, in the background: thousands of them would block the window for seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from cnnstudio.core.history import Direction
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Report, Work

if TYPE_CHECKING:
    from cnnstudio.datasets.trash import TrashEffect
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.scanner import Scanner
    from cnnstudio.gui.state.session import Session

TRASH: Final = "trash"
_LABELS: Final = {"redo": Text("Moving to the trash", "Moviendo a la papelera"),
                  "undo": Text("Bringing the files back", "Devolviendo los archivos")}


class Trash(QObject):
    """Deletes files of the collection, as undo steps."""

    def __init__(self, session: Session, collection: Collection, scanner: Scanner) -> None:
        super().__init__(session)
        self._session, self._collection, self._scanner = session, collection, scanner

    def delete(self, ids: Iterable[int]) -> bool:
        """Move the files of these pictures to the system's trash, as one undo step; False where none can be moved, or
        another move is running."""
        from cnnstudio.datasets.trash import HELD, TrashEffect

        session, collection = self._session, self._collection
        if collection.index is None or session.folder is None or session.jobs.of_kind(TRASH) is not None:
            return False
        paths = [collection.path(picture) for picture in collection.rows(list(ids))]
        deletion = Deletion(session, collection, self._scanner, TrashEffect(session.folder / HELD, paths))
        deletion.start("redo", lambda: session.record(deletion, Text("Delete pictures", "Borrar imágenes")))
        return True

    def forget(self) -> None:
        """Forget deletions that no undo step can restore any more."""
        if self._session.folder is not None:
            from cnnstudio.datasets.trash import forget_deleted

            forget_deleted(self._session.folder)


class Deletion:
    """A deletion in the history.

    Redo moves the files again; either way it can be cancelled. The folder is scanned afterwards: not every drive
    reports changes.
    """

    def __init__(self, session: Session, collection: Collection, scanner: Scanner, effect: TrashEffect) -> None:
        self._session, self._collection, self._scanner, self._effect = session, collection, scanner, effect
        self._index = collection.index

    def undo(self) -> None:
        self._effect.undo()
        self._scanner.scan()

    def redo(self) -> None:
        self._effect.redo()
        self._scanner.scan()

    def start(self, direction: Direction, done: Callable[[], object]) -> None:
        """Move the files in the background; `done()` when all were moved."""
        session = self._session
        if session.jobs.of_kind(TRASH) is not None:
            session.report(_busy_problem())
            return
        carry_out = self._effect.redo if direction == "redo" else self._effect.undo

        def work(report: Report) -> tuple[Problem, ...]:
            def on_progress(count: int, total: int) -> None:
                report.check()
                report.progress(count, total)

            try:
                carry_out(on_progress)
            except ProblemError as err:
                return err.problems
            return ()

        def ended(job: Work) -> None:
            # Another project, or the same one opened again, must not be affected.
            if self._collection.index is None or self._collection.index is not self._index:
                return
            if job.result == ():
                done()
            problem = getattr(job.last, "problem", None)
            session.report(*(job.result or ()), *((problem,) if problem is not None else ()))
            self._scanner.scan()

        session.jobs.run(work, _LABELS[direction], TRASH, page="data", done=ended)


def _busy_problem() -> Problem:
    text = Text("Files are still being moved. Wait until this is done, or cancel it at the bottom of the window.",
                "Aún se están moviendo archivos. Espere a que termine o cancélelo en la parte inferior de la "
                "ventana.")
    return warning("files_on_their_way", text, "file")
