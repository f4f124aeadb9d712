"""Forecasts are given to the run that they are for, and compared with what it took."""

from __future__ import annotations

import os

import pytest
from msgspec.structs import replace

from cnnstudio.core.events import Epoch, Finished, Paused, Resumed, Stopped
from cnnstudio.core.messages import encode_event
from cnnstudio.core.project import Project
from cnnstudio.core.text import set_language
from cnnstudio.core.training import with_settings
from cnnstudio.core.trial_jobs import Forecasted, Measured, StageForecast
from cnnstudio.workers import forecasts
from cnnstudio.workers.forecasts import (
    find_forecast,
    forecast_key,
    forecast_of,
    give_forecast,
    keep_forecast,
    outcome_of,
    outcome_text,
    seconds_text,
)
from cnnstudio.workers.runs.folder import create_run

TOLD = Forecasted(
    stages=(StageForecast(id="a", epochs=2, seconds_per_epoch=3.0, validation_seconds=1.0, start_seconds=2.0,
                          feature_seconds=5.0),
            StageForecast(id="b", epochs=3, seconds_per_epoch=10.0, validation_seconds=1.0, start_seconds=4.0)),
    seconds_per_epoch=7.2, total_seconds=55.0, start_seconds=1.0, end_seconds=2.0, memory_mb=900.0, disk_mb=12.0,
    checkpoints_mb=8.0, model_mb=4.0, cache_mb=0.0, key="k")
COUNTS = {"cat": {"train": 10, "validation": 2}, "dog": {"train": 9}}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(forecasts, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture
def run(tmp_path):
    return create_run(tmp_path / "project", Project(), lambda path: path.touch())


def _end(run, *events, seconds=50.0):
    """The events of a run that ends so many seconds after it was made."""
    began = run.spec_path.stat().st_mtime
    last = replace(events[-1], time=began + seconds)
    run.events_path.write_bytes(b"".join(encode_event(event) + b"\n" for event in (*events[:-1], last)))


def _epoch(number, seconds=7.0):
    return Epoch(epoch=number, epochs=5, metrics={"loss": 1.0}, seconds=seconds, pictures_per_second=1.0)


def test_the_time_follows_from_the_stages():
    assert TOLD.seconds_for(5) == 1 + 2 + (2 + 5 + 2 * 4) + (4 + 3 * 11)
    assert TOLD.seconds_for(2) == 1 + 2 + 15, "the second stage does not begin"
    assert TOLD.seconds_for(3) == 18 + 4 + 11


def test_another_setting_or_picture_needs_another_forecast():
    project = Project()
    key = forecast_key(project, COUNTS)
    assert forecast_key(project, dict(reversed(COUNTS.items()))) == key
    assert forecast_key(project, COUNTS | {"dog": {"train": 10}}) != key
    other = replace(project, training=with_settings(project.training, batch_size=64))
    assert forecast_key(other, COUNTS) != key
    assert forecast_key(replace(project, name="x"), COUNTS) == key


def test_a_forecast_is_kept_for_the_run_that_it_is_for(run):
    keep_forecast(run.project_folder, TOLD)
    assert find_forecast(run.project_folder, "other") is None
    give_forecast(run, "other")
    assert forecast_of(run) is None
    give_forecast(run, "k")
    assert forecast_of(run) == TOLD


def test_a_damaged_forecast_is_none(run):
    (run.folder / forecasts.FORECAST_FILE).write_bytes(b"{")
    assert forecast_of(run) is None
    assert outcome_of(run) is None


def test_a_run_is_told_beside_its_forecast(run):
    keep_forecast(run.project_folder, TOLD)
    give_forecast(run, "k")
    _end(run, *(_epoch(number, 9.0 if number == 1 else 7.0) for number in range(1, 6)),
         Measured(memory_mb=910.0, disk_mb=12.0), Finished())
    found = outcome_of(run)
    assert (found.seconds, found.memory_taken_mb) == (55.0, 910.0)
    assert found.took == pytest.approx(50.0, abs=0.01)
    assert found.took_per_epoch == 7.0, "the first epoch compiles the step"
    text = outcome_text(found)
    assert "55 s" in text.en
    assert "50 s" in text.en
    assert text.es.startswith("Previsión")
    _end(run, _epoch(1), _epoch(2), Stopped(), seconds=20.0)
    assert outcome_of(run).seconds == 18.0, "of the epochs that were done"


@pytest.mark.parametrize("events", [
    (_epoch(1),), (Finished(),), (_epoch(1), Stopped(), _epoch(2), Finished()), (_epoch(2), Finished())])
def test_what_cannot_be_compared_is_not(run, events):
    keep_forecast(run.project_folder, TOLD)
    give_forecast(run, "k")
    _end(run, *events)
    assert outcome_of(run) is None


def test_a_pause_does_not_count_as_training(run):
    keep_forecast(run.project_folder, TOLD)
    give_forecast(run, "k")
    _end(run, _epoch(1), Paused(time=100.0), Resumed(time=130.0), _epoch(2), Finished(), seconds=50.0)
    assert outcome_of(run).took == pytest.approx(20.0, abs=0.01)


@pytest.mark.parametrize(("seconds", "english", "spanish"), [
    (0.853, "0.85 s", "0,85 s"), (8.26, "8.3 s", "8,3 s"), (12.4, "12 s", "12 s"), (200, "3 min 20 s", "3 min 20 s"),
    (7500, "2 h 5 min", "2 h 5 min")])
def test_times_are_as_exact_as_a_forecast(seconds, english, spanish):
    assert seconds_text(seconds) == english
    set_language("es")
    assert seconds_text(seconds) == spanish


def test_a_full_disk_is_no_reason_not_to_forecast(tmp_path, monkeypatch, run):
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setattr(forecasts, "cache_folder", lambda: tmp_path / "file")
    keep_forecast(run.project_folder, TOLD)
    assert find_forecast(run.project_folder, "k") is None
    assert os.listdir(tmp_path / "project" / "runs")
