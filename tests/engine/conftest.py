"""One Keras for all tests of the engine: this process imports it once, and a recorder stands for the pipe."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import msgspec
import numpy as np
import pytest

from cnnstudio.core.commands import Pause, Resume, Stop
from cnnstudio.core.events import Batch, Epoch, Paused
from cnnstudio.core.export_jobs import Verified
from cnnstudio.workers.link import EVENT_FILE, Link
from cnnstudio.workers.runs.folder import create_run
from tests.engine.collections_of_pictures import CLASSES, draw, small_project, write_manifest


class Recorder(Link):
    """A link without a pipe: collects events, and can act when one comes."""

    def __init__(self, on_event=None):
        super().__init__(endpoint=None)
        self._listener = False
        self.events = []
        self._on_event = on_event

    def emit(self, event):
        super().emit(event)
        self.events.append(event)
        if self._on_event is not None:
            self._on_event(self, event)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def command(self, command):
        self._hear(command)

    def close(self):
        pass

    def release(self):
        """Read no more commands: the thread for that would go on until the end of all tests."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _keep(self, event):
        if self._file is not None or self._folder is None:
            super()._keep(event)
            return
        # After the training, as the child's entry does with the last event.
        self._file = os.open(self._folder / EVENT_FILE, os.O_WRONLY | os.O_APPEND)
        super()._keep(event)
        self.release()


@pytest.fixture(scope="session", autouse=True)
def backend():
    from cnnstudio.engine import environment

    environment.set_up("auto")
    # Keras makes many objects that live on while it builds and TensorFlow traces; a tenth of the time went into looking
    # through them.
    gc.set_threshold(20_000)


def answer_here(entry, path, pictures, _job, _link):
    """As `checking.answer_in_child`, without a child."""
    from cnnstudio.engine.exporting import verifying

    opened = verifying.resolve(entry.opener)(Path(path))
    return opened.answers(pictures), Verified(runtime=opened.runtime, latency_ms=1.0, latency_p95_ms=2.0, memory_bytes=3)


@pytest.fixture
def verified_here(monkeypatch):
    """An export is verified in this process: a child would import Keras."""
    monkeypatch.setattr("cnnstudio.engine.exporting.job.answer_in_child", answer_here)


@pytest.fixture(scope="session")
def quick_engines(tmp_path_factory):
    """A cache in which the quick engine of the bundled base is made once for all tests."""
    return tmp_path_factory.mktemp("quick engines")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """(root, entries) of two classes of twenty small pictures each."""
    root = tmp_path_factory.mktemp("pictures ñ")
    return root, draw(root)


@pytest.fixture
def place(tmp_path):
    """The folder of a project."""
    folder = tmp_path / "project ñ"
    folder.mkdir()
    return folder


@pytest.fixture
def new_run(tmp_path, pictures):
    """Makes a run folder for a project."""
    root, entries = pictures

    def make(project, rows=entries, folder=root, classes=CLASSES[:2]):
        return create_run(tmp_path, project, lambda path: write_manifest(path, folder, rows, classes,
                                                                         project.dataset.label_mode))

    return make


@pytest.fixture
def train_run(tmp_path):
    """Trains a run in this process: answers (last event, recorder)."""
    from cnnstudio.core.jobs import Train
    from cnnstudio.engine.training.job import train

    def go(run, resume=False, on_event=None):
        recorder = Recorder(on_event)
        recorder.keep_in(run.folder)
        job = Train(run_folder=str(run.folder), cache=str(tmp_path / "cache"), resume=resume)
        try:
            return train(job, recorder), recorder
        finally:
            recorder.release()

    return go


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A trained run of three classes, and the folder of its pictures."""
    from cnnstudio.core.jobs import Train
    from cnnstudio.engine.training.job import train

    folder = tmp_path_factory.mktemp("trained")
    entries = draw(folder / "pictures", CLASSES, 20)
    run = create_run(folder, small_project(epochs=12), lambda path: write_manifest(
        path, folder / "pictures", entries, CLASSES))
    train(Train(run_folder=str(run.folder), cache=str(folder / "cache")), Recorder())
    return run, folder / "pictures"


class Unbroken(NamedTuple):
    """What a training from its beginning to its end gave."""

    metrics: dict[str, float]
    epochs: list[dict[str, float]]
    arrays: list[np.ndarray]


@pytest.fixture(scope="session")
def unbroken_runs():
    """Trainings of this session by their project."""
    return {}


@pytest.fixture
def unbroken(new_run, train_run, unbroken_runs):
    """Trains a project without a break, once in a session: what one with breaks is compared with."""
    from cnnstudio.engine import models

    def train_once(project):
        key = msgspec.json.encode(project)
        if key not in unbroken_runs:
            last, recorder = train_run(run := new_run(project))
            unbroken_runs[key] = Unbroken(last.metrics, metrics_of(recorder), [
                np.asarray(weight) for weight in models.load(run.folder).model.weights])
        return unbroken_runs[key]

    return train_once


def stop_at(epoch, batch, keep=True):
    """Acts on the Batch event of that moment: stop."""
    def act(recorder, event):
        if isinstance(event, Batch) and (event.epoch, event.batch) == (epoch, batch):
            recorder.command(Stop(keep=keep))
    return act


def pause_at(epoch, batch):
    """Pauses at that batch and goes on as soon as Paused was told."""
    def act(recorder, event):
        if isinstance(event, Batch) and (event.epoch, event.batch) == (epoch, batch):
            recorder.command(Pause())
        if isinstance(event, Paused):
            recorder._paused = False
            recorder.command(Resume()) if not recorder._change._is_owned() else None
    return act


def metrics_of(recorder):
    """The numbers of all epochs."""
    return [event.metrics for event in recorder.of(Epoch)]
