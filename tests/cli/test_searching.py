"""`cnnstudio search` with played children: what it prints, its exit codes, and what it leaves."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

from cnnstudio import cli
from cnnstudio.core.files import read_project
from cnnstudio.workers.runs.folder import list_runs
from cnnstudio.workers.search.driver import SearchDriver
from cnnstudio.workers.search.reading import list_searches
from tests.cli.printed import lines
from tests.workers.search.children import FAILS, SECONDS
from tests.workers.search.conftest import TARGET

VARY = ["--vary", "training.optimizer.learning_rate=1e-4:1e-1:log", "--vary", "training.batch_size=8:96"]


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    """A project of forty pictures, and children that are played."""
    for place, label in enumerate(("cat", "dog")):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(20):
            cv2.imwrite(str(tmp_path / "pictures" / label / f"{number}.png"),
                        np.full((28, 28, 3), number + 100 * place, np.uint8))
    monkeypatch.setattr("cnnstudio.cli.searching.SearchDriver", functools.partial(SearchDriver, target=TARGET))
    folder = tmp_path / "project"
    assert cli.main(["new", str(folder), "--data", str(tmp_path / "pictures"), "--template", "lenet5",
                     "--set", "training.epochs=3"]) == 0
    capsys.readouterr()
    return folder


def search(folder, *options, code=0):
    assert cli.main(["search", str(folder), "--json", *options]) == code


def problem_codes(capsys):
    return [line["problem"]["code"] for line in lines(capsys)]


def test_a_line_a_trial_and_the_best_run_at_the_end(project, capsys):
    search(project, *VARY, "--trials", "4", "--sampler", "random", "--parallel", "2")
    printed = lines(capsys)
    assert printed[0]["event"] == "search" and printed[0]["trials"] == 4
    trials = [line for line in printed if line["event"] == "trial"]
    assert sorted(line["trial"] for line in trials) == [1, 2, 3, 4]
    for line in trials:
        assert line["state"] == "complete" and line["run"] == line["runs"][0] and 0 < line["values"]["val_accuracy"] < 1
        assert set(line["params"]) == {"training.optimizer.learning_rate", "training.batch_size"}
    last = printed[-1]
    best = max(trials, key=lambda line: line["values"]["val_accuracy"])
    assert last["event"] == "finished" and last["best"] == best["run"] and last["trial"] == best["trial"]
    assert last["params"] == best["params"] and last["reason"] == "trials" and last["problem"] is None
    assert {run.id for run in list_runs(project)} == {line["run"] for line in trials}


def test_what_is_set_holds_for_the_search_alone(project):
    search(project, *VARY, "--trials", "1", "--set", "training.epochs=2")
    assert read_project(project).training.epochs == 3
    run, = list_runs(project)
    assert run.epochs == 2


def test_it_is_listed_shown_and_applied(project, capsys):
    search(project, *VARY, "--trials", "6", "--sampler", "random")
    best = lines(capsys)[-1]
    search(project, "--list")
    listed, = lines(capsys)
    assert listed["search"] == best["search"] and listed["best"] == best["best"] and listed["trials"] == {"complete": 6}
    search(project, "--show", "--importance", "fanova")
    shown = lines(capsys)
    assert [line["trial"] for line in shown if line["event"] == "trial"] == [1, 2, 3, 4, 5, 6]
    shares = next(line for line in shown if line["event"] == "importances")
    assert shares["objective"] == "val_accuracy" and sum(shares["shares"].values()) == pytest.approx(1)
    search(project, "--apply")
    assert {line["key"]: line["value"] for line in lines(capsys)} == best["params"]
    assert read_project(project).training.batch_size == best["params"]["training.batch_size"]
    search(project, "--apply", best["search"], "--trial", "1")
    assert read_project(project).training.batch_size == 32


def test_it_is_readable_in_both_languages(project, capsys):
    assert cli.main(["search", str(project), *VARY, "--trials", "1"]) == 0
    assert "best Validation accuracy" in capsys.readouterr().out
    assert cli.main(["search", str(project), "--show", "--language", "es"]) == 0
    printed = capsys.readouterr()
    assert "mejor Exactitud de validación" in printed.out and "(ajustes actuales)" in printed.out
    assert "importancias necesitan" in printed.err


def test_it_goes_on(project, capsys):
    search(project, *VARY, "--trials", "2")
    search(project, "--resume", "--trials", "4")
    printed = lines(capsys)
    assert [line["trial"] for line in printed if line["event"] == "trial"] == [1, 2, 3, 4]
    assert [line["done"] for line in printed if line["event"] == "search"] == [0, 2]
    assert len(list_searches(project)) == 1


def test_an_interrupt_stops_it_so_that_it_can_go_on(project, capsys, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.1")
    hear = SearchDriver._hear

    def interrupted(self, item, event):
        hear(self, item, event)
        if item.number == 1:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(SearchDriver, "_hear", interrupted)
    search(project, *VARY, "--trials", "4", code=1)
    last = lines(capsys)[-1]
    assert last["event"] == "stopped" and last["reason"] == "stopped" and last["trials"]["waiting"] == 1
    monkeypatch.undo()
    monkeypatch.setattr("cnnstudio.cli.searching.SearchDriver", functools.partial(SearchDriver, target=TARGET))
    search(project, "--resume")
    assert lines(capsys)[-1]["trials"] == {"complete": 4}


def test_several_objectives(project, capsys):
    search(project, "--vary", "network.conv.filters=2:16", *VARY[:2], "--trials", "4", "--objective", "val_accuracy",
           "--objective", "parameters", "--sampler", "random")
    last = lines(capsys)[-1]
    assert set(last["values"]) == set(last["bests"]) == {"val_accuracy", "parameters"} and last["front"]


def test_every_fault_is_told_with_exit_code_2(project, capsys):
    search(project, "--vary", "training.batch_sze=1:4", "--vary", "network.dense.units=5:2", "--objective", "val_acuracy",
           "--trials", "0", "--pruner", "wilcoxon", code=2)
    assert problem_codes(capsys) == ["unknown_setting", "bad_range", "bad_number", "unknown_objective", "pruner_folds"]
    search(project, "--vary", "x", "--vary", "y", "--objective", "a:b", code=2)
    assert problem_codes(capsys) == ["bad_vary", "bad_vary", "bad_objective"]
    search(project, code=2)
    assert problem_codes(capsys) == ["nothing_varied"]
    assert not (project / "searches").exists() and not list_runs(project)


@pytest.mark.parametrize("options", [
    ["--resume", "--vary", "a=1:2"], ["--list", "--sampler", "tpe"], ["--show", "--no-present"], ["--trial", "1"],
    ["--list", "--trials", "5"], ["--list", "--importance", "fanova"], ["--apply", "--set", "a=b"]])
def test_options_that_do_not_go_together(project, capsys, options):
    search(project, *options, code=2)
    assert problem_codes(capsys) == ["options"]


@pytest.mark.parametrize("options", [["--resume"], ["--show"], ["--apply"], ["--resume", "nothing"]])
def test_there_is_no_search(project, capsys, options):
    search(project, *options, code=2)
    assert problem_codes(capsys) == ["no_search"]
    search(project, "--list")
    assert lines(capsys) == []


def test_a_search_that_fails(project, capsys, monkeypatch):
    monkeypatch.setenv(FAILS, "nan_loss")
    search(project, *VARY, code=1)
    printed = lines(capsys)
    assert printed[-1]["event"] == "failed" and printed[-1]["problem"]["code"] == "nan_loss" and printed[-1]["best"] is None
    assert [line["state"] for line in printed if line["event"] == "trial"] == ["failed"] * 5


def test_no_command_imports_optuna_before_it_must(project):
    search(project, *VARY, "--trials", "1")
    code = ("import sys; from cnnstudio import cli; "
            f"assert cli.main(['search', {str(project)!r}, '--list', '--json']) == 0; "
            "assert not {'optuna', 'sqlalchemy', 'torch', 'keras'} & set(sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["event"] == "search"

