"""The pictures below a folder by their names, for lists that do not say where a picture is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cnnstudio.datasets.layout import is_picture
from cnnstudio.imaging.picture_files import is_system

_MOST_FILES: Final = 1_000_000


class NameIndex:
    """Finds a picture by its name, with or without its ending, in any folder below `root`."""

    def __init__(self, root: Path) -> None:
        self._by_name: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        self._read(root)

    def _read(self, root: Path) -> None:
        waiting, number = [(os.fspath(root), "")], 0
        while waiting and number < _MOST_FILES:
            folder, before = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        name = entry.name
                        if name.startswith(".") or is_system(name):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((entry.path, before + name + "/"))
                            continue
                        number += 1
                        stem, suffix = os.path.splitext(name)
                        if suffix and not is_picture(name):
                            stem = name
                        self._by_name.setdefault(name.casefold(), []).append(before + name)
                        self._by_stem.setdefault(stem.casefold(), []).append(before + name)
            except OSError:
                continue

    def find(self, name: str) -> list[str]:
        """The paths of the pictures that a list may mean by this name: one, none, or those between which it does not
        decide. Of several the one counts that shares most of the folders."""
        last = name.rsplit("/", 1)[-1].casefold()
        matches = self._by_name.get(last) or ([] if is_picture(last) else self._by_stem.get(last, []))
        if len(matches) < 2:
            return matches
        wanted = name.casefold().split("/")[:-1]
        shared = [_shared(wanted, match.casefold().split("/")[:-1]) for match in matches]
        best = [match for match, number in zip(matches, shared, strict=True) if number == max(shared)]
        exact = [match for match in best if match.rsplit("/", 1)[-1].startswith(name.rsplit("/", 1)[-1])]
        return sorted(exact or best)


def _shared(first: list[str], second: list[str]) -> int:
    """How many folders agree, counted from the file upwards."""
    number = 0
    for one, two in zip(reversed(first), reversed(second), strict=False):
        if one != two:
            break
        number += 1
    return number
