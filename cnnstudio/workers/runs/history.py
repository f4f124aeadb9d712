"""The epochs of a run as a table: its history."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.csv_text import csv_bytes
from cnnstudio.workers.runs.folder import RunFolder


def history_csv(run: RunFolder) -> bytes:
    """A row for every epoch: number, stage, seconds, whether it was the best so far, and Keras's logs."""
    epochs = run.epochs()
    names = list(dict.fromkeys(name for epoch in epochs for name in epoch.metrics))
    return csv_bytes([("epoch", "stage", "seconds", "best", *names), *(
        (epoch.epoch, epoch.stage + 1, round(epoch.seconds, 3), int(epoch.best),
         *(epoch.metrics.get(name, "") for name in names)) for epoch in epochs)])


def write_history(run: RunFolder, path: Path) -> None:
    """Write the history as CSV. Raises ProblemError."""
    write_atomically(path, history_csv(run))
