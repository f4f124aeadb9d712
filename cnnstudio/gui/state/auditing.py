"""The audit of the open project: the work in the background, what it found, and what the user makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from cnnstudio.core import edits
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.events import Finished
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import ChildJob, Job, Report, Work

if TYPE_CHECKING:
    from cnnstudio.core.jobs import Embed
    from cnnstudio.datasets.embedding import Embedding
    from cnnstudio.datasets.findings import Finding
    from cnnstudio.datasets.index import Index
    from cnnstudio.gui.state.picture_counts import PictureCounts
    from cnnstudio.gui.state.session import Change, Session

AUDIT: Final = "audit"
EMBED: Final = "embed"
LEAKS: Final = "leaks"
_SETTLE_MS: Final = 60


class Auditing(QObject):
    """Owned by the session's pictures, which tell of every change."""

    leaks_counted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._spec = DatasetSpec()
        self._embedding: Embedding | None = None
        self._embedding_read = False
        self._changed_kinds: set[str] = set()
        self.counts: dict[str, int] = {}
        self._leaks_again = False
        self.leaks: dict[str, tuple[int, int]] = {}
        """For validation and test: (pictures with a twin where was learned from, pictures)."""
        self.waiting = 0
        """Pictures that were not measured yet."""
        # A threshold that is dragged is judged again when the hand rests a moment.
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._judge)
        session.changed.connect(self._changed)

    def open(self) -> None:
        self._spec = self._session.project.dataset
        self._embedding, self._embedding_read = None, False

    def close(self) -> None:
        """Let go; what runs is ended first."""
        self._settle.stop()
        self._changed_kinds.clear()
        self._embedding, self._embedding_read = None, False
        self.counts, self.leaks, self.waiting = {}, {}, 0

    # Running -------------------------------------------------------------------------------------

    @property
    def running(self) -> Job | None:
        """The audit or the embedding that runs now, or None."""
        return self._session.jobs.of_kind(AUDIT) or self._session.jobs.of_kind(EMBED)

    def start(self, labels: bool = True) -> None:
        """Look at every picture that was not looked at yet, and judge all; then, with `labels`, at outliers and
        doubtful labels by the bundled base, in a child process."""
        index, root, spec = self._session.index, self._session.source_root, self._session.project.dataset
        if index is None or root is None or self.running is not None:
            return

        def work(report: Report) -> object:
            from cnnstudio.datasets.audit.run import audit

            # Processes measure: a thread of this one would hold the window up.
            return audit(index, root, spec, on_progress=report.progress, cancelled=report.is_cancelled, here=False)

        def done(job: Work) -> None:
            self._session.pictures.refresh()
            if (problem := getattr(job.last, "problem", None)) is not None:
                self._session.notice(problem)
            elif labels and isinstance(job.last, Finished):
                self.embed()

        self._session.jobs.run(work, Text("Auditing the pictures", "Auditando las imágenes"), AUDIT, page="data",
                               done=done)

    def embed(self, model: str = "", layout: str = "tsne") -> None:
        """Compute features and map in a child process, with the bundled base also outliers and doubtful labels;
        features that are known already are not computed again. `model`: a base's id, or a run's;
        empty: the bundled base."""
        session, index, root, folder = (self._session, self._session.index, self._session.source_root,
                                        self._session.folder)
        if index is None or root is None or folder is None or session.jobs.of_kind(EMBED) is not None:
            return
        project = session.project
        label = Text("Comparing the pictures", "Comparando las imágenes")

        def work(_report: Report) -> Embed:
            from cnnstudio.datasets.embedding import BUNDLED
            from cnnstudio.workers.analysis import embedding_job

            # The list of the pictures is written in a thread: of many it takes a moment.
            return embedding_job(folder, project, index, root, model or BUNDLED, layout)

        def listed(job: Work) -> None:
            if job.result is None or not isinstance(job.last, Finished):
                self._embedded(job.last)
                return
            child = ChildJob(job.result, label, EMBED, page="data")
            child.ended.connect(self._embedded)
            session.jobs.start(child)

        session.jobs.run(work, label, EMBED, page="data", done=listed)

    def _embedded(self, last: object) -> None:
        if isinstance(last, Finished):
            # It was asked for: judged even where it is the one of last time, which may never have been judged (the
            # command line computed it) or before labels and thresholds were changed.
            self._embedding_read = False
            self._judge_learned()
        elif (problem := getattr(last, "problem", None)) is not None:
            self._session.notice(problem)

    def embedding_came(self) -> None:
        """There may be a new embedding: outliers and doubtful labels are judged by it, if it is new."""
        before = self.embedding
        self._embedding_read = False
        after = self.embedding
        if after is not None and (before is None or before is not after) and not self._same(before, after):
            self._judge_learned()

    def _judge_learned(self) -> None:
        from cnnstudio.catalog.findings import LEARNED

        self._changed_kinds |= LEARNED
        self._judge()

    @staticmethod
    def _same(before: Embedding | None, after: Embedding) -> bool:
        return before is not None and before.hashes == after.hashes and before.classes == after.classes and bool(
            (before.label_quality.shape == after.label_quality.shape) and (before.label_quality == after.label_quality).all())

    def cancel(self) -> None:
        """End the audit; what was measured stays, and the next one goes on from there."""
        job = self.running
        if job is not None:
            job.cancel()

    @property
    def embedding(self) -> Embedding | None:
        """The last embedding of this project by the bundled base, or None."""
        if not self._embedding_read and self._session.folder is not None:
            from cnnstudio.datasets.embedding import read_embedding
            from cnnstudio.workers.analysis import embedding_target

            self._embedding_read = True
            try:
                self._embedding = read_embedding(embedding_target(self._session.folder))
            except ProblemError:
                self._embedding = None
        return self._embedding

    # Judging again -------------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        if self._session.index is None or change.of("folder") or not change.of("dataset"):
            return
        from cnnstudio.catalog.findings import KINDS

        before, after = self._spec.audit, self._session.project.dataset.audit
        self._spec = self._session.project.dataset
        names = {name for name in after.__struct_fields__ if getattr(before, name) != getattr(after, name)}
        if "flips" in names:
            names.add("near_duplicate")
        kinds = {kind.id for kind in KINDS if kind.threshold in names}
        if kinds:
            self._changed_kinds |= kinds
            self._settle.start()

    def judge_again(self, kinds: Iterable[str]) -> None:
        """What these kinds find may have changed."""
        self._changed_kinds |= set(kinds)
        self._settle.start()

    def _judge(self) -> None:
        index, spec, kinds = self._session.index, self._session.project.dataset, frozenset(self._changed_kinds)
        if index is None or not kinds:
            return
        if self._session.jobs.of_kind("judge") is not None or self._session.jobs.of_kind(AUDIT) is not None:
            self._settle.start()
            return
        self._changed_kinds.clear()
        embedding = self.embedding

        pictures = self._session.pictures
        count = pictures.after_counting()

        def work(report: Report) -> Callable[[], None] | None:
            from cnnstudio.datasets.audit.run import judge

            # Counted here as well: with many pictures it is felt in the window's thread.
            return count() if judge(index, spec, kinds, embedding, report.is_cancelled) else None

        def done(job: Work) -> None:
            if job.result is not None:
                job.result()
            else:
                pictures.refresh()

        self._session.jobs.run(work, Text("Judging the pictures", "Juzgando las imágenes"), "judge", quiet=True, done=done)

    # Numbers -------------------------------------------------------------------------------------

    def take(self, numbers: PictureCounts) -> None:
        """How much was found was counted again; the shares of leaks follow from the background."""
        self.counts, self.waiting = numbers.found, numbers.waiting
        index = self._session.index
        twins = any(self.counts.get(kind) for kind in ("leakage", "exact_duplicate", "near_duplicate"))
        if twins and index is not None:
            self._count_leaks(index)
        elif self.leaks:
            self.leaks = {}
            self.leaks_counted.emit()

    def _count_leaks(self, index: Index) -> None:
        """Of many twins this takes a while, and every label may change it."""
        self._leaks_again = self._session.jobs.of_kind(LEAKS) is not None
        if self._leaks_again:
            return

        def work(_report: Report) -> dict[str, tuple[int, int]]:
            from cnnstudio.datasets.leakage import split_shares

            return split_shares(index)

        def done(job: Work) -> None:
            if self._session.index is not index:
                return
            if job.result is not None:
                self.leaks = job.result
                self.leaks_counted.emit()
            if self._leaks_again:
                self._count_leaks(index)

        self._session.jobs.run(work, Text("Counting leaks", "Contando fugas"), LEAKS, quiet=True, done=done)

    def of_picture(self, path: str) -> list[Finding]:
        """What was found about a picture."""
        from cnnstudio.datasets.findings import of_picture

        return of_picture(self._session.index, path) if self._session.index is not None else []

    def of_kind(self, kind: str) -> list[Finding]:
        """Everything of one kind that was not accepted."""
        from cnnstudio.datasets.findings import all_findings

        return all_findings(self._session.index, (kind,)) if self._session.index is not None else []

    # Mending -------------------------------------------------------------------------------------

    def remedy(self, remedy: str, findings: Sequence[Finding]) -> bool:
        """Carry out a remedy for findings (of one kind), as one step to undo; False where nothing was done."""
        pictures, index = self._session.pictures, self._session.index
        chosen = list(findings)
        if index is None or not chosen:
            return False
        ids = [each.picture for each in chosen if each.picture is not None]
        match remedy:
            case "exclude":
                return pictures.exclude(ids, True)
            case "relabel":
                return pictures.relabel_each({each.picture: str(each.data["suggested"]) for each in chosen
                                              if each.picture is not None and each.data.get("suggested")})
            case "move":
                return pictures.assign_splits({each.picture: str(each.data["split"]) for each in chosen
                                               if each.picture is not None and each.data.get("split")})
            case "keep_best":
                return pictures.exclude(ids, True)
            case "delete_copies":
                return pictures.delete(ids)
            case "keep_together":
                label = Text("Keep twins together", "Mantener juntas las gemelas")
                near = [each.path for each in chosen if each.kind == "near_duplicate"]
                kept = edits.set_field(self._session.project, "dataset.splits", "keep_together", True)
                return (pictures.accept("near_duplicate", near, label, kept) if near
                        else self._session.edit(lambda _project: kept, label))
            case "accept":
                kinds = {each.kind for each in chosen}
                return all(pictures.accept(kind, [each.path for each in chosen if each.kind == kind])
                           for kind in sorted(kinds))
        return False
