"""Names of layers: from other files, and in printed code."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

from cnnstudio.core.graph import unique_id


def layer_id(name: str) -> str:
    """A name from another file as a layer id: letters, digits, _ and - only."""
    cleaned = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in name)
    return cleaned or "layer"


def variable_name(identifier: str) -> str:
    """A layer's id as a Python name."""
    name = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in identifier)
    if not name or name[0].isdigit():
        return f"layer_{name}"
    return f"{name}_layer" if keyword.iskeyword(name) else name


def variable_names(identifiers: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A unique Python name for every id; names in `taken` are not used."""
    used = set(taken)
    reserved = set(used)
    result: dict[str, str] = {}
    for identifier in identifiers:
        stem = variable_name(identifier)
        name = unique_id(f"{stem}_layer" if stem in reserved else stem, used)
        result[identifier] = name
        used.add(name)
    return result
