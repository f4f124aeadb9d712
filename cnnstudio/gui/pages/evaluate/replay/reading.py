"""What is kept of a run's epochs, read in a thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtGui import QColor

from cnnstudio.core.feature_jobs import Replay
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.gui.pages.evaluate.replay.scene import Scene, make_scene
from cnnstudio.workers.replays import find_replays, kept_epochs, replay_job
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.pictures import DATA, evaluated_manifest


@dataclass(frozen=True)
class ReplayRequest:
    """A run, the pictures of a split, the fixed pictures that the user chose, and the colours of the classes."""

    run: RunFolder
    split: str
    fixed: tuple[str, ...] = ()
    colors: tuple[QColor, ...] = ()

    def job(self) -> Replay:
        """The job that replays what is missing. Raises ProblemError."""
        return replay_job(self.run, self.split, tuple(map(Path, self.fixed)),
                          manifest=evaluated_manifest(self.run, DATA) if self.split == DATA else None)


@dataclass(frozen=True, eq=False)
class ReadReplays:
    """The scene of the epochs that were replayed, None without any; the epochs that were not; `kept` are all kept epochs,
    `model_bytes` the size of the newest of their models. `problem` is why nothing can be replayed."""

    scene: Scene | None = None
    missing: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    model_bytes: int = 0
    problem: Problem | None = field(default=None)


def read_replays(request: ReplayRequest) -> ReadReplays:
    """Read what is kept. It reads the kept models, which may take a moment."""
    epochs = kept_epochs(request.run)
    if not epochs:
        path = request.run.model_path
        return ReadReplays(model_bytes=path.stat().st_size if path.is_file() else 0)
    kept = tuple(item.epoch for item in epochs)
    try:
        found = find_replays(request.job())
    except ProblemError as problem_error:
        return ReadReplays(kept=kept, problem=problem_error.problems[0])
    size = epochs[-1].path.stat().st_size if epochs[-1].path.is_file() else 0
    scene = make_scene(found.replays, request.colors, request.split) if found.replays else None
    return ReadReplays(scene, found.missing, kept, size)
