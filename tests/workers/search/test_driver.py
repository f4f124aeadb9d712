"""Searches with played children: what is told to the study, what ends early, what fails, what goes on."""

from __future__ import annotations

import shutil

import msgspec
import pytest

from cnnstudio.core.events import Failed, Hello
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.search import Choices, Objective, Range, SearchSpec, Varied
from cnnstudio.core.text import Text
from cnnstudio.core.training import with_settings
from cnnstudio.workers.runs.folder import RunFolder, list_runs, request_stop
from cnnstudio.workers.search import study
from cnnstudio.workers.search.applying import chosen_trial, with_trial
from cnnstudio.workers.search.begin import extend_search
from cnnstudio.workers.search.folder import find_search
from cnnstudio.workers.search.ledger import Ledger
from cnnstudio.workers.search.pruners import PRUNERS
from cnnstudio.workers.search.reading import best_run, read_search
from cnnstudio.workers.search.samplers import SAMPLERS
from cnnstudio.workers.search.search_events import SearchEnded, SearchNotice, TrialBegan, TrialEnded, TrialMoved
from tests.workers.search.children import FAILS, SECONDS, accuracy
from tests.workers.search.conftest import Driven

RATE = Varied(key="training.optimizer.learning_rate", values=Range(low=1e-4, high=1e-1, log=True))
BATCH = Varied(key="training.batch_size", values=Range(low=8, high=96))


def spec_of(**settings):
    return SearchSpec(**{"varied": (RATE, BATCH), "trials": 6, "seed": 3, "sampler": "random"} | settings)


def test_trials_are_ordinary_runs(begin):
    search = begin(spec_of())
    driven = Driven(search)
    assert driven.run() == driven.events[-1] == SearchEnded(search=search.id, ending="trials")
    found = read_search(search)
    assert [trial.state for trial in found.trials] == ["complete"] * 6 and found.ending == "trials"
    for trial in found.trials:
        run = RunFolder(search.project_folder / "runs" / trial.runs[0])
        assert run.state() == "finished" and run.has_model_file
        spec = run.spec()
        assert spec.training.batch_size == trial.params["training.batch_size"]
        assert spec.training.last_stage.optimizer.params["learning_rate"] == trial.params[RATE.key]
        assert trial.values == (accuracy(spec, 4),)
        assert trial.intermediate == tuple((epoch, accuracy(spec, epoch)) for epoch in range(1, 5))
        assert run.manifest_path.read_bytes() == search.manifest_path().read_bytes()
    best = max(found.trials, key=lambda trial: trial.values[0])
    assert found.best == (best.number,) and best_run(found) == best.runs[0]
    assert len(driven.of(TrialBegan)) == 6 and len(driven.of(TrialMoved)) == 24
    assert [event.trial for event in driven.of(TrialEnded)] == [
        msgspec.structs.replace(trial, started=event.trial.started)
        for trial, event in zip(found.trials, driven.of(TrialEnded), strict=True)]


def test_the_first_trial_has_the_present_settings(begin, project):
    stage = project.training.last_stage
    exact = msgspec.structs.replace(stage.optimizer, params={"learning_rate": 0.00123456789})
    own = msgspec.structs.replace(project, training=with_settings(project.training, optimizer=exact))
    search = begin(spec_of(trials=1), own)
    Driven(search).run()
    first = read_search(search).trials[0]
    assert first.present and first.params[RATE.key] == 0.0012346
    assert RunFolder(search.project_folder / "runs" / first.runs[0]).spec() == own
    search = begin(spec_of(trials=2))
    Driven(search).run()
    first = read_search(search).trials[0]
    assert first.present and first.params == {RATE.key: 0.001, BATCH.key: project.training.batch_size}
    assert RunFolder(search.project_folder / "runs" / first.runs[0]).spec() == project


def test_a_grid_has_the_present_settings_once(begin):
    batch = Varied(key="training.batch_size", values=Choices(values=("16", "32")))
    kind = Varied(key="network.conv.activation", values=Choices(values=("tanh", "relu")))
    search = begin(spec_of(varied=(batch, kind), sampler="grid", trials=20))
    assert Driven(search).run().ending == "all_tried"
    trials = read_search(search).trials
    assert len(trials) == 4 == len({tuple(trial.params.values()) for trial in trials})
    assert [trial.params for trial in trials if trial.present] == [{"training.batch_size": "32",
                                                                    "network.conv.activation": "tanh"}]


def test_present_settings_that_are_not_tried_are_told(begin):
    search = begin(spec_of(trials=1, varied=(Varied(key="network.conv.filters", values=Range(low=8, high=12)),)))
    driven = Driven(search)
    driven.run()
    notice, = driven.of(SearchNotice)
    assert notice.problem.code == "not_present" and "network.conv.filters" in notice.problem.text.es
    assert not read_search(search).trials[0].present
    again = Driven(begin(spec_of(trials=1)))
    again.run()
    assert not again.of(SearchNotice)


def test_several_at_once(begin):
    search = begin(spec_of(trials=12, parallel=4))
    driven = Driven(search)
    running, most = set(), 0

    def hear(event):
        nonlocal most
        if isinstance(event, TrialBegan):
            running.add(event.number)
        if isinstance(event, TrialEnded):
            running.discard(event.trial.number)
        most = max(most, len(running))

    driven.on_event = hear
    assert driven.run().ending == "trials" and most == 4
    assert [trial.state for trial in read_search(search).trials] == ["complete"] * 12
    assert len(list_runs(search.project_folder)) == 12


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


def test_the_median_ends_trials_early(begin, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.05")
    search = begin(spec_of(trials=10, pruner="median", seed=5))
    Driven(search).run()
    found = read_search(search)
    pruned = [trial for trial in found.trials if trial.state == "pruned"]
    assert pruned and all(trial.number >= 5 for trial in pruned)
    for trial in pruned:
        run = RunFolder(search.project_folder / "runs" / trial.runs[0])
        assert run.state() == "stopped" and run.has_model_file and len(trial.intermediate) in (3, 4)


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


def test_the_time_is_kept(begin, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.2")
    search = begin(spec_of(trials=50, seconds=1.0))
    assert Driven(search).run().ending == "seconds"
    found = read_search(search)
    assert len(found.trials) < 6 and found.seconds >= 1.0
    assert Driven(search).run().ending == "seconds"
    assert len(read_search(search).trials) == len(found.trials)
    monkeypatch.setenv(SECONDS, "0.001")
    extend_search(search, found.seconds, trials=len(found.trials) + 1, seconds=100.0)
    assert Driven(search).run().ending == "trials"
    assert all(trial.state == "complete" for trial in read_search(search).trials)


def test_several_objectives_have_a_front(begin):
    filters = Varied(key="network.conv.filters", values=Range(low=2, high=12))
    objectives = (Objective(name="val_accuracy"), Objective(name="parameters", direction="minimize"),
                  Objective(name="latency", direction="minimize"), Objective(name="size", direction="minimize"))
    search = begin(spec_of(varied=(RATE, filters), objectives=objectives, trials=5))
    Driven(search).run()
    found = read_search(search)
    assert all(len(trial.values) == 4 and trial.values[2:] == (2.5, 0.005) for trial in found.trials)
    smallest = found.trial(found.best[1])
    assert smallest.params[filters.key] == min(trial.params[filters.key] for trial in found.trials)
    assert set(found.best) <= set(found.front) and best_run(found, 1) == smallest.runs[0]


def test_folds_are_runs_of_one_trial(begin):
    search = begin(spec_of(trials=2, folds=3))
    Driven(search).run()
    found = read_search(search)
    for trial in found.trials:
        assert len(trial.runs) == 3
        runs = [RunFolder(search.project_folder / "runs" / run) for run in trial.runs]
        specs = [run.spec() for run in runs]
        assert [spec.dataset.splits.fold for spec in specs] == [0, 1, 2]
        assert trial.values[0] == pytest.approx(sum(accuracy(spec, 4) for spec in specs) / 3)
        assert [run.origin().member for run in runs] == [0, 1, 2] and len({run.origin().group for run in runs}) == 1
        assert len({run.manifest_path.read_bytes() for run in runs}) == 3
    # The last fold is better in each of these runs.
    assert best_run(found) == found.trial(found.best[0]).runs[2]


def test_wilcoxon_leaves_folds_out(begin):
    rate = Varied(key=RATE.key, values=Choices(values=("0.003", "0.09")))
    search = begin(spec_of(varied=(rate, BATCH), trials=5, folds=5, pruner="wilcoxon", present=False))
    Driven(search).run()
    pruned = [trial for trial in read_search(search).trials if trial.state == "pruned"]
    assert pruned and all(2 < len(trial.runs) < 5 for trial in pruned)


@pytest.mark.parametrize("sampler", SAMPLERS.ids())
def test_every_sampler_drives_a_search(begin, sampler):
    kind = Varied(key="network.conv.activation", values=Choices(values=("relu", "tanh")))
    search = begin(spec_of(varied=(RATE, BATCH, kind), sampler=sampler, trials=3, parallel=2))
    assert Driven(search).run().ending == "trials"
    trials = read_search(search).trials
    assert len(trials) == 3 and all(len(trial.params) == 3 for trial in trials)
    assert len({tuple(trial.params.values()) for trial in trials}) == 3


@pytest.mark.parametrize("pruner", PRUNERS.ids())
def test_every_pruner_lets_a_search_end(begin, pruner):
    search = begin(spec_of(pruner=pruner, trials=3, folds=3 if PRUNERS[pruner].needs_folds else 0, parallel=2))
    assert Driven(search).run().ending == "trials"
    assert {trial.state for trial in read_search(search).trials} <= {"complete", "pruned"}


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
            request_stop(RunFolder(search.project_folder / "runs" / event.run), keep)

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


def test_searches_are_found_by_their_ids(begin):
    first, second = begin(spec_of(trials=1)), begin(spec_of(trials=1))
    assert find_search(first.project_folder).id == second.id and find_search(first.project_folder, first.id).id == first.id
    for name in ("none", "..", ""):
        with pytest.raises(ProblemError):
            find_search(first.project_folder, name)


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
    monkeypatch.setenv(SECONDS, "0.05")
    search = begin(spec_of(trials=1))
    driven = Driven(search)
    driven.on_event = lambda event: driven.driver.stop() if isinstance(event, TrialMoved) else None
    assert driven.run().ending == "stopped"
    run, = list_runs(search.project_folder)
    shutil.rmtree(run.folder)
    assert Driven(search).run().ending == "trials"
    assert read_search(search).trials[0].state == "complete" and len(list_runs(search.project_folder)) == 1


def test_a_run_without_specs_is_no_obstacle(begin, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.05")
    search = begin(spec_of(trials=1))
    driven = Driven(search)
    driven.on_event = lambda event: driven.driver.stop() if isinstance(event, TrialMoved) else None
    driven.run()
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


def test_nothing_to_gain_ends_the_search(begin):
    flat = Varied(key="training.optimizer.beta_1", values=Range(low=0.5, high=0.9))
    search = begin(spec_of(varied=(flat,), trials=60, terminator="stagnation"))
    ended = Driven(search).run()
    assert ended.ending == "no_more_to_gain" and ended.problem.severity == "warning"
    found = read_search(search)
    assert len(found.trials) == 21 and found.why.code == "no_more_to_gain" and found.ending == "no_more_to_gain"


def test_the_best_settings_become_those_of_the_project(begin, project):
    search = begin(spec_of())
    Driven(search).run()
    found = read_search(search)
    best = chosen_trial(found)
    assert best.number == found.best[0]
    edited = msgspec.structs.replace(project, name="edited")
    applied = with_trial(search.project_folder, edited, found, best)
    assert applied.name == "edited" and applied.training.batch_size == best.params[BATCH.key]
    assert msgspec.structs.replace(applied, name=project.name) == RunFolder(
        search.project_folder / "runs" / best.runs[0]).spec()
    for number in (99, -1):
        with pytest.raises(ProblemError) as raised:
            chosen_trial(found, number)
        assert raised.value.problems[0].code == "no_trial"
