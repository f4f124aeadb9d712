"""forecast, find-batch and coach on the command line; what computes is scripted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.cli import coaching, trials
from cnnstudio.cli import jobs as commands
from cnnstudio.core.events import Epoch, Failed, Finished
from cnnstudio.core.files import read_project
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text
from cnnstudio.core.trial_jobs import BatchFound, BatchTried, FindBatch, Forecast, Forecasted, StageForecast
from cnnstudio.datasets.index import open_index
from cnnstudio.workers.coach.evidence import INSPECTION_FILE
from cnnstudio.workers.forecasts import find_forecast
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.trouble import memory_problem
from tests.workers.coach.cases import inspected

FORECAST = Forecasted(
    stages=(StageForecast(id="stage_1", epochs=20, seconds_per_epoch=3.0, validation_seconds=0.5, start_seconds=2.0),),
    seconds_per_epoch=3.0, total_seconds=75.0, start_seconds=2.0, end_seconds=1.0, memory_mb=900.0, disk_mb=12.5,
    checkpoints_mb=8.0, model_mb=4.0, cache_mb=0.5, steps=12, device="CPU: 2 cores")
TRIED = (BatchTried(batch_size=8, fits=True, memory_mb=500.0, pictures_per_second=90.0),
         BatchTried(batch_size=16, fits=True, memory_mb=600.0, pictures_per_second=80.0),
         BatchTried(batch_size=32, fits=False, memory_mb=800.0))


@pytest.fixture
def scripted(monkeypatch):
    """Jobs are answered with these events; the jobs that were wanted are kept."""
    class Script:
        told = []
        last = Finished()
        wanted = []

    def run(job, _output, on_event):
        Script.wanted.append(job)
        for event in Script.told:
            on_event(event)
        return Script.last

    Script.wanted = []
    for module in (trials, coaching, commands):
        monkeypatch.setattr(module, "run_job", run)
    return Script


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_forecast_is_one_object_and_kept(project, scripted, capsys):
    scripted.told = [FORECAST]
    assert cli.main(["forecast", project, "--json", "--set", "training.batch_size=4"]) == 0
    (line,) = lines(capsys)
    assert {"seconds_per_epoch", "memory_mb", "disk_mb", "total_seconds", "stages"} <= set(line)
    assert line["seconds_per_epoch"] == 3.0
    (job,) = scripted.wanted
    assert isinstance(job, Forecast)
    assert job.project.training.batch_size == 4
    assert find_forecast(Path(project), "") == FORECAST


def test_a_forecast_reads_well_in_both_languages(project, scripted, capsys):
    scripted.told = [FORECAST]
    assert cli.main(["forecast", project]) == 0
    told = capsys.readouterr().out
    assert "1 min 15 s in all" in told
    assert "3.0 s per epoch" in told
    assert cli.main(["forecast", project, "--language", "es"]) == 0
    assert "3,0 s por época" in capsys.readouterr().out


def test_the_largest_batch_is_named_with_the_command_to_take_it(project, scripted, capsys):
    scripted.told = [*TRIED, BatchFound(batch_size=16, fastest=8, limit="memory", budget_mb=700.0, tried=TRIED)]
    assert cli.main(["find-batch", project]) == 0
    told = capsys.readouterr().out
    assert "largest batch: 16" in told
    assert "does not fit" in told
    assert "training.batch_size=16" in told
    assert cli.main(["find-batch", project, "--json", "--memory", "700"]) == 0
    (line,) = lines(capsys)
    assert (line["batch_size"], line["fastest"], line["limit"]) == (16, 8, "memory")
    assert [item["fits"] for item in line["tried"]] == [True, True, False]
    assert isinstance(scripted.wanted[-1], FindBatch)
    assert scripted.wanted[-1].memory_mb == 700


def test_a_search_that_the_system_ended_has_an_answer(project, scripted, capsys):
    scripted.told, scripted.last = list(TRIED[:2]), Failed(problem=memory_problem(None))
    assert cli.main(["find-batch", project, "--json"]) == 0
    assert lines(capsys)[0]["batch_size"] == 16
    scripted.told = []
    assert cli.main(["find-batch", project, "--json"]) == 1
    assert lines(capsys) == []


@pytest.mark.parametrize("arguments", [
    ["find-batch", "--memory", "0"], ["find-batch", "--memory", "nan"], ["find-batch", "--memory", "-3"],
    ["forecast", "--set", "training.epochs=none"], ["forecast", "--set", "training.optimizer=unheard_of"],
    ["coach", "--run", "unheard-of"], ["coach", "--run", "../x"], ["coach"]])
@pytest.mark.usefixtures("scripted")
def test_wrong_input_is_named(project, capsys, arguments):
    assert cli.main([arguments[0], project, *arguments[1:]]) == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["forecast", "find-batch", "coach"])
def test_a_folder_without_a_project_is_named(tmp_path, capsys, command):
    assert cli.main([command, str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


@pytest.fixture
def run(project):
    """A run that overfits, into which somebody looked."""
    folder = Path(project)
    index = open_index(folder)
    run, _job = prepare_training(folder, read_project(folder), index)
    index.close()
    events = [Epoch(epoch=number, epochs=5, seconds=1.0, pictures_per_second=1.0, metrics={
        "loss": 0.5 / number, "val_loss": 0.6 + number / 5, "accuracy": 0.9, "val_accuracy": 0.7}) for number in range(1, 6)]
    run.events_path.write_bytes(b"".join(encode_event(event) + b"\n" for event in [*events, Finished(run=run.id)]))
    run.model_path.write_bytes(b"model")
    seen = inspected(train_accuracy=0.99, validation_accuracy=0.7, recalls=(0.7, 0.7), supports=(50, 50),
                     validation_pictures=100)
    (run.folder / INSPECTION_FILE).write_bytes(encode_event(seen))
    return run


def test_advice_is_one_object_a_line_the_most_convincing_first(project, run, capsys):
    assert cli.main(["coach", project, "--json"]) == 0
    told = lines(capsys)
    assert told[0]["advice"] == "overfitting"
    assert set(told[0]) == {"advice", "confidence", "evidence", "text", "change"}
    assert [line["confidence"] for line in told] == sorted((line["confidence"] for line in told), reverse=True)
    assert cli.main(["coach", project, "--run", run.id, "--language", "es"]) == 0
    spoken = capsys.readouterr().out
    assert "Sobreajuste" in spoken
    assert "cnnstudio train" in spoken


@pytest.mark.usefixtures("run")
def test_the_change_of_the_first_advice_is_made_on_demand(project, capsys):
    before = read_project(Path(project))
    assert cli.main(["coach", project, "--apply", "--json"]) == 0
    change = lines(capsys)[0]["change"]
    assert read_project(Path(project)) != before
    for key, value in change.items():
        assert cli.main(["show", project, key, "--json"]) == 0
        assert lines(capsys)[0]["value"] == value


def test_nothing_to_say_is_said_or_is_no_line(project, run, capsys):
    (run.folder / INSPECTION_FILE).write_bytes(encode_event(inspected(recalls=(1.0, 1.0), supports=(90, 90))))
    run.events_path.write_bytes(encode_event(Finished(run=run.id)) + b"\n")
    assert cli.main(["coach", project, "--json"]) == 0
    assert lines(capsys) == []
    assert cli.main(["coach", project]) == 0
    assert "nothing stands out" in capsys.readouterr().out
    assert cli.main(["coach", project, "--apply"]) == 2


def test_where_the_network_cannot_be_looked_into_the_curves_speak(project, run, scripted, capsys):
    (run.folder / INSPECTION_FILE).unlink()
    scripted.last = Failed(problem=error("pictures_gone", Text("The pictures are gone.", "No están."), "dataset"))
    assert cli.main(["coach", project, "--json"]) == 1
    told = capsys.readouterr()
    assert "The pictures are gone." in told.err
    assert isinstance(told.out, str)
