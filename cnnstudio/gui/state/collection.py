"""The pictures of the open project in its index: ids, rows, paths and findings, read only."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cnnstudio.core.problems import Problem, ProblemError

if TYPE_CHECKING:
    from cnnstudio.datasets.findings import Finding
    from cnnstudio.datasets.index import Filter, Index, Picture
    from cnnstudio.gui.state.session import Session


class Collection(QObject):
    """Holds the index from `open` to `close`. Without one every result is empty."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.index: Index | None = None
        self.problems: tuple[Problem, ...] = ()
        """Why a project is open without an index."""

    def open(self) -> bool:
        """Open the index of the project; False, with `problems`, where it cannot be opened."""
        from cnnstudio.datasets.index import FILE, Index

        assert self._session.folder is not None
        try:
            self.index = Index(self._session.folder / FILE)
        except ProblemError as err:
            self.problems = err.problems
            return False
        return True

    def close(self) -> None:
        """Close the index; nothing may use it any more."""
        if self.index is not None:
            self.index.close()
        self.index = None
        self.problems = ()

    @property
    def root(self) -> Path | None:
        """The folder that the paths of the index are relative to, or None (see `datasets.source_folders.source_folder`)."""
        project, folder = self._session.project, self._session.folder
        if not project.dataset.source or folder is None:
            return None
        from cnnstudio.datasets.source_folders import source_folder

        return source_folder(project, folder)

    def ids_of(self, paths: Iterable[str]) -> array[int]:
        """Ids of these paths (relative to the collection), in the index's order; unknown ones are left out."""
        return array("q") if self.index is None else self.index.ids_of(list(paths))

    def ids(self, wanted: Filter, sort: str = "path") -> array[int]:
        """Ids of the pictures that pass the filter, in order."""
        return array("q") if self.index is None else self.index.ids(wanted, sort)

    def rows(self, ids: Sequence[int]) -> list[Picture]:
        """The rows of these ids."""
        return [] if self.index is None else self.index.pictures(ids)

    def common(self, ids: Sequence[int]) -> tuple[set[str], set[str], set[bool]]:
        """Common values of these pictures: their classes, their splits, whether they are excluded."""
        return (set(), set(), set()) if self.index is None else self.index.common(ids)

    def answer(self, run: str, picture: int) -> tuple[str, float] | None:
        """The class that a run predicted for a picture, and its probability; None without a run or a prediction."""
        return None if self.index is None or not run else self.index.answer(run, picture)

    def path(self, picture: Picture) -> Path:
        """The absolute path of a picture."""
        return self.path_of(picture.path)

    def path_of(self, path: str) -> Path:
        """The absolute path of a path in the index."""
        return (self.root or Path()) / path

    def findings_of(self, path: str) -> list[Finding]:
        """The findings about a picture."""
        from cnnstudio.datasets.findings import of_picture

        return of_picture(self.index, path) if self.index is not None else []

    def findings_of_kind(self, kind: str) -> list[Finding]:
        """Every finding of one kind that is not accepted."""
        from cnnstudio.datasets.findings import all_findings

        return all_findings(self.index, (kind,)) if self.index is not None else []
