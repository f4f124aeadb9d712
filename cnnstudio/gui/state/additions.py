"""Single pictures into the project's data, in the background, as one undo step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from cnnstudio.core.problems import Problem, error, warning
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Report, Work

if TYPE_CHECKING:
    from cnnstudio.datasets.collected import Added, CollectedEffect, NewPicture
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.scanner import Scanner
    from cnnstudio.gui.state.session import Session

ADD: Final = "add-pictures"


class Additions(QObject):
    """Adds pictures that come from outside, such as corrected predictions."""

    def __init__(self, session: Session, collection: Collection, scanner: Scanner) -> None:
        super().__init__(session)
        self._session, self._collection, self._scanner = session, collection, scanner

    @property
    def blocking_problem(self) -> Problem | None:
        """Why no pictures can be added now; None where they can."""
        if self._collection.index is None or self._session.folder is None:
            text = Text("Open a project to add pictures to its data.",
                        "Abra un proyecto para añadir imágenes a sus datos.")
            return error("no_project_open", text, "project")
        if self._session.jobs.of_kind(ADD) is not None:
            return warning("files_on_their_way", Text("Pictures are being added already.", "Ya se están añadiendo imágenes."),
                           "file")
        return None

    def add(self, pictures: Sequence[NewPicture], done: Callable[[Added], object]) -> bool:
        """Add these; `done` gets what became of them. False, with a message, where none can be added now."""
        problem, index, folder = self.blocking_problem, self._collection.index, self._session.folder
        if problem is not None or index is None or folder is None:
            if problem is not None:
                self._session.report(problem)
            return False
        session, project = self._session, self._session.project
        classes = list(dict.fromkeys(picture.class_name for picture in pictures))

        def work(report: Report) -> Added:
            from cnnstudio.datasets.collected import add_pictures

            def on_progress(count: int, total: int) -> None:
                report.check()
                report.progress(count, total)

            return add_pictures(index, project, folder, pictures, on_progress)

        def ended(job: Work) -> None:
            if (failed := getattr(job.last, "problem", None)) is not None:
                session.report(failed)
            if job.result is None or self._collection.index is not index:
                return
            added: Added = job.result
            if added.effect is not None:
                self._record(added, classes)
            session.report(*_messages(added))
            done(added)

        session.jobs.run(work, Text("Adding pictures", "Añadiendo imágenes"), ADD, page="data", done=ended)
        return True

    def _record(self, added: Added, classes: Sequence[str]) -> None:
        from cnnstudio.datasets.collected import with_collected

        assert added.effect is not None
        session = self._session
        number = len(added.added) + len(added.relabelled)
        text = Text("Add {n} pictures to {name}", "Añadir {n} imágenes a {name}") if number > 1 \
            else Text("Add a picture to {name}", "Añadir una imagen a {name}")
        project = with_collected(session.project, classes) if added.added else None
        session.record(_Addition(added.effect, self._scanner), text.fill(n=number, name=", ".join(classes)[:60]), project)
        self._scanner.scan()


class _Addition:
    """The addition in the history; the folder is scanned afterwards, since not every drive reports changes."""

    def __init__(self, effect: CollectedEffect, scanner: Scanner) -> None:
        self._effect, self._scanner = effect, scanner

    def undo(self) -> None:
        self._effect.undo()
        self._scanner.scan()

    def redo(self) -> None:
        self._effect.redo()
        self._scanner.scan()


def _messages(added: Added) -> list[Problem]:
    """What was not added, and why."""
    messages = list(added.problems[:5])
    if added.present:
        first = added.present[0]
        text = Text("Already in the data, and not added again: {n}, such as {path} (as {there}, {name}).",
                    "Ya están en los datos y no se añaden otra vez: {n}, como {path} (es {there}, {name}).")
        messages.append(warning("already_there", text.fill(n=len(added.present), path=first.path, there=first.there,
                                                           name=first.class_name), "dataset", path=first.path))
    return messages
