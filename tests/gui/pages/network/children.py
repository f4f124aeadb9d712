"""A scripted child that joins code and weights, without PyTorch, and without Qt so that it starts quickly."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.conversion_jobs import WeightsCarried
from cnnstudio.core.events import Finished
from cnnstudio.workers.link import Link
from tests.interchange.keras_files import write_model


def joins(endpoint):
    """A child that joins code and weights."""
    link = Link(endpoint)
    job = link.job()
    write_model(Path(job.target))
    link.emit(WeightsCarried(layers=6, carried=5, parameters=10, missing=("last",), missing_count=1))
    link.emit(Finished())
