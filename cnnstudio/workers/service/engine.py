"""The engine of a service: a child process with the model, started again where it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from cnnstudio.core.events import Event, Failed
from cnnstudio.core.jobs import JobSpec, Prediction
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.service_jobs import ClassifyUploads, ServedModel, ServeUploads, Upload, UploadsClassified
from cnnstudio.core.text import Text
from cnnstudio.workers.service.answers import Phase
from cnnstudio.workers.service.refusals import interrupted, not_ready
from cnnstudio.workers.supervisor import Supervisor

ANSWER_SECONDS: Final = 120.0
"""After so long without an answer to a batch the child hangs, and is replaced."""
RESTARTS: Final = 5
RESTART_SPAN: Final = 300.0
"""A child that dies more often than RESTARTS times in so many seconds is not started again."""

_Answer = tuple[asyncio.AbstractEventLoop, "asyncio.Future[tuple[Prediction, ...]]"]


class Child(Protocol):
    """What is needed of a supervisor."""

    @property
    def pid(self) -> int | None: ...

    @property
    def exit_code(self) -> int | None: ...

    def run(self) -> Event: ...

    def send(self, command: ClassifyUploads) -> None: ...

    def stop(self, keep: bool = True) -> None: ...

    def cancel(self, keep: bool = True) -> None: ...

    def kill(self) -> None: ...


def supervise(job: JobSpec, on_event: Callable[[Event], None]) -> Child:
    """A child of this machine."""
    return Supervisor(job, on_event)


Supervise = Callable[[JobSpec, Callable[[Event], None]], Child]
"""Starts no child yet: `Child.run` does."""


class Engine:
    """A child that answers batches. `start`, `stop` and the properties may be used from any thread, `classify` in a loop.

    The callbacks come from the engine's own thread: `on_event` gets every event of the child, `on_change` is called after each
    change of `phase`, `on_death` gets the problem of a child that is started again, with its exit code. `problem` is why the
    engine ended by itself, None where it was stopped.
    """

    def __init__(self, job: ServeUploads, *, on_event: Callable[[Event], object] = lambda _event: None,
                 on_change: Callable[[], object] = lambda: None,
                 on_death: Callable[[Problem, int | None], object] = lambda _problem, _code: None,
                 supervise: Supervise = supervise) -> None:
        self._job, self._supervise = job, supervise
        self._on_event, self._on_change, self._on_death = on_event, on_change, on_death
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._pending: dict[int, _Answer] = {}
        self._child: Child | None = None
        self._stopping = False
        self._hangs = False
        self._deaths: deque[float] = deque()
        self._thread = threading.Thread(target=self._run, name="cnnstudio-service-engine", daemon=True)
        self.phase: Phase = "loading"
        self.model: ServedModel | None = None
        self.problem: Problem | None = None
        self.restarts = 0

    @property
    def batch(self) -> int:
        return 1 if self.model is None else max(1, self.model.batch)

    @property
    def pid(self) -> int | None:
        """The process that has the model."""
        return None if self._child is None else self._child.pid

    @property
    def is_over(self) -> bool:
        """Whether no child runs and none will be started."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def start(self) -> None:
        """Load the model, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End the child; it may take some seconds."""
        with self._lock:
            self._stopping = True
            self.phase = "stopping"
            child = self._child
        if child is not None:
            child.cancel(keep=False)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it has come."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    async def classify(self, uploads: Sequence[Upload]) -> tuple[Prediction, ...]:
        """The answers of one batch. Raises Refused where the model is not ready, or the child ends before it answers."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[Prediction, ...]] = loop.create_future()
        number = next(self._numbers)
        with self._lock:
            if self.phase != "ready" or self._child is None:
                raise not_ready()
            self._pending[number] = loop, answer
            child = self._child
        child.send(ClassifyUploads(request=number, uploads=tuple(uploads)))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            self._hangs = True
            child.kill()
            raise interrupted() from None
        finally:
            with self._lock:
                self._pending.pop(number, None)

    def _run(self) -> None:
        """Runs in the engine's thread: one child after the other."""
        while True:
            with self._lock:
                if self._stopping:
                    return
                self._hangs = False
                child = self._child = self._supervise(self._job, self._handle)
            last = child.run()
            served = self.phase == "ready"
            with self._lock:
                if not self._stopping:
                    self.phase = "restarting"
                lost, self._pending = self._pending, {}
            for waiting in lost.values():
                _settle(waiting, _interrupt)
            if self._stopping:
                return
            problem = last.problem if isinstance(last, Failed) else _ended_problem(self._hangs)
            if not served or self._dies_too_often():
                self.problem = problem
                self._change("stopping")
                return
            self.restarts += 1
            self._on_death(problem, child.exit_code)
            self._on_change()

    def _dies_too_often(self) -> bool:
        now = time.monotonic()
        self._deaths.append(now)
        while now - self._deaths[0] > RESTART_SPAN:
            self._deaths.popleft()
        return len(self._deaths) > RESTARTS

    def _handle(self, event: Event) -> None:
        if isinstance(event, ServedModel):
            self.model = event
            self._change("ready")
        elif isinstance(event, UploadsClassified):
            with self._lock:
                waiting = self._pending.get(event.request)
            if waiting is not None:
                _settle(waiting, partial(_give, event.predictions))
            return
        self._on_event(event)

    def _change(self, phase: Phase) -> None:
        with self._lock:
            if not self._stopping:
                self.phase = phase
        self._on_change()


def _settle(waiting: _Answer, how: Callable[[asyncio.Future[tuple[Prediction, ...]]], None]) -> None:
    """Do it in the loop of whoever waits, unless that is over."""
    loop, answer = waiting
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(how, answer)


def _give(predictions: tuple[Prediction, ...], answer: asyncio.Future[tuple[Prediction, ...]]) -> None:
    if not answer.done():
        answer.set_result(predictions)


def _interrupt(answer: asyncio.Future[tuple[Prediction, ...]]) -> None:
    if not answer.done():
        answer.set_exception(interrupted())


def _ended_problem(hangs: bool) -> Problem:
    text = Text("The process with the model gave no answer for {n} seconds and was ended.",
                "El proceso con el modelo no respondió durante {n} segundos y se terminó.").fill(
                    n=round(ANSWER_SECONDS)) if hangs else Text(
        "The process with the model ended without a reason.", "El proceso con el modelo terminó sin indicar el motivo.")
    return error("engine_ended", text, "machine")
