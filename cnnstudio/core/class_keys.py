"""The keys that give a picture a class: digits, or one letter that the user chose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

_LONGEST: Final = 3
"""The most digits of a key."""


def is_key(text: str) -> bool:
    """Whether a text can be the key of a class: one to three digits, or one letter."""
    return (text.isdecimal() and text.isascii() and len(text) <= _LONGEST) or (len(text) == 1 and text.isalpha())


def class_keys(names: Sequence[str], chosen: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """The key of every class that has one.

    `chosen` are (class, key) of the user. Classes that are all called by numbers have their own as key, so that 7 is for
    the class 7; others are counted from 1. A key that was chosen for another class is taken from the one that had it.
    """
    own = {name: key.casefold() for name, key in chosen if name in names and is_key(key)}
    by_name = all(is_key(name) and name.isdecimal() for name in names)
    keys = {}
    taken = set(own.values())
    for number, name in enumerate(names, start=1):
        key = own.get(name) or (name if by_name else str(number))
        if name in own or key not in taken:
            keys[name] = key
    return {name: key for name, key in keys.items() if is_key(key)}


def with_key(chosen: Iterable[tuple[str, str]], name: str, key: str) -> tuple[tuple[str, str], ...]:
    """The chosen keys after `key` was chosen for a class; an empty key is the one by its number again."""
    others = tuple((other, present) for other, present in chosen if other != name and present != key)
    return (*others, (name, key)) if key else others
