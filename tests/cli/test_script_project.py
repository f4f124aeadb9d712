"""`cnnstudio new PROJECT --from SCRIPT`."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio import cli
from cnnstudio.core.files import PROJECT_FILE, read_project
from tests.interchange.course_scripts import KERAS, TORCH


def pictures(folder: Path, count: int = 6) -> Path:
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            assert cv2.imwrite(str(folder / name / f"{number}.png"), rng.integers(0, 255, (40, 48, 3), np.uint8))
    return folder


@pytest.fixture
def script(tmp_path):
    pictures(tmp_path / "pictures")
    (tmp_path / "train.py").write_text(KERAS)
    return tmp_path / "train.py"


def test_a_script_becomes_a_project_with_its_folder(script, tmp_path, capsys):
    project = tmp_path / "project"
    assert cli.main(["new", str(project), "--from", str(script)]) == 0
    printed = capsys.readouterr().out
    assert "Line 45: epochs=4 → training.stages.1.epochs" in printed
    assert "Line 27: RandomCrop(30, 30) was not taken over" in printed
    spec = read_project(project)
    assert spec.training.epochs == 4
    assert spec.training.class_weights == {"cat": 1.0, "dog": 2.0}
    assert spec.recipe.shape == (32, 32, 3)


def test_json_lists_every_item_with_its_line(script, tmp_path, capsys):
    assert cli.main(["new", str(tmp_path / "project"), "--from", str(script), "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    event = next(event for event in events if event.get("event") == "script")
    assert {item["line"] for item in event["not_taken"]} == {27}
    assert any(item["line"] == 42 and item["area"] == "training" for item in event["taken"])
    assert events[-1]["images"] == 12


def test_other_pictures_and_other_values(tmp_path, capsys):
    (tmp_path / "net.py").write_text(TORCH)
    elsewhere = pictures(tmp_path / "elsewhere", 5)
    project = tmp_path / "project"
    assert cli.main(["new", str(project), "--from", str(tmp_path / "net.py")]) == 2
    assert "pictures" in capsys.readouterr().err
    assert not project.exists()
    assert cli.main(["new", str(project), "--from", str(tmp_path / "net.py"), "--data", str(elsewhere), "--set",
                     "training.epochs=2"]) == 0
    spec = read_project(project)
    assert spec.training.epochs == 2
    # Two epochs of one batch of eight.
    assert spec.training.last_stage.schedule.params["decay_steps"] == 2


def test_a_printed_script_becomes_its_project(script, tmp_path, capsys):
    first, second, written = tmp_path / "first", tmp_path / "second", tmp_path / "again.py"
    assert cli.main(["new", str(first), "--from", str(script)]) == 0
    for framework in ("keras", "torch"):
        assert cli.main(["code", str(first), "--whole", "--framework", framework, "--to", str(written), "--force"]) == 0
        target = second.with_name(f"second_{framework}")
        assert cli.main(["new", str(target), "--from", str(written)]) == 0
        one, other = read_project(first), read_project(target)
        for field in ("dataset", "recipe", "augmentation", "network", "training"):
            assert getattr(other, field) == getattr(one, field), field
    capsys.readouterr()


@pytest.mark.parametrize("text", ["print 'old'\n", "x = 1\n", "import torch\nfrom torch import nn\nnn.LSTM(3)\n"])
def test_what_is_no_script_leaves_nothing_behind(text, tmp_path, capsys):
    (tmp_path / "x.py").write_text(text)
    data = pictures(tmp_path / "data", 2)
    project = tmp_path / "project"
    assert cli.main(["new", str(project), "--from", str(tmp_path / "x.py"), "--data", str(data)]) == 2
    assert capsys.readouterr().err.startswith("error")
    assert not project.exists()


def test_new_wants_pictures(tmp_path, capsys):
    assert cli.main(["new", str(tmp_path / "project")]) == 2
    assert "--data" in capsys.readouterr().err
    assert not (tmp_path / "project" / PROJECT_FILE).exists()
