"""A PictureError as a Problem with the file's name."""

from __future__ import annotations

import os

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text
from cnnstudio.imaging.errors import PictureError


def picture_problem(picture_error: PictureError, path: str | os.PathLike[str]) -> Problem:
    """A blocking problem of the file at `path`: code "picture_" + the error's, both languages."""
    name = os.path.basename(os.fspath(path)) or os.fspath(path)
    text = Text(f"{name}: {picture_error.text('en')}", f"{name}: {picture_error.text('es')}")
    return error(f"picture_{picture_error.code}", text, "file", path=os.fspath(path))
