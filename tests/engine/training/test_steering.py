"""What a user may wish while a network trains: another learning rate, and its answers for some pictures."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.core.commands import Observe, Pause, Resume, SetLearningRate
from cnnstudio.core.events import Batch, Epoch, Finished, Notice, Observed, Paused, RateChanged, Resources
from cnnstudio.core.item import Item, Step
from cnnstudio.engine import model_card, models
from cnnstudio.engine.training.observing import chosen_places
from tests.engine.collections_of_pictures import replace, small_project
from tests.engine.conftest import metrics_of, stop_at


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)
    monkeypatch.setattr("cnnstudio.engine.training.reporter._RATE_SECONDS", -1.0)


def at(epoch, batch, command):
    """Sends a command when that batch is done."""
    def act(recorder, event):
        if isinstance(event, Batch) and (event.epoch, event.batch) == (epoch, batch):
            recorder.command(command)
    return act


def rates(recorder):
    return {(event.epoch, event.batch): event.learning_rate for event in recorder.of(Batch)}


def test_a_learning_rate_holds_from_the_next_batch_on_and_is_recorded(new_run, train_run):
    _last, recorder = train_run(new_run(small_project(epochs=3)), on_event=at(2, 2, SetLearningRate(rate=0.0005)))
    (change,) = recorder.of(RateChanged)
    assert (change.epoch, change.batch, change.by) == (2, 2, "user")
    seen = rates(recorder)
    assert seen[2, 2] == pytest.approx(change.before) != pytest.approx(0.0005)
    assert seen[2, 3] == seen[3, 5] == pytest.approx(change.after) == pytest.approx(0.0005)


def test_after_a_break_the_rate_is_still_the_one_that_was_set(new_run, train_run):
    run = new_run(small_project(epochs=3))
    stop = stop_at(2, 4)

    def both(recorder, event):
        at(1, 2, SetLearningRate(rate=0.0005))(recorder, event)
        stop(recorder, event)

    _last, first = train_run(run, on_event=both)
    _last, second = train_run(run, resume=True)
    _last, unbroken = train_run(new_run(small_project(epochs=3)), on_event=at(1, 2, SetLearningRate(rate=0.0005)))
    assert list(rates(second).values()) == pytest.approx([0.0005] * len(rates(second)))
    assert metrics_of(first) + metrics_of(second) == metrics_of(unbroken)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(new_run, train_run, rate):
    _last, recorder = train_run(new_run(small_project(epochs=1)), on_event=at(1, 2, SetLearningRate(rate=rate)))
    assert [event.problem.code for event in recorder.of(Notice)].count("rate_not_set") == 1
    assert not recorder.of(RateChanged)


def test_a_wish_is_heeded_during_a_pause(new_run, train_run, pictures):
    root, entries = pictures
    told = []

    def act(recorder, event):
        at(2, 2, Pause())(recorder, event)
        if isinstance(event, Paused):
            recorder.command(SetLearningRate(rate=0.0005))
            recorder.command(Observe(paths=(str(root / entries[0]["path"]),)))
        if isinstance(event, Observed) and not told:
            told.append([type(earlier) for earlier in recorder.of((Paused, RateChanged, Observed, Batch))[-3:]])
            recorder.command(Resume())

    last, recorder = train_run(new_run(small_project(epochs=2)), on_event=act)
    assert isinstance(last, Finished)
    assert told == [[Paused, RateChanged, Observed]], "before it went on"
    assert rates(recorder)[2, 3] == pytest.approx(0.0005)


def test_a_schedule_is_not_overruled(new_run, train_run):
    project = small_project(epochs=1)
    stage = replace(project.training.stages[0], schedule=Item(type="CosineDecay"))
    project = replace(project, training=replace(project.training, stages=(stage,)))
    last, recorder = train_run(new_run(project), on_event=at(1, 2, SetLearningRate(rate=0.5)))
    assert isinstance(last, Finished)
    assert "rate_not_set" in {event.problem.code for event in recorder.of(Notice)}


def test_a_callback_that_lowers_the_rate_is_named(new_run, train_run):
    plateau = Step(id="p", type="ReduceLROnPlateau", params={"factor": 0.5, "patience": 1, "min_delta": 100.0})
    _last, recorder = train_run(new_run(small_project(epochs=3, callbacks=(plateau,))))
    first, *_others = recorder.of(RateChanged)
    assert (first.by, first.epoch, first.batch) == ("ReduceLROnPlateau", 2, 0)
    assert first.after == pytest.approx(first.before / 2)


def test_observed_pictures_are_answered_at_once_and_after_every_epoch(new_run, train_run, pictures, tmp_path):
    root, entries = pictures
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    own = root / entries[0]["path"]
    run = new_run(small_project(epochs=3))
    wish = Observe(count=3, paths=(str(own), str(broken), str(tmp_path / "absent.png")))
    _last, recorder = train_run(run, on_event=at(1, 2, wish))
    told = recorder.of(Observed)
    assert [(event.epoch, event.batch) for event in told] == [(1, 2), (1, 0), (2, 0), (3, 0)]
    fixed, (mine, *unreadable) = told[-1].pictures[:3], told[-1].pictures[3:]
    assert len({picture.label for picture in fixed}) == 2, "both classes are among them"
    assert all(0 <= picture.probability <= 1 and picture.confidence >= picture.probability for picture in fixed)
    assert mine.label == "" and mine.answer and mine.probability is None
    assert [picture.problem is None for picture in unreadable] == [False, False]
    assert {picture.path for picture in told[0].pictures} == {picture.path for picture in told[-1].pictures}


def test_the_answers_are_those_of_the_model_of_that_epoch(new_run, train_run, pictures):
    root, entries = pictures
    run = new_run(small_project(epochs=2))
    _last, recorder = train_run(run, on_event=at(1, 1, Observe(paths=(str(root / entries[0]["path"]),))))
    told = recorder.of(Observed)[-1].pictures[0]
    from cnnstudio.catalog.pixels import prepare

    pixels = prepare((root / entries[0]["path"]).read_bytes(), run.spec().recipe.as_dictionary())
    answers = model_card.probabilities(models.load(run.folder).model.predict_on_batch(pixels[None].astype(np.float32)), "int")
    assert told.confidence == pytest.approx(float(np.max(answers)), abs=1e-6)


def test_watching_does_not_change_the_training(new_run, train_run, unbroken):
    project = small_project(epochs=3)
    _last, recorder = train_run(new_run(project), on_event=at(1, 1, Observe(count=4)))
    assert metrics_of(recorder) == unbroken(project).epochs
    assert len(recorder.of(Observed)) == 4


def test_the_load_of_the_computer_is_told(new_run, train_run, monkeypatch):
    monkeypatch.setattr("cnnstudio.workers.telemetry.SECONDS", 0.02)
    _last, recorder = train_run(new_run(small_project(epochs=3)))
    loads = recorder.of(Resources)
    assert loads and all(0 <= event.cpu <= 1 and event.memory_mb > 100 for event in loads)
    assert max(event.cpu for event in loads) > 0
    assert recorder.of(Epoch)


def test_pictures_are_drawn_evenly_from_the_classes():
    class Few:
        labels = np.array([0] * 50 + [1] * 3 + [2] * 2)
        validation = np.arange(55)
        train = np.array([], int)

    chosen = chosen_places(Few, 6, seed=1)
    assert np.bincount(Few.labels[chosen]).tolist() == [2, 2, 2]
    assert len(set(chosen_places(Few, 9, seed=1))) == 9
    assert np.bincount(Few.labels[chosen_places(Few, 9, seed=1)]).tolist() == [4, 3, 2]
    assert len(chosen_places(Few, 0, seed=1)) == 0
