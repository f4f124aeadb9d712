"""What is known of a picture file once somebody looked inside."""

from __future__ import annotations

from cnnstudio.core.text import Text

Inspected = tuple[int, int | None, int | None, str | None, str | None, Text | None]
"""Id, width, height, content hash, and the code and words of the trouble with it: for `Index.set_inspected`."""
