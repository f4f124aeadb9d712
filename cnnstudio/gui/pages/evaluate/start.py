"""Starting an evaluation or an audit: a thread prepares the job, then a child process does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import ChildJob, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.workers.evaluation_maps import evaluation_map_job
from cnnstudio.workers.job_setup import evaluation_job
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.trial_setup import curve_job, shortcuts_job

KIND = "evaluate"
SHORTCUTS_KIND = "shortcuts"
CURVE_KIND = "learning-curve"
MAP_KIND = "evaluation-map"
REPLAY_KIND = "replay"


def start_evaluation(session: Session, run: RunFolder, split: str, data: Path | None = None,
                     on_event: Callable[[Event], None] | None = None) -> Work:
    """Evaluate a run on a split, or on the class folders in `data`; jobs of kind `KIND` run one after the other.

    `on_event` receives every event of the child through a Qt signal.
    """
    return _start(session, lambda: evaluation_job(run, "" if data is not None else split, data),
                  Text("Evaluation", "Evaluación"), KIND, on_event)


def start_shortcuts(session: Session, run: RunFolder, split: str, on_event: Callable[[Event], None]) -> Work:
    """Look for shortcuts in the pictures of a run, on `split` ("": the first of test and validation that has pictures)."""
    return _start(session, lambda: shortcuts_job(run, split), Text("Looking for shortcuts", "Buscando atajos"), SHORTCUTS_KIND,
                  on_event)


def start_curve(session: Session, run: RunFolder, split: str, repeats: int, on_event: Callable[[Event], None]) -> Work:
    """Repeat the training of a run on shares of its pictures; `split` as in `start_shortcuts`."""
    return _start(session, lambda: curve_job(run, split, repeats), Text("Learning curve", "Curva de aprendizaje"), CURVE_KIND,
                  on_event)


def start_map(session: Session, run: RunFolder, split: str, manifest: Path | None, layout: str,
              on_event: Callable[[Event], None] | None = None) -> Work:
    """Lay out the pictures of a split by the features of the run's model."""
    return _start(session, lambda: evaluation_map_job(run, split, manifest, layout),
                  Text("Map of the evaluation", "Mapa de la evaluación"), MAP_KIND, on_event)


def start_replay(session: Session, prepare: Callable[[], JobSpec], on_event: Callable[[Event], None]) -> Work:
    """Let the models of the kept epochs of a run answer the pictures."""
    return _start(session, prepare, Text("Replaying the epochs", "Repasando las épocas"), REPLAY_KIND, on_event)


def _start(session: Session, prepare: Callable[[], JobSpec], label: Text, kind: str,
           on_event: Callable[[Event], None] | None) -> Work:
    def on_done(work: Work) -> None:
        # Without a result the work failed or was cancelled: its last event is reported.
        if work.result is not None:
            child = ChildJob(work.result, label, kind, page="evaluate")
            if on_event is not None:
                child.event.connect(on_event)
            session.jobs.start(child)

    return session.jobs.run(lambda _report: prepare(), label, kind, page="evaluate", done=on_done)
