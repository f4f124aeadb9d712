"""The command that prints the network as source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.job_setup import prepare_training
from tests.cli.test_cli import pictures, project  # noqa: F401 - fixtures


@pytest.mark.parametrize(("options", "word"), [
    ((), "keras.Sequential("), (("--whole",), "model.fit("), (("--framework", "torch"), "class Network(nn.Sequential)"),
    (("--framework", "torch", "--whole"), "loss.backward()")])
def test_code_is_printed_and_written(project, tmp_path, capsys, options, word):  # noqa: F811
    assert cli.main(["code", project, *options, "--json"]) == 0
    text = json.loads(capsys.readouterr().out)["code"]
    assert word in text
    compile(text, "printed", "exec")
    target = tmp_path / "written.py"
    assert cli.main(["code", project, *options, "--to", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == text.replace("manifest.jsonl", "written.pictures.jsonl")


def test_a_file_that_cannot_be_written_is_told(project, tmp_path):  # noqa: F811
    (tmp_path / "a file").write_text("x", encoding="utf-8")
    assert cli.main(["code", project, "--to", str(tmp_path / "a file" / "network.py")]) == 2


@pytest.mark.parametrize("options", [(), ("--whole",), ("--framework", "torch", "--whole")])
def test_the_code_of_a_run_is_that_of_its_beginning(project, capsys, options):  # noqa: F811
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


def test_an_unknown_run_is_told(project, capsys):  # noqa: F811
    assert cli.main(["code", project, "--run", "nothing", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == "no_run"


def test_what_is_not_in_pytorch_is_told_beside_the_code(project, capsys):  # noqa: F811
    assert cli.main(["set", project, "training.optimizer=lion"]) == 0
    capsys.readouterr()
    assert cli.main(["code", project, "--framework", "torch", "--whole", "--json"]) == 0
    printed = capsys.readouterr()
    assert "Lion is not in PyTorch: torch.optim has no Lion." in printed.err
    assert list(json.loads(printed.out)) == ["framework", "code", "files"]
    assert cli.main(["code", project, "--framework", "torch"]) == 0
    assert "Lion" not in capsys.readouterr().err, "the network alone has no optimizer"
