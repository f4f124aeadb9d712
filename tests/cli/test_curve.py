"""`curve` on the command line; what computes is scripted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.cli import curve as command
from cnnstudio.core.events import Finished
from cnnstudio.core.trial_jobs import CurvePoint, LearningCurve
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.runs.learning_curves import fitted_curve


@pytest.fixture
def run(project):
    opened, index = open_project(Path(project))
    made, _job = prepare_training(Path(project), opened, index)
    index.close()
    made.model_path.write_bytes(b"a model")
    return made


def test_a_line_for_each_training_and_one_for_the_gain(project, run, capsys, monkeypatch):
    points = [CurvePoint(run=run.id, split="test", pictures=size, accuracy=right / 100, interval=(0.4, 0.9), of=100, seed=0,
                         rights=(right // 2, right - right // 2), supports=(50, 50), learned=(size // 2, size // 2))
              for size, right in ((10, 50), (20, 64), (40, 75), (80, 82))]
    jobs = []

    def answer(job, _output, handle):
        jobs.append(job)
        for point in points:
            handle(point)
        handle(fitted_curve(run.id, "test", points, ("cat", "dog"), 1))
        return Finished(run=run.id)

    monkeypatch.setattr(command, "run_job", answer)
    assert cli.main(["curve", project, "--json", "--repeats", "2"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["pictures"] for line in lines[:4]] == [10, 20, 40, 80]
    assert {"accuracy", "interval"} <= set(lines[0])
    assert lines[4]["expected"]["pictures"] == 160
    assert lines[4]["expected"]["interval"][0] <= lines[4]["expected"]["gain"] <= lines[4]["expected"]["interval"][1]
    assert set(lines[4]["classes"]) == {"cat", "dog"}
    assert isinstance(jobs[0], LearningCurve)
    assert jobs[0].repeats == 2
    assert cli.main(["curve", project, "--language", "es"]) == 0
    assert "con el doble (160)" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "code"), [(("--repeats", "0"), "bad_repeats"), (("--repeats", "999"), "bad_repeats")])
def test_wrong_values_are_refused(project, run, capsys, arguments, code):
    assert run.has_model
    assert cli.main(["curve", project, "--json", *arguments]) == 2
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == code
