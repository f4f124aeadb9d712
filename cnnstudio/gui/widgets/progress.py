"""How far a job is, in a progress bar."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar


def show_progress(bar: QProgressBar, done: float | None) -> None:
    """Show how much is done, from 0 to 1; None is unknown: the bar moves, so that the work is seen to go on."""
    bar.setRange(0, 0 if done is None else 1000)
    bar.setValue(round((done or 0) * 1000))
