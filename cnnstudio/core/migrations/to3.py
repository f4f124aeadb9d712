"""Format 3: groups and notes of the network, more of what a recipe can hold; all have defaults."""

from __future__ import annotations

from typing import Any


def migrate(raw: dict[str, Any]) -> dict[str, Any]:
    """Nothing to change: the number alone keeps an older program from dropping the new fields."""
    return raw
