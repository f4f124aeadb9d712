"""Searches with played children: what is told to the study, what ends early, what is best."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.search import Choices, Objective, Range, Varied
from cnnstudio.core.training import with_settings
from cnnstudio.workers.runs.folder import RunFolder, list_runs
from cnnstudio.workers.search.applying import chosen_trial, with_trial
from cnnstudio.workers.search.begin import extend_search
from cnnstudio.workers.search.folder import find_search
from cnnstudio.workers.search.pruners import PRUNERS
from cnnstudio.workers.search.reading import best_run, read_search
from cnnstudio.workers.search.samplers import SAMPLERS
from cnnstudio.workers.search.search_events import SearchEnded, SearchNotice, TrialBegan, TrialEnded, TrialMoved
from tests.workers.search.children import SECONDS, accuracy
from tests.workers.search.conftest import BATCH, RATE, Driven, spec_of


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


def test_searches_are_found_by_their_ids(begin):
    first, second = begin(spec_of(trials=1)), begin(spec_of(trials=1))
    assert find_search(first.project_folder).id == second.id and find_search(first.project_folder, first.id).id == first.id
    for name in ("none", "..", ""):
        with pytest.raises(ProblemError):
            find_search(first.project_folder, name)


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
