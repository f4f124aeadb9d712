"""The model of a run, also of one that was killed or failed and has checkpoints only."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cnnstudio.core.problems import Problem
from cnnstudio.engine import model_card, models
from cnnstudio.engine.training.salvage import save_from_checkpoint
from cnnstudio.workers.runs.calibration import present_calibration
from cnnstudio.workers.runs.folder import RunFolder, run_of


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


def with_calibration(card: model_card.Card, path: Path) -> tuple[model_card.Card, tuple[Problem, ...]]:
    """The card of a model file with the calibration of its run, if it is that of a run, and a warning where that is out of
    date. Raises ProblemError (damaged_calibration)."""
    run = run_of(path.parent)
    if run is None or path != run.model_path:
        return card, ()
    calibration, problems = present_calibration(run)
    return (card if calibration is None else msgspec.structs.replace(card, calibration=calibration)), problems
