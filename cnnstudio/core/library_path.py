"""Where a child process finds the libraries that the user added. It imports the standard library alone, since a child runs
it first."""

from __future__ import annotations

import os
import sys
from typing import Final

VARIABLE: Final = "CNNSTUDIO_LIBRARY_PATH"
"""The folders of added libraries that a child needs, as in PATH."""


def use_added_libraries() -> None:
    """Let this process find the libraries of `VARIABLE` before those of the program, which they were chosen to fit: some
    come in another form (TensorFlow for a GPU), and a frozen program has only parts of others."""
    folders = [folder for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder]
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
