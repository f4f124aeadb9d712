"""The forecast: real steps of the stages, and what is written in the end."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from cnnstudio.core.commands import Stop
from cnnstudio.core.events import Finished, Phase
from cnnstudio.core.network import Node
from cnnstudio.core.training import Stage
from cnnstudio.core.trial_jobs import Forecast, Forecasted, Measured
from cnnstudio.datasets.manifest import Entry, Header, Manifest
from cnnstudio.engine import forecast as module
from cnnstudio.engine.forecast import forecast
from cnnstudio.engine.trial import Steps, sample_of
from cnnstudio.workers.link import StopRequested
from tests.engine.chains import chain
from tests.engine.collections_of_pictures import CLASSES, small_project, write_manifest
from tests.engine.conftest import Recorder


@pytest.fixture
def job(tmp_path, pictures):
    root, entries = pictures
    write_manifest(tmp_path / "m.jsonl", root, entries, CLASSES[:2])

    def make(project=None):
        return Forecast(manifest=str(tmp_path / "m.jsonl"), project=project or small_project(), project_folder=str(tmp_path),
                        cache=str(tmp_path / "cache"), seconds=0.05, key="k")

    return make


def told(job):
    recorder = Recorder()
    assert isinstance(forecast(job, recorder), Finished)
    (found,) = recorder.of(Forecasted)
    return found


def test_what_is_written_is_what_the_training_writes(job, new_run, train_run):
    project = replace(small_project(epochs=3), network=chain(
        Node(id="flatten", type="Flatten"), Node(id="dense", type="Dense", params={"units": 512, "activation": "relu"})))
    found = told(job(project))
    _last, recorder = train_run(new_run(project))
    (measured,) = recorder.of(Measured)
    assert found.checkpoints_mb + found.model_mb == pytest.approx(measured.disk_mb, rel=0.2)
    assert found.key == "k"
    assert found.steps > 0
    assert found.memory_mb > 100
    assert found.gpu_memory_mb is None
    assert found.total_seconds == pytest.approx(found.seconds_for(3))
    assert found.total_seconds > found.seconds_per_epoch > 0


def test_every_stage_has_its_own_numbers(job):
    project = small_project()
    stages = (Stage(id="one", epochs=2), Stage(id="two", epochs=3))
    found = told(job(replace(project, training=replace(project.training, stages=stages))))
    assert [(stage.id, stage.epochs) for stage in found.stages] == [("one", 2), ("two", 3)]
    mean = sum(stage.epochs * stage.seconds_per_epoch for stage in found.stages) / 5
    assert found.seconds_per_epoch == pytest.approx(mean)


def test_what_the_cache_has_is_not_written_again(job):
    first = told(job())
    assert first.cache_mb == 0, "few pictures: all of them are the sample"
    assert told(job()).cache_mb == 0


def test_it_can_be_stopped(job):
    def stop(link, event):
        if isinstance(event, Phase) and event.name == "measuring":
            link.command(Stop(keep=False))

    with pytest.raises(StopRequested):
        forecast(job(), Recorder(stop))


class Thousand:
    """Stands for the batches of an epoch."""

    batches_together = 3

    def __len__(self):
        return 1000


def test_batches_that_lay_ready_do_not_count(monkeypatch):
    """The first are quick because they were made while the step was compiled."""
    moments = [10.0 + 0.01 * number for number in range(20)] + [10.2 + 0.1 * number for number in range(1, 41)]
    monkeypatch.setattr(module, "run_steps", lambda *_arguments: Steps(5.0, moments, complete=False))
    timed = module._epoch(None, Thousand(), 1.0, Recorder())
    assert timed.seconds == pytest.approx(100.0, rel=0.05)
    assert timed.compiling == pytest.approx(5.0)


def test_a_short_epoch_is_measured_as_a_whole(monkeypatch):
    begins = iter((0.0, 10.0, 20.0, 30.0))

    def steps(_model, _source, epoch, _link, _enough):
        begin = next(begins)
        return Steps(begin, [begin + 1.0, begin + (3.0 if epoch == 1 else 0.5 + 0.1 * epoch)], complete=True)

    monkeypatch.setattr(module, "run_steps", steps)
    timed = module._epoch(None, SimpleNamespace(batches_together=1), 2.0, Recorder())
    assert timed.seconds == pytest.approx(0.8), "the middle one of 0.7, 0.8 and 0.9"
    assert timed.compiling == pytest.approx(2.2)
    assert timed.steps == 8


def test_a_large_collection_is_sampled():
    entries = tuple(Entry(path=f"{number}", label=number % 3, split="train" if number % 4 else "validation")
                    for number in range(10_000))
    manifest = Manifest(header=Header(root="/", class_names=("a", "b", "c"), label_mode="categorical"), entries=entries)
    sample = sample_of(manifest, 32, 1)
    assert len(sample.split("train")) == 512
    assert len(sample.split("validation")) == 256
    assert sample == sample_of(manifest, 32, 1)
    assert len(sample_of(manifest, 1000, 1).split("train")) == 2048
