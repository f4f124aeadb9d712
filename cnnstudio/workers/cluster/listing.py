"""The jobs of this program on a cluster."""

from __future__ import annotations

import msgspec

from cnnstudio.core.clusters import Cluster
from cnnstudio.core.text import Text
from cnnstudio.workers.cluster.client import Status, client_of

MARK = "cnnstudio"
STATUS_NAMES: dict[Status, Text] = {
    "PENDING": Text("waiting", "en espera"), "RUNNING": Text("running", "en marcha"), "STOPPED": Text("stopped", "detenido"),
    "SUCCEEDED": Text("finished", "terminado"), "FAILED": Text("failed", "fallido")}


class ListedJob(msgspec.Struct, frozen=True, kw_only=True):
    """One job; `kind` is "train"; `started` and `ended` are seconds since the epoch, None where it has not."""

    cluster: str
    job: str
    status: Status
    kind: str
    project: str = ""
    run: str = ""
    ranks: int = 1
    started: float | None = None
    ended: float | None = None
    message: str = ""


def list_jobs(cluster: Cluster) -> list[ListedJob]:
    """The newest first; those of others are left out. Raises ProblemError."""
    listed = []
    for job in client_of(cluster).jobs():
        facts = job.metadata or {}
        if MARK not in facts or not job.submission_id:
            continue
        ranks = facts.get("ranks", "1")
        listed.append(ListedJob(
            cluster=cluster.name, job=job.submission_id, status=job.status, kind=facts[MARK],
            project=facts.get("project", ""), run=facts.get("run", ""), ranks=int(ranks) if ranks.isdigit() else 1,
            started=None if job.start_time is None else job.start_time / 1000,
            ended=None if job.end_time is None else job.end_time / 1000,
            message=(job.message or "").strip()))
    return sorted(listed, key=lambda job: (job.started or 0.0, job.job), reverse=True)


def stop_job(cluster: Cluster, job: str) -> None:
    """End a job now; its last checkpoint stays. Raises ProblemError."""
    client_of(cluster).stop(job)
