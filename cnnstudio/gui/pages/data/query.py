"""The query of the Data page: the index evaluates the filter of the page's state."""

from __future__ import annotations

from array import array
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.text import Text
from cnnstudio.datasets.query import Filter
from cnnstudio.gui.pages.data.choices import filter_of
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.workspace import Workspace

AT_ONCE: Final = 150_000
"""Up to so many pictures the filter is evaluated at once; beyond, in the background."""


class PictureQuery(QObject):
    """`ask()` queries the pictures that pass the filter; `answers_entered` when predictions of the chosen run are in
    the index."""

    answered = Signal(object)
    """Ids, as an array."""
    answers_entered = Signal()

    def __init__(self, workspace: Workspace, state: dict[str, Any], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._collection, self._counts = workspace.session, workspace.collection, workspace.counts
        self._state = state

    @property
    def filter(self) -> Filter:
        """The present filter."""
        return filter_of(self._state, self._session.project.dataset.hidden_classes)

    def ask(self) -> None:
        """Query the index; `answered` follows, at once where there are not too many pictures."""
        collection, wanted, sort = self._collection, self.filter, self._state.get("sort", "path")
        if sort in ("confidence", "loss") and not wanted.run:
            sort = "path"
        if self._state.get("paths") is not None:
            self.answered.emit(collection.ids_of(self._state["paths"]))
        elif self._counts.total <= AT_ONCE:
            self.answered.emit(collection.ids(wanted, sort))
        elif self._session.jobs.of_kind("query") is None:
            self._session.jobs.run(lambda _report: collection.ids(wanted, sort), Text("Filtering", "Filtrando"), "query",
                                   quiet=True, done=lambda job: self._on_queried(job, wanted), owner=self)

    def _on_queried(self, job: Work, wanted: Filter) -> None:
        if wanted != self.filter:
            self.ask()
        elif job.result is not None:
            result: array[int] = job.result
            self.answered.emit(result)

    def enter_answers(self) -> None:
        """Write the predictions of the chosen run into the index, in the background."""
        run_id, index, folder = self._state.get("run"), self._collection.index, self._session.folder
        if not run_id or index is None or folder is None or self._session.jobs.of_kind("answers") is not None:
            return

        def work(_report: Report) -> int:
            from cnnstudio.workers.runs.answers import enter_answers
            from cnnstudio.workers.runs.folder import find_run

            return enter_answers(index, find_run(folder, run_id))

        self._session.jobs.run(work, Text("Reading the predictions", "Leyendo las predicciones"), "answers", quiet=True,
                               done=lambda _job: self.answers_entered.emit(), owner=self)
