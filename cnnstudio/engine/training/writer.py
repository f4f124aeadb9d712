"""Writes checkpoints in a thread: the training submits a snapshot and continues at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cnnstudio.core.problems import ProblemError
from cnnstudio.engine.training.checkpoints import Arrays, Position, write_checkpoint

SHARE: Final = 0.05
"""Automatic checkpoints take at most this share of the running time, estimated from the last one."""
SHORTEST_SECONDS: Final = 10.0
"""The least seconds between automatic checkpoints."""

Snapshot = tuple[Position, Arrays]


class CheckpointWriter:
    """Writes the newest snapshot in a thread. One that waits is replaced by a newer one. Without `writes` it does nothing:
    another process writes the same.

    `on_written(path, seconds)` is called in the thread with the longest time, in seconds, that a kill may cost from
    now on.
    """

    def __init__(self, folder: Path, on_written: Callable[[Path, float], None], writes: bool = True) -> None:
        self._folder = folder
        self._writes = writes
        self._on_written = on_written
        self._change = threading.Condition()
        self._waiting: Snapshot | None = None
        self._writing = False
        self._closed = False
        self._problem: BaseException | None = None
        self._cost = 0.0
        self._last = time.monotonic()
        self._thread = threading.Thread(target=self._work, daemon=True, name="checkpoints")
        self._thread.start()

    @property
    def due(self) -> bool:
        """Whether the budget allows another checkpoint now, and none is being written."""
        return self._writes and not self._writing and self._waiting is None and time.monotonic() - self._last >= self.interval

    @property
    def interval(self) -> float:
        """Seconds between automatic checkpoints."""
        return max(SHORTEST_SECONDS, self._cost / SHARE)

    def submit(self, make: Callable[[], Snapshot]) -> None:
        """Take a snapshot now, in this thread, and have it written. Raises ProblemError if an earlier one could not
        be written."""
        self.check()
        if not self._writes:
            return
        begin = time.monotonic()
        snapshot = make()
        taken = time.monotonic() - begin
        with self._change:
            self._waiting = snapshot
            self._cost = max(self._cost, taken)
            self._last = time.monotonic()
            self._change.notify_all()

    def flush(self) -> None:
        """Wait until everything is on the disk. Raises ProblemError if something could not be written."""
        with self._change:
            while (self._waiting is not None or self._writing) and self._problem is None:
                self._change.wait()
        self.check()

    def check(self) -> None:
        """Raise the error of the thread."""
        if self._problem is not None:
            problem, self._problem = self._problem, None
            raise problem

    def close(self) -> None:
        """Write what still waits, then end the thread. Raises nothing."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._change:
                while self._waiting is None and not self._closed:
                    self._change.wait()
                if self._waiting is None:
                    return
                (position, arrays), self._waiting, self._writing = self._waiting, None, True
            begin = time.monotonic()
            try:
                path = write_checkpoint(self._folder, position, arrays)
            except (ProblemError, MemoryError, ValueError) as err:
                self._problem = err
            else:
                self._cost = time.monotonic() - begin
                self._on_written(path, math.ceil(self.interval + self._cost))
            finally:
                del position, arrays
                with self._change:
                    self._writing = False
                    self._change.notify_all()
