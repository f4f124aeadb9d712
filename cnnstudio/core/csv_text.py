"""CSV that the program writes: safe to open in a spreadsheet, and read back as it was.

A spreadsheet computes a cell that begins with =, +, -, @, a tab or a carriage return, whoever wrote it: names of files and
classes come from anywhere. Such a text gets an apostrophe before it, which spreadsheets take as "this is text"
(https://owasp.org/www-community/attacks/CSV_Injection); `without_guard` takes it away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_GUARD: Final = "'"


def with_guard(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would compute it."""
    return _GUARD + text if text.lstrip(_GUARD).startswith(_FORMULA) else text


def without_guard(text: str) -> str:
    """The text that `with_guard` was given."""
    return text[1:] if text.startswith(_GUARD) and text.lstrip(_GUARD).startswith(_FORMULA) else text


def csv_bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as RFC 4180 has them, in UTF-8; texts are guarded, numbers stay numbers.

    What is no Unicode (a file name may be any bytes) is escaped.
    """
    written = io.StringIO(newline="")
    csv.writer(written).writerows(
        [with_guard(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return written.getvalue().encode("utf-8", "backslashreplace")
