"""What is written about runs, the trash, and the runs as rows: filtered, sorted, with the settings that differ."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.core.edits import set_field
from cnnstudio.core.events import Epoch, Finished, Hello
from cnnstudio.core.messages import encode_event
from cnnstudio.core.own_folders import RUNS
from cnnstudio.core.problems import ProblemError
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.runs.data import DataFacts, data_facts
from cnnstudio.workers.runs.folder import list_runs
from cnnstudio.workers.runs.group_figures import group_figures, spread_by_epoch
from cnnstudio.workers.runs.labels import RunLabels, read_labels, write_labels
from cnnstudio.workers.runs.names import write_name
from cnnstudio.workers.runs.origin import RunOrigin, origin_text, write_origin
from cnnstudio.workers.runs.table import differing_keys, matches, run_rows, sort_rows
from cnnstudio.workers.runs.trash import empty_trash, restore_run, trash_run, trashed_runs
from tests.workers.evaluated_runs import CLASSES, evaluated_run, result


def project_of(folder, **settings):
    project = new_project("pets", str(folder), Facts(classes=CLASSES), template="lenet5")
    for name, value in settings.items():
        project = set_field(project, "training", name, value)
    return project


def trained(folder, accuracies, **settings):
    """A run with a validation accuracy after each epoch."""
    run = evaluated_run(folder, [result("cat/1.png", 0), result("dog/1.png", 1)], project_of(folder, **settings))
    metrics = [{"loss": 1.0, "val_accuracy": value} for value in accuracies]
    events = [Hello(pid=1, device="CPU: 2 cores"), *(
        Epoch(epoch=number, epochs=len(metrics), metrics=line, seconds=1.0, pictures_per_second=1.0)
        for number, line in enumerate(metrics, start=1)), Finished(run=run.id, metrics=metrics[-1] | {"epoch": 2.0}, time=9.0)]
    run.events_path.write_bytes(b"\n".join(map(encode_event, events)) + b"\n")
    return run


def test_labels_are_kept_and_cleaned(tmp_path):
    labels = RunLabels(note="two\nlines\x07", tags=("a,b", " a ", ""), group=" g\n", color=3)
    write_labels(tmp_path, labels)
    assert read_labels(tmp_path) == RunLabels(note="two\nlines", tags=("a", "b"), group="g", color=3)
    write_labels(tmp_path, RunLabels())
    assert not (tmp_path / "labels.json").exists()
    (tmp_path / "labels.json").write_text("{")
    assert read_labels(tmp_path) == RunLabels()


def test_rows_have_what_the_table_shows(tmp_path):
    run = trained(tmp_path, [0.5, 1.0], batch_size=7)
    run.model_path.write_bytes(b"12345")
    (row,) = run_rows(tmp_path)
    assert (row.device, row.size) == ("CPU: 2 cores", 5)
    assert row.settings["training.batch_size"] == 7
    assert row.settings["training.stages.stage_1.optimizer.type"] == "adam"
    assert row.interval is None, "it has no validation pictures"
    assert len(row.data) == 8
    again = trained(tmp_path, [0.5], batch_size=8)
    first, second = (data_facts(item.manifest_path) for item in (run, again))
    assert first == second and first.pictures == {"train": 1, "test": 2}
    (again.folder / "data.json").unlink()
    assert data_facts(again.manifest_path) == second, "it is computed where an earlier version kept none"
    again.manifest_path.write_text("{")
    assert data_facts(again.manifest_path) == DataFacts()


def test_rows_are_sorted_and_filtered(tmp_path):
    runs = [trained(tmp_path, [value], batch_size=size) for value, size in ((0.5, 9), (0.9, 10), (0.7, 8))]
    write_name(runs[0].folder, "Ñandú")
    write_labels(runs[1].folder, RunLabels(tags=("rapid",), note="a long one"))
    rows = run_rows(tmp_path)
    assert differing_keys(rows) == ("training.batch_size",)
    assert [row.run.id for row in sort_rows(rows, "-val_accuracy")] == [runs[1].id, runs[2].id, runs[0].id]
    assert [row.settings["training.batch_size"] for row in sort_rows(rows, "training.batch_size")] == [8, 9, 10]
    assert [row.run.id for row in rows if matches(row, "ñandú")] == [runs[0].id]
    assert [row.run.id for row in rows if matches(row, "rapid long")] == [runs[1].id]
    assert len([row for row in rows if matches(row, "terminado")]) == 3, "states are found in both languages"
    with pytest.raises(ProblemError) as raised:
        sort_rows(rows, "beauty")
    assert "val_accuracy" in raised.value.problems[0].text.en


def test_rows_without_a_value_come_last(tmp_path):
    trained(tmp_path, [0.5])
    evaluated_run(tmp_path, [result("cat/1.png", 0)])
    for column in ("val_accuracy", "-val_accuracy"):
        assert [bool(row.run.metrics) for row in sort_rows(run_rows(tmp_path), column)] == [True, False]


def test_the_figures_of_a_group(tmp_path):
    runs = [trained(tmp_path, [value - 0.1, value]) for value in (0.5, 0.7, 0.9)]
    for number, run in enumerate(runs):
        write_origin(run.folder, RunOrigin(group="g", grouped_by="seeds", member=number, members=3))
    figures = group_figures(list_runs(tmp_path))
    spread = figures.metrics["val_accuracy"]
    assert (round(spread.mean, 9), round(spread.deviation, 9), spread.count) == (0.7, 0.2, 3)
    assert (figures.group, figures.kind, figures.members, figures.pooled) == ("g", "seeds", 3, None)
    assert "epoch" not in figures.metrics
    assert [(item.epoch, round(item.spread.mean, 9)) for item in spread_by_epoch(runs, "val_accuracy")] == [(1, 0.6), (2, 0.7)]
    alone = group_figures(list_runs(tmp_path)[:1])
    assert alone.metrics["val_accuracy"].deviation is None
    write_labels(runs[0].folder, RunLabels(group="mine"))
    assert {run.group for run in list_runs(tmp_path)} == {"g", "mine"}


def test_the_pooled_accuracy_counts_every_picture_once(tmp_path):
    from cnnstudio.datasets.manifest import Entry, read_manifest, write_manifest

    runs = [trained(tmp_path, [accuracy]) for accuracy in (0.75, 0.5)]
    for number, run in enumerate(runs):
        header = read_manifest(run.manifest_path).header
        write_manifest(run.manifest_path, header, [
            Entry(path=f"cat/{number}-{place}.png", label=0, split="validation") for place in range(4 - 2 * number)])
        (run.folder / "data.json").unlink()
        write_origin(run.folder, RunOrigin(group="f", grouped_by="folds", member=number, members=2))
    pooled = group_figures(list_runs(tmp_path)).pooled
    assert (pooled.right, pooled.images) == (4, 6), "3 of 4, and 1 of 2"
    assert pooled.interval[0] < pooled.accuracy < pooled.interval[1]


def test_what_a_run_comes_from_is_said():
    assert origin_text(RunOrigin()) is None
    assert origin_text(RunOrigin(kind="weights", parent="a", epoch=3)).en == "from a, epoch 3"
    assert origin_text(RunOrigin(kind="weights", parent="a")).es == "desde a"
    assert origin_text(RunOrigin(repeats="a")).en == "again: a"
    assert origin_text(RunOrigin(grouped_by="folds", member=1, members=5)).es == "pliegue 2 de 5"


def test_the_trash_gives_back_what_is_in_it(tmp_path):
    run = trained(tmp_path, [0.5])
    trash_run(run)
    assert list_runs(tmp_path) == [] and trashed_runs(tmp_path) == (run.id,)
    assert restore_run(tmp_path, run.id).summary().state == "finished"
    with pytest.raises(ProblemError) as raised:
        restore_run(tmp_path, "../other")
    assert raised.value.problems[0].code == "not_in_trash"
    trash_run(run)
    run.folder.mkdir()
    with pytest.raises(ProblemError) as raised:
        restore_run(tmp_path, run.id)
    assert raised.value.problems[0].code == "run_exists"
    assert empty_trash(tmp_path) == 1 and trashed_runs(tmp_path) == ()


def test_a_link_in_the_place_of_the_trash_is_refused(tmp_path):
    run = trained(tmp_path, [0.5])
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "precious").mkdir(parents=True)
    (tmp_path / RUNS / ".trash").symlink_to(elsewhere, target_is_directory=True)
    for action in (lambda: trash_run(run), lambda: empty_trash(tmp_path), lambda: restore_run(tmp_path, "precious")):
        with pytest.raises(ProblemError) as raised:
            action()
        assert raised.value.problems[0].code == "is_link"
    assert (elsewhere / "precious").is_dir() and run.folder.is_dir()


def test_older_runs_without_new_files_are_listed(tmp_path):
    run = trained(tmp_path, [0.5])
    (run.folder / "data.json").unlink()
    summary = run.summary()
    assert summary.origin == RunOrigin() and summary.labels == RunLabels() and summary.group == ""
    assert msgspec.structs.replace(summary, name="x").title == "x"
