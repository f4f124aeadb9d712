"""The children of a search: while one trains, the next one imports Keras. On a cluster, each trial is a job there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cnnstudio.core.clusters import Cluster
from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec, Train
from cnnstudio.workers import pipes
from cnnstudio.workers.cluster.following import ClusterFollower
from cnnstudio.workers.cluster.training import ClusterTraining
from cnnstudio.workers.follow import Follower
from cnnstudio.workers.runs.away import is_away
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.search.active import Worker
from cnnstudio.workers.search.capacity import Capacity
from cnnstudio.workers.spare import ENGINE, Spare
from cnnstudio.workers.supervisor import Supervisor, environment_of


class Children:
    """Supervisors of jobs with the entry `target`; for the program's own there is a spare child. With a `cluster`, runs are
    trained there."""

    def __init__(self, target: str = ENGINE, cluster: Cluster | None = None) -> None:
        self._target = target
        self._cluster = cluster
        self._spare = Spare() if target == ENGINE and cluster is None else None
        self._environment: dict[str, str] = {}

    def worker(self, run: RunFolder, job: JobSpec, on_event: Callable[[Event], None]) -> Worker:
        """Who does a job of a run."""
        if self._cluster is not None and isinstance(job, Train):
            return ClusterTraining(run, job, self._cluster, on_event)
        return self.supervisor(job, on_event)

    def follower(self, run: RunFolder, on_event: Callable[[Event], None]) -> Worker:
        """Who follows a run that is trained already."""
        return ClusterFollower(run, on_event) if is_away(run.folder) else Follower(run, on_event)

    def allow_another(self, capacity: Capacity, pids: Iterable[int | None]) -> bool:
        """Whether there is memory for one more; of the memory of hosts the cluster takes care."""
        return self._cluster is not None or capacity.allows_another(pids)

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
