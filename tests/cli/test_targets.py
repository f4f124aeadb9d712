"""Files that commands write for the user: a project's own and those of others stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.cli.targets import WRITTEN_TABLE, check_target
from cnnstudio.core.problems import ProblemError


@pytest.mark.parametrize("name", ["project.cnnstudio", "project.cnnstudio.autosave", "dataset.sqlite", "dataset.sqlite-wal",
                                  ".lock", "runs/x/model.keras", "bases/a.keras"])
def test_a_file_of_a_project_is_never_replaced(project, name, capsys):
    target = Path(project) / name
    before = target.read_bytes() if target.exists() else None
    for command in (["code", project, "--to"], ["audit", project, "--html"], ["predict", project, project, "--csv"]):
        assert cli.main([*command, str(target), "--force"]) == 2
        assert "is a file of the project" in capsys.readouterr().err
    assert (target.read_bytes() if target.exists() else None) == before


def test_a_file_of_somebody_else_is_replaced_with_force_only(project, tmp_path, capsys):
    for command, name in ((["code", project, "--to"], "train.py"),
                          (["audit", project, "--only", "blurry", "--html"], "page.html")):
        target = tmp_path / name
        target.write_text("import keras\n")
        assert cli.main([*command, str(target)]) == 2
        assert "--force" in capsys.readouterr().err and target.read_text() == "import keras\n"
        assert cli.main([*command, str(target), "--force"]) == 0
        written = target.read_bytes()
        assert written != b"import keras\n"
        assert cli.main([*command, str(target)]) == 0, "a script that repeats its command goes on working"
    (tmp_path / "empty.py").touch()
    assert cli.main(["code", project, "--to", str(tmp_path / "empty.py")]) == 0


def test_a_table_of_answers_is_known_by_its_first_line(tmp_path):
    target = tmp_path / "answers.csv"
    target.write_text("path,label,probability,problem,cat,dog\n")
    check_target(target, force=False, written=WRITTEN_TABLE)
    target.write_text("path,label\na,b\n")
    with pytest.raises(ProblemError, match="already exists"):
        check_target(target, force=False, written=WRITTEN_TABLE)
    check_target(target, force=True, written=WRITTEN_TABLE)
