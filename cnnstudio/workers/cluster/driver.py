"""The driver of a training on a cluster: takes the hosts, starts one actor on each, and starts the group again from its last
checkpoint where one is lost."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any, Final

import msgspec

from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.workers.cluster import layout
from cnnstudio.workers.cluster.host import Outcome, make_actor
from cnnstudio.workers.cluster.layout import End, Task, job_folder
from cnnstudio.workers.cluster.probe import living_hosts
from cnnstudio.workers.cluster.storage import Storage

RESTARTS: Final = 5
"""How often a group is started again without having written a checkpoint in between."""
_SETTLE_SECONDS: Final = 10.0
"""After one rank has ended: how long the others may take to tell why, or to end as well."""
_FINISH_SECONDS: Final = 600.0


class _Ended(Exception):
    """The job was ended from outside."""


def main() -> int:
    """Do the job that the environment names; 0 where it came to its end."""
    job, url = os.environ[layout.JOB_VARIABLE], os.environ[layout.STORAGE_VARIABLE]
    signal.signal(signal.SIGTERM, _on_terminate)
    problem: Problem | None
    storage: Storage | None = None
    try:
        storage = Storage(url)
        problem = _Driver(storage, job).run()
    except ProblemError as problem_error:
        problem = problem_error.problems[0]
    except _Ended:
        return 1
    if problem is not None:
        print(f"{problem.code}: {problem.text.en}\n{problem.details}", flush=True)
    if storage is not None:
        try:
            storage.write(f"{job_folder(job)}/{layout.END}", msgspec.json.encode(End(problem=problem)))
        except ProblemError as problem_error:
            print(problem_error.problems[0].text.en, flush=True)
    return int(problem is not None)


def _on_terminate(_number: int, _frame: object) -> None:
    raise _Ended


class _Driver:
    def __init__(self, storage: Storage, job: str) -> None:
        import ray

        self._ray = ray
        self._storage, self._job = storage, job
        data = storage.read(f"{job_folder(job)}/{layout.TASK}")
        if data is None:
            text = Text("The storage of the hosts ({url}) does not have what this computer sent: they are not the same place. "
                        "Check --host-storage.",
                        "El almacenamiento de los nodos ({url}) no tiene lo que envió este equipo: no son el mismo lugar. "
                        "Revise --host-storage.")
            raise ProblemError(error("storage_differs", text.fill(url=storage.url), "machine", field="host_storage"))
        self._task = msgspec.json.decode(data, type=Task)
        self._notices: list[Problem] = []

    def run(self) -> Problem | None:
        """Train to the end; returns why it failed, or None. Raises ProblemError."""
        self._ray.init(log_to_driver=False)
        group = self._take_hosts()
        tries, before = 0, self._checkpoints()
        resume = self._task.resume
        while True:
            outcomes = self._start(group, resume)
            for outcome in outcomes:
                print(f"rank {outcome.rank}: {outcome.kind} {outcome.problem.code if outcome.problem else ''}", flush=True)
            failed = [outcome for outcome in outcomes if outcome.problem is not None]
            if not failed:
                return None
            if not any(outcome.lost for outcome in failed):
                return _reason(failed)
            after = self._checkpoints()
            tries, before = (1 if after != before else tries + 1), after
            if tries > RESTARTS:
                return _reason(failed)
            resume = bool(after) or self._task.resume
            self._notices = [_started_again(bool(after))]
            print(self._notices[0].text.en, flush=True)
            time.sleep(1.0)

    def _checkpoints(self) -> frozenset[str]:
        names = self._storage.sizes(f"{job_folder(self._job)}/{layout.FILES}/checkpoints")
        return frozenset(name for name in names if name.endswith(".ckpt"))

    def _take_hosts(self) -> Any:
        """A placement group; waits until the cluster has room. Raises ProblemError."""
        from ray.util.placement_group import placement_group

        task = self._task
        hosts = [host for host in living_hosts() if host.cpus >= task.cpus and host.gpus >= task.gpus]
        strategy = "STRICT_SPREAD" if len(hosts) >= task.ranks else "PACK"
        if strategy == "PACK" and task.ranks > 1:
            self._notices.append(_packed(task.ranks, len(hosts)))
        bundle = {"CPU": task.cpus} | ({"GPU": task.gpus} if task.gpus else {})
        group = placement_group([dict(bundle) for _ in range(task.ranks)], strategy=strategy)
        print(f"waiting for {task.ranks} x {bundle} ({strategy})", flush=True)
        while not group.wait(10):
            pass
        return group

    def _start(self, group: Any, resume: bool) -> list[Outcome]:
        """Start every rank; returns how they ended, as soon as one is lost or all are done."""
        ray, task = self._ray, self._task
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

        actors = [make_actor(task.cpus, task.gpus, PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=rank))
                  for rank in range(task.ranks)]
        try:
            coordinator = ray.get(actors[0].address.remote())
            encoded, notices = msgspec.json.encode(task), msgspec.json.encode(self._notices)
            calls = {actor.train.remote(self._storage.url, self._job, encoded, rank, task.ranks, coordinator, resume,
                                        notices): rank for rank, actor in enumerate(actors)}
            return self._wait(calls)
        except ray.exceptions.RayError as lost:
            return [Outcome(rank=0, kind="Failed", problem=_host_lost(0, lost), lost=True)]
        finally:
            for actor in actors:
                ray.kill(actor)

    def _wait(self, calls: dict[Any, int]) -> list[Outcome]:
        ray, outcomes = self._ray, list[Outcome]()
        waiting = list(calls)
        deadline: float | None = None
        while waiting:
            timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
            done, waiting = ray.wait(waiting, timeout=timeout)
            if not done:
                break
            for call in done:
                outcome = self._outcome(call, calls[call])
                outcomes.append(outcome)
                settle = _SETTLE_SECONDS if outcome.problem is not None else _FINISH_SECONDS
                end = time.monotonic() + settle
                deadline = end if deadline is None else min(deadline, end)
        return outcomes

    def _outcome(self, call: Any, rank: int) -> Outcome:
        try:
            return msgspec.json.decode(self._ray.get(call), type=Outcome)
        except self._ray.exceptions.RayError as lost:
            return Outcome(rank=rank, kind="Failed", problem=_host_lost(rank, lost), lost=True)


def _reason(failed: list[Outcome]) -> Problem:
    """The most telling problem: not that of a rank that only lost the others."""
    ordered = sorted(failed, key=lambda outcome: (outcome.lost, outcome.problem is None or outcome.problem.code == "unexpected",
                                                  outcome.rank))
    problem = ordered[0].problem
    assert problem is not None
    return problem


def _host_lost(rank: int, lost: BaseException) -> Problem:
    text = Text("Host {n} of the training was lost.", "Se perdió el nodo {n} del entrenamiento.")
    return error("host_lost", text.fill(n=rank), "machine", details=str(lost))


def _started_again(from_checkpoint: bool) -> Problem:
    text = Text("A host of the training was lost. All of them were started again from the last checkpoint.",
                "Se perdió un nodo del entrenamiento. Todos se iniciaron de nuevo desde el último punto de control.")
    if not from_checkpoint:
        text = Text("A host of the training was lost before the first checkpoint. The training was started again.",
                    "Se perdió un nodo del entrenamiento antes del primer punto de control. El entrenamiento empezó de nuevo.")
    return warning("group_restarted", text, "machine")


def _packed(ranks: int, hosts: int) -> Problem:
    text = Text("{ranks} hosts are asked for and the cluster has {hosts} that fit: several parts of the training share one.",
                "Se piden {ranks} nodos y el clúster tiene {hosts} adecuados: varias partes del entrenamiento comparten uno.")
    problem = warning("hosts_shared", text.fill(ranks=ranks, hosts=hosts), "machine")
    return msgspec.structs.replace(problem, severity="info")


if __name__ == "__main__":
    sys.exit(main())
