"""Changes of the session, as the names of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SPECS: Final = ("name", "dataset", "recipe", "augmentation", "network", "training", "export")
EVERYTHING: Final = frozenset((*SPECS, "pictures", "runs", "folder", "saved", "settings", "problems"))


@dataclass(frozen=True)
class Change:
    """Names of changed specs (compared by identity), or pictures, runs, folder, saved, settings, problems."""

    what: frozenset[str]

    def of(self, *names: str) -> bool:
        """Whether one of these parts changed."""
        return not self.what.isdisjoint(names)

    def __or__(self, other: Change) -> Change:
        return Change(self.what | other.what)
