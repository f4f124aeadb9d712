"""A job on a cluster as a run of the project: sent, followed, left alone, attached again, and ended in every way."""

from __future__ import annotations

import threading
import time

import msgspec
import pytest

from cnnstudio.core.checksums import seal_line
from cnnstudio.core.commands import Pause, SetLearningRate, Stop
from cnnstudio.core.events import Epoch, Failed, Finished, Hello, Notice, Stopped
from cnnstudio.core.jobs import Train
from cnnstudio.core.messages import decode_command, encode_event
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.workers.cluster import following, layout
from cnnstudio.workers.cluster.following import ClusterFollower
from cnnstudio.workers.cluster.layout import End, FileIndex, Written, job_folder, segment_name
from cnnstudio.workers.cluster.mirror import Mirror, fetch_run
from cnnstudio.workers.cluster.stopping import send_stop
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.cluster.syncing import RunSync, is_safe
from cnnstudio.workers.cluster.training import ClusterTraining
from cnnstudio.workers.runs.away import Away, is_away, read_away, write_away
from cnnstudio.workers.runs.folder import RunFolder


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(following, "ASK_SECONDS", 0.05)
    monkeypatch.setattr(following, "_PATIENCE", (0.05,))


@pytest.fixture
def storage(cluster):
    return Storage(cluster.storage)


def epoch(number):
    return Epoch(epoch=number, epochs=3, metrics={"loss": 1.0 / number}, seconds=1.0, pictures_per_second=10.0, time=number)


class Host:
    """What a host writes: events into segments, files with their index."""

    def __init__(self, storage, job):
        self.storage, self.job, self.begin, self.data, self.files = storage, job, 0, b"", {}

    def tell(self, *events, close=False):
        self.data += b"".join(seal_line(encode_event(event)) + b"\n" for event in events)
        self.storage.write(segment_name(self.job, self.begin), self.data)
        if close:
            self.begin, self.data = self.begin + len(self.data), b""

    def write(self, name, content):
        self.storage.write(f"{job_folder(self.job)}/{layout.FILES}/{name}", content)
        self.files[name] = Written(len(content), time.time_ns())
        self.storage.write(f"{job_folder(self.job)}/{layout.INDEX}", msgspec.json.encode(FileIndex(files=self.files)))

    def end(self, problem=None):
        self.storage.write(f"{job_folder(self.job)}/{layout.END}", msgspec.json.encode(End(problem=problem)))


def submitted(ray, cluster, run, status="RUNNING", message=""):
    """A job that is there, as if it had been sent by a program that is gone."""
    ray.jobs["job-1"] = {"status": status, "submission_id": "job-1", "message": message, "metadata": {}, "type": "SUBMISSION"}
    write_away(run.folder, Away(cluster=cluster, job="job-1", ranks=2))
    return Host(Storage(cluster.storage), "job-1")


def test_a_run_elsewhere_counts_as_running_until_its_end(ray, cluster, run):
    host = submitted(ray, cluster, run)
    assert run.living()
    host.tell(Hello(pid=1), epoch(1))
    told = []
    follower = ClusterFollower(run, told.append)
    thread = threading.Thread(target=follower.run)
    thread.start()
    while not any(isinstance(event, Epoch) for event in told):
        time.sleep(0.01)
    assert run.summary().state == "running"
    assert run.summary().cluster == "lab"
    assert not run.summary().resumable
    host.write("model.keras", b"a model")
    host.write("checkpoints/epoch-00001-000000.ckpt", b"a checkpoint")
    host.tell(epoch(2), Finished(run=run.id, metrics={"loss": 0.5}))
    host.end()
    ray.jobs["job-1"]["status"] = "SUCCEEDED"
    thread.join()
    assert isinstance(told[-1], Finished)
    assert [event.epoch for event in run.epochs()] == [1, 2]
    assert run.model_path.read_bytes() == b"a model"
    assert (run.checkpoints / "epoch-00001-000000.ckpt").read_bytes() == b"a checkpoint"
    assert run.summary().state == "finished"
    assert not run.living()


def test_a_follower_that_was_killed_loses_nothing(ray, cluster, run):
    host = submitted(ray, cluster, run)
    host.tell(Hello(pid=1), epoch(1), close=True)
    host.tell(epoch(2))
    sync = RunSync(Storage(cluster.storage), "job-1", run, 0)
    sync.pull_events()
    # Killed in the middle of a line.
    with run.events_path.open("r+b") as file:
        file.truncate(run.events_path.stat().st_size - 20)
    host.tell(epoch(3), Finished(run=run.id))
    ray.jobs["job-1"]["status"] = "SUCCEEDED"
    told = []
    last = ClusterFollower(run, told.append).run()
    assert isinstance(last, Finished)
    assert [event.epoch for event in told if isinstance(event, Epoch)] == [1, 2, 3]
    assert [event.epoch for event in run.epochs()] == [1, 2, 3]


def test_left_alone_it_goes_on(ray, cluster, run):
    submitted(ray, cluster, run).tell(Hello(pid=1), epoch(1))
    follower = ClusterFollower(run, lambda event: follower.detach() if isinstance(event, Epoch) else None)
    last = follower.run()
    assert isinstance(last, Stopped)
    assert is_away(run.folder)
    assert not ray.stopped


def test_the_end_of_a_first_start_is_not_the_end(ray, cluster, run):
    """A rank fails, the group is started again, and finishes."""
    host = submitted(ray, cluster, run)
    host.tell(Hello(pid=1), epoch(1), Failed(problem=error("group_lost", same("lost"), "machine")), Hello(pid=2), epoch(2),
              Finished(run=run.id))
    ray.jobs["job-1"]["status"] = "SUCCEEDED"
    told = []
    assert isinstance(ClusterFollower(run, told.append).run(), Finished)
    assert not any(isinstance(event, Failed) for event in told)


def test_how_an_earlier_part_ended_is_not_the_end(ray, cluster, run):
    """A run that was stopped, resumed as a job, and attached before the job said anything."""
    with run.events_path.open("ab") as file:
        for event in (Hello(pid=1), epoch(1), Stopped(run=run.id)):
            file.write(seal_line(encode_event(event)) + b"\n")
    submitted(ray, cluster, run, "FAILED", "no reason")
    write_away(run.folder, Away(cluster=cluster, job="job-1", ranks=2, begin=run.events_path.stat().st_size))
    told = []
    last = ClusterFollower(run, told.append).run()
    assert last.problem.code == "cluster_job_failed"
    assert [type(event) for event in told if not isinstance(event, Notice)][:2] == [Hello, Epoch]


def test_what_is_over_is_not_followed_again(ray, cluster, run):
    host = submitted(ray, cluster, run)
    host.tell(Hello(pid=1), Finished(run=run.id))
    ray.jobs["job-1"]["status"] = "SUCCEEDED"
    assert isinstance(ClusterFollower(run, lambda _event: None).run(), Finished)
    ray.jobs.clear()
    assert ClusterFollower(run, lambda _event: None).run().problem.code == "not_away"
    assert run.summary().state == "finished"


def test_the_network_goes_and_comes_back(ray, cluster, run):
    host = submitted(ray, cluster, run)
    host.tell(Hello(pid=1), epoch(1))
    told = []
    follower = ClusterFollower(run, told.append)
    thread = threading.Thread(target=follower.run)
    thread.start()
    while not any(isinstance(event, Epoch) for event in told):
        time.sleep(0.01)
    real, ray.token = ray.token, "another"
    ray.plain = True
    while not any(isinstance(event, Notice) for event in told):
        time.sleep(0.01)
    ray.plain, ray.token = False, real
    host.tell(epoch(2), Finished(run=run.id))
    ray.jobs["job-1"]["status"] = "SUCCEEDED"
    thread.join()
    assert [event.problem.code for event in told if isinstance(event, Notice)] == ["cluster_away"]
    assert isinstance(told[-1], Finished)


@pytest.mark.parametrize(("status", "problem", "code"), [
    ("FAILED", None, "cluster_job_failed"), ("FAILED", error("shard_missing", same("gone"), "dataset"), "shard_missing")])
def test_a_job_that_fails_says_why(ray, cluster, run, status, problem, code):
    host = submitted(ray, cluster, run, status, "Job failed\nTraceback\nValueError: what happened")
    host.tell(Hello(pid=1), epoch(1))
    if problem is not None:
        host.end(problem)
    last = ClusterFollower(run, lambda _event: None).run()
    assert isinstance(last, Failed)
    assert last.problem.code == code
    assert "Traceback" not in last.problem.text.en
    summary = run.summary()
    assert (summary.state, summary.problem.code) == ("failed", code)
    assert not run.living()


def test_a_job_that_is_not_there_any_more_is_told(ray, cluster, run):
    submitted(ray, cluster, run).tell(Hello(pid=1), epoch(1))
    ray.jobs.clear()
    last = ClusterFollower(run, lambda _event: None).run()
    assert last.problem.code == "cluster_no_job"
    assert [event.epoch for event in run.epochs()] == [1]
    assert not run.living()


def test_a_wrong_token_ends_following_and_not_the_job(ray, cluster, run):
    submitted(ray, cluster, run)
    ray.token = "another"
    assert ClusterFollower(run, lambda _event: None).run().problem.code == "cluster_token"
    assert is_away(run.folder)


def test_commands_go_over_the_storage(ray, cluster, run, storage):
    submitted(ray, cluster, run)
    follower = ClusterFollower(run, lambda _event: None)
    follower.send(Pause())
    run.send(SetLearningRate(rate=0.1))
    threading.Timer(0.3, follower.detach).start()
    follower.run()
    send_stop(read_away(run.folder), keep=False)
    folder = f"{job_folder('job-1')}/{layout.COMMANDS}"
    sent = [decode_command(storage.read(f"{folder}/{name}")) for name in sorted(storage.sizes(folder))]
    assert sorted(map(repr, sent[:2])) == sorted(map(repr, [Pause(), SetLearningRate(rate=0.1)]))
    assert sent[2] == Stop(keep=False)


def test_kill_ends_the_job(ray, cluster, run):
    submitted(ray, cluster, run).tell(Hello(pid=1), epoch(1))
    follower = ClusterFollower(run, lambda _event: None)
    follower.kill()
    assert isinstance(follower.run(), Stopped)
    assert ray.stopped == ["job-1"]


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "spec.json", "a/../../b", "events.jsonl", ".lock", "", "a\\b"])
def test_a_host_cannot_write_elsewhere(name):
    assert not is_safe(name)
    assert is_safe("checkpoints/epoch-1.ckpt")


# The host's side -----------------------------------------------------------------------------------


def test_a_mirror_and_a_follower_make_the_same_run(ray, cluster, run, storage, tmp_path):
    submitted(ray, cluster, run)
    there = RunFolder(tmp_path / "host" / "runs" / run.id)
    storage.send(run.spec_path, f"{job_folder('job-1')}/{layout.RUN}/spec.json")
    fetch_run(storage, "job-1", there)
    assert there.spec() == run.spec()
    failed = []
    for number in (1, 2):
        mirror = Mirror(storage, "job-1", there, failed.append)
        mirror.start()
        with there.events_path.open("ab") as file:
            file.write(seal_line(encode_event(epoch(number))) + b"\n" + b'{"event":"epo' * (number == 2))
        (there.folder / "checkpoints").mkdir(exist_ok=True)
        (there.folder / "checkpoints" / f"epoch-0000{number}-000000.ckpt").write_bytes(b"x" * number)
        (there.folder / "checkpoints" / "epoch-00001-000000.ckpt").unlink() if number == 2 else None
        mirror.close()
        # The next start of the group is on another host.
        there = RunFolder(tmp_path / f"host-{number}" / "runs" / run.id)
        fetch_run(storage, "job-1", there)
    assert not failed
    assert [path.name for path in there.checkpoints.iterdir()] == ["epoch-00002-000000.ckpt"]
    sync = RunSync(storage, "job-1", run, 0)
    sync.pull_events()
    sync.pull_files(True)
    assert [event.epoch for event in run.epochs()] == [1, 2]
    assert [path.name for path in run.checkpoints.iterdir()] == ["epoch-00002-000000.ckpt"]


def test_long_events_are_cut_in_segments(storage, cluster, ray, run, tmp_path, monkeypatch):
    from cnnstudio.workers.cluster import mirror as module

    monkeypatch.setattr(module, "SEGMENT_BYTES", 1000)
    submitted(ray, cluster, run)
    there = RunFolder(tmp_path / "host" / "runs" / run.id)
    there.folder.mkdir(parents=True)
    mirror = Mirror(storage, "job-1", there, lambda _problem: None)
    sync = RunSync(storage, "job-1", run, 0)
    for number in range(1, 41):
        with there.events_path.open("ab") as file:
            file.write(seal_line(encode_event(epoch(number))) + b"\n")
        mirror._look()
        if number % 7 == 0:
            sync.pull_events()
    sync.pull_events()
    assert run.events_path.read_bytes() == there.events_path.read_bytes()
    assert len(storage.sizes(f"{job_folder('job-1')}/{layout.EVENTS}")) > 3


def test_commands_reach_the_run_on_the_host(storage, cluster, ray, run, tmp_path):
    submitted(ray, cluster, run)
    there = RunFolder(tmp_path / "host" / "runs" / run.id)
    there.folder.mkdir(parents=True)
    mirror = Mirror(storage, "job-1", there, lambda _problem: None)
    send_stop(read_away(run.folder), keep=True)
    mirror._look()
    mirror._look()
    taken = (there.folder / "commands.jsonl").read_bytes().splitlines()
    assert taken == [msgspec.json.encode({"command": "stop", "keep": True})]


# Sending -------------------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch):
    """The pictures count as sent: their child process has tests of its own."""
    monkeypatch.setattr(ClusterTraining, "_share", lambda _self: Finished())


@pytest.mark.usefixtures("sent")
def test_a_training_is_sent_followed_and_comes_back(ray, cluster, run, storage):
    def work(job):
        name = job["body"]["runtime_env"]["env_vars"][layout.JOB_VARIABLE]
        if not name.startswith("cnnstudio-2"):
            return "SUCCEEDED", ""
        task = msgspec.json.decode(storage.read(f"{job_folder(name)}/{layout.TASK}"), type=layout.Task)
        assert (task.ranks, task.run) == (2, run.id)
        assert storage.read(f"{job_folder(name)}/{layout.RUN}/spec.json") == run.spec_path.read_bytes()
        host = Host(storage, name)
        host.tell(Hello(pid=1), epoch(1), Finished(run=run.id))
        host.write("model.keras", b"a model")
        host.end()
        return "SUCCEEDED", ""

    ray.work = lambda job: ("SUCCEEDED", "") if "check" in job["submission_id"] else work(job)
    told = []
    last = ClusterTraining(run, Train(run_folder=str(run.folder)), cluster, told.append).run()
    assert isinstance(last, Finished), last
    assert run.model_path.read_bytes() == b"a model"
    assert len(ray.packages) == 1
    metadata = ray.jobs[read_away(run.folder).job]["metadata"]
    assert metadata["run"] == run.id


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize(("change", "code"), [
    (lambda ray: setattr(ray, "token", "another"), "cluster_token"),
    (lambda ray: setattr(ray, "version", "2.40.0"), "cluster_version"),
    (lambda ray: setattr(ray, "log", ray.log.replace('"keras":"3.', '"keras":"2.')), "cluster_version"),
    (lambda ray: setattr(ray, "log", ray.log.replace('"cnnstudio":"', '"cnnstudio":"9')), "cluster_version"),
    (lambda ray: setattr(ray, "log", ray.log.replace('"jax":"0.10.0"', '"jax":""')), "cluster_library"),
    (lambda ray: setattr(ray, "log", ray.log.replace('"cpus":4.0', '"cpus":0.0')), "cluster_no_room"),
    (lambda ray: setattr(ray, "log", "ModuleNotFoundError: No module named 'msgspec'"), "cluster_library"),
    (lambda ray: ray.close(), "cluster_unreachable"),
])
def test_what_does_not_fit_is_refused_before_anything_is_sent(ray, cluster, run, storage, change, code):
    if code == "cluster_version" and '"cnnstudio":""' in ray.log:
        ray.log = ray.log.replace('"cnnstudio":""', '"cnnstudio":"0.0.1"')
    change(ray)
    last = ClusterTraining(run, Train(run_folder=str(run.folder)), cluster, lambda _event: None).run()
    assert isinstance(last, Failed)
    assert last.problem.code == code
    assert run.summary().problem.code == code
    assert not storage.sizes("jobs")
    assert not run.living()


def test_hosts_that_cannot_share_a_batch_are_refused(cluster, run):
    uneven = msgspec.structs.replace(cluster, ranks=3)
    last = ClusterTraining(run, Train(run_folder=str(run.folder)), uneven, lambda _event: None).run()
    assert last.problem.code == "cluster_uneven"
    assert "training.batch_size=33" in last.problem.text.en


@pytest.mark.usefixtures("sent")
def test_a_refused_submission_leaves_the_run_free(ray, cluster, run):
    ray.refusal = "Traceback (most recent call last):\n  File x\nRuntimeError: no agent"
    last = ClusterTraining(run, Train(run_folder=str(run.folder)), cluster, lambda _event: None).run()
    assert last.problem.code == "cluster_refused"
    assert "no agent" in last.problem.text.en
    assert "File x" not in last.problem.text.en
    assert read_away(run.folder) is None
    assert not run.living()
