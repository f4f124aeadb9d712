"""The child's side of the messages: sends events, writes them to a file, and receives commands."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from cnnstudio.core.checksums import seal_line
from cnnstudio.core.commands import (
    Cancel,
    Command,
    Observe,
    ObserveLayers,
    Pause,
    Request,
    Resume,
    SetLearningRate,
    Stop,
)
from cnnstudio.core.events import Batch, Event, Paused, Progress, Resumed
from cnnstudio.core.foreign_files import LARGE, read_bytes
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.messages import Start, decode_command, encode_event
from cnnstudio.core.own_folders import NO_FOLLOW
from cnnstudio.workers import protocol
from cnnstudio.workers.transport import Endpoint, ProtocolError

COMMAND_FILE: Final = "commands.jsonl"
EVENT_FILE: Final = "events.jsonl"
_LOOK_SECONDS: Final = 0.5
_ORPHAN_SECONDS: Final = 5.0
"""How long a job without a run may take to stop by itself when its parent is gone."""
_KEPT_PER_SECOND: Final = 4.0
"""How many Batch events a second are written to the file, enough for the plots of a reopened run."""


_Wish = TypeVar("_Wish", bound=Command)


class StopRequested(Exception):
    """Raised by `Link.check` when the user stops the job."""


class Link:
    """The interface of a job to its supervisor. Events may be sent from any thread."""

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
        self.predictions: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        """Requests of the warm server; None means the end."""
        self.cancelled: set[int] = set()
        """Requests of the warm server that nobody waits for any more."""
        self._wishes: dict[type[Command], Command] = {}
        self._decide: Callable[[list[Command], bool], Sequence[Command]] | None = None
        self._heard: list[Command] = []
        self.dies_alone = False
        """Whether the process ends when its parent is gone: only a training of this computer has something to keep."""

    def job(self) -> JobSpec:
        """Wait for the job. Raises EOFError if the parent is gone, ProtocolError for any other message."""
        command = protocol.receive_command(self._endpoint)
        if not isinstance(command, Start):
            raise ProtocolError(f"{type(command).__name__} before Start")
        threading.Thread(target=self._listen, daemon=True, name="commands").start()
        return command.job

    def keep_in(self, folder: Path) -> None:
        """From now on append events to the run folder's file, and read commands from there, too: those of a window that
        finds the training after its own is gone, and those of the command line."""
        with contextlib.suppress(OSError):
            (folder / COMMAND_FILE).unlink()
        self._folder = folder
        path = folder / EVENT_FILE
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o644)
        # A line that a crash truncated must not damage the next one.
        size = os.fstat(self._file).st_size
        if size and hasattr(os, "pread") and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")
        threading.Thread(target=self._listen_to_folder, args=(folder,), daemon=True, name="commands").start()

    def emit(self, event: Event) -> None:
        """Number an event, write it to the file and send it. A missing parent is ignored."""
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
        # A full disk must not end a training: the event is still sent, and the checkpoint reports the problem.
        with contextlib.suppress(OSError):
            os.write(self._file, seal_line(encode_event(event)) + b"\n")

    @property
    def orphaned(self) -> bool:
        """Whether the parent is gone."""
        return self._gone

    @property
    def stop(self) -> Stop | None:
        """The stop command of the user, if there is one."""
        return self._stop

    def request_stop(self, keep: bool = True) -> None:
        """Stop as by the command; also for signal handlers (it takes no lock)."""
        if self._decide is not None:
            self._heard.append(Stop(keep=keep))
            return
        if self._stop is None:
            self._stop = Stop(keep=keep)
        self._paused = False
        self.predictions.put(None)

    def agree_by(self, decide: Callable[[list[Command], bool], Sequence[Command]]) -> None:
        """From now on, `agree` alone heeds commands: those that `decide` answers for the ones that were heard since. Its
        second argument tells it not to wait."""
        self._decide = decide

    def agree(self, at_once: bool = False) -> None:
        """Between two batches: where several processes train together, all of them heed the same commands now."""
        if self._decide is None:
            return
        heard, self._heard = self._heard, []
        for command in self._decide(heard, at_once):
            self._heed(command)

    def check(self) -> None:
        """Raise StopRequested if the user wants to stop; only where nothing is left incomplete."""
        if self._stop is not None:
            raise StopRequested

    @property
    def pausing(self) -> bool:
        """Whether the user wants a pause."""
        return self._paused and self._stop is None

    @property
    def has_wishes(self) -> bool:
        """Whether a command waits for `wish`."""
        return bool(self._wishes)

    def wish(self, kind: type[_Wish]) -> _Wish | None:
        """The newest command of that kind which was not taken yet: each is given once."""
        found = self._wishes.pop(kind, None)
        return found if isinstance(found, kind) else None

    def wait_while_paused(self, heed: Callable[[], object] | None = None) -> None:
        """Send Paused, wait for Resume or Stop, send Resumed; meanwhile call `heed` when there is a wish."""
        if not self.pausing:
            return
        self.emit(Paused())
        while self.pausing:
            if heed is not None and self.has_wishes:
                heed()
                continue
            with self._change:
                # A signal handler cannot notify, so poll.
                self._change.wait(1.0)
            self.agree(at_once=True)
        if self._stop is None:
            self.emit(Resumed())

    def close(self) -> None:
        """Close the endpoint; no more events are sent."""
        with contextlib.suppress(OSError):
            self._endpoint.close()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _hear(self, command: Command) -> None:
        if self._decide is None or isinstance(command, Request | Cancel):
            self._heed(command)
        else:
            self._heard.append(command)

    def _heed(self, command: Command) -> None:
        with self._change:
            match command:
                case Pause():
                    self._paused = True
                case Resume():
                    self._paused = False
                case Stop(keep=keep):
                    self._stop = self._stop or Stop(keep=keep)
                    self._paused = False
                    self.predictions.put(None)
                case Request():
                    self.predictions.put(command)
                case Cancel(request=request):
                    self.cancelled.add(request)
                case SetLearningRate() | Observe() | ObserveLayers():
                    self._wishes[type(command)] = command
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
        if self.dies_alone:
            self._leave_soon()

    def _leave_soon(self) -> None:
        """A job that nobody waits for any more stops; where it is stuck, in a read for example, its process ends."""
        self.request_stop(keep=False)
        time.sleep(_ORPHAN_SECONDS)
        os._exit(1)

    def _listen_to_folder(self, folder: Path) -> None:
        """Read the commands that others append to a file in the run's folder."""
        read = 0
        while self._file is not None:
            try:
                lines = read_bytes(folder / COMMAND_FILE, LARGE)[read:].split(b"\n")[:-1]
            except OSError:
                lines = []
            for line in lines:
                read += len(line) + 1
                with contextlib.suppress(ValueError):
                    self._hear(decode_command(line))
            time.sleep(_LOOK_SECONDS)
