"""The children of a search: while one trains, the next one imports Keras."""

from __future__ import annotations

from collections.abc import Callable

from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec
from cnnstudio.workers import pipes
from cnnstudio.workers.spare import ENGINE, Spare
from cnnstudio.workers.supervisor import Supervisor, environment_of


class Children:
    """Supervisors of jobs with the entry `target`; for the program's own there is a spare child."""

    def __init__(self, target: str = ENGINE) -> None:
        self._target = target
        self._spare = Spare() if target == ENGINE else None
        self._environment: dict[str, str] = {}

    def supervisor(self, job: JobSpec, on_event: Callable[[Event], None]) -> Supervisor:
        """The supervisor of a job."""
        self._environment = environment_of(job)
        start = pipes.start if self._spare is None else self._spare.start
        return Supervisor(job, on_event, target=self._target, transport=start)

    def prepare(self) -> None:
        """Let a child wait for a job like the last one, where there is none yet and the memory allows it."""
        if self._spare is not None:
            self._spare.prepare(self._environment)

    def close(self) -> None:
        """End the child that waits."""
        if self._spare is not None:
            self._spare.end()
