"""A trial while it is worked on: its settings, its runs, and the child that trains one of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from cnnstudio.core import events
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.search.reading import ParamValue


class Worker(Protocol):
    """A supervisor, or whoever follows the child of another process."""

    def run(self) -> events.Event: ...

    def stop(self, keep: bool = True) -> None: ...

    def cancel(self, keep: bool = True) -> None: ...

    def kill(self) -> None: ...

    def detach(self) -> None: ...


@dataclass
class ActiveTrial:
    """`trial` is Optuna's. `runs` and `values` are by fold, `place` is the fold that is worked on; `reported` are the steps
    that Optuna knows. `pruned`: it is being ended early."""

    trial: Any
    number: int
    runs: list[RunFolder | None]
    params: dict[str, ParamValue] = field(default_factory=dict)
    problem: Any = None
    reported: set[int] = field(default_factory=set)
    values: list[tuple[float, ...]] = field(default_factory=list)
    pruned: bool = False
    place: int = 0
    worker: Worker | None = None
    timing: bool = False
    """Its latency is measured at the moment."""
    metrics: dict[str, float] = field(default_factory=dict)
    _earlier: float = 0.0
    _since: float = field(default_factory=time.monotonic)

    @property
    def run(self) -> RunFolder:
        """The run that is worked on."""
        run = self.runs[self.place]
        assert run is not None
        return run

    @property
    def run_ids(self) -> list[str]:
        return [run.id for run in self.runs if run is not None]

    @property
    def pid(self) -> int | None:
        """The process of its child, where it is ours or said so."""
        return getattr(self.worker, "pid", None)

    @property
    def seconds(self) -> float:
        """How long it was worked on, also by an earlier session."""
        return self._earlier + time.monotonic() - self._since

    def go_on_from(self, seconds: float) -> None:
        """It was worked on for so long by an earlier session."""
        self._earlier, self._since = seconds, time.monotonic()

    def begin(self, worker: Worker, tell: Callable[[ActiveTrial, events.Event], None]) -> None:
        """Let a worker do its job in a thread; its last event is told in the end."""
        self.worker = worker
        threading.Thread(target=lambda: tell(self, worker.run()), daemon=True, name=f"trial-{self.number}").start()


class OneAtATime:
    """A measurement that waits until no other one is made."""

    def __init__(self, supervisor: Worker, turn: threading.Lock) -> None:
        self._supervisor, self._turn = supervisor, turn

    def run(self) -> events.Event:
        with self._turn:
            return self._supervisor.run()

    def stop(self, keep: bool = True) -> None:
        self._supervisor.cancel(keep)

    def cancel(self, keep: bool = True) -> None:
        self._supervisor.cancel(keep)

    def kill(self) -> None:
        self._supervisor.kill()

    def detach(self) -> None:
        """It is made again by the next session."""
        self._supervisor.cancel()
