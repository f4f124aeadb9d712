"""`cnnstudio evaluate` and `cnnstudio calibrate`: what they print, of answers as the job leaves them."""

from __future__ import annotations

import json
import os

import msgspec
import numpy as np
import pytest

from cnnstudio import cli
from cnnstudio.cli import evaluating
from cnnstudio.core.events import Finished
from cnnstudio.workers.runs.calibration import present_calibration
from tests.evaluation.material import draw
from tests.workers.calibrated_runs import answered_run, keep


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A project with two runs; the job finds their evaluations done."""
    found = [answered_run(tmp_path, splits=("test",)) for _number in range(2)]
    done = []

    def run_job(job, _output, handle):
        run = next(item for item in found if str(item.folder) == job.run_folder)
        done.append((run.id, job.split))
        if not run.answers_path(job.split).exists():
            keep(run, job.split, draw(np.random.default_rng(5), 300, 3, 2.0, 0.4))
        handle(run.evaluation(job.split))
        return Finished()

    monkeypatch.setattr(evaluating, "run_job", run_job)
    # Their manifests have one test picture; validation pictures the calibration asks for, too.
    monkeypatch.setattr(evaluating, "evaluation_job", lambda run, split, *_rest: evaluating.jobs.Evaluate(
        run_folder=str(run.folder), manifest="", split=split or "test", table=str(run.table_path(split or "test"))))
    return tmp_path, found, done


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_evaluate_keeps_its_fields_and_has_all_figures(runs, capsys):
    project, found, _done = runs
    assert cli.main(["evaluate", str(project), "--run", found[0].id, "--json"]) == 0
    line, = lines(capsys)
    for name in ("run", "split", "images", "loss", "accuracy", "classes", "confusion", "engine", "skipped",
                 "accuracy_interval", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1"):
        assert name in line
    for name in ("weighted_precision", "weighted_recall", "weighted_f1", "top_2", "auc", "log_loss", "kappa", "matthews",
                 "brier", "ece"):
        low, high = line["intervals"][name]
        assert low <= line[name] <= high
    assert line["intervals"]["accuracy"] == pytest.approx(line["accuracy_interval"])
    assert line["interval_methods"]["accuracy"] == "wilson" and line["interval_methods"]["auc"] == "bootstrap"
    assert line["top_3"] is None and "no more than 3 classes" in line["undefined"]["top_3"]
    assert {"name", "precision", "recall", "f1", "support", "auc", "average_precision", "intervals"} == set(line["classes"][0])
    assert line["confused"][0]["count"] >= line["confused"][-1]["count"]


def test_the_text_is_that_of_the_language(runs, capsys):
    project, found, _done = runs
    assert cli.main(["evaluate", str(project), "--run", found[0].id, "--language", "es"]) == 0
    printed = capsys.readouterr().out
    assert "Puntuación de Brier" in printed and "95 %: " in printed and "(Wilson)" in printed


def test_several_runs_stand_side_by_side(runs, capsys):
    project, found, _done = runs
    names = [run.id for run in found]
    arguments = ["evaluate", str(project), "--run", names[0], "--run", names[1]]
    assert cli.main([*arguments, "--json"]) == 0
    *each, together = lines(capsys)
    assert [line["run"] for line in each] == names == together["runs"]
    assert together["event"] == "side_by_side" and together["figures"]["accuracy"][names[1]] == each[1]["accuracy"]
    keep(found[1], "test", draw(np.random.default_rng(9), 200, 3))
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert "not evaluated on the same pictures (100 only by the first, 0 only by the second)" in captured.err
    assert names[1] in captured.out


def test_calibrate_evaluates_the_validation_pictures_first(runs, capsys):
    project, found, done = runs
    run = found[0]
    assert cli.main(["calibrate", str(project), "--run", run.id, "--reject", "conformal:0.1", "--json"]) == 0
    line, = lines(capsys)
    assert done == [(run.id, "validation")]
    assert line["temperature"] > 1 and line["fit"]["loss_after"] < line["fit"]["loss_before"]
    assert line["rejection"]["kind"] == "conformal" and line["rejection_figures"]["held"] >= 0.9
    assert cli.main(["calibrate", str(project), "--run", run.id, "--reject", "none"]) == 0
    assert done == [(run.id, "validation")]
    assert "temperature" in capsys.readouterr().out and present_calibration(run)[0].rejection is None
    assert cli.main(["calibrate", str(project), "--run", run.id, "--no-temperature", "--reject", "confidence:0.7"]) == 0
    assert "By confidence (least confidence 70.0%): not sure of " in capsys.readouterr().out
    assert cli.main(["evaluate", str(project), "--run", run.id, "--json"]) == 0
    evaluated, = lines(capsys)
    assert evaluated["temperature"] == line["temperature"]
    assert 0 < evaluated["rejection"]["coverage"] < 1
    assert cli.main(["calibrate", str(project), "--run", run.id, "--remove"]) == 0
    assert present_calibration(run)[0] is None


@pytest.mark.parametrize(("option", "said"), [
    ("guess", "is no reject option"), ("conformal:2", "is no reject option"), ("conformal:0.0001", "at least 9999")])
def test_what_cannot_be_set_is_refused(runs, capsys, option, said):
    project, found, _done = runs
    assert cli.main(["calibrate", str(project), "--run", found[0].id, "--reject", option]) == 2
    assert said in capsys.readouterr().err
    assert present_calibration(found[0])[0] is None


def test_a_damaged_calibration_is_told_with_what_helps(runs, capsys):
    project, found, _done = runs
    found[0].calibration_path.write_text("{")
    assert cli.main(["evaluate", str(project), "--run", found[0].id]) == 2
    assert "calibrate PROJECT --remove" in capsys.readouterr().err
    assert cli.main(["calibrate", str(project), "--run", found[0].id, "--remove"]) == 0
    assert not os.path.lexists(found[0].calibration_path)


@pytest.mark.parametrize("options", [["--by", "brightness", "--bins", "0"], ["--by", "brightness", "--bins", "1"],
                                     ["--bins", "3"]])
def test_ranges_that_cannot_be_are_refused_before_anything_is_evaluated(runs, capsys, options):
    project, _found, done = runs
    assert cli.main(["evaluate", str(project), *options]) == 2
    assert "--bins" in (said := capsys.readouterr().err) or "2 to" in said
    assert not done


def test_a_class_stays_on_one_line(runs, capsys, monkeypatch):
    project, found, _done = runs

    def renamed(run, event):
        kept = plain(run, event)
        classes = [msgspec.structs.replace(item, name="a\nb") for item in kept.event.classes]
        return msgspec.structs.replace(kept, event=msgspec.structs.replace(kept.event, classes=classes))

    plain = evaluating._figures
    monkeypatch.setattr(evaluating, "_figures", renamed)
    assert cli.main(["evaluate", str(project), "--run", found[0].id]) == 0
    assert "  a\\nb  precision" in capsys.readouterr().out
