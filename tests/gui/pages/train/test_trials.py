"""The forecast, the largest batch and the coach in the window."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cnnstudio.core.events import Failed, Finished, Stopped
from cnnstudio.core.messages import encode_event
from cnnstudio.core.trial_jobs import BatchFound, BatchTried, Forecasted, StageForecast
from cnnstudio.gui.pages.train.advice.coach import CoachDialog
from cnnstudio.gui.pages.train.advice.evidence import ShareBars
from cnnstudio.gui.pages.train.plots.curve_plot import CurvePlot
from cnnstudio.gui.pages.train.trials import trial
from cnnstudio.gui.pages.train.trials.batch_finder import BatchDialog
from cnnstudio.gui.pages.train.trials.forecast import ForecastDialog, format_megabytes
from cnnstudio.gui.state.jobs import Job
from cnnstudio.workers.coach.evidence import INSPECTION_FILE
from cnnstudio.workers.forecasts import find_forecast, give_forecast
from cnnstudio.workers.trouble import memory_problem
from tests.gui.driving import button, part, parts, press, rows, says
from tests.gui.pages.train.recorded_runs import EVENTS, recorded
from tests.workers.coach.cases import inspected

FORECAST = Forecasted(
    stages=(StageForecast(id="stage_1", epochs=20, seconds_per_epoch=3.0, validation_seconds=0.5, start_seconds=2.0,
                          feature_seconds=4.0, kept_features=True),),
    seconds_per_epoch=3.0, total_seconds=75.0, start_seconds=2.0, end_seconds=1.0, memory_mb=1460.0, disk_mb=12.5,
    checkpoints_mb=8.0, model_mb=4.0, cache_mb=0.5, device="CPU: 2 cores", key="k")
TRIED = (BatchTried(batch_size=8, fits=True, memory_mb=500.0, pictures_per_second=90.0),
         BatchTried(batch_size=16, fits=True, memory_mb=600.0, pictures_per_second=80.0),
         BatchTried(batch_size=32, fits=False, memory_mb=800.0))
FOUND = BatchFound(batch_size=16, fastest=8, limit="memory", budget_mb=700.0, tried=TRIED)


class Scripted(Job):
    """Stands for the child: tells what it is given."""

    told: list[object] = []
    last: object = Finished()
    wanted: list[object] = []

    def __init__(self, job, label, kind, **_options):
        super().__init__(label, kind)
        type(self).wanted.append(job)

    def _work(self):
        for event in self.told:
            self._arrived.emit(event)
        self._over.emit(type(self).last)


@pytest.fixture
def scripted(monkeypatch):
    class Child(Scripted):
        told = []
        wanted = []

    monkeypatch.setattr(trial, "ChildJob", Child)
    return Child


def test_an_estimate_is_shown_and_kept(qtbot, page, scripted):
    scripted.told = [FORECAST]
    press(page.parent().window(), "Estimate…")
    dialog = part(page.parent().window(), ForecastDialog)
    qtbot.waitUntil(lambda: dialog.forecast is not None and says(dialog, "1 min 15 s"), timeout=20_000)
    assert says(dialog, "3.0 s")
    assert says(dialog, "1.46 GB")
    assert says(dialog, "kept features")
    assert find_forecast(page.session.folder, "k") == FORECAST
    assert scripted.wanted[0].project == page.session.project
    dialog.reject()


def test_from_the_estimate_the_training_starts(qtbot, page, scripted, monkeypatch):
    scripted.told = [FORECAST]
    begun = []
    monkeypatch.setattr(page._after, "_start", lambda: begun.append(True))
    dialog = page._after.open_forecast()
    qtbot.waitUntil(lambda: dialog.forecast is not None and button(dialog, "Start training").isVisible(), timeout=20_000)
    press(dialog, "Start training")
    assert begun == [True]


def test_what_fails_is_told_with_its_fix(qtbot, page, scripted):
    scripted.last = Failed(problem=memory_problem(page.session.project.training))
    dialog = page._after.open_forecast()
    qtbot.waitUntil(lambda: says(dialog, "There is not enough memory"), timeout=20_000)
    size = page.session.project.training.batch_size
    press(dialog, f"Batches of {size // 2}")
    assert page.session.project.training.batch_size == size // 2
    assert page.session.project.training.accumulation == 2
    page.session.undo()
    assert page.session.project.training.batch_size == size
    assert button(dialog, "Try again").isVisible()
    dialog.reject()


def test_what_is_stopped_can_be_tried_again(qtbot, page, scripted):
    scripted.last = Stopped(kept=False)
    dialog = page._after.open_forecast()
    qtbot.waitUntil(lambda: says(dialog, "Stopped before"), timeout=20_000)
    scripted.told, scripted.last = [FORECAST], Finished()
    press(dialog, "Try again")
    qtbot.waitUntil(lambda: dialog.forecast is not None, timeout=20_000)
    dialog.reject()


def test_the_largest_batch_is_taken_by_one_click(qtbot, page, scripted):
    scripted.told = [*TRIED, FOUND]
    dialog = page._after.open_batch_finder()
    qtbot.waitUntil(lambda: dialog.found is not None and button(dialog, "Use 16").isVisible(), timeout=20_000)
    shown = rows(dialog._table)
    assert [row[0] for row in shown] == ["8", "16", "32"]
    assert shown[2][2] == "does not fit"
    assert says(dialog, "Larger batches do not fit")
    before = page.session.project.training.batch_size
    press(dialog, "Use 16")
    assert page.session.project.training.batch_size == 16
    page.session.undo()
    assert page.session.project.training.batch_size == before


def test_the_fastest_batch_can_be_taken_instead(qtbot, page, scripted):
    scripted.told = [*TRIED, FOUND]
    dialog = page._after.open_batch_finder()
    qtbot.waitUntil(lambda: dialog.found is not None and button(dialog, "Use the fastest, 8").isVisible(), timeout=20_000)
    press(dialog, "Use the fastest, 8")
    assert page.session.project.training.batch_size == 8


def test_a_search_that_the_system_ended_shows_what_fitted(qtbot, page, scripted):
    scripted.told, scripted.last = list(TRIED[:2]), Failed(problem=memory_problem(None))
    dialog = page._after.open_batch_finder()
    qtbot.waitUntil(lambda: dialog.found is not None and button(dialog, "Use 16").isVisible(), timeout=20_000)
    dialog.reject()
    assert isinstance(dialog, BatchDialog)


def _judged(page, seen):
    """A run that ended, into which somebody looked."""
    run = recorded(page, Finished(metrics={"epoch": 3.0}))
    run.model_path.write_bytes(b"model")
    (run.folder / INSPECTION_FILE).write_bytes(encode_event(seen))
    page._show_run(run)
    return run


def test_advice_comes_with_what_shows_it_and_a_run_with_the_change(qtbot, page, scripted, monkeypatch):
    names = page.session.project.dataset.class_names
    count = len(names) or 2
    seen = inspected(train_accuracy=0.99, validation_accuracy=0.6, recalls=(0.6,) * count, supports=(50,) * count)
    monkeypatch.setattr("cnnstudio.workers.coach.learning_rules._FEWEST", 3)
    run = _judged(page, seen)
    begun = []
    monkeypatch.setattr(page._after, "_start", lambda: begun.append(page.session.project))
    press(page, "Advice about this run…")
    dialog = part(page.parent().window(), CoachDialog)
    qtbot.waitUntil(lambda: dialog.advice is not None, timeout=20_000)
    assert dialog.advice[0].advice == "overfitting"
    assert says(dialog, "but only 60.0% of new ones")
    assert parts(dialog, CurvePlot)
    assert scripted.wanted == [], "somebody had looked already"
    before = page.session.project
    press(dialog, "Make a run with this changed")
    assert begun == [page.session.project]
    assert page.session.project != before
    new = recorded(page, Finished())
    page._after.launched(new)
    assert (new.folder / "advice.json").exists()
    page.session.undo()
    assert page.session.project == before
    assert run.id in (new.folder / "advice.json").read_text("utf-8")


def test_a_run_with_nothing_to_say_is_met_with_silence(qtbot, page, scripted):
    run = recorded(page, Finished(metrics={"epoch": 3.0}), events=EVENTS[:2])
    page._show_run(run)
    dialog = page._after.open_coach()
    qtbot.waitUntil(lambda: dialog.advice is not None, timeout=20_000)
    assert dialog.advice == ()
    assert says(dialog, "Nothing stands out")
    dialog.reject()
    assert scripted.wanted == [], "without a model there is nothing to look into"


def test_bars_tell_their_numbers(qtbot):
    bars = ShareBars([("cat", 0.9, "90 %"), ("a dog with a long name that does not fit", 0.1, "10 %")], "Recall by class")
    qtbot.addWidget(bars)
    bars.resize(300, 60)
    bars.show()
    assert bars.accessibleDescription() == "cat: 90 %; a dog with a long name that does not fit: 10 %"
    assert not bars.grab().isNull()


def test_what_a_run_took_is_told_beside_its_forecast(page):
    run = recorded(page, Finished(metrics={"epoch": 3.0}))
    from cnnstudio.workers.forecasts import keep_forecast

    keep_forecast(page.session.folder, FORECAST)
    give_forecast(run, "k")
    last = replace(Finished(metrics={"epoch": 3.0}), time=run.spec_path.stat().st_mtime + 13)
    run.events_path.write_bytes(b"".join(encode_event(event) + b"\n" for event in [*EVENTS, last]))
    page._show_run(None)
    assert not page._after.isVisible()
    page._show_run(run)
    assert says(page, "Forecast: ")
    assert says(page, "It took 13 s")


@pytest.mark.parametrize(("value", "text"), [
    (0.0, "0 kB"), (0.0453, "45 kB"), (8.83, "8.8 MB"), (854.2, "854 MB"), (1460.0, "1.46 GB")])
def test_megabytes_are_written_as_people_read_them(value, text):
    assert format_megabytes(value) == text
