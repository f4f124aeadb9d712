"""The program's own log: a rotating file in the user's log folder.

Modules write to `logging.getLogger(__name__)`. Of the user's pictures only paths are written. A child process
writes to the log of its run instead (`worker.log`).
"""

from __future__ import annotations

import logging
import os
import platform
import sys
from pathlib import Path
from typing import Final

from cnnstudio import __version__
from cnnstudio.core.places import log_folder

LOG_FILE: Final = "cnnstudio.log"
_BYTES: Final = 1_000_000
_KEPT: Final = 4
"""Older files that are kept."""
_FORMAT: Final = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def log_path() -> Path:
    """The file that the program writes to."""
    return log_folder() / LOG_FILE


def start_logging(program: str) -> None:
    """Write INFO and above of this process to `log_path`, once; without a writable folder nothing is logged.

    `program` names it in the first line, "window" or "command".
    """
    # Not before the first paint of the window.
    from logging.handlers import RotatingFileHandler

    root = logging.getLogger("cnnstudio")
    if any(isinstance(handler, RotatingFileHandler) for handler in root.handlers):
        return
    try:
        log_folder().mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(log_path(), maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8",
                                      errors="backslashreplace", delay=True)
    except OSError:
        # Without any handler Python would print warnings and errors to standard error.
        root.addHandler(logging.NullHandler())
        return
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False
    logging.raiseExceptions = False
    root.info("%s starts: CNN Studio %s, Python %s, %s, %s", program, __version__, platform.python_version(), sys.platform,
              _working_folder())


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "no working folder"
