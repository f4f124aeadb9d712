"""Scripted children that look for shortcuts, without Keras, and without Qt so that it starts quickly."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.catalog.shortcuts import SHORTCUTS
from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.core.trial_jobs import FindShortcuts, ShortcutProbed
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.shortcuts import keep_shortcuts
from cnnstudio.workers.transport import Endpoint


def results(run: str, suspicious: str = "") -> tuple[ShortcutProbed, ...]:
    return tuple(ShortcutProbed(run=run, probe=probe.id, split="test", pictures=60, accuracy=0.6, interval=(0.5, 0.7),
                                chance=0.5, model=0.9, reference=0.92, suspicious=probe.id == suspicious,
                                model_accuracy=0.55 if probe.view is not None else None) for probe in SHORTCUTS)


def child(endpoint: Endpoint) -> None:
    """An audit that finds the border suspicious."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, FindShortcuts)
    run = RunFolder(Path(job.run_folder))
    found = results(run.id, "border")
    for event in found:
        link.emit(event)
    keep_shortcuts(run, found)
    link.emit(Finished(run=run.id))


def failing_child(endpoint: Endpoint) -> None:
    link = Link(endpoint)
    link.job()
    link.emit(Failed(problem=error("one_class", same("At least two classes are needed."), "dataset")))
