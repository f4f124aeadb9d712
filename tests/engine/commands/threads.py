"""The entry of a child in a thread of this process, which has Keras already: a child would import it for each command.

Everything else is as with a child: supervisor, pipe, messages, and what the child's entry makes of exceptions. Commands with
real children are in `tests/cli/test_selfcheck.py`, `tests/engine/test_serving.py` and the end-to-end tests.
"""

from __future__ import annotations

import contextlib
import threading
from multiprocessing.connection import Pipe

from cnnstudio.engine import child
from cnnstudio.workers.pipes import PipeChild, PipeEndpoint
from cnnstudio.workers.transport import Setup


class EntryThread:
    """What `PipeChild` needs of a process."""

    pid = None
    exitcode: int | None = None

    def __init__(self, endpoint: PipeEndpoint) -> None:
        self.sentinel, self._end = Pipe(duplex=False)
        self._thread = threading.Thread(target=self._run, args=(endpoint,), daemon=True)
        self._thread.start()
        self.join = self._thread.join

    def _run(self, endpoint: PipeEndpoint) -> None:
        try:
            child.main(endpoint)
        finally:
            self.exitcode = 0
            self._end.close()

    def terminate(self) -> None:
        """A thread cannot be ended; its job heeds the command to stop."""

    kill = terminate


class ThreadChild(PipeChild):
    """A transport: see above."""

    def __init__(self, _setup: Setup) -> None:
        ours, theirs = Pipe(duplex=True)
        self.endpoint = PipeEndpoint(ours)
        self._process = EntryThread(PipeEndpoint(theirs))
        self._wake_reader, self._wake_writer = Pipe(duplex=False)
        self._lock = threading.Lock()
        self._closed = self._abandoned = False

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):
            self._process.sentinel.close()
