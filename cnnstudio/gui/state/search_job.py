"""A session of a hyperparameter search in a thread of the window; each of its trials is a child process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnnstudio.core.events import Event, Failed, Finished, Progress, Stopped
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Job, unexpected_problem

if TYPE_CHECKING:
    from cnnstudio.workers.search.folder import SearchFolder

KIND = "search"


class SearchJob(Job):
    """`event` carries the events of the search (`workers.search.search_events`), each followed by the progress in trials."""

    def __init__(self, search: SearchFolder, target: str = "") -> None:
        super().__init__(Text("Search", "Búsqueda"), KIND, page="search")
        from cnnstudio.workers.search.driver import SearchDriver
        from cnnstudio.workers.spare import ENGINE

        self.search = search
        self._done = self._total = 0
        self._ended_here = 0
        self._running: dict[int, float] = {}
        self.driver = SearchDriver(search, self._arrived.emit, target=target or ENGINE)

    def _work(self) -> None:
        last: Event
        try:
            ended = self.driver.run()
            if ended.ending == "problem" and ended.problem is not None:
                last = Failed(problem=ended.problem)
            else:
                last = Stopped(kept=True) if ended.ending == "stopped" else Finished()
        except ProblemError as problem_error:
            last = Failed(problem=problem_error.problems[0])
        except Exception as err:  # noqa: BLE001 - the job border: whatever happens becomes a problem
            last = Failed(problem=unexpected_problem(err))
        self._over.emit(last)

    def _receive(self, event: Any) -> None:
        from cnnstudio.workers.search.search_events import SearchBegan, TrialBegan, TrialEnded, TrialMoved

        if isinstance(event, SearchBegan):
            self._done, self._total = event.done, event.trials
        elif isinstance(event, TrialBegan):
            self._running.setdefault(event.number, 0.0)
        elif isinstance(event, TrialMoved):
            self._running[event.number] = event.epoch / max(1, event.epochs)
        elif isinstance(event, TrialEnded):
            self._running.pop(event.trial.number, None)
            self._done += 1
            self._ended_here += 1
        self.event.emit(event)
        super()._receive(Progress(done=self._done, total=max(1, self._total), unit="trials", seconds_left=self._left()))

    def _follow(self, event: Event) -> None:
        super()._follow(event)
        if isinstance(event, Progress) and self._total:
            self.progress = min(1.0, (self._done + sum(self._running.values())) / self._total)

    def _left(self) -> float | None:
        """The seconds left by what the trials of this session took, None before the first is over."""
        if not self._ended_here:
            return None
        worked = self._ended_here + sum(self._running.values())
        return (time.monotonic() - self.started) / worked * max(0.0, self._total - self._done - sum(self._running.values()))

    def stop(self) -> None:
        """End the session; the trials keep what they have, and all goes on later."""
        self._end(self.driver.stop)

    def cancel(self) -> None:
        """As `stop`, and children that do not stop soon are ended."""
        self._end(self.driver.cancel)

    def detach(self) -> None:
        """End the session; the children go on alone, and the next session takes what they have done."""
        self._end(self.driver.detach)

    def _end(self, act: Callable[[], None]) -> None:
        self.cancelling = True
        act()
