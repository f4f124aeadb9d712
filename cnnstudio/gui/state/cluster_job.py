"""A training on a cluster as a job of the window: begun here, or found going on when the project was opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnstudio.core.commands import Command
from cnnstudio.core.events import LAST, Batch, Epoch, Event, Hello
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.jobs import Job

if TYPE_CHECKING:
    from cnnstudio.core.clusters import Cluster
    from cnnstudio.core.jobs import Train
    from cnnstudio.workers.cluster.following import ClusterFollower
    from cnnstudio.workers.cluster.training import ClusterTraining
    from cnnstudio.workers.runs.folder import RunFolder

Begin = Callable[[Callable[[Event], None]], "ClusterTraining | ClusterFollower"]


class ClusterJob(Job):
    """Sends and follows the job; the cluster goes on with it when nobody follows."""

    def __init__(self, run: RunFolder, epochs: int, cluster: str, begin: Begin) -> None:
        label = Text("Training on {name}", "Entrenamiento en {name}").fill(name=cluster)
        super().__init__(label, "train", page="train")
        self._epochs = epochs
        self._run = run
        self.cluster = cluster
        self.run_folder = str(run.folder)
        self._is_heard = False
        self.supervisor = begin(self._arrived.emit)

    @property
    def is_submitted(self) -> bool:
        """Whether the cluster has it; before, only this window works on it."""
        from cnnstudio.workers.runs.away import is_away

        return is_away(self._run.folder)

    @property
    def standing(self) -> str:
        """What is done before the training itself begins, and where; "" from then on."""
        if self._is_heard:
            return ""
        state = tr("Waiting", "En espera") if self.is_submitted else tr("Sending", "Enviando")
        return f"{state} · {self.cluster}"

    def _work(self) -> None:
        self._over.emit(self.supervisor.run())

    def _receive(self, event: Event) -> None:
        # The last event comes from `run` as well.
        if not isinstance(event, LAST):
            self._is_heard = self._is_heard or isinstance(event, Hello | Batch | Epoch)
            super()._receive(event)

    def send(self, command: Command) -> None:
        """Send a command to the training there."""
        self.supervisor.send(command)

    def stop(self, keep: bool = True) -> None:
        """Ask the training to end after the present batch."""
        self.cancelling = True
        self.supervisor.stop(keep)

    def abort(self) -> None:
        """End the job; a cluster that does not heed within a minute is told to end it."""
        super().cancel()
        self.supervisor.cancel(keep=False)

    def detach(self) -> None:
        """Let the cluster go on alone; `ended` follows with Stopped(kept=True)."""
        self.supervisor.detach()

    def cancel(self) -> None:
        """The window closes: stop following; the cluster goes on."""
        super().cancel()
        self.detach()


def begin_on_cluster(run: RunFolder, job: Train, epochs: int, cluster: Cluster) -> ClusterJob:
    """A job that sends a run to a cluster."""
    from cnnstudio.workers.cluster.training import ClusterTraining

    return ClusterJob(run, epochs, cluster.name, lambda tell: ClusterTraining(run, job, cluster, tell))


def follow_on_cluster(run: RunFolder, epochs: int) -> ClusterJob:
    """A job that follows a run which a cluster has already."""
    from cnnstudio.workers.cluster.following import ClusterFollower
    from cnnstudio.workers.runs.away import cluster_name

    return ClusterJob(run, epochs, cluster_name(run.folder), lambda tell: ClusterFollower(run, tell))
