"""Which base suits: a linear classifier on the features of every base that is here."""

from __future__ import annotations

import shutil

import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.core.commands import Stop
from cnnstudio.core.events import Finished, Notice, Phase, Progress
from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.jobs import BasesProbed, Probe
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.manifest import Entry
from cnnstudio.engine.linear_probe import classify, probe, spread
from cnnstudio.workers.link import StopRequested
from tests.engine.collections_of_pictures import CLASSES, write_manifest
from tests.engine.conftest import Recorder


@pytest.fixture
def job(tmp_path, pictures, quick_engines, monkeypatch):
    """Makes the job for these bases, on dark and light pictures; no weights but the bundled ones are here."""
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(quick_engines))
    root, entries = pictures

    def make(*bases, rows=entries, **more):
        manifest = tmp_path / "probe.manifest.jsonl"
        write_manifest(manifest, root, rows, CLASSES[:2], "binary")
        return Probe(manifest=str(manifest), target=str(tmp_path / "probe.json"), bases=bases,
                     cache=str(quick_engines), **more)

    return make


def test_dark_and_light_pictures_are_told_apart(job, tmp_path, quick_engines):
    shutil.rmtree(quick_engines / "features", ignore_errors=True)
    recorder = Recorder()
    made = job("efficientnet_lite0", absent=("vgg16",), key="these")
    assert isinstance(probe(made, recorder), Finished)
    (found,) = recorder.of(BasesProbed)
    assert msgspec.json.decode((tmp_path / "probe.json").read_bytes(), type=BasesProbed).rows == found.rows
    assert (found.training, found.validation, found.classes) == (24, 8, 2)
    assert (found.absent, found.failed, found.key) == (("vgg16",), {}, "these")
    (row,) = found.rows
    assert (row.base, row.accuracy, row.features) == ("efficientnet_lite0", 1.0, BASES["efficientnet_lite0"].features)
    assert (row.low, row.high) == wilson_interval(1.0, 8)
    assert row.milliseconds > 0
    assert row.seconds > 0
    assert all(str(event.text).startswith("EfficientNet-Lite0 (1/1): ") for event in recorder.of(Phase))
    assert recorder.of(Progress)
    # The features lie in the cache: they are not computed again.
    again = Recorder()
    probe(made, again)
    assert "features" in [event.name for event in recorder.of(Phase)]
    assert "features" not in [event.name for event in again.of(Phase)]


def test_a_base_that_cannot_be_used_does_not_end_the_others(job, tmp_path):
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"no weights")
    recorder = Recorder()
    made = job("mobilenet", "efficientnet_lite0", files={"mobilenet": str(broken)})
    assert isinstance(probe(made, recorder), Finished)
    first, last = recorder.of(BasesProbed)
    assert first.rows == ()
    assert [row.base for row in last.rows] == ["efficientnet_lite0"]
    assert {name: problem.code for name, problem in last.failed.items()} == {"mobilenet": "weights_unfit"}
    assert [event.problem.severity for event in recorder.of(Notice)] == ["warning"]
    with pytest.raises(ProblemError) as told:
        probe(job("mobilenet", files={"mobilenet": str(broken)}), Recorder())
    assert told.value.problems[0].code == "weights_unfit"


def test_a_stop_keeps_what_was_measured(job, tmp_path):
    def stop(recorder, event):
        if isinstance(event, BasesProbed):
            recorder.command(Stop(keep=True))

    with pytest.raises(StopRequested):
        probe(job("efficientnet_lite0", "mobilenet"), Recorder(stop))
    kept = msgspec.json.decode((tmp_path / "probe.json").read_bytes(), type=BasesProbed)
    assert [row.base for row in kept.rows] == ["efficientnet_lite0"]


def test_without_usable_validation_pictures_it_says_so(job, pictures):
    rows = [row for row in pictures[1] if row["split"] == "train"]
    with pytest.raises(ProblemError) as told:
        probe(job("efficientnet_lite0", rows=rows), Recorder())
    assert told.value.problems[0].code == "no_pictures"


def test_the_classifier_is_as_good_as_the_features_are():
    random = np.random.default_rng(0)
    labels = np.arange(300) % 3
    centres = random.normal(size=(3, 40)) * 2
    seen = (centres[labels] + random.normal(size=(300, 40))).astype(np.float32)
    right = (classify(seen[:200], labels[:200], seen[200:], Recorder()) == labels[200:]).mean()
    assert right > 0.97
    noise = random.normal(size=(300, 40)).astype(np.float32)
    chance = (classify(noise[:200], labels[:200], noise[200:], Recorder()) == labels[200:]).mean()
    assert 0.15 < chance < 0.55
    # Too few to set any aside, and one class alone.
    assert classify(seen[:2], np.asarray([0, 1]), seen[:2], Recorder()).tolist() == [0, 1]
    assert classify(seen[:3], np.asarray([1, 1, 1]), seen[:2], Recorder()).tolist() == [1, 1]


def test_a_few_of_many_are_spread_over_all_classes():
    entries = tuple(Entry(path=str(number), label=number // 100, split="train") for number in range(1000))
    chosen = spread(entries, 50)
    assert np.bincount([entry.label for entry in chosen]).tolist() == [5] * 10
    assert spread(entries[:3], 50) == list(entries[:3])
