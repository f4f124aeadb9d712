"""The maps of explanations that are known: their files lie in a temporary folder, bounded in number. No Qt."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from typing import Final

from cnnstudio.core.explain_jobs import Explained

_MOST: Final = 400


class MapStore:
    """Explanations by what was asked, the newest of them; the folder is deleted with the program."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._number = 0
        self._kept: OrderedDict[Hashable, Explained] = OrderedDict()

    def new_folder(self) -> str:
        """An empty folder for the files of a request. Raises OSError."""
        if self._folder is None or not self._folder.is_dir():
            self._folder = Path(tempfile.mkdtemp(prefix="cnnstudio-maps-"))
            weakref.finalize(self, shutil.rmtree, self._folder, True)
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        return str(folder)

    def find(self, key: Hashable, *, checked: bool = False) -> Explained | None:
        """What is known, its file included; `checked`: with the sanity checks."""
        found = self._kept.get(key)
        if found is None or (checked and found.checks is None) or not Path(found.map_file).is_file():
            return None
        self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, explained: Explained) -> None:
        """Keep an explanation; the oldest ones and their files go."""
        self._kept[key] = explained
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            _key, old = self._kept.popitem(last=False)
            with contextlib.suppress(OSError):
                Path(old.map_file).unlink()

    def clear(self) -> None:
        """Another model is served: nothing holds any more."""
        self._kept.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
