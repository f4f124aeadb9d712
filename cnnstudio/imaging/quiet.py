"""Keep codecs from writing to standard error.

libjpeg and libpng print a line of their own about damaged files, straight to the process's standard error,
and OpenCV offers no way to stop them. A program that decodes many pictures calls `silence_codecs` once, at
its start. This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import os
import sys

_silent = False


def silence_codecs() -> None:
    """Discard what native code prints to standard error; `sys.stderr` keeps its target.

    Nothing changes where there is no standard error (a program with a window on Windows), or where a file
    or a test has taken the place of `sys.stderr`.
    """
    global _silent
    stream = sys.stderr
    if _silent or stream is not sys.__stderr__ or stream is None:
        return
    try:
        stream.flush()
        saved_stderr = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
    except OSError:
        return
    os.set_inheritable(saved_stderr, False)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = open(saved_stderr, "w", encoding=stream.encoding, errors="backslashreplace", buffering=1)  # noqa: SIM115
    _silent = True
