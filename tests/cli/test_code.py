"""The command that prints the network as source."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import ANY

import pytest

from cnnstudio import cli
from cnnstudio.core.events import Epoch
from cnnstudio.core.messages import encode_event
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.datasets.opening import open_project
from cnnstudio.interchange.printing.script_files import CODE_MARK
from cnnstudio.interchange.printing.settings_comment import read_settings_comment
from cnnstudio.workers.job_setup import prepare_training


def _code(text: str) -> str:
    return text.partition("# The settings of the project")[0]


@pytest.mark.parametrize(("options", "word"), [
    ((), "keras.Sequential("), (("--whole",), "model.fit("), (("--framework", "torch"), "class Network(nn.Sequential)"),
    (("--framework", "torch", "--whole"), "loss.backward()")])
def test_code_is_printed_and_written(project, tmp_path, capsys, options, word):
    assert cli.main(["code", project, *options, "--json"]) == 0
    text = json.loads(capsys.readouterr().out)["code"]
    assert word in text
    compile(text, "printed", "exec")
    target = tmp_path / "written.py"
    assert cli.main(["code", project, *options, "--to", str(target)]) == 0
    written = target.read_text(encoding="utf-8")
    shown = CODE_MARK + text.replace("manifest.jsonl", "written.pictures.jsonl")
    # The settings behind a whole script tell its code, in which the name of the list stands.
    assert _code(written) == _code(shown)
    assert read_settings_comment(written) == (read_settings_comment(text) and (ANY, True))


def test_a_file_that_cannot_be_written_is_told(project, tmp_path):
    (tmp_path / "a file").write_text("x", encoding="utf-8")
    assert cli.main(["code", project, "--to", str(tmp_path / "a file" / "network.py")]) == 2


@pytest.mark.parametrize("options", [(), ("--whole",), ("--framework", "torch", "--whole")])
def test_the_code_of_a_run_is_that_of_its_beginning(project, capsys, options):
    opened, index = open_project(Path(project))
    run, _job = prepare_training(Path(project), opened, index)
    index.close()
    assert cli.main(["code", project, *options, "--json"]) == 0
    before = json.loads(capsys.readouterr().out)["code"]
    assert cli.main(["set", project, "recipe.height=77", "training.epochs=9"]) == 0
    capsys.readouterr()
    assert cli.main(["code", project, "--run", run.id, *options, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] == before
    assert cli.main(["code", project, *options, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] != before


def test_an_unknown_run_is_told(project, capsys):
    assert cli.main(["code", project, "--run", "nothing", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == "no_run"


def test_what_is_not_in_pytorch_is_told_beside_the_code(project, capsys):
    assert cli.main(["set", project, "training.optimizer=lion"]) == 0
    capsys.readouterr()
    assert cli.main(["code", project, "--framework", "torch", "--whole", "--json"]) == 0
    printed = capsys.readouterr()
    assert "Lion is not in PyTorch: torch.optim has no Lion." in printed.err
    assert list(json.loads(printed.out)) == ["framework", "code", "files"]
    assert cli.main(["code", project, "--framework", "torch"]) == 0
    assert "Lion" not in capsys.readouterr().err, "the network alone has no optimizer"


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_a_whole_script_has_its_list_beside_it(project, tmp_path, capsys, framework):
    target = tmp_path / "elsewhere" / "whole.py"
    target.parent.mkdir()
    assert cli.main(["code", project, "--whole", "--framework", framework, "--to", str(target), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["files"] == [str(target.with_name("whole.pictures.jsonl"))]
    listed = read_manifest(target.with_name("whole.pictures.jsonl"))
    assert listed.split("train") and all(listed.path(entry).is_file() for entry in listed.entries)
    assert 'Path(__file__).with_name("whole.pictures.jsonl")' in target.read_text(encoding="utf-8")


def test_a_run_s_script_has_the_pictures_of_the_run(project, tmp_path, capsys):
    opened, index = open_project(Path(project))
    run, _job = prepare_training(Path(project), opened, index)
    index.close()
    assert cli.main(["code", project, "--whole", "--run", run.id, "--to", str(tmp_path / "w.py")]) == 0
    assert (tmp_path / "w.pictures.jsonl").read_bytes() == run.manifest_path.read_bytes()
    assert "w.pictures.jsonl" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["keras.py", "torch.py", "json.py"])
def test_a_script_does_not_hide_what_it_imports(project, tmp_path, capsys, name):
    assert cli.main(["code", project, "--whole", "--to", str(tmp_path / name), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == "script_name"
    assert list(tmp_path.glob("*.py")) == []


def _without_layers(project):
    path = Path(project) / "project.cnnstudio"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["network"] = {"nodes": [], "edges": []}
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("options", [(), ("--whole",)])
@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_a_network_with_errors_is_not_printed(project, tmp_path, capsys, framework, options):
    _without_layers(project)
    cli.main(["check", project, "--json"])
    wanted = [line["problem"]["code"] for line in map(json.loads, capsys.readouterr().out.splitlines())
              if line["problem"]["severity"] == "error"]
    target = tmp_path / "code" / "train.py"
    target.parent.mkdir()
    for place in ((), ("--to", str(target))):
        assert cli.main(["code", project, "--framework", framework, *options, *place, "--json"]) == 2
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["problem"]["code"] for line in lines] == wanted
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_errors_of_the_training_concern_its_script_alone(project, capsys, framework):
    assert cli.main(["set", project, "training.schedule=CosineDecay"]) == 0
    assert cli.main(["check", project]) == 2
    capsys.readouterr()
    assert cli.main(["code", project, "--framework", framework, "--whole", "--json"]) == 2
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line["problem"]["where"]["area"] == "training"
    assert cli.main(["code", project, "--framework", framework, "--json"]) == 0


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_warnings_do_not_keep_code_back(project, capsys, framework):
    assert cli.main(["set", project, "training.batch_size=2", "dataset.splits.validation=0", "dataset.splits.train=0.8"]) == 0
    capsys.readouterr()
    assert cli.main(["code", project, "--framework", framework, "--whole"]) == 0


def test_the_epochs_of_a_run_are_a_table(project, tmp_path, capsys):
    opened, index = open_project(Path(project))
    run, _job = prepare_training(Path(project), opened, index)
    index.close()
    epochs = [Epoch(epoch=number, epochs=2, metrics={"loss": 1 / number, "val_loss": 2.0}, seconds=1.5,
                    pictures_per_second=9.0, best=number == 2, stage=number - 1) for number in (1, 2)]
    run.events_path.write_bytes(b"".join(encode_event(epoch) + b"\n" for epoch in epochs))
    table = tmp_path / "epochs.csv"
    assert cli.main(["runs", project, "--csv", str(table), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run": run.id, "csv": str(table), "epochs": 2}
    assert table.read_text(encoding="utf-8").splitlines() == [
        "epoch,stage,seconds,best,loss,val_loss", "1,1,1.5,0,1.0,2.0", "2,2,1.5,1,0.5,2.0"]
