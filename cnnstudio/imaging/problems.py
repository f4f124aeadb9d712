"""A PictureError as a Problem with the file's name."""

from __future__ import annotations

import os

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text
from cnnstudio.imaging.errors import PictureError


def picture_problem(trouble: PictureError, path: str | os.PathLike[str]) -> Problem:
    """A blocking problem of the file at `path`: code "picture_" + the error's, both languages."""
    name = os.path.basename(os.fspath(path)) or os.fspath(path)
    text = Text(f"{name}: {trouble.text('en')}", f"{name}: {trouble.text('es')}")
    return error(f"picture_{trouble.code}", text, "file", path=os.fspath(path))
