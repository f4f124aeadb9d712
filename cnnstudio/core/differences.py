"""Differences of settings, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnnstudio.core.text import Text


def changed_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Text, ...]:
    """What differs between two specs in their plain form, such as "training.optimizer.learning_rate: 0.1 → 0.001"."""
    return tuple(Text(f"{name}: {old} → {new}", f"{name}: {old} → {new}") for name, old, new in _differences("", before, after))


def _differences(name: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _differences(f"{name}.{key}" if name else str(key), before.get(key), after.get(key))
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            step = old.get("id", number) if isinstance(old, Mapping) else number
            yield from _differences(f"{name}.{step}", old, new)
    else:
        yield name, before, after
