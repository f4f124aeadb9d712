"""`cnnstudio scenarios` and `cnnstudio evaluate --by`; what computes is scripted."""

from __future__ import annotations

import io
import json

import pytest

from cnnstudio import cli
from cnnstudio.cli import evaluating
from cnnstudio.cli import scenarios as command
from cnnstudio.core.events import Finished
from cnnstudio.core.jobs import Evaluate
from tests.workers.scenario_place import Place


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.index.close()


def call(capsys, *arguments, code=0):
    """The lines that a command prints as JSON."""
    capsys.readouterr()
    assert cli.main([*map(str, arguments), "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_is_added_listed_edited_and_removed(place, capsys, monkeypatch):
    project = place.folder
    (added,) = call(capsys, "scenarios", project, "add", "Night & <fog>", "--paths", "cat/3.png", "dog/3.png", "--note", "why")
    assert (added["scenario"], added["note"], added["pictures"], added["gone"]) == ("Night & <fog>", "why", 2, 0)
    monkeypatch.setattr("sys.stdin", io.StringIO("cat/4.png\n\n"))
    assert cli.main(["scenarios", str(project)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "Night & <fog>: 2 pictures"
    (more,) = call(capsys, "scenarios", project, "add", "night & <FOG>", "--from", "-")
    assert (more["pictures"], more["note"]) == (3, "why"), "to an existing one they are added"
    (edited,) = call(capsys, "scenarios", project, "edit", "Night & <fog>", "--rename", "de noche", "--note", "")
    assert (edited["scenario"], edited["note"]) == ("de noche", "")
    (less,) = call(capsys, "scenarios", project, "remove", "de noche", "--paths", "cat/4.png")
    assert less["pictures"] == 2
    assert [line["scenario"] for line in call(capsys, "scenarios", project)] == ["de noche"]
    (removed,) = call(capsys, "scenarios", project, "remove", "de noche")
    assert removed == {"scenario": "de noche", "removed": True} | {key: removed[key] for key in removed.keys() - {
        "scenario", "removed"}}
    assert cli.main(["scenarios", str(project)]) == 0
    assert "no scenarios yet" in "".join(capsys.readouterr())


@pytest.mark.parametrize(("arguments", "problem"), [
    (("add", " "), "no_scenario_name"), (("add", "x"), "no_pictures"), (("edit", "x"), "no_scenario"),
    (("measure", "x"), "no_scenario"), (("add", "x", "--from", "gone.txt"), "damaged_list"),
    (("add", "y" * 81, "--paths", "cat/3.png"), "bad_scenario_name")])
def test_wrong_input_is_refused(place, capsys, arguments, problem):
    place.run()
    lines = call(capsys, "scenarios", place.folder, *arguments, code=2)
    assert lines[-1]["problem"]["code"] == problem


def test_unknown_pictures_are_named_and_the_others_taken(place, capsys):
    lines = call(capsys, "scenarios", place.folder, "add", "some", "--paths", "cat/3.png", "cat/99.png", code=1)
    assert lines[-1]["pictures"] == 1
    assert any("99.png" in json.dumps(line) for line in lines[:-1])


def test_measure_evaluates_what_is_missing_and_compares_with_the_first_run(place, capsys, monkeypatch):
    runs = [place.run(), place.run(wrong=("cat/3.png",))]
    place.scenario("three", "cat/3.png", "dog/3.png", "cat/0.png")
    jobs = []

    def run_job(job, _output, _handle):
        assert isinstance(job, Evaluate)
        jobs.append(job.run_folder)
        return Finished()

    monkeypatch.setattr(command, "run_job", run_job)
    lines = [line for line in call(capsys, "scenarios", place.folder, "measure") if line.get("event") == "scenario"]
    assert sorted(jobs) == sorted(str(run.folder) for run in runs)
    assert [(line["run"], line["right"], line["pictures"], line["not_measured"], line["best"]) for line in lines] == [
        (runs[0].id, 2, 2, 1, True), (runs[1].id, 1, 2, 1, False)]
    assert lines[0]["difference"] is None and lines[1]["difference"]["difference"] == -0.5
    assert cli.main(["scenarios", str(place.folder), "measure", "--run", runs[0].id, "--language", "es"]) == 0
    assert "sin medir: 1" in capsys.readouterr().out


@pytest.fixture
def evaluated(place, monkeypatch):
    """The run of a project; the job finds its evaluation done."""
    run = place.run(wrong=("cat/3.png",))

    def run_job(job, _output, handle):
        handle(run.evaluation(job.split))
        return Finished()

    monkeypatch.setattr(evaluating, "run_job", run_job)
    return run


@pytest.mark.usefixtures("evaluated")
def test_the_accuracy_is_divided_by_all_properties_or_one(place, capsys):
    lines = [line for line in call(capsys, "evaluate", place.folder, "--by", "all") if "property" in line]
    assert {"brightness", "folder", "format"} <= {line["property"] for line in lines}
    sizes = [line for line in call(capsys, "evaluate", place.folder, "--by", "bytes", "--bins", "2") if "property" in line]
    assert {line["property"] for line in sizes} == {"bytes"}
    assert (sum(line["pictures"] for line in sizes), sum(line["right"] for line in sizes)) == (6, 5)
    assert cli.main(["evaluate", str(place.folder), "--by", "folder", "--language", "es"]) == 0
    assert "Carpeta de origen" in capsys.readouterr().out


@pytest.mark.usefixtures("evaluated")
def test_a_property_that_is_not_there_and_too_many_ranges_are_refused(place, capsys):
    assert call(capsys, "evaluate", place.folder, "--by", "weather", code=2)[-1]["problem"]["code"] == "unknown_property"
    assert call(capsys, "evaluate", place.folder, "--by", "all", "--bins", "1", code=2)[-1]["problem"]["code"] == "bad_bins"


@pytest.mark.usefixtures("evaluated")
def test_an_evaluation_tells_the_scenarios_too(place, capsys):
    place.scenario("two", "cat/3.png", "dog/3.png")
    (line,) = [line for line in call(capsys, "evaluate", place.folder) if line.get("event") == "scenario"]
    assert (line["scenario"], line["right"], line["pictures"]) == ("two", 1, 2)
