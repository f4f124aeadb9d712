"""Judging the pictures again in the background, after a threshold, a label or the embedding changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import ProblemError, warning
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Report, Work

if TYPE_CHECKING:
    from cnnstudio.datasets.embedding import Embedding
    from cnnstudio.gui.state.changes import Change
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.counts import Counts
    from cnnstudio.gui.state.session import Session

JUDGE: Final = "judge"
_AUDIT: Final = "audit"
_SETTLE_MS: Final = 60


class Judge(QObject):
    """Judges the kinds of findings that changed, by the audit's spec and the last embedding."""

    def __init__(self, session: Session, collection: Collection, counts: Counts) -> None:
        super().__init__(session)
        self._session, self._collection, self._counts = session, collection, counts
        self._spec = DatasetSpec()
        self._sample_range: dict[str, Any] = {}
        self._embedding: Embedding | None = None
        self._embedding_read = False
        self._kinds: set[str] = set()
        # While a threshold is dragged, the pictures are judged again after a moment of rest.
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._run)

    def open(self) -> None:
        """Start; the index was opened."""
        self._spec = self._session.project.dataset
        self._sample_range = self._session.project.recipe.sample_part()
        self._embedding, self._embedding_read = None, False

    def close(self) -> None:
        """Stop; the index will be closed."""
        self._settle.stop()
        self._kinds.clear()
        self._embedding, self._embedding_read = None, False

    # The embedding -------------------------------------------------------------------------------

    @property
    def embedding(self) -> Embedding | None:
        """The last embedding of this project by the bundled base, or None."""
        if not self._embedding_read and self._session.folder is not None:
            from cnnstudio.datasets.embedding import read_embedding
            from cnnstudio.workers.embedding_jobs import embedding_target

            self._embedding_read = True
            try:
                self._embedding = read_embedding(embedding_target(self._session.folder))
            except ProblemError:
                self._embedding = None
        return self._embedding

    def check_embedding(self) -> None:
        """Judge outliers and doubtful labels by the embedding, if it is new."""
        before = self.embedding
        self._embedding_read = False
        after = self.embedding
        if after is not None and not _same(before, after):
            self.judge_by_embedding()

    def judge_by_embedding(self) -> None:
        """Read the embedding again and judge the findings that depend on it at once."""
        from cnnstudio.catalog.findings import LEARNED

        self._embedding_read = False
        self._kinds |= LEARNED
        self._run()

    # Judging -------------------------------------------------------------------------------------

    def judge(self, kinds: Iterable[str]) -> None:
        """Judge these kinds of findings again after a moment."""
        self._kinds |= set(kinds)
        self._settle.start()

    def follow(self, change: Change) -> None:
        """Follow a change of the session; called before the change is shown."""
        if self._collection.index is None or change.of("folder") or not change.of("dataset", "recipe"):
            return
        before_range, self._sample_range = self._sample_range, self._session.project.recipe.sample_part()
        if before_range != self._sample_range:
            self.judge({"flat_as_read"})
        from cnnstudio.catalog.findings import KINDS

        before, after = self._spec.audit, self._session.project.dataset.audit
        self._spec = self._session.project.dataset
        names = {name for name in after.__struct_fields__ if getattr(before, name) != getattr(after, name)}
        if "flips" in names:
            names.add("near_duplicate")
        kinds = {kind.id for kind in KINDS if kind.threshold in names}
        if kinds:
            self.judge(kinds)

    def _run(self) -> None:
        index, project, kinds = self._collection.index, self._session.project, frozenset(self._kinds)
        spec = project.dataset
        if index is None or not kinds:
            return
        if self._session.jobs.of_kind(JUDGE) is not None or self._session.jobs.of_kind(_AUDIT) is not None:
            self._settle.start()
            return
        self._kinds.clear()
        embedding, count = self.embedding, self._counts.background_count()

        def work(report: Report) -> tuple[Callable[[], None], int] | None:
            from cnnstudio.datasets.audit.run import judge
            from cnnstudio.imaging.prepare import sample_range_of

            sample_range = sample_range_of(project.recipe.as_dictionary())
            moved = judge(index, spec, kinds, embedding, report.is_cancelled, sample_range)
            # Counted here as well: with many pictures it would block the window's thread noticeably.
            return None if moved is None else (count(), moved)

        def done(job: Work) -> None:
            if job.result is None:
                self._counts.refresh()
                return
            show_counts, moved = job.result
            show_counts()
            report_moved(self._session, moved)

        self._session.jobs.run(work, Text("Classifying the pictures", "Clasificando las imágenes"), JUDGE, quiet=True,
                               done=done)


def report_moved(session: Session, moved: int) -> None:
    """Say that pictures changed their split."""
    if moved:
        from cnnstudio.datasets.audit.run import moved_text

        session.report(warning("splits_changed", moved_text(moved), "dataset"))


def _same(before: Embedding | None, after: Embedding) -> bool:
    return before is not None and (before is after or (
        before.hashes == after.hashes and before.classes == after.classes
        and before.label_quality.shape == after.label_quality.shape
        and bool((before.label_quality == after.label_quality).all())))
