"""What files without a picture's ending hold: looked at once each, as long as the program runs."""

from __future__ import annotations

import os
from typing import Final

from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import holds_picture, suffix_of

_PROBED_PER_ENDING: Final = 1000
_MOST_REMEMBERED: Final = 200_000
_known: dict[tuple[int, int, int, int], bool] = {}
"""By device, file number, size and time of change."""


class ContentProbe:
    """Says whether a regular file holds a picture. One for each scan.

    A thousand files with the same ending are opened; if none of them is a picture, the others are not opened: notes beside
    a million pictures must not double the time of a scan. Files without an ending are all opened.
    """

    def __init__(self) -> None:
        self._misses: dict[str, int] = {}

    def __call__(self, path: str) -> bool:
        """Raises OSError."""
        suffix = suffix_of(path)
        if suffix and self._misses.get(suffix, 0) >= _PROBED_PER_ENDING:
            return False
        facts = os.stat(path)
        key = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
        result = _known.get(key)
        if result is None:
            try:
                result = facts.st_size > 0 and holds_picture(path)
            except PictureError:
                result = False
            if len(_known) < _MOST_REMEMBERED and facts.st_ino:
                _known[key] = result
        if result:
            self._misses[suffix] = -_MOST_REMEMBERED
        else:
            self._misses[suffix] = self._misses.get(suffix, 0) + 1
        return result
