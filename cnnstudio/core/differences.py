"""Differences of settings, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnnstudio.core.text import Text


def changed_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Text, ...]:
    """What differs between two specs in their plain form, such as "training.optimizer.learning_rate: 0.1 → 0.001"."""
    return tuple(Text(f"{name}: {old} → {new}", f"{name}: {old} → {new}") for name, old, new in _differences("", before, after))


def setting_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    """(key, value before, value after) of all that differs between two specs in their plain form, as JSON types.

    Items of lists are told apart by their id, so that one more does not make all others differ.
    """
    return tuple(_differences("", *_alike(_by_id(before), _by_id(after))))


def flat_settings(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A spec in its plain form as values by their keys ("training.stages.stage_1.epochs"); items of lists by their id."""
    return dict(_flat("", _by_id(plain)))


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), part)
    else:
        yield name, value


def _by_id(value: Any) -> Any:
    """Lists of items with an id become dictionaries by it."""
    if isinstance(value, Mapping):
        return {key: _by_id(part) for key, part in value.items()}
    if isinstance(value, list | tuple) and value and all(isinstance(item, Mapping) and "id" in item for item in value):
        return {str(item["id"]): _by_id({key: part for key, part in item.items() if key != "id"}) for item in value}
    return value


def _alike(before: Any, after: Any) -> tuple[Any, Any]:
    """Both with empty lists as dictionaries where the other one has items with ids."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        pairs = {key: _alike(before.get(key), after.get(key)) for key in dict.fromkeys((*before, *after))}
        return ({key: pairs[key][0] for key in pairs if key in before}, {key: pairs[key][1] for key in pairs if key in after})
    if isinstance(before, Mapping) and isinstance(after, list | tuple) and not after:
        return before, {}
    if isinstance(after, Mapping) and isinstance(before, list | tuple) and not before:
        return {}, after
    return before, after


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
