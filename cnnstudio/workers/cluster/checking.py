"""Whether a cluster can be reached and used: token, versions, hosts, storage."""

from __future__ import annotations

import secrets
import time
from typing import Final

import msgspec
from packaging.version import InvalidVersion, Version

from cnnstudio import __version__
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.clusters import Cluster
from cnnstudio.core.foreign_files import SMALL, find_json
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.workers.cluster import cluster_problems as problems
from cnnstudio.workers.cluster.client import ClusterJob, JobsClient, client_of
from cnnstudio.workers.cluster.listing import MARK
from cnnstudio.workers.cluster.package import send_code
from cnnstudio.workers.cluster.probe import MARK as LINE
from cnnstudio.workers.cluster.probe import NEEDED, Host, Probed, own_versions
from cnnstudio.workers.cluster.storage import Storage

OLDEST_RAY: Final = "2.52"
"""The first one with tokens."""
OLDEST_JAX: Final = "0.6"
_SAME: Final = {"keras": "Keras", "numpy": "NumPy"}
"""Libraries whose first two numbers must be equal here and there."""
_SECONDS: Final = 180.0
_LOOK_SECONDS: Final = 0.5


class ClusterReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a cluster. Without `problems` a training can be sent there."""

    name: str
    address: str
    ray: str = ""
    python: str = ""
    versions: dict[str, str] = {}
    hosts: tuple[Host, ...] = ()
    problems: tuple[Problem, ...] = ()
    session: str = ""

    @property
    def reachable(self) -> bool:
        return bool(self.ray)


def check_cluster(cluster: Cluster, again: bool = True) -> ClusterReport:
    """Ask a cluster, which takes some seconds. Without `again`, a good report on the same start of the cluster is enough.
    Raises nothing."""
    report = ClusterReport(name=cluster.name, address=cluster.address)
    replace = msgspec.structs.replace
    try:
        client = client_of(cluster)
        version = client.version()
        report = replace(report, ray=version.ray_version, session=version.session_name)
        if _is_older(version.ray_version, OLDEST_RAY):
            raise ProblemError(problems.version_too_old("Ray", version.ray_version, OLDEST_RAY))
        Storage(cluster.storage).check()
        path = cache_folder() / "clusters" / f"{cluster.name}.json"
        kept = None if again else find_json(path, ClusterReport, SMALL)
        if kept is not None and kept.session == version.session_name and kept.address == cluster.address and not kept.problems:
            return kept
        probed = _probe(cluster, client)
        report = replace(report, python=probed.python, versions=probed.versions, hosts=probed.hosts,
                         problems=probed_problems(cluster, probed))
        if not report.problems:
            write_atomically(path, msgspec.json.encode(report))
    except ProblemError as problem_error:
        return replace(report, problems=problem_error.problems)
    return report


def probed_problems(cluster: Cluster, probed: Probed) -> tuple[Problem, ...]:
    """What of the cluster's versions, hosts and storage does not fit."""
    found = []
    here = own_versions()
    there = probed.versions
    missing = [name for name in NEEDED if not there.get(name)]
    if missing:
        found.append(problems.library_missing(", ".join(missing)))
    for name, label in _SAME.items():
        if there.get(name) and here.get(name) and _release(here[name]) != _release(there[name]):
            found.append(problems.version_differs(label, here[name], there[name]))
    if there.get("cnnstudio") and _release(there["cnnstudio"]) != _release(__version__):
        found.append(problems.version_differs("CNN Studio", __version__, there["cnnstudio"]))
    if there.get("jax") and _is_older(there["jax"], OLDEST_JAX):
        found.append(problems.version_too_old("JAX", there["jax"], OLDEST_JAX))
    if probed.storage:
        found.append(_storage_there(probed.storage))
    if not found and not _has_room(cluster, probed.hosts):
        found.append(no_room(cluster, probed.hosts))
    return tuple(found)


def no_room(cluster: Cluster, hosts: tuple[Host, ...]) -> Problem:
    text = Text("{n} × {cpus} processors and {gpus} GPUs are asked for, and the cluster will never have them: it has {have}. "
                "Ask for less.",
                "Se piden {n} × {cpus} procesadores y {gpus} GPU, y el clúster nunca los tendrá: tiene {have}. Pida menos.")
    have = "; ".join(f"{host.name}: {host.cpus:g} CPU, {host.gpus:g} GPU" for host in hosts[:8]) or "-"
    return error("cluster_no_room", text.fill(n=cluster.ranks, cpus=cluster.cpus, gpus=cluster.gpus, have=have), "machine",
                 field="ranks")


def _has_room(cluster: Cluster, hosts: tuple[Host, ...]) -> bool:
    fitting = 0
    for host in hosts:
        by_cpu = host.cpus // cluster.cpus
        fitting += int(by_cpu if not cluster.gpus else min(by_cpu, host.gpus // cluster.gpus))
    return fitting >= cluster.ranks


def _storage_there(encoded: str) -> Problem:
    try:
        reason = msgspec.json.decode(encoded, type=Problem).text
    except msgspec.MsgspecError:
        reason = Text(encoded[:300], encoded[:300])
    text = Text("On the hosts: {reason}", "En los nodos: {reason}")
    return error("storage_unusable", text.fill(reason=reason), "machine", field="host_storage")


def _release(version: str) -> tuple[int, ...]:
    """The first two numbers."""
    try:
        return (*Version(version).release, 0)[:2]
    except InvalidVersion:
        return ()


def _is_older(version: str, least: str) -> bool:
    try:
        return Version(version) < Version(least)
    except InvalidVersion:
        return False


def _probe(cluster: Cluster, client: JobsClient) -> Probed:
    """Run the probe there and read what it printed."""
    package = send_code(client)
    job = f"cnnstudio-check-{secrets.token_hex(6)}"
    client.submit(job, "python -m cnnstudio.workers.cluster.probe", package,
                  {"CNNSTUDIO_STORAGE": cluster.storage_of_hosts}, {MARK: "check"})
    ended = _wait(client, job)
    log = client.logs(job)
    for line in log.splitlines():
        if line.startswith(LINE):
            try:
                return msgspec.json.decode(line.removeprefix(LINE), type=Probed)
            except msgspec.MsgspecError:
                break
    names = [name for name in ("ray", *NEEDED) if f"No module named '{_module(name)}" in log]
    raise ProblemError(problems.library_missing(", ".join(names)) if names else problems.job_failed(ended.message or "", log))


def _module(package: str) -> str:
    return "cv2" if package == "opencv-python-headless" else package


def _wait(client: JobsClient, job: str) -> ClusterJob:
    end = time.monotonic() + _SECONDS
    while True:
        state = client.job(job)
        if state.is_over:
            return state
        if time.monotonic() > end:
            client.stop(job)
            text = Text("The cluster took the job but did not start it within {n} s: all its processors may be busy.",
                        "El clúster aceptó el trabajo pero no lo inició en {n} s: quizá todos sus procesadores estén ocupados.")
            raise ProblemError(error("cluster_busy", text.fill(n=round(_SECONDS)), "machine"))
        time.sleep(_LOOK_SECONDS)
