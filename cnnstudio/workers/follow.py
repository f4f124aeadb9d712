"""Follow a training that another window started, by the events in its folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from cnnstudio.core.commands import Command, Stop
from cnnstudio.core.events import LAST, Event, Failed, Hello, Stopped
from cnnstudio.core.problems import ProblemError
from cnnstudio.workers import child_problems
from cnnstudio.workers.journal import read_events
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.throttle import Throttle

LOOK_SECONDS: Final = 0.25


class Follower:
    """Has the interface of a `Supervisor`: `run`, `send`, `stop`, `cancel`, `kill`, `detach`.

    Earlier events are delivered first, so that plots are complete.
    """

    def __init__(self, run: RunFolder, on_event: Callable[[Event], None]) -> None:
        self._run = run
        self._throttle = Throttle(on_event)
        self._left = threading.Event()

    def run(self) -> Event:
        """Deliver events until the training's last one. Raises nothing; a process that died gives Failed."""
        offset = 0
        seen_dead = False
        while True:
            events, offset = read_events(self._run.events_path, offset)
            last = self._tell(events)
            if last is not None:
                return last
            if seen_dead:
                failed = Failed(problem=child_problems.death_problem(None, self._run.log_path), time=time.time())
                self._throttle.pass_on(failed)
                return failed
            # Read again after the process has ended: its last events may have come in between.
            seen_dead = not self._run.living()
            if not seen_dead and self._left.wait(LOOK_SECONDS):
                return Stopped(run=self._run.id, kept=True, time=time.time())

    def _tell(self, events: list[Event]) -> Event | None:
        """Deliver the events; return the last one if the training ended (a later Hello means that it was resumed)."""
        resumed = max((index for index, event in enumerate(events) if isinstance(event, Hello)), default=0)
        for index, event in enumerate(events):
            if isinstance(event, LAST) and index < resumed:
                continue
            self._throttle.pass_on(event)
            if isinstance(event, LAST):
                return event
        return None

    def send(self, command: Command) -> None:
        """Send a command to the training; lost if its folder cannot be written."""
        try:
            self._run.send(command)
        except ProblemError:
            return

    def stop(self, keep: bool = True) -> None:
        self.send(Stop(keep=keep))

    def cancel(self, keep: bool = True) -> None:
        """As `stop`: a process of another window is not killed."""
        self.stop(keep)

    def kill(self) -> None:
        """As `stop`."""
        self.stop()

    def detach(self) -> None:
        """Stop following."""
        self._left.set()


def follow(run: RunFolder, on_event: Callable[[Event], None]) -> Event:
    """Follow a training to its end; blocks."""
    return Follower(run, on_event).run()
