"""Changes of the session, as the names of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cnnstudio.core.history import Direction, Entry
from cnnstudio.core.text import Text

SPECS: Final = ("name", "dataset", "recipe", "augmentation", "network", "training", "export")
EVERYTHING: Final = frozenset((*SPECS, "pictures", "runs", "run", "folder", "saved", "settings", "problems"))


@dataclass(frozen=True)
class Step:
    """An undone or redone step: its label, and the names of the parts that it changed, as in `Change`."""

    direction: Direction
    label: Text
    what: frozenset[str]

    @classmethod
    def of(cls, entry: Entry, direction: Direction) -> Step:
        specs = {name for name in SPECS if getattr(entry.before, name) is not getattr(entry.after, name)}
        return cls(direction, entry.label, frozenset(specs | ({entry.part} if entry.effect is not None else set())))


@dataclass(frozen=True)
class Change:
    """Names of changed specs (compared by identity), or pictures, runs, run (the chosen one), folder, saved, settings,
    problems, libraries (the user added one or removed it), calibration (of a run), classes (their names in a run),
    scenarios."""

    what: frozenset[str]

    def of(self, *names: str) -> bool:
        """Whether one of these parts changed."""
        return not self.what.isdisjoint(names)

    def __or__(self, other: Change) -> Change:
        return Change(self.what | other.what)
