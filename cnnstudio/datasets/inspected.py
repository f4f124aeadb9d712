"""What is known of a picture file once somebody looked inside."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.text import Text

OF_THE_DISK: Final = ("vanished", "no_permission", "unreadable", "out_of_memory")
"""Codes of trouble that says nothing about the content of a file."""
Inspected = tuple[int, int | None, int | None, str | None, str | None, Text | None]
"""Id, width, height, content hash, and the code and words of the trouble with it: for `Index.set_inspected`."""
