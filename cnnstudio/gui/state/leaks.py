"""How many pictures of validation and test have a duplicate among the training pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Report, Work

if TYPE_CHECKING:
    from cnnstudio.datasets.index import Index
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.counts import Counts
    from cnnstudio.gui.state.session import Session

LEAKS: Final = "leaks"
_DUPLICATES: Final = ("leakage", "exact_duplicate", "near_duplicate")


class LeakShares(QObject):
    """Counted in the background after every count of the collection: with many duplicates it takes a while."""

    changed = Signal()

    def __init__(self, session: Session, collection: Collection, counts: Counts) -> None:
        super().__init__(session)
        self._session, self._collection, self._counts = session, collection, counts
        self._again = False
        self.shares: dict[str, tuple[int, int]] = {}
        """For validation and test: (pictures with a duplicate among the training pictures, pictures)."""
        counts.counted.connect(self._on_counted)

    def clear(self) -> None:
        """Reset; the index was closed."""
        self.shares = {}

    def _on_counted(self) -> None:
        index = self._collection.index
        if index is not None and any(self._counts.findings.get(kind) for kind in _DUPLICATES):
            self._count(index)
        elif self.shares:
            self.shares = {}
            self.changed.emit()

    def _count(self, index: Index) -> None:
        self._again = self._session.jobs.of_kind(LEAKS) is not None
        if self._again:
            return

        def work(_report: Report) -> dict[str, tuple[int, int]]:
            from cnnstudio.datasets.leakage import split_shares

            return split_shares(index)

        def done(job: Work) -> None:
            if self._collection.index is not index:
                return
            if job.result is not None:
                self.shares = job.result
                self.changed.emit()
            if self._again:
                self._count(index)

        self._session.jobs.run(work, Text("Counting leaks", "Contando fugas"), LEAKS, quiet=True, done=done)
