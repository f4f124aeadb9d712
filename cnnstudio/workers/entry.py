"""The first code that runs in a child: its environment and log, before anything heavy is imported.

It imports the standard library alone.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import io
import os
import signal
import sys

from cnnstudio.core.library_path import use_added_libraries
from cnnstudio.core.own_folders import NO_FOLLOW
from cnnstudio.workers.transport import Endpoint


def enter(endpoint: Endpoint, target: str, log: str, environment: dict[str, str]) -> None:
    """Prepare this process and call `target`, written "package.module:function", with the endpoint.

    The child becomes the leader of its own session, so that Ctrl+C in a terminal reaches the
    parent alone; its output, and the stacks of a crash, go to the file `log`.
    """
    os.environ.update(environment)
    use_added_libraries()
    if hasattr(os, "setsid"):
        try:
            os.setsid()
        except OSError:
            pass
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    redirect(log)
    module, _, function = target.partition(":")
    getattr(importlib.import_module(module), function)(endpoint)
    # All events are sent and on the disk; TensorFlow's cleanup would take another second.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class _LogStream(io.TextIOWrapper):
    """A stream to the log. Where the disk is full, lines are lost and the job goes on."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(os.fdopen(descriptor, "wb", closefd=False), encoding="utf-8", errors="backslashreplace",
                         line_buffering=True)

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            super().flush()


def redirect(log: str) -> None:
    """Redirect the file descriptors 1 and 2, which C libraries also write to, to the log."""
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o644)
    except OSError:
        descriptor = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(descriptor, number)
    # A program without a console (a frozen one on Windows) has no streams.
    sys.stdout, sys.stderr = _LogStream(1), _LogStream(2)
    faulthandler.enable(sys.stderr)
