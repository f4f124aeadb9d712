"""A spare child that has imported Keras before a job needs it, so that the job starts in a moment.

`Spare.start` is a transport: a job whose child would have the same entry and environment takes the spare one, every other
job starts a child of its own. The spare child ends with the pipe, as every child does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
from pathlib import Path
from typing import Final

from cnnstudio.core.installation import is_replaced
from cnnstudio.workers import pipes
from cnnstudio.workers.transport import Child, Setup, Transport

_LOG: Final = logging.getLogger(__name__)
ENGINE: Final = "cnnstudio.engine.child:main"
WAITING: Final = "cnnstudio.engine.waiting:main"
"""The entry of the spare child: it imports, waits for the log of its job, and becomes `ENGINE`."""
ROOM: Final = 3 * 1024 ** 3
"""Free memory that a spare child needs, in bytes; it takes about a quarter of it while it waits."""


class Spare:
    """At most one child that waits for a job. Every method may be called from any thread."""

    def __init__(self, transport: Transport = pipes.start, waiting: str = WAITING, target: str = ENGINE) -> None:
        self._transport = transport
        self._waiting, self._target = waiting, target
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._environment: dict[str, str] = {}
        self._log: Path | None = None
        self._old_logs: list[Path] = []
        self._over = False

    @property
    def pid(self) -> int | None:
        """The process that waits, if there is one."""
        return None if self._child is None else self._child.pid

    def prepare(self, environment: dict[str, str]) -> None:
        """Let a child wait for a job with that environment, in place of one with another; none where memory is short."""
        with self._lock:
            if self._over or (self._is_alive() and self._environment == environment):
                return
            self._end()
            if is_replaced() or not has_room():
                return
            descriptor, name = tempfile.mkstemp(prefix="cnnstudio-spare-", suffix=".log")
            os.close(descriptor)
            self._log, self._environment = Path(name), dict(environment)
            try:
                self._child = self._transport(Setup(self._waiting, self._log, self._environment))
            except (OSError, ValueError, RuntimeError) as start_error:
                _LOG.info("no spare child: %s", start_error)
                self._end()

    def start(self, setup: Setup) -> Child:
        """The spare child where it fits, else a new one."""
        with self._lock:
            child = self._child
            if (child is not None and self._is_alive() and setup.target == self._target
                    and setup.environment == self._environment):
                try:
                    child.endpoint.send(str(setup.log).encode())
                except (OSError, ValueError):
                    self._end()
                else:
                    self._child = None
                    if self._log is not None:
                        # A child that is still starting would make its log again.
                        self._old_logs.append(self._log)
                        self._log = None
                    return child
        return self._transport(setup)

    def end(self) -> None:
        """End the spare child; none is started any more."""
        with self._lock:
            self._over = True
            self._end()

    def clear(self) -> None:
        """End the spare child until the next `prepare`."""
        with self._lock:
            self._end()

    def _is_alive(self) -> bool:
        return self._child is not None and self._child.exitcode is None

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.join(3.0)
            child.close()
        self._forget_logs()

    def _forget_logs(self) -> None:
        for log in (*self._old_logs, *filter(None, (self._log,))):
            with contextlib.suppress(OSError):
                log.unlink()
        self._old_logs, self._log = [], None


def has_room() -> bool:
    """Whether there is memory for a child that only waits; where the system does not say, there is."""
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 >= ROOM
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >= 2 * ROOM
    except (OSError, ValueError, AttributeError):
        return True
