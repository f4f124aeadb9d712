"""The learning-rate finder: a curve that falls and rises, and rules that read it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace

from cnnstudio.core.commands import Stop
from cnnstudio.core.events import Finished, Phase, Progress
from cnnstudio.core.item import Item
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.training import with_settings
from cnnstudio.core.trial_jobs import RatesTried, TryRates
from cnnstudio.engine.rate_finder import _Recorder, smoothed, suggestions, try_rates
from cnnstudio.workers.link import StopRequested
from tests.engine.collections_of_pictures import CLASSES, small_project, write_manifest
from tests.engine.conftest import Recorder


@pytest.fixture
def job(tmp_path, pictures):
    """Makes the job for a project on dark and light pictures."""
    root, entries = pictures
    write_manifest(tmp_path / "m.jsonl", root, entries, CLASSES[:2])

    def make(project=None, **more):
        return TryRates(manifest=str(tmp_path / "m.jsonl"), project=project or small_project(), project_folder=str(tmp_path),
                        cache=str(tmp_path / "cache"), **more)

    return make


@pytest.fixture(scope="module")
def tried(tmp_path_factory, pictures):
    """What sixty steps on dark and light pictures told."""
    folder, (root, entries) = tmp_path_factory.mktemp("tried"), pictures
    write_manifest(folder / "m.jsonl", root, entries, CLASSES[:2])
    recorder = Recorder()
    assert isinstance(try_rates(TryRates(manifest=str(folder / "m.jsonl"), project=small_project(), steps=60,
                                         project_folder=str(folder), cache=str(folder / "cache")), recorder), Finished)
    return recorder


def test_the_curve_falls_and_rises_and_the_rules_lie_on_it(tried):
    (found,) = tried.of(RatesTried)
    rates, losses = np.asarray(found.curve).T
    assert (np.diff(rates) > 0).all()
    assert rates[0] == pytest.approx(1e-6)
    assert losses.min() < losses[0]
    assert set(found.suggestions) == {"valley", "steep", "minimum", "slide"}
    assert all(rates[0] / 10 <= rate <= rates[-1] for rate in found.suggestions.values())
    used = slice(len(rates) // 10, -5)
    assert found.suggestions["minimum"] == pytest.approx(rates[used][losses[used].argmin()] / 10)
    assert tried.of(Progress)


def test_a_network_learns_at_the_suggested_rate(tried, new_run, train_run):
    rate = tried.of(RatesTried)[0].suggestions["valley"]
    project = small_project(epochs=30, optimizer=Item(type="adam", params={"learning_rate": rate}))
    last, _told = train_run(new_run(project))
    assert last.metrics["val_accuracy"] == 1.0


def test_nothing_of_the_project_changes_the_rate_of_a_batch(job):
    """A schedule and accumulation of the plan are left out; the same seed gives the same curve."""
    plan = small_project()
    other = replace(plan, training=replace(with_settings(plan.training, schedule=Item(type="CosineDecay")), accumulation=4))
    curves = []
    for project in (plan, other):
        recorder = Recorder()
        try_rates(job(project, steps=12), recorder)
        curves.append(recorder.of(RatesTried)[0].curve)
    np.testing.assert_allclose(*curves, rtol=1e-4)


def test_a_loss_that_runs_away_ends_the_curve_or_is_told(job):
    recorder = Recorder()
    wild = small_project(optimizer=Item(type="sgd"))
    try_rates(job(wild, lowest=1e-4, highest=1e9, steps=80), recorder)
    (found,) = recorder.of(RatesTried)
    assert found.diverged
    assert 12 <= len(found.curve) < 80
    with pytest.raises(ProblemError) as told:
        try_rates(job(wild, lowest=1e8, highest=1e9, steps=80), Recorder())
    assert told.value.problems[0].code == "rates_diverge"


def test_it_can_be_stopped(job):
    def stop(link, event):
        if isinstance(event, Phase) and event.name == "training":
            link.command(Stop(keep=False))

    with pytest.raises(StopRequested):
        try_rates(job(), Recorder(stop))


def test_the_losses_are_those_of_each_batch(job):
    """Keras tells the mean over the pictures of the epoch so far, and the last batch may be smaller."""
    recorder = _Recorder(job(), SimpleNamespace(batch_size=4, pictures=10), Recorder())
    for _epoch in range(2):
        recorder.on_epoch_begin(0)
        for batch, mean in enumerate((1.0, 1.5, 2.4)):
            recorder.on_train_batch_end(batch, {"loss": np.float32(mean)})
    np.testing.assert_allclose(recorder.losses, [1.0, 2.0, 6.0] * 2, rtol=1e-5)


def test_the_rules_read_a_plain_curve():
    rates = np.geomspace(1e-6, 10, 100)
    losses = np.concatenate([np.full(30, 2.0), np.linspace(2.0, 0.5, 40), np.linspace(0.5, 4.0, 30)])
    found = suggestions(rates, losses)
    assert found["minimum"] == pytest.approx(rates[losses.argmin()] / 10)
    assert rates[30] <= found["valley"] <= rates[69]
    falling = suggestions(rates, np.linspace(2.0, 1.0, 100))
    assert falling["valley"] == pytest.approx(rates[10 + 42], rel=0.2), "half-way along what the rules read"
    assert rates[29] <= found["steep"] <= rates[70]
    assert found["slide"] >= found["steep"] / 10
    np.testing.assert_allclose(smoothed([3.0, 3.0, 3.0]), 3.0)


def test_a_curve_without_a_slide_names_its_lowest_place():
    """Few points lie so far apart that the slope differs everywhere."""
    rates = np.geomspace(1e-6, 10, 30)
    losses = 1.0 - np.linspace(0, 0.9, 30) ** 2
    found = suggestions(rates, losses)
    assert found["slide"] == pytest.approx(10 * found["minimum"])


def test_what_falls_after_the_loss_has_climbed_is_no_suggestion():
    """A network that a large rate has spoiled comes back slowly, with a loss that falls for long."""
    rates = np.geomspace(1e-6, 10, 100)
    losses = np.concatenate([np.full(20, 1.0), np.linspace(1.0, 0.6, 25), np.linspace(0.6, 3.0, 10), np.linspace(2.5, 0.7, 45)])
    found = suggestions(rates, losses)
    assert rates[20] <= found["valley"] <= rates[44]
    assert rates[19] <= found["steep"] <= rates[44]
    climbing = suggestions(rates, np.linspace(1.0, 2.0, 100))
    assert all(np.isfinite(rate) for rate in climbing.values())
