"""The result of inspecting a picture file."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.text import Text

OF_THE_DISK: Final = ("vanished", "no_permission", "unreadable", "out_of_memory")
"""Codes of problems of the disk, not of the file's content."""
Inspected = tuple[int, int | None, int | None, str | None, str | None, Text | None, tuple[str, float, float, int] | None]
"""Id, width, height, content hash, the code and text of its problem, and its `StoredSamples` where they have more than 8
bits: for `Index.set_inspected`."""
