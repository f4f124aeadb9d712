"""Background work: child processes and threads, as one list with progress, time left and Cancel."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, QThread, Signal
from shiboken6 import isValid

from cnnstudio.core.commands import Command
from cnnstudio.core.events import Batch, Epoch, Event, Failed, Finished, Paused, Phase, Progress, Resumed, Stopped
from cnnstudio.core.installation import is_replaced, replaced_problem
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text

if TYPE_CHECKING:
    from cnnstudio.core.jobs import JobSpec
    from cnnstudio.workers.transport import Transport


_TELLING: Final = (Progress, Phase, Batch, Epoch, Paused, Resumed)
"""Events that a job shows: see `Job`."""


class Cancelled(Exception):
    """Raised inside background work when the user cancelled it."""


class _Signals(QObject):
    """Lives in the window's thread; `arrived` and `over` are emitted in the job's thread."""

    event_received = Signal(object)
    ended = Signal(object)
    arrived = Signal(object)
    over = Signal(object)


class Job:
    """One piece of work.

    Its signals `event` and `ended` are emitted in the window's thread. `event` carries the events of the work
    (`core.events`), `ended` the last one: Finished, Stopped or Failed. `progress` is 0 to 1 or None while unknown;
    `seconds_left` None while unknown; `phase` is the present phase.
    """

    def __init__(self, label: Text, kind: str, *, page: str = "", quiet: bool = False) -> None:
        self._signals = _Signals()
        self.event, self.ended = self._signals.event_received, self._signals.ended
        self._arrived, self._over = self._signals.arrived, self._signals.over
        self.label = label
        self.kind = kind
        self.page = page
        self.quiet = quiet
        self.progress: float | None = None
        self.seconds_left: float | None = None
        self.phase: Text | None = None
        self.paused = False
        self.last: Event | None = None
        self.cancelling = False
        self.run_folder = ""
        """The run folder of a training."""
        self.started = time.monotonic()
        self._epochs = 0
        self._thread = _Thread(self._work)
        # Queued on purpose: the work emits from its own thread, slots always run in this one.
        self._arrived.connect(self._receive, Qt.ConnectionType.QueuedConnection)
        self._over.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        self._thread.start()

    @property
    def running(self) -> bool:
        return self.last is None

    def cancel(self) -> None:
        """Ask the work to end; `ended` follows."""
        self.cancelling = True

    def join(self, seconds: float = 10.0) -> bool:
        """Wait for the thread at the end of the program; True where it has ended."""
        return self._thread.wait(round(seconds * 1000))

    def _work(self) -> None:
        raise TypeError(f"{type(self).__name__} does no work")

    def _receive(self, event: Event) -> None:
        self._follow(event)
        self.event.emit(event)

    def _follow(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progress = min(1.0, event.done / event.total) if event.total > 0 else None
            self.seconds_left = event.seconds_left
        elif isinstance(event, Phase):
            self.phase = event.text
            self.progress = self.seconds_left = None
        elif isinstance(event, Batch):
            if self._epochs:
                done = event.epoch - 1 + event.batch / max(event.batches, 1)
                self.progress = min(1.0, done / self._epochs)
            self.seconds_left = event.seconds_left
        elif isinstance(event, Epoch):
            self._epochs = event.epochs
            self.progress = min(1.0, event.epoch / max(event.epochs, 1))
        elif isinstance(event, Paused | Resumed):
            self.paused = isinstance(event, Paused)

    def _finish(self, last: Event) -> None:
        self.last = last
        self._thread.wait()
        self.ended.emit(last)


class _Thread(QThread):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()


class ChildJob(Job):
    """A job in a child process, under the supervisor."""

    def __init__(self, job: JobSpec, label: Text, kind: str, *, page: str = "", quiet: bool = False,
                 log: Path | None = None, epochs: int = 0, target: str = "") -> None:
        super().__init__(label, kind, page=page, quiet=quiet)
        from cnnstudio.workers.spare import ENGINE
        from cnnstudio.workers.supervisor import Supervisor

        self.job = job
        self._epochs = epochs
        # The child imports for seconds before its first event.
        self.phase = loading_phase(job)
        self.supervisor = Supervisor(job, self._arrived.emit, log, target or ENGINE)

    def _work(self) -> None:
        self._over.emit(self.supervisor.run())

    def _receive(self, event: Event) -> None:
        # The last event comes from `run` as well; it is emitted once, after the child has ended.
        if not isinstance(event, Finished | Stopped | Failed):
            super()._receive(event)

    def send(self, command: Command) -> None:
        """Send a command to the child: Pause, Resume, Predict..."""
        self.supervisor.send(command)

    def stop(self, keep: bool = True) -> None:
        """Stop after the present batch, with or without saving the weights."""
        self.cancelling = True
        self.supervisor.stop(keep)

    def cancel(self, keep: bool = True) -> None:
        """End the child in any case: Stop, then terminate, then kill."""
        super().cancel()
        self.supervisor.cancel(keep)

    def detach(self) -> None:
        """Let the child continue alone; `ended` follows with Stopped(kept=True)."""
        self.supervisor.detach()


def loading_phase(job: JobSpec) -> Text:
    """What a child does until its first event."""
    from cnnstudio.catalog.backends import BACKENDS

    backend = BACKENDS.find(job.backend)
    name = job.backend if backend is None else backend.label
    return Text("Loading {name}", "Cargando {name}").fill(name=name)


class Report:
    """How background work reports its progress, and checks whether it was cancelled."""

    def __init__(self, job: Work) -> None:
        self._job = job
        self._last = 0.0
        self._started = time.monotonic()

    @property
    def cancelled(self) -> bool:
        return self._job.cancel_flag.is_set()

    def is_cancelled(self) -> bool:
        """A function for `cancelled`, for code that takes one."""
        return self._job.cancel_flag.is_set()

    def check(self) -> None:
        """Raise Cancelled when the user cancelled."""
        if self.cancelled:
            raise Cancelled

    def progress(self, done: int, total: int, unit: str = "pictures") -> None:
        """Report the progress; at most twenty times a second are passed on."""
        now = time.monotonic()
        if now - self._last < 0.05 and done < total:
            return
        self._last = now
        elapsed = now - self._started
        rate = done / elapsed if elapsed > 0.2 else None
        left = (total - done) / rate if rate and total >= done else None
        self.event(Progress(done=done, total=total, unit=unit, rate=rate, seconds_left=left))

    def event(self, event: Event) -> None:
        """Pass on any event, in the window's thread."""
        self._job.emit_event(event)


class Work(Job):
    """A function in a thread: `function(report) -> result`, kept as `result` before `ended`."""

    def __init__(self, function: Callable[[Report], Any], label: Text, kind: str, *, page: str = "",
                 quiet: bool = False) -> None:
        super().__init__(label, kind, page=page, quiet=quiet)
        self._function = function
        self.cancel_flag = threading.Event()
        self.result: Any = None

    def cancel(self) -> None:
        super().cancel()
        self.cancel_flag.set()

    def emit_event(self, event: Event) -> None:
        self._arrived.emit(event)

    def _work(self) -> None:
        last: Event
        try:
            self.result = self._function(Report(self))
            last = Stopped(kept=False) if self.cancel_flag.is_set() else Finished()
        except Cancelled:
            last = Stopped(kept=False)
        except ProblemError as err:
            last = Failed(problem=err.problems[0])
        except Exception as err:  # noqa: BLE001 - the job border: whatever happens becomes a problem
            last = Failed(problem=unexpected_problem(err))
        self._over.emit(last)


def unexpected_problem(err: BaseException) -> Problem:
    """The problem for an unexpected exception; the traceback is in its details."""
    details = "".join(traceback.format_exception(err))
    if is_replaced():
        return replaced_problem(details)
    text = Text("Something went wrong inside the program: {reason}. Your work is kept.",
                "Algo falló dentro del programa: {reason}. Su trabajo se conserva.")
    reason = f"{type(err).__name__}: {err}" if str(err) else type(err).__name__
    return error("unexpected", text.fill(reason=reason[:200]), "machine", details=details)


class JobList(QObject):
    """The running work. `changed` follows every start, end and progress."""

    changed = Signal()
    ended = Signal(object, object)
    """The job and its last event."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self.transport: Transport | None = None
        """Starts the children, if it is not the ordinary way: a spare child may be waiting."""

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs))

    def __len__(self) -> int:
        return len(self._jobs)

    def start(self, job: Job) -> Job:
        """Start the job and keep it until it ends; returns the job."""
        self._jobs.append(job)
        if isinstance(job, ChildJob) and self.transport is not None:
            job.supervisor.transport = self.transport
        job.event.connect(self._on_progressed)
        job.ended.connect(lambda last: self._on_ended(job, last))
        job.start()
        self.changed.emit()
        return job

    def run(self, function: Callable[[Report], Any], label: Text, kind: str, *, page: str = "", quiet: bool = False,
            done: Callable[[Work], None] | None = None, owner: QObject | None = None) -> Work:
        """Run a function in a thread; `done(job)` is called in the window's thread after its end, unless `owner` was
        deleted meanwhile (a page of a window in another language)."""
        job = Work(function, label, kind, page=page, quiet=quiet)
        if done is not None:
            job.ended.connect(lambda _last: done(job) if owner is None or isValid(owner) else None)
        self.start(job)
        return job

    def of_kind(self, kind: str) -> Job | None:
        """The running job of that kind, or None."""
        return next((job for job in self._jobs if job.kind == kind and job.running), None)

    def foremost(self) -> Job | None:
        """The job of the status bar: a training first, then the newest that is not quiet."""
        visible = [job for job in self._jobs if job.running and not job.quiet]
        return next((job for job in visible if job.kind == "train"), visible[-1] if visible else None)

    def _on_progressed(self, event: Event) -> None:
        # A hundred thousand predictions change nothing of the job that makes them.
        if isinstance(event, _TELLING):
            self.changed.emit()

    def _on_ended(self, job: Job, last: Event) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
        self.changed.emit()
        self.ended.emit(job, last)

    def end_all(self, seconds: float = 20.0) -> None:
        """Cancel all jobs and join every thread; the program is about to end."""
        for job in self:
            if job.running and not job.cancelling:
                job.cancel()
        deadline = time.monotonic() + seconds
        for job in self:
            job.join(max(0.1, deadline - time.monotonic()))
