"""The first code that runs in a child: its environment and log, before anything heavy is imported.

It imports the standard library alone.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import signal
import sys

from cnnstudio.workers.transport import Endpoint


def enter(endpoint: Endpoint, target: str, log: str, environment: dict[str, str]) -> None:
    """Prepare this process and call `target`, written "package.module:function", with the endpoint.

    The child becomes the leader of its own session, so that Ctrl+C in a terminal reaches the
    parent alone; its output, and the stacks of a crash, go to the file `log`.
    """
    os.environ.update(environment)
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


def redirect(log: str) -> None:
    """Redirect the file descriptors 1 and 2, which C libraries also write to, to the log."""
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError:
        descriptor = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(descriptor, number)
    # A program without a console (a frozen one on Windows) has no streams.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    faulthandler.enable(sys.stderr)
