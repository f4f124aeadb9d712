"""One host of a training: an actor of Ray that starts the same child as a local training, and watches it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.commands import Stop
from cnnstudio.core.events import Event, Failed
from cnnstudio.core.jobs import Group, Train
from cnnstudio.core.own_folders import RUNS
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.workers.cluster.layout import WEIGHTS, Task
from cnnstudio.workers.cluster.mirror import Mirror, fetch_run, send_log
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.supervisor import Supervisor

BACKEND: Final = "jax"
_PREFIX: Final = "cnnstudio-cluster-"
THREADS: Final = 4
"""Calls of the actor that run at once: `train` blocks one of them."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a rank ended. `lost`: its process died, or the machine did, so that another try is worth it."""

    rank: int
    kind: str
    problem: Problem | None = None
    lost: bool = False


class RankHost:
    """Works in a folder of its own on the host's disk. Its methods are called by the driver, several at once."""

    def __init__(self) -> None:
        _remove_left_folders()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self._supervisor: Supervisor | None = None
        self._problem: Problem | None = None
        self._lock = threading.Lock()

    def address(self) -> str:
        """Where rank 0 can listen: this host and a free port."""
        import ray

        host = ray.util.get_node_ip_address()
        with socket.socket() as listener:
            listener.bind((host, 0))
            return f"{host}:{listener.getsockname()[1]}"

    def train(self, url: str, job: str, task: bytes, rank: int, world: int, coordinator: str, resume: bool,
              notices: bytes) -> bytes:
        """Train as `rank`; returns an Outcome. Raises nothing."""
        try:
            outcome = self._train(Storage(url), job, msgspec.json.decode(task, type=Task), rank, world, coordinator, resume,
                                  msgspec.json.decode(notices, type=tuple[Problem, ...]))
        except ProblemError as problem_error:
            outcome = Outcome(rank=rank, kind="Failed", problem=problem_error.problems[0])
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        return msgspec.json.encode(outcome)

    def _train(self, storage: Storage, job: str, task: Task, rank: int, world: int, coordinator: str, resume: bool,
               notices: tuple[Problem, ...]) -> Outcome:
        run = RunFolder(self._folder / "project" / RUNS / task.run)
        fetch_run(storage, job, run)
        # Also a single host shares each batch among its cards.
        group = None if world == 1 and task.gpus < 2 else Group(rank=rank, world=world, coordinator=coordinator)
        train = Train(run_folder=str(run.folder), resume=resume, storage=storage.url, group=group, backend=BACKEND,
                      device=task.device, devices=1 if group is None else "all", determinism=task.determinism,
                      cache=str(self._folder / "cache"),
                      language=task.language, notices=notices if rank == 0 else ())
        for name in task.weights:
            storage.fetch(f"{WEIGHTS}/{name}", self._folder / "cache" / "bases" / name)
        supervisor = Supervisor(train, lambda _event: None, environment={"CNNSTUDIO_CACHE": str(self._folder / "cache")})
        with self._lock:
            self._supervisor = supervisor
        mirror = None
        if rank == 0:
            mirror = Mirror(storage, job, run, self._on_storage_failed)
            mirror.start()
        last = supervisor.run()
        if mirror is not None:
            mirror.close()
        else:
            send_log(storage, job, rank, run.log_path)
        return self._outcome(rank, last, supervisor.exit_code)

    def _on_storage_failed(self, problem: Problem) -> None:
        self._problem = problem
        self.kill()

    def _outcome(self, rank: int, last: Event, exit_code: int | None) -> Outcome:
        if self._problem is not None:
            return Outcome(rank=rank, kind="Failed", problem=self._problem)
        problem = last.problem if isinstance(last, Failed) else None
        # A child that tells its last event leaves with 0.
        return Outcome(rank=rank, kind=type(last).__name__, problem=problem,
                       lost=problem is not None and (exit_code != 0 or problem.code == "group_lost"))

    def stop(self, keep: bool) -> None:
        """Ask the training to end."""
        with self._lock:
            if self._supervisor is not None:
                self._supervisor.send(Stop(keep=keep))

    def kill(self) -> None:
        """End the child."""
        with self._lock, contextlib.suppress(OSError):
            if self._supervisor is not None:
                self._supervisor.kill()


def _remove_left_folders() -> None:
    """Remove the folders of actors that were killed."""
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def make_actor(cpus: int, gpus: int, place: Any) -> Any:
    """One actor with so many processors and GPUs, at a place of a placement group."""
    import ray

    return ray.remote(RankHost).options(num_cpus=cpus, num_gpus=gpus, max_concurrency=THREADS, max_restarts=0,
                                        scheduling_strategy=place).remote()
