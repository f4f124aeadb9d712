"""Format 5: the loss has parameters."""

from __future__ import annotations

from typing import Any


def migrate(raw: dict[str, Any]) -> dict[str, Any]:
    """The name of the loss becomes its type."""
    training = raw.get("training")
    if not isinstance(training, dict) or not isinstance(training.get("loss"), str):
        return raw
    return raw | {"training": training | {"loss": {"type": training["loss"]}}}
