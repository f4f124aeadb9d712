"""A real cluster on this machine: a head and two workers with token authentication, and trainings on it that are disturbed.

Where Ray and JAX are not installed it is skipped. `python -m pytest -m nightly tests/workers/cluster/test_loopback.py`
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from cnnstudio import cli
from cnnstudio.core.clusters import Cluster, keep_cluster
from cnnstudio.core.events import Epoch, Failed, Finished, Notice, Stopped
from cnnstudio.datasets.opening import open_project, sample_project
from cnnstudio.network.key_values import with_values
from cnnstudio.workers.cluster.checking import check_cluster
from cnnstudio.workers.cluster.following import ClusterFollower
from cnnstudio.workers.cluster.listing import list_jobs
from cnnstudio.workers.cluster.tokens import keep_token
from cnnstudio.workers.cluster.training import ClusterTraining
from cnnstudio.workers.job_setup import prepare_training, refresh_index
from cnnstudio.workers.runs.away import read_away

pytestmark = [
    pytest.mark.nightly, pytest.mark.keras, pytest.mark.timeout(1200),
    pytest.mark.skipif(importlib.util.find_spec("ray") is None or importlib.util.find_spec("jax") is None,
                       reason="Ray and JAX are not installed: pip install \"cnnstudio[cluster]\"")]
TOKEN = "a-token-of-the-nightly-tests-0123456789"


def free_ports(count):
    """Below the range that Ray gives to its workers."""
    found = []
    for port in range(6300, 9900):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")


@pytest.fixture(scope="module")
def ray_address(tmp_path_factory):
    """The address of a head with two workers; ended afterwards by their own process groups."""
    folder = tmp_path_factory.mktemp("ray")
    port, dashboard, *_ = free_ports(2)
    environment = os.environ | {
        "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_raylet_start_wait_time_s": "200",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    common = ["--num-gpus=0", "--object-store-memory=100000000", "--disable-usage-stats", "--block"]
    commands = [["--head", f"--port={port}", "--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}", "--num-cpus=0",
                 f"--temp-dir={short_folder()}"],
                *[[f"--address=127.0.0.1:{port}", "--num-cpus=2"] for _ in range(2)]]
    started = []
    try:
        for number, command in enumerate(commands):
            path = folder / f"{number}.log"
            with path.open("wb") as log:
                started.append(subprocess.Popen([sys.executable, "-m", "ray.scripts.scripts", "start", *command, *common],
                                                env=environment, stdout=log, stderr=log, start_new_session=True))
            wait_for(lambda path=path: b"Ray runtime started" in path.read_bytes(), 240)
        yield f"http://127.0.0.1:{dashboard}"
    finally:
        for process in reversed(started):
            children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.terminate()
            _gone, alive = psutil.wait_procs([psutil.Process(process.pid), *children] if process.poll() is None else children,
                                             timeout=15)
            for child in alive:
                child.kill()
        shutil.rmtree(short_folder(), ignore_errors=True)


def short_folder():
    """Ray's sockets need short paths."""
    return f"/tmp/cnnstudio-ray-{os.getpid()}"


@pytest.fixture
def cluster(ray_address, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    (tmp_path / "storage").mkdir()
    item = keep_cluster(Cluster(name="lab", address=ray_address, storage=str(tmp_path / "storage"), ranks=2))
    keep_token("lab", TOKEN)
    wait_for(lambda: not check_cluster(item).problems, 240)
    return item


@pytest.fixture
def project(tmp_path):
    """LeNet-5 on the bundled digits."""
    return sample_project(tmp_path / "digits")


def new_run(folder, *values):
    spec, index = open_project(folder)
    try:
        spec = with_values(spec, values)
        refresh_index(folder, spec, index)
        index.apply(spec.dataset)
        return prepare_training(folder, spec, index)
    finally:
        index.close()


def wait_for(condition, seconds=300.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)


class Followed:
    """A training that is followed in a thread."""

    def __init__(self, make):
        self.told = []
        self.supervisor = make(self.told.append)
        self.last = None
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self):
        self.last = self.supervisor.run()

    def wait(self, seconds=600.0):
        self.thread.join(seconds)
        assert not self.thread.is_alive(), self.told[-5:]
        return self.last

    def epochs(self):
        return [event.epoch for event in self.told if isinstance(event, Epoch)]

    def codes(self):
        return [event.problem.code for event in self.told if isinstance(event, Notice)]


def hosts_processes(word):
    """The processes of this machine whose command has the word, those of this test's cluster alone."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        environment = process.info["environ"] or {}
        if word in " ".join(process.info["cmdline"] or ()) and environment.get("RAY_AUTH_TOKEN") == TOKEN:
            found.append(process)
    return found


def start(run, job, cluster):
    return Followed(lambda on_event: ClusterTraining(run, job, cluster, on_event))


def test_two_hosts_train_lenet_as_one_process_does(cluster, project):
    run, job = new_run(project, "training.epochs=4")
    last = start(run, job, cluster).wait()
    assert isinstance(last, Finished), last
    assert last.metrics["val_accuracy"] > 0.85
    assert run.summary().state == "finished"
    assert cli.main(["evaluate", str(project), "--run", run.id]) == 0
    assert [listed.status for listed in list_jobs(cluster) if listed.run == run.id] == ["SUCCEEDED"]


def test_lost_processes_and_a_lost_follower_cost_nothing(cluster, project):
    run, job = new_run(project, "training.epochs=14", "training.early_stopping.enabled=false")
    first = start(run, job, cluster)
    wait_for(lambda: first.epochs()[-1:] >= [2], 600)
    hosts_processes("spawn_main")[0].kill()
    wait_for(lambda: "group_restarted" in first.codes(), 300)
    first.supervisor.detach()
    assert isinstance(first.wait(), Stopped)
    assert run.living()
    wait_for(lambda: hosts_processes("ray::RankHost"), 300)
    hosts_processes("ray::RankHost")[0].kill()
    second = Followed(lambda on_event: ClusterFollower(run, on_event))
    last = second.wait()
    assert isinstance(last, Finished), last
    assert [event.epoch for event in run.epochs()] == list(range(1, 15))
    assert run.has_model_file
    assert not run.living()


def test_a_killed_job_is_told_and_the_run_goes_on(cluster, project):
    run, job = new_run(project, "training.epochs=6", "training.early_stopping.enabled=false")
    first = start(run, job, cluster)
    wait_for(lambda: first.epochs()[-1:] >= [2], 600)
    for process in hosts_processes("cnnstudio.workers.cluster.driver"):
        process.send_signal(signal.SIGKILL)
    last = first.wait()
    assert isinstance(last, Failed)
    assert last.problem.code == "cluster_job_failed"
    assert not run.living()
    from cnnstudio.workers.runs.resuming import resumed_job

    last = start(run, resumed_job(run, run.spec()), cluster).wait()
    assert isinstance(last, Finished), last
    assert [event.epoch for event in run.epochs()] == list(range(1, 7))


def test_two_jobs_at_once(cluster, project):
    runs = [new_run(project, "training.epochs=2", f"training.seed={seed}") for seed in (1, 2)]
    both = [start(run, job, cluster) for run, job in runs]
    assert all(isinstance(followed.wait(), Finished) for followed in both)
    assert runs[0][0].epochs()[-1].metrics != runs[1][0].epochs()[-1].metrics


def test_a_missing_shard_is_told_in_words(cluster, project):
    run, job = new_run(project, "training.epochs=2")
    storage = Path(cluster.storage)
    followed = start(run, job, cluster)
    wait_for(lambda: read_away(run.folder) is not None)
    for shard in (storage / "shards").iterdir():
        shard.unlink()
    last = followed.wait()
    assert isinstance(last, Failed)
    assert last.problem.code == "shard_missing"
    assert "Traceback" not in str(last.problem.text)


def test_a_stop_keeps_the_model(cluster, project):
    run, job = new_run(project, "training.epochs=200", "training.early_stopping.enabled=false")
    followed = start(run, job, cluster)
    wait_for(followed.epochs, 600)
    followed.supervisor.stop(keep=True)
    last = followed.wait()
    assert isinstance(last, Stopped)
    assert last.kept
    assert run.has_model_file
    assert run.summary().state == "stopped"
