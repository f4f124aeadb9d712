"""The name of a run: one everywhere, and no way out of its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnstudio.cli import main
from cnnstudio.core.files import write_project
from cnnstudio.core.project import Project
from cnnstudio.workers.runs.folder import RUNS, RunSummary, list_runs
from cnnstudio.workers.runs.names import read_name, write_name


def test_a_run_is_called_by_its_name_else_by_its_id(tmp_path: Path) -> None:
    folder = tmp_path / "2026-01-02-030405-lenet5"
    folder.mkdir()
    run = RunSummary(id=folder.name, folder=folder, state="finished")
    assert run.title == folder.name and read_name(folder) == ""
    write_name(folder, "  first\n try \x1b[31m ")
    assert read_name(folder) == "first try [31m"
    assert RunSummary(id=folder.name, folder=folder, state="finished", name=read_name(folder)).title == "first try [31m"
    write_name(folder, "x" * 500)
    assert len(read_name(folder)) == 80
    write_name(folder, "")
    assert read_name(folder) == "" and not list(folder.iterdir())


def test_a_name_is_not_read_or_written_through_a_link(tmp_path: Path) -> None:
    folder, secret = tmp_path / "run", tmp_path / "secret.txt"
    folder.mkdir()
    secret.write_text("secret", "utf-8")
    (folder / "name.txt").symlink_to(secret)
    assert read_name(folder) == ""
    write_name(folder, "mine")
    assert read_name(folder) == "mine" and secret.read_text("utf-8") == "secret"


def test_the_command_line_renames_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(tmp_path, Project())
    folder = tmp_path / RUNS / "2026-01-02-030405-lenet5"
    folder.mkdir(parents=True)
    assert main(["runs", str(tmp_path), "--rename", "first try", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run": folder.name, "name": "first try"}
    assert main(["runs", str(tmp_path), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["run"], line["name"]) == (folder.name, "first try")
    assert [run.title for run in list_runs(tmp_path)] == ["first try"]
    assert main(["runs", str(tmp_path)]) == 0
    assert "first try" in capsys.readouterr().out
