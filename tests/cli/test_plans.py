"""The training plan on the command line."""

from __future__ import annotations

import json

import pytest

from cnnstudio import cli
from cnnstudio.core.files import read_project, write_project


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def project(tmp_path, pictures, capsys):
    assert cli.main(["new", str(tmp_path / "p"), "--data", str(pictures), "--base", "efficientnet_lite0"]) == 0
    capsys.readouterr()
    return tmp_path / "p"


def test_the_advice_is_told_and_changes_nothing(project, capsys):
    before = read_project(project)
    assert cli.main(["plan", str(project), "--json"]) == 0
    plan, stage = lines(capsys)
    assert (plan["advised"], plan["applied"]) == ("head", None)
    assert plan["reason"]
    assert stage["event"] == "stage"
    assert read_project(project) == before


def test_a_plan_is_applied_with_the_last_layers(project, capsys):
    assert cli.main(["plan", str(project), "fine_tuning", "--learns", "last:20", "--language", "es"]) == 0
    assert "últimas 20 capas de la base" in capsys.readouterr().out
    assert [stage.trainable_from for stage in read_project(project).training.stages] == ["none", "last:20"]
    assert cli.main(["set", str(project), "training.base_rate_factor=0.1", "training.stage_2.trainable_from=last:8"]) == 0
    last = read_project(project).training.last_stage
    assert (last.base_rate_factor, last.trainable_from) == (0.1, "last:8")
    assert cli.main(["plan", str(project), "advised"]) == 0
    assert [stage.trainable_from for stage in read_project(project).training.stages] == ["none"]


@pytest.mark.parametrize("line", ["last:0", "no_block"])
def test_a_line_that_no_base_has_changes_nothing(project, capsys, line):
    before = read_project(project)
    assert cli.main(["plan", str(project), "fine_tuning", "--learns", line, "--json"]) == 2
    (told,) = lines(capsys)
    assert told["problem"]["code"] == "unknown_block"
    assert read_project(project) == before


def test_a_network_without_a_base_has_no_plan(project, capsys):
    from cnnstudio.catalog.templates import TEMPLATES
    from cnnstudio.network.new_project import Facts, with_template

    write_project(project, with_template(read_project(project), TEMPLATES["small_cnn"], Facts()))
    assert cli.main(["plan", str(project), "--json"]) == 2
    (told,) = lines(capsys)
    assert told["problem"]["code"] == "no_base"


def test_a_preset_of_augmentations_is_told_applied_and_can_be_taken_back(project, capsys):
    assert cli.main(["set", str(project), "augmentation.steps=random_hue"]) == 0
    own = read_project(project).augmentation
    capsys.readouterr()
    assert cli.main(["augment", str(project), "--json"]) == 0
    (told,) = lines(capsys)
    assert told["preset"] is None
    assert cli.main(["augment", str(project), "standard", "--language", "es"]) == 0
    captured = capsys.readouterr()
    assert "Estándar (standard)" in captured.out
    command = captured.err.splitlines()[-1].partition("cnnstudio ")[2]
    import shlex

    assert cli.main(shlex.split(command)) == 0
    assert read_project(project).augmentation == own
