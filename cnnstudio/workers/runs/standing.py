"""How far a run came, in words."""

from __future__ import annotations

from cnnstudio.core.text import Text
from cnnstudio.workers.runs.folder import STATE_NAMES, RunSummary


def standing_text(run: RunSummary) -> Text:
    """The state and progress of a run: "stopped, epoch 3 of 20"."""
    text = Text("{state}, epoch {epochs} of {planned}", "{state}, época {epochs} de {planned}")
    return text.fill(state=STATE_NAMES[run.state], epochs=run.epochs, planned=run.planned)
