"""Two runs on the pictures that both were evaluated on; what does not belong is left out and counted."""

from __future__ import annotations

import json
import os
import time
from functools import partial

import msgspec
import pytest
from msgspec.structs import replace

from cnnstudio import cli
from cnnstudio.core import edits
from cnnstudio.core.events import Finished
from cnnstudio.core.network import Node
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.training import TrainingSpec, with_settings
from cnnstudio.workers.runs import comparison as run_comparison
from cnnstudio.workers.runs.comparison import compare_runs, differing_settings, verdict
from tests.workers.evaluated_runs import evaluated_run, result


@pytest.fixture
def make_run(tmp_path):
    """Makes an evaluated run; `rows` are of its test pictures."""
    return partial(evaluated_run, tmp_path)


def test_the_common_pictures_are_compared_and_the_others_counted(make_run):
    first = make_run([result("cat/1.png", 0), result("cat/2.png", 1), result("dog/3.png", 1), result("cat/only.png", 0),
                      result("dog/changed.png", 0), result("dog/relabelled.png", 1)],
                     hashes={"cat/1.png": "a", "dog/changed.png": "b"})
    second = make_run([result("cat/1.png", 1, probability=0.6), result("cat/2.png", 1), result("dog/3.png", 1),
                       result("dog/changed.png", 1), result("dog/relabelled.png", 1, label=0)],
                      hashes={"cat/1.png": "a", "dog/changed.png": "c"})
    found = compare_runs(first, second)
    assert (found.split, found.paired.images) == ("test", 3)
    assert (found.only_first, found.only_second, found.changed) == (1, 0, 2)
    assert (found.paired.mcnemar.only_first, found.paired.mcnemar.only_second) == (1, 0)
    (apart,) = found.disagreements
    assert (apart.path, apart.label, apart.first, apart.second) == ("cat/1.png", "cat", "cat", "dog")
    assert (apart.first_probability, apart.second_probability) == (0.9, 0.6)
    assert found.differences == ()


def test_classes_in_another_order_are_the_same_classes(make_run):
    first = make_run([result("cat/1.png", 0), result("dog/2.png", 1)])
    turned = ("dog", "cat")
    second = make_run([result("cat/1.png", 1, label=1), result("dog/2.png", 0, label=0)], classes=turned)
    found = compare_runs(first, second)
    assert found.disagreements == ()
    assert found.paired.images == 2
    assert [figure.second for figure in found.paired.figures[:2]] == [1.0, 1.0]


def test_differences_are_keys_with_both_values():
    project = Project(training=with_settings(TrainingSpec(), epochs=5))
    other = edits.add_node(replace(project, training=replace(project.training, batch_size=8)), Node(
        id="drop", type="Dropout", position=(3.0, 4.0)))
    keys = {item.key: (item.first, item.second) for item in differing_settings(project, other)}
    assert keys.pop("training.batch_size") == (32, 8)
    ((key, (first, second)),) = keys.items()
    assert (key, first, second["type"]) == ("network.nodes.drop", None, "Dropout")
    assert "position" not in second
    moved = replace(project, dataset=replace(project.dataset, source="elsewhere"))
    assert differing_settings(project, moved) == ()


@pytest.mark.parametrize(("change", "code"), [
    (lambda run: run.table_path("test").unlink(), "not_evaluated"),
    (lambda run: run.table_path("test").write_bytes(msgspec.json.encode(result("dog/other.png", 1))), "nothing_in_common")])
def test_what_cannot_be_compared_is_told(make_run, change, code):
    first, second = (make_run([result("cat/1.png", 0)]) for _ in range(2))
    change(second)
    with pytest.raises(ProblemError) as told:
        compare_runs(first, second)
    assert [problem.code for problem in told.value.problems] == [code]
    assert told.value.problems[0].text.en != told.value.problems[0].text.es


@pytest.mark.parametrize("damaged", [b"{", b'{"path":"cat/1.png","label":0,"predicted":0,"probability":null,"loss":null}',
                                     msgspec.json.encode(result("cat/1.png", 2)), msgspec.json.encode(result("cat/1.png", -1)),
                                     msgspec.json.encode(result("cat/1.png", 0, label=7))])
def test_damaged_answers_are_none(make_run, damaged, tmp_path, capsys, monkeypatch):
    from cnnstudio.cli import comparing
    from cnnstudio.core.files import write_project

    first, second = (make_run([result("cat/1.png", 0)]) for _ in range(2))
    second.table_path("test").write_bytes(damaged)
    with pytest.raises(ProblemError, match="damaged"):
        compare_runs(first, second)
    write_project(tmp_path, first.spec())
    repaired = []

    def evaluate(job, _output, _handle):
        repaired.append(job.run_folder)
        second.table_path("test").write_bytes(first.table_path("test").read_bytes())
        return Finished()

    monkeypatch.setattr(comparing, "run_job", evaluate)
    assert cli.main(["compare", str(tmp_path), first.id, second.id]) == 0
    assert repaired == [str(second.folder)]
    assert "the same settings" in capsys.readouterr().out


def test_answers_from_before_the_model_was_trained_further_are_none(make_run):
    first, second = (make_run([result("cat/1.png", 0)]) for _ in range(2))
    for file in (second.table_path("test").with_suffix(".json"), second.model_path):
        file.write_bytes(b"{}")
    for newer, evaluated in ((second.table_path("test").with_suffix(".json"), True), (second.model_path, False)):
        moment = time.time() + 10 + 10 * (not evaluated)
        os.utime(newer, (moment, moment))
        assert run_comparison.is_evaluated(second, "test") is evaluated
    with pytest.raises(ProblemError, match="since its last training"):
        compare_runs(first, second)


def test_names_with_line_breaks_stay_on_one_line(make_run, tmp_path, capsys):
    from cnnstudio.core.files import write_project

    first, second = make_run([result("cat/1\n2.png", 0)]), make_run([result("cat/1\n2.png", 1)])
    write_project(tmp_path, first.spec())
    assert cli.main(["compare", str(tmp_path), first.id, second.id]) == 0
    printed = capsys.readouterr().out
    assert "  cat/1\\n2.png  cat: cat 90%, dog 90%" in printed.splitlines()
    assert "difference -100.00 points, 95% interval -100.00 to -100.00" in printed


def test_the_verdict_counts_as_each_language_does(make_run):
    pictures = [f"cat/{number}.png" for number in range(12_346)]
    first = make_run([result(path, 0) for path in pictures])
    second = make_run([result(path, 1) for path in pictures[:-1]] + [result(pictures[-1], 0)])
    text = verdict(compare_runs(first, second))
    assert "right on 12,345 pictures" in text.en
    assert "acierta en 12\u202f345 imágenes" in text.es
    first.table_path("test").write_bytes(msgspec.json.encode(result("cat/1.png", 0)))
    assert "on 1 picture," in verdict(compare_runs(first, second)).en


def test_other_classes_cannot_be_compared(make_run):
    first = make_run([result("cat/1.png", 0)])
    second = make_run([result("cat/1.png", 0)], classes=("cat", "horse"))
    with pytest.raises(ProblemError, match="horse"):
        compare_runs(first, second)


def test_the_command_prints_a_line_for_everything(make_run, tmp_path, capsys, monkeypatch):
    from cnnstudio.core.files import write_project

    pictures = [f"{kind}/{number}.png" for kind in ("cat", "dog") for number in range(1, 11)]
    first = make_run([result(path, int(path[0] == "d")) for path in pictures])
    project = first.spec()
    second = make_run([result(path, 0) for path in pictures],
                      project=replace(project, training=with_settings(project.training, epochs=7)))
    write_project(tmp_path, project)
    assert cli.main(["compare", str(tmp_path), first.id, second.id, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_event = {name: [line for line in lines if line["event"] == name] for name in (line["event"] for line in lines)}
    assert [(line["key"], line["second"]) for line in by_event["difference"]] == [("training.stages.stage_1.epochs", 7)]
    assert [line["name"] for line in by_event["metric"]] == ["accuracy", "balanced_accuracy", "macro_f1", "loss"]
    assert by_event["mcnemar"][0] == {"event": "mcnemar", "only_first": 10, "only_second": 0, "p_value": 0.001953125,
                                      "significant": True}
    assert by_event["confusion"] == [{"event": "confusion", "classes": ["cat", "dog"], "difference": [[0, 0], [10, -10]]}]
    assert len(by_event["disagreement"]) == 10
    assert by_event["summary"][0]["images"] == 20
    assert first.id in by_event["summary"][0]["text"]
    for language, word in (("en", "significantly better"), ("es", "significativamente mejor")):
        assert cli.main(["compare", str(tmp_path), first.id, second.id, "--language", language]) == 0
        assert word in capsys.readouterr().out
    assert cli.main(["compare", str(tmp_path), first.id, "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
    monkeypatch.setattr(run_comparison, "SPLITS_TO_COMPARE", ("validation",))
    assert cli.main(["compare", str(tmp_path), first.id, second.id]) == 2
    assert "no split in common" in capsys.readouterr().err


def test_several_runs_are_compared_with_the_first_and_their_p_values_corrected(make_run, tmp_path, capsys):
    from cnnstudio.core.files import write_project

    first = make_run([result(f"cat/{number}.png", 0) for number in range(20)])
    worse = make_run([result(f"cat/{number}.png", int(number < 6)) for number in range(20)])
    alike = make_run([result(f"cat/{number}.png", 0) for number in range(20)])
    write_project(tmp_path, first.spec())
    assert cli.main(["compare", str(tmp_path), first.id, worse.id, alike.id, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["second"] for line in lines if line["event"] == "summary"] == [worse.id, alike.id]
    corrected = lines[-1]
    # McNemar's exact test of 6 against 0: 2 × 0.5^6; of the two it is the smaller, so it is doubled.
    assert corrected["event"] == "corrected" and [row["run"] for row in corrected["runs"]] == [worse.id, alike.id]
    assert corrected["runs"][0]["p_value"] == pytest.approx(2 * 0.5 ** 6)
    assert corrected["runs"][0]["adjusted_p_value"] == pytest.approx(4 * 0.5 ** 6)
    assert [row["significant"] for row in corrected["runs"]] == [False, False], "not after the correction"
    assert cli.main(["compare", str(tmp_path), first.id, worse.id, alike.id]) == 0
    assert "Benjamini-Hochberg" in capsys.readouterr().out


def test_one_run_is_no_comparison(make_run, tmp_path, capsys):
    from cnnstudio.core.files import write_project

    first = make_run([result("cat/1.png", 0)])
    write_project(tmp_path, first.spec())
    assert cli.main(["compare", str(tmp_path), first.id]) == 2
    assert "at least two runs" in capsys.readouterr().err
