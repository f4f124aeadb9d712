"""Format 4: the training has stages, each with epochs, optimizer and callbacks of its own."""

from __future__ import annotations

from typing import Any

_MOVED = ("epochs", "optimizer", "callbacks")


def migrate(raw: dict[str, Any]) -> dict[str, Any]:
    """What stood in the training itself becomes its one stage; what was left out keeps its default."""
    training = raw.get("training")
    if not isinstance(training, dict):
        return raw
    stage = {"id": "stage_1"} | {name: training[name] for name in _MOVED if name in training}
    others = {name: value for name, value in training.items() if name not in _MOVED}
    return raw | {"training": {"stages": [stage]} | others}
