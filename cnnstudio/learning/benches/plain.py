"""Settings of benches as plain values (JSON) and back: remembered by the program, given by lessons, written by hand."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

Settings = TypeVar("Settings", bound=msgspec.Struct)


def to_plain(settings: msgspec.Struct) -> dict[str, Any]:
    """The fields by name, as JSON has them."""
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))
    return values


def from_plain(kind: type[Settings], values: dict[str, Any]) -> Settings:
    """Settings of a kind; unknown names and values of another type are left out."""
    known = {}
    for field in msgspec.structs.fields(kind):
        if field.name in values:
            try:
                known[field.name] = msgspec.convert(values[field.name], field.type)
            except msgspec.ValidationError:
                continue
    return kind(**known)
