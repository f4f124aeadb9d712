"""The child's side: it sends events, keeps them in a file, and receives commands."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.commands import Command, Pause, Predict, Resume, Stop
from cnnstudio.core.events import Batch, Event, Paused, Progress, Resumed
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.messages import Start, decode_command, encode_event
from cnnstudio.workers import protocol
from cnnstudio.workers.transport import Endpoint, ProtocolError

COMMAND_FILE: Final = "commands.jsonl"
EVENT_FILE: Final = "events.jsonl"
_ORPHAN_LOOK_SECONDS: Final = 0.5
_KEPT_PER_SECOND: Final = 4.0
"""How many Batch events a second are kept in the file, enough for the plots of a reopened run."""


class StopRequested(Exception):
    """The user asked to stop; raised by `Link.check` where work may be left at once."""


class Link:
    """Everything a job needs from its surroundings. Events may be told from any thread."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._sequence = 0
        self._listener = True
        self._file: int | None = None
        self._next_batch_kept = 0.0
        self._folder: Path | None = None
        self._change = threading.Condition()
        self._stop: Stop | None = None
        self._paused = False
        self._gone = False
        self.predictions: queue.SimpleQueue[Predict | None] = queue.SimpleQueue()
        """Requests of the warm server; None means the end."""

    def job(self) -> JobSpec:
        """Wait for the job. Raises EOFError if the parent is gone, ProtocolError if it says anything else."""
        command = protocol.receive_command(self._endpoint)
        if not isinstance(command, Start):
            raise ProtocolError(f"{type(command).__name__} before Start")
        threading.Thread(target=self._listen, daemon=True, name="commands").start()
        return command.job

    def keep_in(self, folder: Path) -> None:
        """From now on append events to the run folder's file, and hear commands from there when orphaned."""
        with contextlib.suppress(OSError):
            (folder / COMMAND_FILE).unlink()
        self._folder = folder
        path = folder / EVENT_FILE
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        # A line that a crash cut in the middle must not spoil the next one.
        size = os.fstat(self._file).st_size
        if size and hasattr(os, "pread") and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")
        if self._gone:
            threading.Thread(target=self._listen_to_folder, args=(folder,), daemon=True, name="commands").start()

    def emit(self, event: Event) -> None:
        """Tell an event: number it, keep it, send it. A parent that is gone does not disturb."""
        with self._lock:
            self._sequence += 1
            event = msgspec.structs.replace(event, sequence=self._sequence, time=time.time())
            self._keep(event)
            if self._listener:
                try:
                    protocol.send_event(self._endpoint, event)
                except (OSError, ValueError):
                    self._listener = False

    def _keep(self, event: Event) -> None:
        if self._file is None or isinstance(event, Progress):
            return
        if isinstance(event, Batch):
            if event.time < self._next_batch_kept:
                return
            self._next_batch_kept = event.time + 1 / _KEPT_PER_SECOND
        # A full disk must not end a training: the event is still sent, and the checkpoint will tell.
        with contextlib.suppress(OSError):
            os.write(self._file, encode_event(event) + b"\n")

    @property
    def orphaned(self) -> bool:
        """Whether the parent is gone."""
        return self._gone

    @property
    def stop(self) -> Stop | None:
        """The user's wish to stop, if there is one."""
        return self._stop

    def request_stop(self, keep: bool = True) -> None:
        """As if the command had come; also for signal handlers (it takes no lock)."""
        if self._stop is None:
            self._stop = Stop(keep=keep)
        self._paused = False
        self.predictions.put(None)

    def check(self) -> None:
        """Raise StopRequested if the user wants to stop: for stretches that leave nothing half done."""
        if self._stop is not None:
            raise StopRequested

    @property
    def pausing(self) -> bool:
        """Whether the user wants a pause."""
        return self._paused and self._stop is None

    def wait_while_paused(self) -> None:
        """Tell Paused, wait for Resume or Stop, tell Resumed."""
        if not self.pausing:
            return
        self.emit(Paused())
        with self._change:
            while self.pausing:
                # A signal handler cannot notify: look up now and then.
                self._change.wait(1.0)
        if self._stop is None:
            self.emit(Resumed())

    def close(self) -> None:
        """Nothing more will be told."""
        with contextlib.suppress(OSError):
            self._endpoint.close()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _hear(self, command: Command) -> None:
        with self._change:
            match command:
                case Pause():
                    self._paused = True
                case Resume():
                    self._paused = False
                case Stop(keep=keep):
                    self.request_stop(keep)
                case Predict():
                    self.predictions.put(command)
                case Start():
                    pass
            self._change.notify_all()

    def _listen(self) -> None:
        while True:
            try:
                self._hear(protocol.receive_command(self._endpoint))
            except ProtocolError:
                continue
            except (EOFError, OSError, ValueError, TypeError):
                break
        self._gone = True
        self.predictions.put(None)
        if self._folder is not None:
            self._listen_to_folder(self._folder)

    def _listen_to_folder(self, folder: Path) -> None:
        """An orphan hears commands that a later window appends to a file in the run's folder."""
        read = 0
        while self._file is not None:
            try:
                lines = (folder / COMMAND_FILE).read_bytes()[read:].split(b"\n")[:-1]
            except OSError:
                lines = []
            for line in lines:
                read += len(line) + 1
                with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
                    self._hear(decode_command(line))
            time.sleep(_ORPHAN_LOOK_SECONDS)
