"""The audit of the open project in the background: measuring the pictures, and comparing their features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from cnnstudio.core.events import Finished
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import ChildJob, Job, Report, Work
from cnnstudio.gui.state.judge import report_moved

if TYPE_CHECKING:
    from cnnstudio.core.jobs import Embed
    from cnnstudio.datasets.audit.run import AuditSummary
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.counts import Counts
    from cnnstudio.gui.state.judge import Judge
    from cnnstudio.gui.state.session import Session

AUDIT: Final = "audit"
EMBED: Final = "embed"


class Audit(QObject):
    """Starts and cancels the audit; its results are in the index, and in `Counts`."""

    def __init__(self, session: Session, collection: Collection, counts: Counts, judge: Judge) -> None:
        super().__init__(session)
        self._session, self._collection, self._counts, self._judge = session, collection, counts, judge

    @property
    def running(self) -> Job | None:
        """The running audit or embedding, or None."""
        return self._session.jobs.of_kind(AUDIT) or self._session.jobs.of_kind(EMBED)

    def start(self, labels: bool = True) -> None:
        """Measure every picture that is not measured yet, and judge all; then, with `labels`, find outliers and
        doubtful labels by the bundled base, in a child process."""
        index, root, project = self._collection.index, self._collection.root, self._session.project
        if index is None or root is None or self.running is not None:
            return

        def work(report: Report) -> AuditSummary:
            from cnnstudio.datasets.audit.run import audit
            from cnnstudio.imaging.prepare import sample_range_of

            # Processes measure: a thread would block the window.
            return audit(index, root, project.dataset, on_progress=report.progress, cancelled=report.is_cancelled,
                         here=False, sample_range=sample_range_of(project.recipe.as_dictionary()))

        def done(job: Work) -> None:
            self._counts.refresh()
            if (problem := getattr(job.last, "problem", None)) is not None:
                self._session.report(problem)
            elif job.result is not None:
                report_moved(self._session, job.result.moved)
            if labels and isinstance(job.last, Finished):
                self.embed()

        self._session.jobs.run(work, Text("Auditing the pictures", "Auditando las imágenes"), AUDIT, page="data",
                               done=done)

    def embed(self, model: str = "", layout: str = "tsne") -> None:
        """Compute features and map in a child process, with the bundled base also outliers and doubtful labels;
        existing features are not computed again. `model`: a base's id, or a run's; empty: the bundled base."""
        session, index, root, folder = (self._session, self._collection.index, self._collection.root,
                                        self._session.folder)
        if index is None or root is None or folder is None or session.jobs.of_kind(EMBED) is not None:
            return
        project = session.project
        label = Text("Comparing the pictures", "Comparando las imágenes")

        def work(_report: Report) -> Embed:
            from cnnstudio.datasets.embedding import BUNDLED
            from cnnstudio.workers.embedding_jobs import embedding_job

            # A thread writes the list of the pictures: for many it takes a moment.
            return embedding_job(folder, project, index, root, model or BUNDLED, layout)

        def list_pictures(job: Work) -> None:
            if job.result is None or not isinstance(job.last, Finished):
                self._on_embedded(job.last)
                return
            child = ChildJob(job.result, label, EMBED, page="data")
            child.ended.connect(self._on_embedded)
            session.jobs.start(child)

        session.jobs.run(work, label, EMBED, page="data", done=list_pictures)

    def _on_embedded(self, last: object) -> None:
        if isinstance(last, Finished):
            # It was requested: judged even where it equals the last one, which may never have been judged (the
            # command line computed it) or before labels and thresholds were changed.
            self._judge.judge_by_embedding()
        elif (problem := getattr(last, "problem", None)) is not None:
            self._session.report(problem)

    def cancel(self) -> None:
        """Cancel the audit; its measurements stay, and the next one continues from there."""
        job = self.running
        if job is not None:
            job.cancel()
