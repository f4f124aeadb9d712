"""Which files are videos by their names; imports nothing that is slow."""

from __future__ import annotations

import os
from typing import Final

VIDEO_SUFFIXES: Final = frozenset((".mp4", ".m4v", ".avi", ".mov", ".webm", ".mkv", ".mpg", ".mpeg", ".wmv", ".ogv", ".3gp",
                                   ".ts", ".mts", ".flv"))
ANIMATION_SUFFIXES: Final = frozenset((".gif", ".webp", ".apng"))
"""Pictures that may be animations, which are read as videos where the user asks for that."""


def is_video(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a video by its ending."""
    return os.path.splitext(path)[1].lower() in VIDEO_SUFFIXES
