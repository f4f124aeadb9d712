"""A configured entry of a registry: its type and its parameters."""

from __future__ import annotations

from typing import Any

import msgspec

from cnnstudio.core.params import Value


def as_immutable(value: Value) -> Value:
    """Lists (from JSON) as tuples; other values unchanged."""
    return tuple(as_immutable(item) for item in value) if isinstance(value, list) else value


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A choice from a registry, such as an optimizer: its type and its parameters.

    Parameters that are not named have the defaults of the registry's entry.
    """

    type: str
    params: dict[str, Any] = {}

    def __post_init__(self) -> None:
        frozen = {name: as_immutable(value) for name, value in self.params.items()}
        msgspec.structs.force_setattr(self, "params", frozen)


class Step(Item, frozen=True, kw_only=True):
    """An item in an ordered list; `id` stays the same when the list is reordered."""

    id: str
    enabled: bool = True
