"""Searches with played children: what fails, is stopped, damaged or in short supply, and going on from there."""

from __future__ import annotations

import shutil

import pytest

from cnnstudio.core.commands import Stop
from cnnstudio.core.events import Failed, Hello
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.search import Choices, Varied
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.folder import RunFolder, list_runs
from cnnstudio.workers.search import study
from cnnstudio.workers.search.begin import extend_search
from cnnstudio.workers.search.ledger import Ledger
from cnnstudio.workers.search.reading import read_search
from cnnstudio.workers.search.search_events import SearchNotice, TrialBegan, TrialEnded, TrialMoved
from tests.workers.search.children import FAILS, SECONDS
from tests.workers.search.conftest import RATE, Driven, spec_of


def test_a_run_that_fails_is_a_failed_trial(begin):
    batch = Varied(key="training.batch_size", values=Choices(values=("32", "128")))
    search = begin(spec_of(varied=(RATE, batch), sampler="grid", trials=20))
    assert Driven(search).run().ending == "all_tried"
    found = read_search(search)
    assert {trial.state for trial in found.trials} == {"complete", "failed"} and len(found.trials) in (10, 11)
    for trial in found.trials:
        assert (trial.state == "failed") == (trial.params["training.batch_size"] == "128")
        assert trial.state == "complete" or trial.problem.code == "memory"


def test_a_network_that_cannot_be_built_is_a_failed_trial(begin):
    size = Varied(key="recipe.height", values=Choices(values=("28", "4")))
    search = begin(spec_of(varied=(size, RATE), sampler="random", trials=8, present=False))
    assert Driven(search).run().ending == "trials"
    found = read_search(search)
    failed = [trial for trial in found.trials if trial.state == "failed"]
    assert failed and len(failed) < 8
    for trial in failed:
        assert trial.params["recipe.height"] == "4" and trial.runs == () and trial.problem.where.area == "network"


def test_what_every_trial_would_have_ends_the_search(begin, monkeypatch):
    monkeypatch.setenv(FAILS, "no_space")
    search = begin(spec_of())
    driven = Driven(search)
    ended = driven.run()
    assert ended.ending == "problem" and ended.problem.code == "no_space" and not driven.of(TrialEnded)
    assert [trial.state for trial in read_search(search).trials] == ["waiting"]
    monkeypatch.delenv(FAILS)
    assert Driven(search).run().ending == "trials"
    found = read_search(search)
    assert [trial.state for trial in found.trials] == ["complete"] * 6 and found.why is None
    assert len(list_runs(search.project_folder)) == 6


def test_five_equal_failures_are_enough(begin, monkeypatch):
    monkeypatch.setenv(FAILS, "nan_loss")
    search = begin(spec_of(trials=30))
    ended = Driven(search).run()
    assert ended.ending == "problem" and ended.problem.code == "nan_loss" and "5" in ended.problem.text.es
    assert [trial.state for trial in read_search(search).trials] == ["failed"] * 5


def test_stopping_keeps_all_and_resuming_goes_on(begin, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.05")
    search = begin(spec_of(trials=5, parallel=2))
    driven = Driven(search)
    driven.on_event = lambda event: driven.driver.stop() if isinstance(event, TrialMoved) and event.number == 2 else None
    assert driven.run().ending == "stopped"
    before = read_search(search)
    assert before.ending == "stopped" and any(trial.state == "waiting" and trial.runs for trial in before.trials)
    done = [trial for trial in before.trials if trial.state == "complete"]
    again = Driven(search)
    assert again.run().ending == "trials"
    after = read_search(search)
    assert [trial.state for trial in after.trials] == ["complete"] * 5
    for trial in done:
        assert after.trial(trial.number) == trial
    for trial in after.trials:
        assert [step for step, _value in trial.intermediate] == [1, 2, 3, 4] and len(trial.runs) == 1
    assert after.seconds > before.seconds > 0


def test_children_may_go_on_alone(begin, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.15")
    search = begin(spec_of(trials=3, parallel=2))
    driven = Driven(search)
    driven.on_event = lambda event: driven.driver.detach() if isinstance(event, TrialMoved) else None
    assert driven.run().ending == "stopped"
    runs = [RunFolder(run.folder) for run in list_runs(search.project_folder)]
    assert any(run.living() for run in runs)
    again = Driven(search)
    assert again.run().ending == "trials"
    found = read_search(search)
    assert [trial.state for trial in found.trials] == ["complete"] * 3
    for trial in found.trials:
        run = RunFolder(search.project_folder / "runs" / trial.runs[0])
        assert sum(isinstance(event, Hello) for event in run.events()) == 1
        assert [step for step, _value in trial.intermediate] == [1, 2, 3, 4]


def test_a_backend_that_is_varied_and_missing_fails_its_trials_alone(begin, monkeypatch):
    backend = Varied(key="training.backend", values=Choices(values=("tensorflow", "torch")))
    monkeypatch.setenv(FAILS, "backend_missing")
    search = begin(spec_of(varied=(backend, RATE), trials=2))
    ended = Driven(search).run()
    assert ended.ending == "trials" and [trial.state for trial in read_search(search).trials] == ["failed"] * 2
    alone = begin(spec_of(trials=2))
    assert Driven(alone).run().ending == "problem"


def test_a_killed_session_ends_by_nothing(begin, monkeypatch):
    search = begin(spec_of(trials=2))
    Driven(search).run()
    extend_search(search, 0.0, trials=3)
    driven = Driven(search)
    monkeypatch.setattr(Ledger, "end", lambda *_arguments: None)
    driven.on_event = lambda event: driven.driver.stop() if isinstance(event, TrialBegan) else None
    driven.run()
    assert read_search(search).ending is None


@pytest.mark.parametrize("keep", [True, False])
def test_a_run_that_the_user_stops_is_over(begin, monkeypatch, keep):
    monkeypatch.setenv(SECONDS, "0.5")
    search = begin(spec_of(trials=1))
    driven = Driven(search)

    def hear(event):
        if isinstance(event, TrialMoved) and event.epoch == 1:
            RunFolder(search.project_folder / "runs" / event.run).send(Stop(keep=keep))

    driven.on_event = hear
    assert driven.run().ending == "trials"
    trial, = read_search(search).trials
    assert trial.state == ("complete" if keep else "failed") and len(trial.intermediate) < 4
    assert trial.values == ((trial.intermediate[-1][1],) if keep else ())
    assert keep or trial.problem.code == "discarded"


def test_two_drivers_never_share_a_search(begin):
    search = begin(spec_of(trials=2))
    driven, codes = Driven(search), []

    def hear(event):
        if isinstance(event, TrialBegan) and not codes:
            with pytest.raises(ProblemError) as raised:
                Driven(search).run()
            codes.append(raised.value.problems[0].code)
            assert read_search(search).running

    driven.on_event = hear
    driven.run()
    assert codes == ["search_in_use"] and not read_search(search).running


def test_a_full_disk_ends_the_search_in_words(begin, monkeypatch):
    search = begin(spec_of(trials=22, parallel=2))
    connect = study._connect
    pages = []

    def small(path):
        connection = connect(path)
        if path == search.study_path:
            pages.append(connection.execute("PRAGMA page_count").fetchone()[0])
            connection.execute(f"PRAGMA max_page_count={pages[0]}")
        return connection

    monkeypatch.setattr(study, "_connect", small)
    ended = Driven(search).run()
    assert ended.ending == "problem" and ended.problem.code == "no_space"
    monkeypatch.undo()
    before = read_search(search)
    assert Driven(search).run().ending == "trials"
    after = read_search(search)
    assert len(after.trials) == 22 and {trial.state for trial in after.trials} == {"complete"}
    for trial in before.complete:
        assert after.trial(trial.number) == trial


def test_a_run_that_somebody_deleted_is_trained_again(begin, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.5")
    search = begin(spec_of(trials=1))
    driven = Driven(search)
    driven.on_event = lambda event: driven.driver.stop() if isinstance(event, TrialMoved) else None
    assert driven.run().ending == "stopped"
    run, = list_runs(search.project_folder)
    shutil.rmtree(run.folder)
    assert Driven(search).run().ending == "trials"
    assert read_search(search).trials[0].state == "complete" and len(list_runs(search.project_folder)) == 1


def test_a_run_without_specs_is_no_obstacle(begin, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.5")
    search = begin(spec_of(trials=1))
    driven = Driven(search)
    driven.on_event = lambda event: driven.driver.stop() if isinstance(event, TrialMoved) else None
    assert driven.run().ending == "stopped"
    run, = list_runs(search.project_folder)
    (run.folder / "spec.json").unlink()
    assert Driven(search).run().ending == "trials"
    assert [run.state for run in list_runs(search.project_folder)] == ["finished"]


@pytest.mark.parametrize("code", ["no_space", "nan_loss"])
def test_a_run_that_failed_untold_is_judged_by_its_reason(begin, monkeypatch, code):
    """The parent was killed before it could tell the study; of a full disk a model without checkpoints is left."""
    monkeypatch.setenv(FAILS, "no_space")
    search = begin(spec_of(trials=1))
    Driven(search).run()
    monkeypatch.delenv(FAILS)
    run = RunFolder(list_runs(search.project_folder)[0].folder)
    run.model_path.write_bytes(b"model")
    run.events_path.write_bytes(encode_event(Failed(problem=error(code, Text("It fails.", "Falla."), "run"))) + b"\n")
    assert Driven(search).run().ending == "trials"
    trial, = read_search(search).trials
    assert trial.state == ("complete" if code == "no_space" else "failed")
    assert len(list_runs(search.project_folder)) == 1


def test_a_damaged_search_is_refused_in_words(begin):
    search = begin(spec_of(trials=1))
    search.study_path.write_bytes(b"nothing of the kind")
    with pytest.raises(ProblemError) as raised:
        Driven(search).run()
    assert raised.value.problems[0].code == "damaged_search"
    search.study_path.unlink()
    search.manifest_path().write_bytes(b"{")
    with pytest.raises(ProblemError):
        Driven(search).run()


def test_the_memory_decides_how_many_run(begin, monkeypatch):
    monkeypatch.setattr("cnnstudio.workers.search.capacity.available_memory", lambda: 2_000_000_000)
    search = begin(spec_of(trials=4, parallel=4))
    driven = Driven(search)
    assert driven.run().ending == "trials"
    notice, = driven.of(SearchNotice)
    assert notice.problem.code == "little_memory" and "1" in notice.problem.text.es
