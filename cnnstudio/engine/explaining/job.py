"""The ExplainPictures job."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.explain_jobs import ExplainPictures
from cnnstudio.core.problems import warning
from cnnstudio.engine import run_models
from cnnstudio.engine.explaining.explain import Explainer, explain_all
from cnnstudio.engine.progress import phase
from cnnstudio.workers.link import Link


def explain_pictures(job: ExplainPictures, link: Link) -> Event:
    """Do the job; raises ProblemError and StopRequested."""
    phase(link, "loading")
    loaded = run_models.load(Path(job.model))
    for note in loaded.notes:
        link.emit(Notice(problem=warning("assumed", note, "file", path=loaded.path)))
    count = explain_all(Explainer(loaded), job.request, link)
    return Finished(metrics={"pictures": float(count)})
