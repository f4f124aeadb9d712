"""A legend whose names have the colour of text: a curve may be yellow, a name must be read."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from PySide6.QtGui import QColor


def sign_html(entries: Iterable[tuple[QColor, str]]) -> str:
    """Rich text of (colour, name) entries; a line breaks between them only."""
    return " &nbsp; ".join(f'<span style="color:{color.name()}">●</span>&nbsp;{escape(name).replace(" ", "&nbsp;")}'
                           for color, name in entries)
