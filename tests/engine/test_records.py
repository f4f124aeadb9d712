"""The TFRecord export: what a stranger reads with tf.data is what the collection holds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from cnnstudio.core import events
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.opening import create_project
from cnnstudio.engine.records import collect_records
from cnnstudio.workers.job_setup import records_job
from cnnstudio.workers.supervisor import Supervisor
from tests.engine.conftest import Recorder


@pytest.fixture
def job(tmp_path: Path):
    """A project with two classes of ten pictures in several formats, and the job that exports it."""
    for name in ("cat", "dog"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(10):
            ending = ("png", "jpg", "bmp", "webp")[number % 4]
            cv2.imwrite(str(tmp_path / "pictures" / name / f"{number}.{ending}"),
                        np.full((20 + number, 30, 3), (10 * number, 90, 200), np.uint8))
    created, index = create_project(tmp_path / "project", tmp_path / "pictures", template="lenet5")
    (tmp_path / "pictures" / "cat" / "0.png").unlink()
    made = records_job(tmp_path / "project", created.project, index, tmp_path / "records")
    index.close()
    return made


def test_records_hold_the_collection(job, tmp_path):
    tf = pytest.importorskip("tensorflow")
    recorder = Recorder()
    last = collect_records(msgspec.structs.replace(job, shard_bytes=500), recorder)
    assert isinstance(last, events.Finished)
    assert last.metrics["images"] == 19
    assert last.metrics["left_out"] == 1
    assert [event.problem.code for event in recorder.of(events.Notice)] == ["vanished"]
    assert not Path(job.manifest).exists()
    assert (tmp_path / "records" / "labels.txt").read_text().split() == ["cat", "dog"]
    shards = sorted(os.listdir(tmp_path / "records"))
    assert len([name for name in shards if name.startswith("train-")]) > 1
    seen = []
    for name in shards:
        if not name.endswith(".tfrecord"):
            continue
        for record in tf.data.TFRecordDataset(str(tmp_path / "records" / name)):
            features = tf.train.Example.FromString(record.numpy()).features.feature
            picture = tf.io.decode_image(features["image/encoded"].bytes_list.value[0]).numpy()
            assert picture.shape[:2] == (features["image/height"].int64_list.value[0],
                                         features["image/width"].int64_list.value[0])
            assert features["image/format"].bytes_list.value[0] in (b"png", b"jpeg")
            text = features["image/class/text"].bytes_list.value[0].decode()
            assert ("cat", "dog")[features["image/class/label"].int64_list.value[0]] == text
            seen.append(features["image/filename"].bytes_list.value[0].decode())
            assert seen[-1].startswith(text)
    assert len(set(seen)) == 19


@pytest.mark.keras
def test_without_tensorflow_it_is_said_and_nothing_is_left(job, tmp_path, monkeypatch):
    blocked = tmp_path / "blocked" / "tensorflow"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("raise ModuleNotFoundError('blocked', name='tensorflow')")
    # A spawned child gets the search path of its parent.
    monkeypatch.setattr(sys, "path", [str(blocked.parent), *sys.path])
    last = Supervisor(job, lambda _event: None).run()
    assert isinstance(last, events.Failed)
    assert last.problem.code == "backend_missing"
    assert not (tmp_path / "records").exists()


def test_an_existing_place_is_refused(job, tmp_path):
    from cnnstudio.datasets.opening import open_project

    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x").write_text("x")
    project, index = open_project(tmp_path / "project")
    with pytest.raises(ProblemError) as problem:
        records_job(tmp_path / "project", project, index, tmp_path / "there")
    index.close()
    assert problem.value.problems[0].code == "target_exists"
    assert job.path == str(tmp_path / "records")
