"""Processes that train one network together on JAX: equal to one process with the whole batch."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
import zipfile

import h5py
import msgspec
import numpy as np
import pytest

from cnnstudio import cli
from cnnstudio.core.cluster_jobs import SharePictures
from cnnstudio.core.events import Epoch, Failed, Finished, Hello, Stopped
from cnnstudio.core.jobs import Group, Train
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.job_setup import prepare_training, refresh_index
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.supervisor import Supervisor

pytestmark = [pytest.mark.nightly, pytest.mark.keras,
              pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed"),
              pytest.mark.timeout(900)]
WORLD = 2


def make_run(tmp_path, template, *settings):
    """A run of digits whose pictures are in the storage."""
    pictures = tmp_path / "pictures"
    rng = np.random.default_rng(0)
    import cv2

    for label in ("a", "b", "c"):
        (pictures / label).mkdir(parents=True)
        for number in range(71):
            noise = rng.integers(0, 120, (32, 32), np.uint8)
            noise["abc".index(label) * 10:][:10] += 100
            cv2.imwrite(str(pictures / label / f"{number}.png"), noise)
    project_folder = tmp_path / "project"
    sets = [part for setting in ("training.epochs=2", "training.batch_size=16", *settings) for part in ("--set", setting)]
    assert cli.main(["new", str(project_folder), "--data", str(pictures), "--template", template, *sets]) == 0
    project, index = open_project(project_folder)
    try:
        refresh_index(project_folder, project, index)
        index.apply(project.dataset)
        run, _job = prepare_training(project_folder, project, index)
    finally:
        index.close()
    (tmp_path / "storage").mkdir()
    shared = Supervisor(SharePictures(run_folder=str(run.folder), storage=str(tmp_path / "storage"),
                                      cache=str(tmp_path / "cache")), lambda _event: None).run()
    assert isinstance(shared, Finished)
    return run


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def train_together(tmp_path, run, world=WORLD, on_event=lambda _supervisors, _rank, _event: None, resume=False):
    """Train copies of the run as ranks; returns the folders and last events."""
    coordinator = f"127.0.0.1:{free_port()}"
    folders, supervisors, lasts, threads = [], [], [None] * world, []
    for rank in range(world):
        folder = tmp_path / f"rank-{rank}" / "runs" / run.id
        if not folder.exists():
            shutil.copytree(run.folder, folder)
        folders.append(RunFolder(folder))
        job = Train(run_folder=str(folder), storage=str(tmp_path / "storage"), backend="jax", device="cpu", devices="all",
                    resume=resume,
                    cache=str(tmp_path / f"cache-{rank}"), group=Group(rank=rank, world=world, coordinator=coordinator))
        supervisors.append(Supervisor(job, lambda event, rank=rank: on_event(supervisors, rank, event)))

    def work(rank):
        lasts[rank] = supervisors[rank].run()

    for rank in range(world):
        threads.append(threading.Thread(target=work, args=(rank,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return folders, lasts


def saved_weights(run):
    """The arrays of a model's file by their place in it."""
    with zipfile.ZipFile(run.model_path) as archive:
        target = run.folder / "weights.h5"
        target.write_bytes(archive.read("model.weights.h5"))
    weights = {}
    with h5py.File(target) as file:
        file["layers"].visititems(
            lambda name, item: weights.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return weights


@pytest.mark.parametrize(("template", "settings"), [
    ("lenet5", ()), ("small_cnn", ("training.epochs=1", "network.dropout.rate=0", "training.optimizer=sgd",
                                   "training.optimizer.learning_rate=0.01"))])
def test_two_ranks_equal_one_process_with_the_whole_batch(tmp_path, template, settings):
    """The second one has batch normalisation, whose statistics are those of the whole batch. Dropout would draw other masks,
    and with Adam, which divides by small numbers, the rounding of many sums grows."""
    run = make_run(tmp_path, template, *settings)
    folders, lasts = train_together(tmp_path, run)
    assert all(isinstance(last, Finished) for last in lasts), lasts
    target = tmp_path / "one.npz"
    subprocess.run([sys.executable, "-m", "tests.engine.cluster.one_process", str(run.folder), str(tmp_path / "storage"),
                    str(WORLD), str(target)], check=True, env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"})
    ours = [saved_weights(folder) for folder in folders]
    assert all(np.array_equal(ours[0][name], ours[1][name]) for name in ours[0])
    with np.load(target) as theirs:
        expected = sorted((theirs[name] for name in theirs.files), key=lambda array: (array.shape, array.ravel()[0]))
    found = [array for name, array in ours[0].items() if "seed" not in name]
    expected = [array for array in expected if array.dtype == np.float32]
    found = sorted((array for array in found if array.dtype == np.float32), key=lambda array: (array.shape, array.ravel()[0]))
    assert len(found) == len(expected) > 4
    for left, right in zip(found, expected, strict=True):
        assert np.allclose(left, right, atol=2e-5, rtol=2e-4), np.abs(left - right).max()
    assert [msgspec.structs.replace(event, seconds=0, pictures_per_second=0, sequence=0, time=0) for event in
            folders[0].events() if isinstance(event, Epoch)] == [
            msgspec.structs.replace(event, seconds=0, pictures_per_second=0, sequence=0, time=0) for event in
            folders[1].events() if isinstance(event, Epoch)]


def test_one_host_shares_its_batches_among_its_devices(tmp_path, monkeypatch):
    """71 pictures of each class and batches of 16: the last batch is a part of one, which two devices can share."""
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    run = make_run(tmp_path, "lenet5", "training.epochs=1")
    folders, lasts = train_together(tmp_path, run, world=1)
    assert isinstance(lasts[0], Finished), lasts
    assert folders[0].has_model_file
    assert "2 ×" in next(event.device for event in folders[0].events() if isinstance(event, Hello))


def test_a_stop_reaches_all_ranks_after_the_same_batch(tmp_path):
    run = make_run(tmp_path, "lenet5", "training.epochs=500", "training.early_stopping.enabled=false")

    def stop(supervisors, rank, event):
        if rank == 0 and isinstance(event, Epoch) and event.epoch == 2:
            supervisors[0].stop(keep=True)

    folders, lasts = train_together(tmp_path, run, on_event=stop)
    assert all(isinstance(last, Stopped) and last.kept for last in lasts), lasts
    assert folders[0].epochs()[-1].epoch == folders[1].epochs()[-1].epoch < 500
    ours = [saved_weights(folder) for folder in folders]
    assert all(np.array_equal(ours[0][name], ours[1][name]) for name in ours[0])
    assert folders[0].has_checkpoints
    assert not folders[1].has_checkpoints


def test_a_lost_rank_is_told_by_the_other(tmp_path):
    run = make_run(tmp_path, "lenet5", "training.epochs=500", "training.early_stopping.enabled=false")

    def kill(supervisors, rank, event):
        if rank == 1 and isinstance(event, Epoch) and event.epoch == 2:
            supervisors[1].kill()

    _folders, lasts = train_together(tmp_path, run, on_event=kill)
    assert isinstance(lasts[0], Failed)
    assert lasts[0].problem.code == "group_lost"


def test_a_rank_that_is_alone_trains_nothing(tmp_path):
    """One that was told a world of two, and whose other rank has another number of processes, never begins."""
    run = make_run(tmp_path, "lenet5")
    folder = tmp_path / "rank-0" / "runs" / run.id
    shutil.copytree(run.folder, folder)
    job = Train(run_folder=str(folder), storage=str(tmp_path / "storage"), backend="jax", device="cpu",
                cache=str(tmp_path / "cache-0"), group=Group(rank=0, world=2, coordinator=f"127.0.0.1:{free_port()}"))
    last = Supervisor(job, lambda _event: None, environment={"CNNSTUDIO_JOIN_SECONDS": "5"}).run()
    assert isinstance(last, Failed)
    assert not RunFolder(folder).epochs()
