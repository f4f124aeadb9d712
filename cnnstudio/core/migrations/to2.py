"""Format 2: joined sources, hidden classes, k-fold, thresholds of the audit; all have defaults."""

from __future__ import annotations

from typing import Any


def migrate(raw: dict[str, Any]) -> dict[str, Any]:
    """Nothing to change: the number alone keeps an older program from dropping the new fields."""
    return raw
