"""Follows a job on a cluster: what it writes comes into the run's folder here, and its events are told as they come."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec

from cnnstudio.core.checksums import seal_line
from cnnstudio.core.commands import Command, Pause, Resume, SetLearningRate, Stop
from cnnstudio.core.events import LAST, Event, Failed, Finished, Hello, Notice, Phase, Stopped
from cnnstudio.core.foreign_files import LARGE, LARGEST, read_bytes
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.messages import decode_command, encode_command, encode_event
from cnnstudio.core.own_folders import NO_FOLLOW
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.workers.cluster import layout
from cnnstudio.workers.cluster.client import JobsClient, client_of
from cnnstudio.workers.cluster.cluster_problems import job_failed
from cnnstudio.workers.cluster.layout import End, job_folder
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.cluster.syncing import RunSync
from cnnstudio.workers.journal import decode_lines, read_events
from cnnstudio.workers.link import COMMAND_FILE
from cnnstudio.workers.runs.away import Away, read_away, write_away
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.run_problems import in_use_problem
from cnnstudio.workers.throttle import Throttle

LOOK_SECONDS: Final = 0.5
ASK_SECONDS: Final = 3.0
"""Between two questions for the state of the job."""
CANCEL_SECONDS: Final = 60.0
_PATIENCE: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before another try where the cluster or the storage does not answer."""
_TEMPORARY: Final = ("cluster_unreachable", "storage_unusable", "cluster_refused", "cluster_not_ray")
_UNDERSTOOD: Final = (Stop, Pause, Resume, SetLearningRate)


class ClusterFollower:
    """Has the interface of a `Supervisor`: `run`, `send`, `stop`, `cancel`, `kill`, `detach`.

    Earlier events are told first, so that plots are complete. While the network is away it goes on trying: nothing is lost,
    since the events wait in the storage.
    """

    keeps = True
    pid = None
    exit_code = None

    def __init__(self, run: RunFolder, on_event: Callable[[Event], None]) -> None:
        self._run = run
        self._throttle = Throttle(on_event)
        self._left = threading.Event()
        self._commands: list[Command] = []
        self._end_job_at: float | None = None
        self._told_offset = 0
        self._commands_read = 0
        self._sent = 0
        self._last: Event | None = None

    def run(self) -> Event:
        """Follow to the end of the job; returns the last event. Raises nothing. After `detach` it is
        Stopped(kept=True), although the job goes on."""
        lock = ProjectLock(self._run.folder)
        if lock.acquire() is not None:
            return self._tell_end(Failed(problem=in_use_problem(self._run), time=time.time()))
        try:
            return self.follow()
        finally:
            lock.release()

    def follow(self, earlier: bool = True) -> Event:
        """As `run`, for one that holds the run's lock. Without `earlier`, what happened before the job is not told again."""
        away = read_away(self._run.folder)
        if away is None or away.over:
            return self._tell_end(Failed(problem=_not_away(self._run), time=time.time()))
        try:
            storage = Storage(away.cluster.storage)
            client = client_of(away.cluster)
        except ProblemError as problem_error:
            return self._tell_end(Failed(problem=problem_error.problems[0], time=time.time()))
        self._tell_before(away.begin, earlier)
        sync = RunSync(storage, away.job, self._run, away.begin)
        failures, asked, waiting, begin = 0, 0.0, "", self._told_offset
        while True:
            try:
                self._pull(sync)
                self._forward(storage, away.job)
                now = time.monotonic()
                over: Event | None = None
                if now - asked >= ASK_SECONDS or self._last is not None:
                    asked = now
                    over, status = self._ask(client, storage, away)
                    if self._told_offset == begin and status != waiting:
                        waiting = self._tell_waiting(status)
                if over is not None:
                    # What was written between the last look and the end.
                    self._pull(sync, everything=True)
                    return self._over(away, self._last or over)
                failures = 0
            except ProblemError as problem_error:
                problem = problem_error.problems[0]
                if problem.code not in _TEMPORARY:
                    return self._over(away, Failed(problem=problem, time=time.time()),
                                      over=problem.code == "cluster_no_job")
                if failures == 0:
                    self._throttle.pass_on(Notice(problem=_trying_again(problem), time=time.time()))
                failures += 1
            wait = LOOK_SECONDS if not failures else _PATIENCE[min(failures, len(_PATIENCE)) - 1]
            if self._left.wait(wait):
                return Stopped(run=self._run.id, kept=True, time=time.time())
            self._throttle.flush_due()

    # ---------------------------------------------------------------------------------------------

    def _pull(self, sync: RunSync, everything: bool = False) -> None:
        sync.pull_events()
        self._tell_new()
        sync.pull_files(everything)
        sync.pull_log(everything)

    def _tell_before(self, begin: int, tell: bool) -> None:
        """What happened before the job, up to that byte; how it ended then is not the end."""
        if tell and begin:
            with contextlib.suppress(OSError):
                for event in decode_lines(read_bytes(self._run.events_path, LARGEST)[:begin]):
                    if not isinstance(event, LAST):
                        self._throttle.pass_on(event)
        self._told_offset = begin

    def _tell_new(self) -> None:
        events, self._told_offset = read_events(self._run.events_path, self._told_offset)
        for event in events:
            if isinstance(event, Hello):
                # The group was started again: what ended before was not the end.
                self._last = None
            if isinstance(event, LAST):
                self._last = event
            else:
                self._throttle.pass_on(event)

    def _ask(self, client: JobsClient, storage: Storage, away: Away) -> tuple[Event | None, str]:
        """How the job ended, None while it goes on; and its state. Raises ProblemError."""
        if self._end_job_at is not None and time.monotonic() >= self._end_job_at:
            self._end_job_at = None
            client.stop(away.job)
        state = client.job(away.job)
        if not state.is_over:
            return None, state.status
        data = storage.read(f"{job_folder(away.job)}/{layout.END}")
        end = End() if data is None else _decoded(data)
        if end.problem is not None:
            return Failed(problem=end.problem, time=time.time()), state.status
        if state.status == "STOPPED":
            return Stopped(run=self._run.id, kept=True, time=time.time()), state.status
        if state.status == "SUCCEEDED":
            return Finished(run=self._run.id, time=time.time()), state.status
        return Failed(problem=job_failed(state.message or "", client.logs(away.job)), time=time.time()), state.status

    def _tell_waiting(self, status: str) -> str:
        text = Text("Waiting for hosts of the cluster", "Esperando nodos del clúster")
        if status == "RUNNING":
            text = Text("Starting on the cluster", "Iniciando en el clúster")
        self._throttle.pass_on(Phase(name="cluster", text=text, time=time.time()))
        return status

    def _over(self, away: Away, last: Event, over: bool = True) -> Event:
        """The end, as the run's own last event."""
        if over:
            with contextlib.suppress(ProblemError):
                write_away(self._run.folder, msgspec.structs.replace(away, over=True))
        if last is not self._last and over:
            append_event(self._run, last)
        return self._tell_end(last)

    def _tell_end(self, last: Event) -> Event:
        self._throttle.pass_on(last)
        return last

    # Commands ------------------------------------------------------------------------------------

    def _forward(self, storage: Storage, job: str) -> None:
        """Put the commands of this object, and those that others wrote into the run's folder, into the storage."""
        path = self._run.folder / COMMAND_FILE
        lines: list[bytes] = []
        with contextlib.suppress(OSError):
            lines = read_bytes(path, LARGE)[self._commands_read:].split(b"\n")[:-1]
        for line in lines:
            self._commands_read += len(line) + 1
            with contextlib.suppress(ValueError):
                self.send(decode_command(line))
        while self._commands:
            command = self._commands[0]
            self._sent += 1
            name = f"{time.time_ns():020d}-{self._sent}.json"
            storage.write(f"{job_folder(job)}/{layout.COMMANDS}/{name}", encode_command(command))
            self._commands.pop(0)

    def send(self, command: Command) -> None:
        """Send a command to the training; those that several hosts cannot heed are told so."""
        if isinstance(command, _UNDERSTOOD):
            self._commands.append(command)
        else:
            self._throttle.pass_on(Notice(problem=_not_there(), time=time.time()))

    def stop(self, keep: bool = True) -> None:
        """Ask the training to end after the present batch."""
        self.send(Stop(keep=keep))

    def cancel(self, keep: bool = True) -> None:
        """Stop; where that takes more than a minute the job is ended."""
        self.stop(keep)
        self._end_job_at = time.monotonic() + CANCEL_SECONDS

    def kill(self) -> None:
        """End the job at once; the last checkpoint stays."""
        self._end_job_at = time.monotonic()

    def detach(self) -> None:
        """Stop following; the job goes on."""
        self._left.set()


def append_event(run: RunFolder, event: Event) -> None:
    """Add an event to those of a run that no process writes. A full disk is no reason to fail."""
    with contextlib.suppress(OSError):
        descriptor = os.open(run.events_path, os.O_RDWR | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o644)
        with os.fdopen(descriptor, "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(seal_line(encode_event(event)) + b"\n")


def _decoded(data: bytes) -> End:
    try:
        return msgspec.json.decode(data, type=End)
    except msgspec.MsgspecError:
        return End()


def _not_away(run: RunFolder) -> Problem:
    text = Text("The run {run} is not, or no longer, on a cluster.",
                "El entrenamiento {run} no está, o ya no está, en ningún clúster.")
    return error("not_away", text.fill(run=run.id), "run")


def _trying_again(problem: Problem) -> Problem:
    text = Text("{problem} The training goes on there; the connection is tried again and again.",
                "{problem} El entrenamiento sigue allí; se intentará conectar una y otra vez.")
    return warning("cluster_away", text.fill(problem=problem.text), "machine")


def _not_there() -> Problem:
    text = Text("On a cluster, a training can be stopped, paused and given another learning rate; its answers and its layers "
                "cannot be watched.",
                "En un clúster, un entrenamiento se puede detener, pausar y cambiar de tasa de aprendizaje; sus respuestas y "
                "sus capas no se pueden observar.")
    return msgspec.structs.replace(warning("cluster_command", text, "run"), severity="info")
