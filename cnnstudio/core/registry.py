"""Registry of the entries of one kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, Protocol, TypeVar


class Entry(Protocol):
    """Every entry has an id, which is written into files and never changes."""

    @property
    def id(self) -> str: ...


T_co = TypeVar("T_co", bound=Entry, covariant=True)


class Registry(Generic[T_co]):
    """Entries in the order in which they are shown; ids are unique.

    A file may name an id that no entry has (a newer version, a plug-in that is missing):
    `find` returns None, and the value from the file is saved back unchanged.
    """

    def __init__(self, kind: str, entries: Sequence[T_co]) -> None:
        self.kind = kind
        self._entries = {entry.id: entry for entry in entries}
        if len(self._entries) != len(entries):
            ids = [entry.id for entry in entries]
            twice = sorted({item for item in ids if ids.count(item) > 1})
            raise ValueError(f"Expected unique ids among the {kind} entries. Received twice: {twice}")

    def __iter__(self) -> Iterator[T_co]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._entries

    def __getitem__(self, identifier: str) -> T_co:
        return self._entries[identifier]

    def find(self, identifier: str) -> T_co | None:
        """The entry of that id, or None if this version does not have it."""
        return self._entries.get(identifier)

    def ids(self) -> tuple[str, ...]:
        return tuple(self._entries)
