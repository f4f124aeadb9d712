"""Run one job in a child process and pass its events on; it always ends."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import stat
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cnnstudio.core.commands import Command, Stop
from cnnstudio.core.events import LAST, Event, Failed, Stopped
from cnnstudio.core.installation import is_replaced, replaced_problem
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.libraries import added_libraries
from cnnstudio.core.library_path import VARIABLE as LIBRARY_PATH
from cnnstudio.core.messages import Start
from cnnstudio.core.own_folders import link_problem
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem
from cnnstudio.workers import child_problems, pipes, protocol
from cnnstudio.workers.spare import ENGINE
from cnnstudio.workers.throttle import Throttle
from cnnstudio.workers.transport import Child, Endpoint, ProtocolError, Ready, Setup, Transport
from cnnstudio.workers.trouble import training_of_job

_LOG: Final = logging.getLogger(__name__)
_LOG_PREFIX: Final = "cnnstudio-"
_LOG_SECONDS: Final = 7 * 86_400
EXIT_SECONDS: Final = 15.0
"""How long a child may take to leave after its last event."""


class Supervisor:
    """One child, one job. `run` blocks its thread; every other method may be called from any thread.

    `on_event` is called in the thread of `run` for every event, the last one included; Batch and
    Progress are limited to about twenty a second. `log` receives the child's output.
    `environment` is set in the child before it imports anything. `transport` starts it; it can be replaced until `run`.
    """

    def __init__(self, job: JobSpec, on_event: Callable[[Event], None], log: Path | None = None,
                 target: str = ENGINE, *, environment: dict[str, str] | None = None, transport: Transport = pipes.start,
                 stop_seconds: float | None = None, terminate_seconds: float = 10.0) -> None:
        self._job = job
        self._throttle = Throttle(on_event)
        self._temporary_log = log is None
        self._log = log if log is not None else _new_log(job)
        self._setup = Setup(target=target, log=self._log, environment=environment_of(job) | (environment or {}))
        self.transport = transport
        self._stop_seconds = stop_seconds if stop_seconds is not None else job.stop_seconds
        self._terminate_seconds = terminate_seconds
        self._outbox: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        # Signal handlers take it, too, in the thread that may hold it.
        self._lock = threading.RLock()
        self._cancelled = False
        self._detached = False
        self._over = False
        self._deadlines: list[tuple[float, str]] = []
        self._child: Child | None = None

    @property
    def keeps(self) -> bool:
        """Whether the job has something to keep when it is stopped."""
        return self._job.run_to_lock is not None

    @property
    def pid(self) -> int | None:
        """The child's process id once it was started."""
        return None if self._child is None else self._child.pid

    @property
    def exit_code(self) -> int | None:
        """The child's exit code (negative: the signal that ended it); None before its end."""
        return None if self._child is None else self._child.exitcode

    def run(self) -> Event:
        """Run the job and return its last event. Raises nothing.

        A child that dies gives Failed; one that `cancel` had to end gives Stopped(kept=False);
        after `detach` it returns Stopped(kept=True), although the child continues.
        """
        kind = type(self._job).__name__
        _LOG.info("%s starts on %s, log %s", kind, self._job.backend, self._log)
        refused = None if self._job.run_to_lock is None else link_problem(self._job.run_to_lock)
        if is_replaced():
            # The child would be another version, which need not understand this one.
            refused = replaced_problem()
        try:
            last = self._run() if refused is None else self._failed(refused)
        except (OSError, ValueError, RuntimeError) as error:
            last = Failed(problem=child_problems.start_problem(error), time=time.time())
        finally:
            self._outbox.put(None)
            with self._lock:
                self._over = True
        if isinstance(last, Failed):
            _LOG.error("%s failed: %s: %s\n%s", kind, last.problem.code, last.problem.text.en, last.problem.details)
        else:
            _LOG.info("%s ends: %s", kind, type(last).__name__)
        if self._temporary_log and not isinstance(last, Failed) and not self._detached:
            with contextlib.suppress(OSError):
                if self._log != Path(os.devnull):
                    self._log.unlink()
        if not self._detached:
            self._deliver(last)
        return last

    def send(self, command: Command) -> None:
        """Send a command to the child; ignored if it has ended."""
        self._outbox.put(command)

    def stop(self, keep: bool = True) -> None:
        """Ask the job to end after the present batch, however long that takes."""
        self.send(Stop(keep=keep))

    def cancel(self, keep: bool = True) -> None:
        """End the job in any case: Stop, then terminate, then kill, each after a while."""
        with self._lock:
            if self._cancelled or self._over:
                return
            self._cancelled = True
            now = time.monotonic()
            self._deadlines = [(now + self._stop_seconds, "terminate"),
                               (now + self._stop_seconds + self._terminate_seconds, "kill")]
        self.send(Stop(keep=keep))
        self._wake()
        # A child that hangs in the middle of a message blocks the reader, so a timer ends it.
        timer = threading.Timer(self._stop_seconds + self._terminate_seconds + 2.0, self._kill)
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        """End the child at once; the job counts as cancelled."""
        with self._lock:
            self._cancelled = True
        self._kill()

    def detach(self) -> None:
        """Detach the child: `run` returns, the child continues alone, and this process may end."""
        with self._lock:
            if self._over:
                return
            self._detached = True
        self._wake()

    def _run(self) -> Event:
        child = self.transport(self._setup)
        self._child = child
        self._outbox_first(Start(job=self._job))
        threading.Thread(target=self._write, args=(child.endpoint,), daemon=True, name="cnnstudio-commands").start()
        try:
            return self._watch(child)
        finally:
            child.close()

    def _outbox_first(self, command: Command) -> None:
        """Put `command` before all commands that were sent before the child started."""
        earlier = []
        with contextlib.suppress(queue.Empty):
            while True:
                earlier.append(self._outbox.get_nowait())
        for queued in (command, *earlier):
            self._outbox.put(queued)

    def _write(self, endpoint: Endpoint) -> None:
        """Runs in its own thread, so that a child that does not read never blocks a caller."""
        while (command := self._outbox.get()) is not None:
            try:
                protocol.send_command(endpoint, command)
            except (OSError, ValueError):
                return

    def _watch(self, child: Child) -> Event:
        listening = True
        while True:
            if self._detached:
                child.abandon()
                return Stopped(kept=True, time=time.time())
            ready = child.wait(self._timeout(), listening)
            self._escalate()
            self._deliver_held()
            if Ready.MESSAGE in ready:
                try:
                    event = protocol.receive_event(child.endpoint)
                except EOFError:
                    # Wait for the exit, since the exit code gives the reason.
                    listening = False
                    self._expect_exit()
                    continue
                except ProtocolError as error:
                    child.kill()
                    child.join(EXIT_SECONDS)
                    return self._failed(child_problems.protocol_problem(error.sample, self._log))
                if isinstance(event, LAST):
                    self._wait_for_exit(child)
                    return event
                self._deliver(event)
            elif Ready.EXIT in ready:
                child.join()
                if self._cancelled:
                    return Stopped(kept=False, time=time.time())
                return self._failed(child_problems.death_problem(child.exitcode, self._log,
                                                                training_of_job(self._job)))

    def _timeout(self) -> float | None:
        with self._lock:
            moments = [when for when, _ in self._deadlines]
        due = self._throttle.next_due()
        if due is not None:
            moments.append(due)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _escalate(self) -> None:
        """Take the steps of `cancel` that are due."""
        now = time.monotonic()
        with self._lock:
            due = [action for when, action in self._deadlines if when <= now]
            self._deadlines = [deadline for deadline in self._deadlines if deadline[0] > now]
        for action in due:
            if action == "terminate" and self._child is not None:
                self._child.terminate()
            elif action == "kill":
                self._kill()

    def _expect_exit(self) -> None:
        """A child that closed its end sends nothing more: it must exit soon."""
        now = time.monotonic()
        with self._lock:
            self._deadlines += [(now + EXIT_SECONDS, "terminate"), (now + EXIT_SECONDS + 5.0, "kill")]

    def _wait_for_exit(self, child: Child) -> None:
        """After the last event: wait for the exit, or kill the child."""
        child.join(EXIT_SECONDS)
        if child.exitcode is None:
            child.terminate()
            child.join(3.0)
        if child.exitcode is None:
            self._kill()
            child.join(3.0)

    def _kill(self) -> None:
        if self._child is not None and not self._detached:
            self._child.kill()

    def _failed(self, problem: Problem) -> Failed:
        return Failed(problem=problem, time=time.time())

    def _deliver(self, event: Event) -> None:
        try:
            self._throttle.pass_on(event)
        except Exception:  # noqa: BLE001 - the job border: a listener's mistake must not end a training
            traceback.print_exc(file=sys.stderr)
            _LOG.exception("a listener of events failed")

    def _deliver_held(self) -> None:
        try:
            self._throttle.flush_due()
        except Exception:  # noqa: BLE001 - as above
            traceback.print_exc(file=sys.stderr)

    def _wake(self) -> None:
        if self._child is not None:
            self._child.wake()


def environment_of(job: JobSpec) -> dict[str, str]:
    """Environment variables that the child's libraries need before they are imported."""
    environment = {
        "KERAS_BACKEND": job.backend,
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
        "PYTHONUNBUFFERED": "1",
        # Keras writes its preferences there, else into a folder of the user's that no removal would name.
        "KERAS_HOME": os.environ.get("KERAS_HOME") or str(cache_folder() / "keras"),
        # For reproducible sums on a GPU, too.
        "CUBLAS_WORKSPACE_CONFIG": os.environ.get("CUBLAS_WORKSPACE_CONFIG", ":4096:8"),
        # A training must not take all memory of a shared graphics card.
        "TF_FORCE_GPU_ALLOW_GROWTH": os.environ.get("TF_FORCE_GPU_ALLOW_GROWTH", "true"),
        "XLA_PYTHON_CLIENT_PREALLOCATE": os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE", "false"),
    }
    if job.device == "cpu":
        environment |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    environment[LIBRARY_PATH] = ""
    if added_libraries():
        # Most people have none, and a child starts sooner without asking the registries.
        from cnnstudio.workers.libraries import library_path_for

        environment[LIBRARY_PATH] = library_path_for(job)
    return environment


def _new_log(job: JobSpec) -> Path:
    """The worker.log of the run that the job writes; else a temporary file."""
    if job.run_to_lock is not None:
        return job.run_to_lock / "worker.log"
    try:
        _remove_old_logs()
        descriptor, name = tempfile.mkstemp(prefix=_LOG_PREFIX, suffix=".log")
    except OSError:
        # No room for a log is no reason not to do the work.
        return Path(os.devnull)
    os.close(descriptor)
    return Path(name)


def _is_mine(facts: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or facts.st_uid == os.getuid()


def _remove_old_logs() -> None:
    """Delete the logs of this user's jobs that failed or were killed more than a week ago."""
    oldest = time.time() - _LOG_SECONDS
    for path in Path(tempfile.gettempdir()).glob(f"{_LOG_PREFIX}*.log"):
        with contextlib.suppress(OSError):
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode) and facts.st_mtime < oldest and _is_mine(facts):
                path.unlink()
