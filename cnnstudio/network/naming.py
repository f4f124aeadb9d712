"""Names of layers: from other files, and in printed code."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

from cnnstudio.core.graph import unique_id


def layer_id(name: str) -> str:
    """A foreign name with letters, digits, _ and - only, as layers are called here."""
    word = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in name)
    return word or "layer"


def variable(identifier: str) -> str:
    """A layer's id as a Python name."""
    word = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in identifier)
    if not word or word[0].isdigit():
        return f"layer_{word}"
    return f"{word}_layer" if keyword.iskeyword(word) else word


def variables(identifiers: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """For each id a Python name of its own; none of `taken` is given."""
    used = set(taken)
    reserved = set(used)
    result: dict[str, str] = {}
    for identifier in identifiers:
        word = variable(identifier)
        name = unique_id(f"{word}_layer" if word in reserved else word, used)
        result[identifier] = name
        used.add(name)
    return result
