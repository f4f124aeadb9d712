"""Drafts of edited code that is not applied yet, in the project's folder, so that closing never loses it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.problems import ProblemError

FILE: Final = "code_draft.py"
_LARGEST: Final = 4 << 20


def read_draft(folder: Path | None) -> str | None:
    """The draft of the project in that folder, or None."""
    if folder is None:
        return None
    try:
        with (folder / FILE).open("rb") as file:
            return file.read(_LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def keep_draft(folder: Path | None, text: str | None) -> None:
    """Save the draft; None removes it. Where the folder is not writable the draft lasts as long as the window."""
    if folder is None:
        return
    with contextlib.suppress(OSError, ProblemError):
        if text is None:
            (folder / FILE).unlink(missing_ok=True)
        else:
            write_atomically(folder / FILE, text.encode("utf-8", "surrogatepass"))
