"""Starting an evaluation: a thread prepares the list of pictures, then a child process evaluates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cnnstudio.core.events import Event
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import ChildJob, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.workers.job_setup import evaluation_job
from cnnstudio.workers.runs.folder import RunFolder

KIND = "evaluate"
_LABEL = Text("Evaluation", "Evaluación")


def start_evaluation(session: Session, run: RunFolder, split: str, data: Path | None = None,
                     on_event: Callable[[Event], None] | None = None) -> Work:
    """Evaluate a run on a split, or on the class folders in `data`; jobs of kind `KIND` run one after the other.

    `on_event` receives every event of the child through a Qt signal.
    """

    def on_done(work: Work) -> None:
        # Without a result the work failed or was cancelled: its last event is reported.
        if work.result is not None:
            child = ChildJob(work.result, _LABEL, KIND, page="evaluate")
            if on_event is not None:
                child.event.connect(on_event)
            session.jobs.start(child)

    return session.jobs.run(lambda _report: evaluation_job(run, "" if data is not None else split, data), _LABEL, KIND,
                            page="evaluate", done=on_done)
