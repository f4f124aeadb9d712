"""The model of a run, also of one that was killed or failed and has checkpoints only."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.engine import models
from cnnstudio.engine.training.salvage import save_from_checkpoint
from cnnstudio.workers.runs.folder import RunFolder


def load(place: Path) -> models.Loaded:
    """`models.load` of a run folder, a bundle folder or a lone file; see `file_of`. Raises ProblemError."""
    return models.load(file_of(place))


def file_of(place: Path) -> Path:
    """The model's file; a run without one gets that of its last checkpoint first, unless it is being trained. Raises
    ProblemError."""
    run = RunFolder(place)
    if not run.has_model_file and run.has_model and not run.living():
        save_from_checkpoint(run)
    return models.model_file(place)
