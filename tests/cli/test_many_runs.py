"""Several runs from the command line: seeds, folds, runs that go on or begin with another's weights, and reproducing.

The child is played: it writes the events and the model that a real one would.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from cnnstudio import cli
from cnnstudio.cli.arguments import parser
from cnnstudio.core.events import Epoch, Failed, Finished, Hello, Stopped
from cnnstudio.core.jobs import Evaluate, PictureResult
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.workers.runs.folder import RunFolder, list_runs
from cnnstudio.workers.runs.origin import RunOrigin
from tests.cli.printed import lines


def model(path, weight):
    """A file with one weight, as Keras packs it."""
    import io
    import zipfile

    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file["layers/dense/vars/0"] = np.full(3, weight, np.float32)
        file["optimizer/vars/0"] = np.random.default_rng().random(2)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", data.getvalue())


@pytest.fixture
def pictures(tmp_path):
    """No two of them are the same."""
    root = tmp_path / "pictures"
    for place, label in enumerate(("cat", "dog")):
        (root / label).mkdir(parents=True)
        for number in range(20):
            cv2.imwrite(str(root / label / f"{number}.png"), np.full((50, 60, 3), number + 100 * place, np.uint8))
    return root


@pytest.fixture
def child(monkeypatch):
    """Plays the child: `child.last` is what comes next, `child.jobs` what was asked for."""

    class Child:
        jobs: list = []
        weight = 1.0
        accuracy = 0.5
        versions = {"keras": "3"}
        stop_at = fail_at = None

        def run(self, job, output, on_event):
            self.jobs.append(job)
            run = RunFolder(Path(job.run_folder))
            if isinstance(job, Evaluate):
                rows = [PictureResult(path=entry.path, label=entry.label, predicted=entry.label if number or
                                      self.weight == 1.0 else 1 - entry.label, probability=0.9, loss=0.1)
                        for number, entry in enumerate(read_manifest(run.manifest_path).split(job.split))]
                run.table_path(job.split).write_bytes(b"\n".join(
                    json.dumps({name: getattr(row, name) for name in row.__struct_fields__}).encode() for row in rows))
                return Finished(run=run.id)
            if self.fail_at == len(self.jobs):
                last = Failed(problem=error("nan_loss", Text("No number.", "No es un número."), "training"), time=2.0)
                run.events_path.write_bytes(encode_event(last) + b"\n")
                return last
            seed = run.spec().training.seed
            metrics = {"loss": 1.0, "val_loss": self.weight, "val_accuracy": self.accuracy + (seed - 42) / 10}
            events = [Hello(pid=1, versions=self.versions, device="CPU: 2 cores", time=1.0), *(Epoch(
                epoch=number, epochs=2, metrics=metrics, seconds=1.0, pictures_per_second=1.0, time=1.0) for number in (1, 2))]
            stopped = self.stop_at == len(self.jobs)
            last = (Stopped if stopped else Finished)(run=run.id, metrics=metrics | {"epoch": 2.0}, time=2.0)
            run.events_path.write_bytes(b"\n".join(map(encode_event, [*events, last])) + b"\n")
            np.savez((run.checkpoints / "epoch-00002-000000.ckpt").open("wb"), weight=self.weight)
            model(run.model_path, self.weight)
            for event in events:
                on_event(event)
            return last

    played = Child()
    played.jobs = []
    monkeypatch.setattr("cnnstudio.cli.training.run_job", played.run)
    return played


def runs_of(project):
    return sorted(list_runs(Path(project)), key=lambda run: (run.origin.group, run.origin.member, run.id))


@pytest.mark.usefixtures("child")
def test_seeds_are_a_group_with_mean_and_deviation(project, capsys):
    assert cli.main(["train", project, "--seeds", "3", "--json"]) == 0
    printed = lines(capsys)
    assert [line["member"] for line in printed if line["event"] == "run"] == [1, 2, 3]
    group = printed[-1]
    assert (group["event"], group["kind"], len(group["runs"])) == ("group", "seeds", 3)
    assert group["metrics"]["val_accuracy"] == {"mean": pytest.approx(0.6), "deviation": pytest.approx(0.1), "count": 3}
    runs = runs_of(project)
    assert [RunFolder(run.folder).spec().training.seed for run in runs] == [42, 43, 44]
    assert {run.group for run in runs} == {group["group"]}
    assert cli.main(["runs", project]) == 0
    assert "val_accuracy  60.00% ± 10.00%" in capsys.readouterr().out


@pytest.mark.usefixtures("child")
def test_folds_divide_the_training_and_validation_pictures(project, capsys):
    index = open_index(Path(project))
    before = {picture.path: picture.split for picture in index.usable(("cat", "dog"))}
    learned = next(path for path, split in before.items() if split == "train")
    held = next(path for path, split in before.items() if split == "validation")
    index.assign_split(list(index.ids_of([learned])), "train")
    index.assign_split(list(index.ids_of([held])), "validation")
    index.close()
    assert cli.main(["train", project, "--folds", "4", "--json"]) == 0
    group = lines(capsys)[-1]
    manifests = [read_manifest(RunFolder(run.folder).manifest_path) for run in runs_of(project)]
    validated = Counter(entry.path for manifest in manifests for entry in manifest.split("validation"))
    tested = {path for path, split in before.items() if split == "test"}
    assert set(validated) == set(before) - tested - {learned}
    assert set(validated.values()) == {1}, "each once, also the one that is pinned to validation"
    for manifest in manifests:
        assert {entry.path for entry in manifest.split("test")} == tested
        sizes = Counter(entry.label for entry in manifest.split("validation"))
        assert max(sizes.values()) - min(sizes.values()) <= 1, "the classes have the same shares"
    assert group["pooled"]["images"] == len(validated)
    assert [RunFolder(run.folder).spec().dataset.splits.fold for run in runs_of(project)] == [0, 1, 2, 3]


@pytest.mark.usefixtures("child")
def test_copies_stay_on_one_side_of_every_fold(project, pictures):
    for number in range(3):
        (pictures / "cat" / f"copy{number}.png").write_bytes((pictures / "cat" / "3.png").read_bytes())
    assert cli.main(["train", project, "--folds", "3"]) == 0
    copies = {"cat/3.png", *(f"cat/copy{number}.png" for number in range(3))}
    for run in runs_of(project):
        manifest = read_manifest(RunFolder(run.folder).manifest_path)
        assert len({entry.split for entry in manifest.entries if entry.path in copies}) == 1


@pytest.mark.usefixtures("child")
def test_more_folds_than_pictures_of_a_class_make_no_run(project, pictures, capsys):
    for path in list((pictures / "cat").iterdir())[1:]:
        path.unlink()
    assert cli.main(["train", project, "--folds", "3"]) == 2
    assert "Fold 1 of 3: The class cat has no training pictures." in capsys.readouterr().err
    assert not list_runs(Path(project))


def test_a_member_that_fails_does_not_end_the_others_but_stopping_does(project, child, capsys):
    child.fail_at = 2
    assert cli.main(["train", project, "--seeds", "3", "--json"]) == 1
    assert len(lines(capsys)[-1]["runs"]) == 2
    child.jobs.clear()
    child.fail_at, child.stop_at = None, 2
    assert cli.main(["train", project, "--seeds", "4"]) == 1
    assert len(child.jobs) == 2
    assert len(list_runs(Path(project))) == 3 + 2, "those that were not begun are gone"


def test_more_epochs_of_the_newest_run(project, child, capsys):
    assert cli.main(["train", project, "--set", "training.epochs=2"]) == 0
    (run,) = list_runs(Path(project))
    assert cli.main(["train", project, "--continue", "3"]) == 0
    assert child.jobs[-1].resume and child.jobs[-1].run_folder == str(run.folder)
    assert RunFolder(run.folder).spec().training.epochs == 5
    capsys.readouterr()
    assert cli.main(["train", project, "--continue", "0"]) == 2
    assert "from 1 to 100,000" in capsys.readouterr().err


@pytest.mark.usefixtures("child")
def test_a_run_that_begins_with_the_weights_of_another_names_it(project, capsys):
    assert cli.main(["train", project]) == 0
    (parent,) = list_runs(Path(project))
    assert cli.main(["train", project, "--from", parent.id]) == 0
    run = next(run for run in list_runs(Path(project)) if run.id != parent.id)
    assert run.origin == RunOrigin(kind="weights", parent=parent.id, epoch=2)
    assert (run.folder / "start" / "model.keras").read_bytes() == (parent.folder / "model.keras").read_bytes()
    capsys.readouterr()
    assert cli.main(["runs", project]) == 0
    assert f"from {parent.id}, epoch 2" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "words"), [
    (["--from", "nope"], "no run called nope"), (["--from", "nope@x"], "does not name an epoch"),
    (["--from", "a", "--resume", "a"], "use one of them"), (["--from", "a", "--folds", "3"], "do not go together"),
    (["--run", "a"], "--continue N"), (["--seeds", "1"], "from 2 to 100"), (["--folds", "21"], "from 2 to 20"),
    (["--seeds", "2", "--folds", "2"], "not allowed"), (["--continue", "many"], "many"), (["--continue", "1"], "no trained "
      "model"),
])
def test_what_cannot_be_is_told_and_makes_no_run(project, child, capsys, arguments, words):
    try:
        assert cli.main(["train", project, *arguments]) == 2
    except SystemExit as exit_error:
        assert exit_error.code == 2
    assert words in capsys.readouterr().err
    assert not child.jobs and not list_runs(Path(project))


@pytest.mark.usefixtures("child")
def test_a_run_is_reproduced_bit_for_bit(project, capsys):
    assert cli.main(["train", project]) == 0
    (run,) = list_runs(Path(project))
    capsys.readouterr()
    assert cli.main(["reproduce", project, run.id, "--json"]) == 0
    result = lines(capsys)[-1]
    assert (result["outcome"], result["epochs_equal"], result["weights_equal"]) == ("identical", 2, True)
    again = next(item for item in list_runs(Path(project)) if item.id != run.id)
    assert again.origin.repeats == run.id == result["original"]


def test_what_differs_is_judged_by_the_answers_and_named(project, pictures, child, capsys):
    assert cli.main(["train", project]) == 0
    (run,) = list_runs(Path(project))
    entries = read_manifest(RunFolder(run.folder).manifest_path).split("train")
    (pictures / entries[0].path).unlink()
    (pictures / entries[1].path).write_bytes(b"another")
    child.weight, child.versions = 2.0, {"keras": "4"}
    capsys.readouterr()
    assert cli.main(["reproduce", project, run.id]) == 0
    told = capsys.readouterr()
    assert entries[0].path in told.err and entries[1].path in told.err
    assert "Reproduced within noise" in told.out and "keras: 3 → 4" in told.out
    assert "pictures that are gone: 1" in told.out and "another content: 1" in told.out
    assert "epochs with the same figures: 0 of 2" in told.out


def test_only_a_finished_run_is_reproduced(project, child, capsys):
    child.stop_at = 1
    assert cli.main(["train", project]) == 0
    (run,) = list_runs(Path(project))
    assert cli.main(["reproduce", project, run.id]) == 2
    assert "Only a finished run" in capsys.readouterr().err
    assert cli.main(["reproduce", project, "nope"]) == 2


def test_a_damaged_model_is_told_before_it_is_trained_again(project, child, capsys):
    assert cli.main(["train", project]) == 0
    (run,) = list_runs(Path(project))
    RunFolder(run.folder).model_path.write_bytes(b"PK damaged")
    capsys.readouterr()
    assert cli.main(["reproduce", project, run.id]) == 2
    assert "model.keras" in capsys.readouterr().err
    assert len(child.jobs) == 1 and len(list_runs(Path(project))) == 1


def test_a_run_does_not_go_on_without_a_whole_checkpoint(project, child, capsys):
    assert cli.main(["train", project]) == 0
    (run,) = list_runs(Path(project))
    capsys.readouterr()
    assert cli.main(["train", project, "--continue", "2", "--set", "training.epochs=9", "--json"]) == 2
    (path,) = RunFolder(run.folder).checkpoints.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    spec = RunFolder(run.folder).spec_path.read_bytes()
    assert cli.main(["train", project, "--continue", "2", "--json"]) == 2
    assert [line["problem"]["code"] for line in lines(capsys) if "problem" in line] == ["options", "no_checkpoint"]
    assert len(child.jobs) == 1 and RunFolder(run.folder).spec_path.read_bytes() == spec


def test_a_run_does_not_get_fewer_epochs_than_it_has(project, child, capsys):
    assert cli.main(["train", project, "--set", "training.epochs=2"]) == 0
    (run,) = list_runs(Path(project))
    capsys.readouterr()
    assert cli.main(["train", project, "--resume", run.id, "--set", "training.epochs=1", "--json"]) == 2
    assert [line["problem"]["code"] for line in lines(capsys)] == ["bad_epochs"]
    assert cli.main(["train", project, "--resume", run.id, "--set", "training.epochs=3"]) == 0
    assert len(child.jobs) == 2


def test_weights_of_a_run_whose_list_of_pictures_is_gone(project, child, capsys):
    assert cli.main(["train", project]) == 0
    (run,) = list_runs(Path(project))
    RunFolder(run.folder).manifest_path.unlink()
    assert cli.main(["train", project, "--from", run.id]) == 0
    assert "It is not known whether" in capsys.readouterr().err and len(child.jobs) == 2


@pytest.mark.usefixtures("child")
def test_what_is_written_about_runs(project, capsys):
    assert cli.main(["train", project]) == 0
    (run,) = list_runs(Path(project))
    capsys.readouterr()
    assert cli.main(["runs", project, "--note", "so so", "--tag", "a,b", "--group", "g", "--color", "4", "--json"]) == 0
    assert lines(capsys) == [{"run": run.id, "name": "", "note": "so so", "tags": ["a", "b"], "group": "g", "color": 4}]
    assert cli.main(["runs", project, "--filter", "b so", "--columns", "training.batch_size", "--json"]) == 0
    (line,) = lines(capsys)
    assert line["settings"] == {"training.batch_size": 32} and line["tags"] == ["a", "b"]
    assert cli.main(["runs", project, "--filter", "other", "--json"]) == 0
    assert lines(capsys) == []
    for wrong in (["--sort", "beauty"], ["--columns", "training.beauty"], ["--color", "-1"], ["--delete", "nope"],
                  ["--restore", run.id]):
        assert cli.main(["runs", project, *wrong]) == 2
        assert capsys.readouterr().err
    assert cli.main(["runs", project, "--delete", run.id]) == 0 and not list_runs(Path(project))
    assert cli.main(["runs", project, "--restore", run.id]) == 0 and len(list_runs(Path(project))) == 1
    cli.main(["runs", project, "--delete", run.id])
    capsys.readouterr()
    assert cli.main(["runs", project, "--empty-trash", "--json"]) == 0
    assert lines(capsys) == [{"emptied": 1}]


@pytest.mark.parametrize("name", ["", "..", ".trash"])
@pytest.mark.parametrize("command", [["train", "--resume"], ["train", "--from"], ["train", "--continue", "2", "--run"],
                                     ["reproduce"], ["layers", "--run"], ["runs", "--note", "x", "--run"],
                                     ["runs", "--delete"]])
def test_a_name_that_is_no_run_is_refused_by_every_command(project, child, capsys, command, name):
    assert cli.main(["train", project]) == 0
    (Path(project) / "runs" / ".trash").mkdir()
    before = sorted(path for path in Path(project).rglob("*"))
    capsys.readouterr()
    assert cli.main([command[0], project, *command[1:], name, "--json"]) == 2
    assert [line["problem"]["code"] for line in lines(capsys)] == ["no_run"]
    assert len(child.jobs) == 1 and sorted(path for path in Path(project).rglob("*")) == before


@pytest.mark.usefixtures("child")
def test_runs_says_when_there_is_nothing_to_list(project, capsys):
    assert cli.main(["runs", project]) == 0 and "There are no runs yet." in capsys.readouterr().err
    cli.main(["train", project])
    assert cli.main(["runs", project, "--filter", "nowhere"]) == 0
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.usefixtures("child")
def test_a_run_is_annotated_and_its_table_written_at_once(project, tmp_path, capsys):
    cli.main(["train", project])
    capsys.readouterr()
    table = tmp_path / "epochs.csv"
    assert cli.main(["runs", project, "--note", "so", "--csv", str(table), "--json"]) == 0
    assert [line.get("note", line.get("csv")) for line in lines(capsys)] == ["so", str(table)]
    assert table.read_text().startswith("epoch,")
    for place in ("", "."):
        assert cli.main(["runs", project, "--csv", place, "--json"]) == 2
        assert lines(capsys)[-1]["problem"]["code"] == "cannot_write"


def test_the_sample_passes_each_command_all_of_its_options(tmp_path, child, monkeypatch, capsys):
    """As the command line would have parsed them: an option that is added to a command must not end the sample."""
    folder = tmp_path / "digits"
    passed = []
    for module, name in (("evaluating", "evaluate"), ("predicting", "predict")):
        monkeypatch.setattr(f"cnnstudio.cli.{module}.{name}",
                            lambda arguments, _output: passed.append(arguments) or 0)
    assert cli.main(["sample", str(folder)]) == 0
    evaluate, predict = passed
    assert len(child.jobs) == 1 and str(folder) in capsys.readouterr().err
    assert evaluate == parser(["evaluate"]).parse_args(["evaluate", str(folder), "--run", predict.run, "--split", "test"])
    assert predict.paths and all(path.is_file() for path in map(Path, predict.paths))
