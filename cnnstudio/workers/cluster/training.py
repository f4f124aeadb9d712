"""Trains a run on a cluster: sends what is missing there, submits the job, and follows it."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable
from typing import Final

import msgspec

from cnnstudio.core.cluster_jobs import SharePictures
from cnnstudio.core.clusters import Cluster
from cnnstudio.core.commands import Command
from cnnstudio.core.events import LAST, Event, Failed, Finished, Hello, Phase, Stopped
from cnnstudio.core.jobs import Train
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.workers.cluster import layout
from cnnstudio.workers.cluster.checking import check_cluster
from cnnstudio.workers.cluster.client import JobsClient, client_of
from cnnstudio.workers.cluster.following import ClusterFollower, append_event
from cnnstudio.workers.cluster.layout import Task, job_folder
from cnnstudio.workers.cluster.listing import MARK
from cnnstudio.workers.cluster.package import send_code
from cnnstudio.workers.cluster.run_checks import check_run
from cnnstudio.workers.cluster.sending import send_run, send_weights
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.runs.away import AWAY_FILE, Away, write_away
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.run_problems import in_use_problem
from cnnstudio.workers.supervisor import Supervisor

DRIVER: Final = "python -m cnnstudio.workers.cluster.driver"


class ClusterTraining:
    """Has the interface of a `Supervisor`. `job` is that of a local training of the run.

    `run` blocks its thread; everything else may be called from any thread. After `detach` the job on the cluster goes on,
    once it was submitted.
    """

    keeps = True
    pid = None
    exit_code = None

    def __init__(self, run: RunFolder, job: Train, cluster: Cluster, on_event: Callable[[Event], None]) -> None:
        self._run = run
        self._job = job
        self._cluster = cluster
        self._on_event = on_event
        self._follower = ClusterFollower(run, on_event)
        self._sending: Supervisor | None = None
        self._stopped = False

    def run(self) -> Event:
        """Send, submit and follow; returns the last event. Raises nothing."""
        lock = ProjectLock(self._run.folder)
        if lock.acquire() is not None:
            return self._end(Failed(problem=in_use_problem(self._run), time=time.time()))
        try:
            last = self._submit()
            if last is not None:
                if isinstance(last, Failed):
                    append_event(self._run, last)
                return self._end(last)
            return self._follower.follow(earlier=False)
        finally:
            lock.release()

    def _end(self, last: Event) -> Event:
        self._on_event(last)
        return last

    def _submit(self) -> Event | None:
        """None once the job is there, else why it is not."""
        try:
            check_run(self._run, self._cluster)
            self._tell(Text("Asking the cluster", "Consultando el clúster"))
            report = check_cluster(self._cluster, again=False)
            if report.problems:
                raise ProblemError(*report.problems)
            last = self._share()
            if not isinstance(last, Finished):
                return last
            if self._stopped:
                return Stopped(run=self._run.id, kept=False, time=time.time())
            self._start()
        except ProblemError as problem_error:
            return Failed(problem=problem_error.problems[0], time=time.time())
        return None

    def _share(self) -> Event:
        """Prepare the pictures in a child of this machine and send what is missing."""
        job = SharePictures(run_folder=str(self._run.folder), storage=self._cluster.storage, cache=self._job.cache,
                            language=self._job.language, backend=self._job.backend, device="cpu")
        self._sending = Supervisor(job, self._pass_on)
        last = self._sending.run()
        self._sending = None
        return last

    def _pass_on(self, event: Event) -> None:
        if not isinstance(event, (*LAST, Hello)):
            self._on_event(event)

    def _start(self) -> None:
        self._tell(Text("Sending the training to the cluster", "Enviando el entrenamiento al clúster"))
        storage, client = Storage(self._cluster.storage), client_of(self._cluster)
        package = send_code(client)
        job = f"cnnstudio-{self._run.id}-{secrets.token_hex(4)}"
        folder = job_folder(job)
        send_run(storage, job, self._run, self._job.resume)
        task = Task(run=self._run.id, ranks=self._cluster.ranks, cpus=self._cluster.cpus, gpus=self._cluster.gpus,
                    device=self._job.device, determinism=self._job.determinism, language=self._job.language,
                    resume=self._job.resume, weights=send_weights(storage, self._run.spec()))
        storage.write(f"{folder}/{layout.TASK}", msgspec.json.encode(task))
        begin = self._run.events_path.stat().st_size if self._run.events_path.exists() else 0
        # Kept before the job is there: a program that ends in between finds it, or is told that there is none.
        write_away(self._run.folder, Away(cluster=self._cluster, job=job, ranks=self._cluster.ranks, submitted=time.time(),
                                          begin=begin))
        try:
            client.submit(job, DRIVER, package,
                          {layout.JOB_VARIABLE: job, layout.STORAGE_VARIABLE: self._cluster.storage_of_hosts},
                          {MARK: "train", "project": self._run.project_folder.name, "run": self._run.id,
                           "ranks": str(self._cluster.ranks)})
        except ProblemError:
            if not _is_there(client, job):
                with contextlib.suppress(OSError):
                    (self._run.folder / AWAY_FILE).unlink()
                raise

    def _tell(self, text: Text) -> None:
        self._on_event(Phase(name="cluster", text=text, time=time.time()))

    # ---------------------------------------------------------------------------------------------

    def send(self, command: Command) -> None:
        self._follower.send(command)

    def stop(self, keep: bool = True) -> None:
        """Ask the training to end; before it was submitted there is nothing to keep."""
        self._stopped = True
        sending = self._sending
        if sending is not None:
            sending.cancel(keep)
        self._follower.stop(keep)

    def cancel(self, keep: bool = True) -> None:
        """As `stop`; where that takes more than a minute the job is ended."""
        self.stop(keep)
        self._follower.cancel(keep)

    def kill(self) -> None:
        """End the job at once; the last checkpoint stays."""
        self._stopped = True
        sending = self._sending
        if sending is not None:
            sending.kill()
        self._follower.kill()

    def detach(self) -> None:
        """Stop following; the job goes on. Before it was submitted it ends."""
        sending = self._sending
        if sending is not None:
            self._stopped = True
            sending.cancel(keep=False)
        self._follower.detach()


def _is_there(client: JobsClient, job: str) -> bool:
    """Whether a job was taken although the answer was lost."""
    try:
        client.job(job)
    except ProblemError:
        return False
    return True
