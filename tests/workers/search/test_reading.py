"""A search is read without Optuna, and says what Optuna would."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import msgspec
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.search import Objective
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.search.folder import find_search, make_search
from cnnstudio.workers.search.importances import IMPORTANCES, importances
from cnnstudio.workers.search.ledger import Ledger
from cnnstudio.workers.search.reading import Trial, best_run, best_trials, front, list_searches, read_search
from cnnstudio.workers.search.study import open_study
from tests.workers.search.studies import FRONT, finished_search, project_of, spec_of


def test_it_reads_what_optuna_reads(tmp_path):
    search = finished_search(tmp_path, runs=False)
    found = read_search(search)
    with open_study(search) as study:
        theirs_all, best = study.trials, study.best_trial.number
    states = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    assert len(found.trials) == 16
    for own, theirs in zip(found.trials, theirs_all, strict=True):
        assert own.number == theirs.number and own.state == states[theirs.state.name]
        for key, value in own.params.items():
            assert value == (pytest.approx(theirs.params[key], rel=1e-4) if isinstance(value, float) else theirs.params[key])
        assert list(own.params) == list(theirs.params)
        assert [type(value) for value in own.params.values()] == [type(value) for value in theirs.params.values()]
        assert list(own.values) == list(theirs.values or [])
        assert dict(own.intermediate) == theirs.intermediate_values
        assert own.started == pytest.approx(theirs.datetime_start.timestamp(), abs=1.5)
    assert found.best == (best,)
    assert {trial.state for trial in found.trials} == {"complete", "pruned", "failed"}
    assert found.trial(2).problem.code == "nan_loss" and found.trial(2).problem.text.es
    assert found.ending == "trials" and found.seconds == 120.0 and not found.running and found.why is None


def test_the_front_is_that_of_optuna(tmp_path):
    search = finished_search(tmp_path, spec=spec_of(objectives=FRONT), runs=False)
    found = read_search(search)
    with open_study(search) as study:
        assert set(found.front) == {trial.number for trial in study.best_trials}
    assert found.trial(found.best[0]).values[0] == max(trial.values[0] for trial in found.complete)
    assert found.trial(found.best[1]).values[1] == min(trial.values[1] for trial in found.complete)


def test_the_runs_are_ordinary_ones(tmp_path):
    search = finished_search(tmp_path)
    for trial in read_search(search).trials:
        run = RunFolder(tmp_path / "runs" / trial.runs[0])
        assert run.origin().search == search.id and run.origin().trial == trial.number
        assert run.state() == {"complete": "finished", "pruned": "stopped", "failed": "failed"}[trial.state]


def test_no_value_is_never_the_best():
    trials = [Trial(number=0, state="complete", values=(float("nan"),)), Trial(number=1, state="complete", values=(0.5,)),
              Trial(number=2, state="pruned", values=(0.9,)), Trial(number=3, state="complete", values=(0.5,))]
    assert best_trials(trials, [Objective(name="val_accuracy")]) == (1,)
    assert front(trials, [Objective(name="val_accuracy")]) == (1,)
    assert best_trials([], [Objective(name="val_accuracy")]) == (None,)


@pytest.mark.parametrize("measure", IMPORTANCES.ids())
def test_importances_name_what_decides(tmp_path, measure):
    search = finished_search(tmp_path, spec=spec_of(trials=40), runs=False)
    shares = importances(search, measure)
    assert next(iter(shares)) == "training.optimizer.learning_rate"
    assert sum(shares.values()) == pytest.approx(1.0) and len(shares) == 6


def test_few_trials_have_no_importances(tmp_path):
    search = finished_search(tmp_path, spec=spec_of(trials=3), runs=False)
    with pytest.raises(ProblemError) as raised:
        importances(search, "fanova")
    assert raised.value.problems[0].code == "few_trials"


@pytest.mark.parametrize("content", [b"", b"nothing of the kind" * 400, None])
def test_a_damaged_study_says_so(tmp_path, content):
    search = finished_search(tmp_path, spec=spec_of(trials=3))
    if content is None:
        search.study_path.unlink()
    else:
        search.study_path.write_bytes(content)
    found = read_search(search)
    assert found.trials == () and found.why.code == "damaged_search" and found.best == (None,)
    with pytest.raises(ProblemError) as raised, open_study(search):
        pass
    assert raised.value.problems[0].code == "damaged_search"
    if content is None:
        assert not search.study_path.exists()


@pytest.mark.parametrize("statements", [
    "CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
    "DROP TABLE trials; CREATE VIEW trials AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
    "CREATE TRIGGER t AFTER INSERT ON trials BEGIN DELETE FROM trials; END",
    "UPDATE trials SET state = 'ELSE'", "UPDATE trial_params SET distribution_json = '[1]'",
    "UPDATE trial_params SET param_value = 99 WHERE param_name = 'augmentation.preset'",
    "UPDATE trial_user_attributes SET value_json = '" + "[" * 100_000 + "'", "UPDATE version_info SET schema_version = 99",
    "UPDATE trial_user_attributes SET value_json = '{\"code\": 1}' WHERE key = 'problem'", "DELETE FROM version_info"])
def test_a_study_from_elsewhere_may_hold_anything(tmp_path, statements):
    search = finished_search(tmp_path, spec=spec_of(trials=3), runs=False)
    with contextlib.closing(sqlite3.connect(search.study_path)) as connection:
        connection.executescript(statements)
    found = read_search(search)
    assert found.why.code == "damaged_search" and not found.trials


@pytest.mark.parametrize("statement", [
    *(f"UPDATE study_user_attributes SET value_json = '{value}' WHERE key = 'worked'" for value in (
        "null", "[]", '"y"', "9" * 400, "NaN", "Infinity", "-1")),
    "UPDATE study_user_attributes SET value_json = '5' WHERE key = 'why'",
    "UPDATE study_user_attributes SET value_json = '\"never\"' WHERE key = 'ending'",
    "UPDATE trial_user_attributes SET value_json = '[]' WHERE key = 'seconds'",
    "UPDATE trial_user_attributes SET value_json = 'NaN' WHERE key = 'seconds'",
    "UPDATE trial_user_attributes SET value_json = '5' WHERE key = 'runs'",
    "UPDATE trials SET number = 'x'", "UPDATE trials SET number = NULL", "UPDATE trial_params SET param_value = 9e999",
    "UPDATE trial_values SET value = 'x'", "DELETE FROM trial_values"])
def test_every_part_of_a_study_is_of_its_kind(tmp_path, statement):
    search = finished_search(tmp_path, spec=spec_of(trials=3))
    with contextlib.closing(sqlite3.connect(search.study_path)) as connection:
        connection.executescript(statement)
    found = read_search(search)
    assert found.why.code == "damaged_search" and not found.trials
    assert [item.why.code for item in list_searches(tmp_path)] == ["damaged_search"]


@pytest.mark.parametrize("changes", [{"sampler": "later"}, {"pruner": "later"}, {"terminator": "later"}, {"objectives": ()}])
def test_a_search_of_another_version_is_refused_in_words(tmp_path, changes):
    search = finished_search(tmp_path, spec=spec_of(trials=3), runs=False)
    spec = msgspec.structs.replace(search.spec(), **changes)
    with pytest.raises(ProblemError) as raised, Ledger(search, spec, SimpleNamespace(
            space=SimpleNamespace(project=search.project()))):
        pass
    assert raised.value.problems


def test_a_link_in_the_place_of_the_study_is_refused(tmp_path):
    search = finished_search(tmp_path, spec=spec_of(trials=3), runs=False)
    search.study_path.rename(tmp_path / "elsewhere.sqlite")
    search.study_path.symlink_to(tmp_path / "elsewhere.sqlite")
    with pytest.raises(ProblemError) as raised:
        read_search(search)
    assert raised.value.problems[0].code == "is_link"
    assert [item.why.code for item in list_searches(tmp_path)] == ["is_link"]


def test_a_search_that_has_not_begun_is_no_damage(tmp_path):
    search = make_search(tmp_path, project_of(tmp_path), spec_of())
    found = read_search(search)
    assert found.trials == () and found.why is None and found.ending is None and best_run(found) is None
    assert [item.id for item in list_searches(tmp_path)] == [search.id]


def test_damaged_specs_are_listed_as_such(tmp_path):
    search = finished_search(tmp_path, spec=spec_of(trials=3), runs=False)
    search.spec_path.write_bytes(search.spec_path.read_bytes().replace(b"tpe", b"gpx"))
    with pytest.raises(ProblemError):
        read_search(search)
    assert [item.why.code for item in list_searches(tmp_path)] == ["damaged_search"]
    assert find_search(tmp_path).id == search.id


def test_reading_imports_no_optuna(tmp_path):
    search = finished_search(tmp_path, spec=spec_of(trials=3), runs=False)
    code = ("import sys; from pathlib import Path; from cnnstudio.workers.search.folder import SearchFolder; "
            "from cnnstudio.workers.search.reading import read_search; "
            f"assert len(read_search(SearchFolder(Path({str(search.folder)!r}))).trials) == 3; "
            "assert not {'optuna', 'sqlalchemy', 'sklearn', 'numpy'} & set(sys.modules), sorted(sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_search_can_be_encoded(tmp_path):
    found = read_search(finished_search(tmp_path, spec=spec_of(trials=3), runs=False))
    assert msgspec.json.decode(msgspec.json.encode(found.trials), type=tuple[Trial, ...]) == found.trials
