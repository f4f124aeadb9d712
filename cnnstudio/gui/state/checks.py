"""All problems of the open project, kept up to date while it is edited."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from cnnstudio.core.problems import Fix, Problem, error, warning
from cnnstudio.core.text import Text
from cnnstudio.gui.state.changes import SPECS, Change

if TYPE_CHECKING:
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.counts import Counts
    from cnnstudio.gui.state.scanner import Scanner
    from cnnstudio.gui.state.session import Session

CHECK_MS: Final = 120


class ProjectChecks(QObject):
    """Checks a moment after an edit; the session stores and announces the problems."""

    def __init__(self, session: Session, collection: Collection, scanner: Scanner, counts: Counts) -> None:
        super().__init__(session)
        self._session, self._collection, self._scanner, self._counts = session, collection, scanner, counts
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(CHECK_MS)
        self._timer.timeout.connect(self._check)

    def stop(self) -> None:
        """Stop; the project will be closed."""
        self._timer.stop()

    def check_now(self) -> tuple[Problem, ...]:
        """All problems of the present project."""
        self._timer.stop()
        self._check()
        return self._session.problems

    def follow(self, change: Change) -> None:
        """Follow a change of the session; called before the change is shown."""
        if self._session.is_open and change.of("pictures", *SPECS):
            self._timer.start()

    def _check(self) -> None:
        session = self._session
        if not session.is_open:
            return
        from cnnstudio.datasets.sample_ranges import sample_range_problems
        from cnnstudio.network.checks import check_project

        problems: Iterable[Problem] = check_project(
            session.project, self._counts.class_names, self._counts.usable_counts(), session.bases, self._counts.pinned)
        if self._collection.problems:
            # The problem of no classes and no pictures means nothing then.
            problems = (problem for problem in problems if problem.where.area != "dataset")
        deep = sample_range_problems(self._counts.deep, session.project.recipe) if self._counts.deep else ()
        session.set_problems((*self._picture_problems(), *deep, *problems))

    def _picture_problems(self) -> tuple[Problem, ...]:
        """Problems of the index, the folder, or pictures that the scan could not read."""
        if self._collection.problems:
            return self._collection.problems
        if self._scanner.missing is not None:
            return (_missing_folder_problem(self._scanner.missing),)
        unreadable = sum(self._counts.unreadable.values())
        if not unreadable:
            return self._scanner.problems
        text = Text("{n} pictures cannot be read; they are left out.",
                    "{n} imágenes no se pueden leer; quedan fuera.") if unreadable > 1 else Text(
                    "One picture cannot be read; it is left out.", "Una imagen no se puede leer; queda fuera.")
        fix = Fix(action="filter_problems", label=Text("Show", "Mostrar") if unreadable == 1
                  else Text("Show them", "Mostrarlas"))
        return (*self._scanner.problems,
                warning("unreadable_pictures", text.fill(n=unreadable), "dataset", fixes=(fix,)))


def _missing_folder_problem(folder: Path) -> Problem:
    """The problem that the folder of pictures does not exist."""
    text = Text("The folder of pictures {path} no longer exists. It may have been renamed or moved.",
                "La carpeta de imágenes {path} ya no existe. Puede que se haya renombrado o movido.")
    fix = Fix(action="choose_folder", label=Text("Choose folder…", "Elegir carpeta…"))
    return error("source_missing", text.fill(path=folder), "dataset", path=folder, fixes=(fix,))
