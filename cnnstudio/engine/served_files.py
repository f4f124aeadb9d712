"""The content of the files that the prediction server is asked for: anything may be dropped on it."""

from __future__ import annotations

import os
import threading
from typing import Final

from cnnstudio.imaging.decode import MAXIMUM_BYTES
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import HEAD_BYTES, begins_as_picture, open_regular

_LARGE: Final = 256 << 20
_large_files = threading.Lock()
"""Several files of gigabytes at once would not fit into memory."""


def read_content(path: str) -> bytes:
    """The content of a regular file; a large one is read only if it begins as a picture. Raises PictureError and OSError."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size <= _LARGE:
            return file.read()
        if not begins_as_picture(file.read(HEAD_BYTES)):
            raise PictureError("not_a_picture")
        if size > MAXIMUM_BYTES:
            raise PictureError("unreadable", reason=f"{size} bytes")
        file.seek(0)
        with _large_files:
            return file.read()
