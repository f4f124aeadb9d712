"""Starts one job in a child process, passes its events on, and always comes to an end."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.process
import os
import queue
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final

from cnnstudio.core.commands import AnyJob, Command, Start, Stop, Train
from cnnstudio.core.events import LAST, AnyEvent, Failed, Stopped
from cnnstudio.core.problems import Problem
from cnnstudio.workers import endings, entry, protocol
from cnnstudio.workers.thinning import Thinned

ENGINE: Final = "cnnstudio.engine.child:main"
EXIT_SECONDS: Final = 15.0
"""How long a child may take to leave after its last event."""


class Supervisor:
    """One child, one job. `run` blocks its thread; every other method may be called from any thread.

    `on_event` is called in the thread of `run` for every event, the last one included; Batch and
    Progress are thinned to about twenty a second. `log` receives what the child prints.
    `environment` is set in the child before it imports anything.
    """

    def __init__(self, job: AnyJob, on_event: Callable[[AnyEvent], None], log: Path | None = None,
                 target: str = ENGINE, *, environment: dict[str, str] | None = None,
                 stop_seconds: float | None = None, terminate_seconds: float = 10.0) -> None:
        self._job = job
        self._thinned = Thinned(on_event)
        self._temporary_log = log is None
        self._log = log if log is not None else _new_log(job)
        self._target = target
        self._environment = environment_of(job) | (environment or {})
        self._stop_seconds = stop_seconds if stop_seconds is not None else (30.0 if isinstance(job, Train) else 5.0)
        self._terminate_seconds = terminate_seconds
        self._outbox: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._wake_reader, self._wake_writer = multiprocessing.get_context("spawn").Pipe(duplex=False)
        self._lock = threading.Lock()
        self._cancelled = False
        self._detached = False
        self._over = False
        self._deadlines: list[tuple[float, str]] = []
        self._process: multiprocessing.process.BaseProcess | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id once it was started."""
        return None if self._process is None else self._process.pid

    def run(self) -> AnyEvent:
        """Do the job and answer with its last event. Raises nothing.

        A child that dies gives Failed; one that `cancel` had to end gives Stopped(kept=False);
        after `detach` the answer is Stopped(kept=True), though the child works on.
        """
        try:
            last = self._run()
        except (OSError, ValueError, RuntimeError) as trouble:
            last = Failed(problem=endings.start_problem(trouble), time=time.time())
        finally:
            self._outbox.put(None)
            with self._lock:
                self._over = True
                self._wake_writer.close()
                self._wake_reader.close()
        if self._temporary_log and not isinstance(last, Failed) and not self._detached:
            with contextlib.suppress(OSError):
                self._log.unlink()
        if not self._detached:
            self._deliver(last)
        return last

    def send(self, command: Command) -> None:
        """Give the child a command; harmless when it is gone."""
        self._outbox.put(command)

    def stop(self, keep: bool = True) -> None:
        """Ask the job to end after the present batch, however long that takes."""
        self.send(Stop(keep=keep))

    def cancel(self, keep: bool = True) -> None:
        """End the job for certain: Stop, after a while terminate, after another kill."""
        with self._lock:
            if self._cancelled or self._over:
                return
            self._cancelled = True
            now = time.monotonic()
            self._deadlines = [(now + self._stop_seconds, "terminate"),
                               (now + self._stop_seconds + self._terminate_seconds, "kill")]
        self.send(Stop(keep=keep))
        self._wake()
        # A child that stops in the middle of a message blocks the reader: then nobody else would end it.
        timer = threading.Timer(self._stop_seconds + self._terminate_seconds + 2.0, self._kill)
        timer.daemon = True
        timer.start()

    def detach(self) -> None:
        """Let go: `run` returns, the child goes on alone, and this process may end without it."""
        with self._lock:
            if self._over:
                return
            self._detached = True
        self._wake()

    def _run(self) -> AnyEvent:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(target=entry.enter, name="cnnstudio-worker",
                                  args=(theirs, self._target, str(self._log), self._environment))
        try:
            process.start()
        except BaseException:
            ours.close()
            theirs.close()
            raise
        # At its end Python waits for every child it knows. Ours end by themselves when the pipe
        # closes, or are meant to outlive us, so it must not know them.
        multiprocessing.process._children.discard(process)  # type: ignore[attr-defined]
        self._process = process
        theirs.close()
        self._outbox_first(Start(job=self._job))
        threading.Thread(target=self._write, args=(ours,), daemon=True, name="cnnstudio-commands").start()
        try:
            return self._watch(ours, process)
        finally:
            ours.close()

    def _outbox_first(self, command: Command) -> None:
        """Put `command` before everything that was sent while there was no child yet."""
        earlier = []
        with contextlib.suppress(queue.Empty):
            while True:
                earlier.append(self._outbox.get_nowait())
        for each in (command, *earlier):
            self._outbox.put(each)

    def _write(self, connection: Connection) -> None:
        """Runs in a thread of its own, so that a child that does not read never blocks a caller."""
        while (command := self._outbox.get()) is not None:
            try:
                protocol.send_command(connection, command)
            except (OSError, ValueError):
                return

    def _watch(self, connection: Connection, process: multiprocessing.process.BaseProcess) -> AnyEvent:
        listening = True
        while True:
            sources: list[Connection | int] = [process.sentinel, self._wake_reader]
            if listening:
                sources.append(connection)
            ready = wait(sources, self._timeout())
            if self._wake_reader in ready:
                self._wake_reader.recv_bytes()
                if self._detached:
                    threading.Thread(target=process.join, daemon=True, name="cnnstudio-reaper").start()
                    return Stopped(kept=True, time=time.time())
            self._climb()
            self._deliver_held()
            if connection in ready:
                try:
                    event = protocol.receive_event(connection)
                except EOFError:
                    # Not the end yet: the exit code says why, and it comes through the sentinel.
                    listening = False
                    self._expect_exit()
                    continue
                except protocol.Nonsense as nonsense:
                    self._kill()
                    process.join(EXIT_SECONDS)
                    return self._failed(endings.nonsense_problem(nonsense.sample, self._log))
                if isinstance(event, LAST):
                    self._leave(process)
                    return event
                self._deliver(event)
            elif process.sentinel in ready:
                process.join()
                if self._cancelled:
                    return Stopped(kept=False, time=time.time())
                return self._failed(endings.death_problem(process.exitcode, self._log))

    def _timeout(self) -> float | None:
        with self._lock:
            moments = [when for when, _ in self._deadlines]
        due = self._thinned.next_due()
        if due is not None:
            moments.append(due)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _climb(self) -> None:
        """Take the steps of the ladder that are due."""
        now = time.monotonic()
        with self._lock:
            due = [action for when, action in self._deadlines if when <= now]
            self._deadlines = [each for each in self._deadlines if each[0] > now]
        for action in due:
            if action == "terminate" and self._process is not None:
                self._process.terminate()
            elif action == "kill":
                self._kill()

    def _expect_exit(self) -> None:
        """A child that closed its pipe has nothing more to tell: it must leave soon."""
        now = time.monotonic()
        with self._lock:
            self._deadlines += [(now + EXIT_SECONDS, "terminate"), (now + EXIT_SECONDS + 5.0, "kill")]

    def _leave(self, process: multiprocessing.process.BaseProcess) -> None:
        """After the last event: the child leaves, or is made to."""
        process.join(EXIT_SECONDS)
        if process.exitcode is None:
            process.terminate()
            process.join(3.0)
        if process.exitcode is None:
            self._kill()
            process.join(3.0)

    def _kill(self) -> None:
        process = self._process
        if process is not None and not self._detached:
            with contextlib.suppress(OSError, ValueError):
                process.kill()

    def _failed(self, problem: Problem) -> Failed:
        return Failed(problem=problem, time=time.time())

    def _deliver(self, event: AnyEvent) -> None:
        try:
            self._thinned.take(event)
        except Exception:  # noqa: BLE001 - the job border: a listener's mistake must not end a training
            traceback.print_exc(file=sys.stderr)

    def _deliver_held(self) -> None:
        try:
            self._thinned.flush_due()
        except Exception:  # noqa: BLE001 - as above
            traceback.print_exc(file=sys.stderr)

    def _wake(self) -> None:
        with self._lock:
            if not self._over:
                with contextlib.suppress(OSError):
                    self._wake_writer.send_bytes(b"w")


def environment_of(job: AnyJob) -> dict[str, str]:
    """What the child's libraries must find set before they are imported."""
    environment = {
        "KERAS_BACKEND": job.backend,
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
        "PYTHONUNBUFFERED": "1",
        # With it, equal inputs give equal sums on a GPU too.
        "CUBLAS_WORKSPACE_CONFIG": os.environ.get("CUBLAS_WORKSPACE_CONFIG", ":4096:8"),
        # A training must not take the whole memory of a card that others use as well.
        "TF_FORCE_GPU_ALLOW_GROWTH": os.environ.get("TF_FORCE_GPU_ALLOW_GROWTH", "true"),
        "XLA_PYTHON_CLIENT_PREALLOCATE": os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE", "false"),
    }
    if job.device == "cpu":
        environment |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    return environment


def _new_log(job: AnyJob) -> Path:
    """A run's own worker.log for a training; else a temporary file."""
    if isinstance(job, Train):
        return Path(job.run_folder) / "worker.log"
    descriptor, name = tempfile.mkstemp(prefix="cnnstudio-", suffix=".log")
    os.close(descriptor)
    return Path(name)
