"""Commands that change a project: nothing that another one acknowledged is lost, and a command is done whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.cli import projects
from cnnstudio.core.files import read_project
from cnnstudio.core.keys import get_value
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.own_folders import LOCK_FILE
from cnnstudio.datasets import decisions
from cnnstudio.datasets.index import open_index

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(project: str) -> Path:
    return Path(project)


def value_of(folder: Path, key: str) -> object:
    from cnnstudio.catalog.params import params_of

    return get_value(read_project(folder), key, params_of)


def test_a_setting_is_changed_in_the_project_that_is_there_when_the_lock_is_held(folder, monkeypatch):
    """Another command writes between the beginning of this one and its lock."""
    acquire = ProjectLock.acquire

    def slow(self):
        monkeypatch.setattr(ProjectLock, "acquire", acquire)
        assert cli.main(["set", str(folder), "training.batch_size=7"]) == 0
        return acquire(self)

    monkeypatch.setattr(ProjectLock, "acquire", slow)
    assert cli.main(["set", str(folder), "training.epochs=3"]) == 0
    assert (value_of(folder, "training.batch_size"), value_of(folder, "training.epochs")) == (7, 3)


def test_settings_of_many_commands_at_once_are_all_kept_or_refused(folder):
    commands = [subprocess.Popen([sys.executable, "-m", "cnnstudio", "set", str(folder), f"training.{key}={number}"],
                                 cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for number in range(2, 5) for key in ("epochs", "batch_size", "seed")]
    done = {tuple(command.args[-1].partition("=")[::2]) for command in commands if command.wait(60) == 0}
    assert done
    for key in {key for key, _number in done}:
        assert str(value_of(folder, key)) in {number for name, number in done if name == key}


def test_two_new_projects_in_one_place_are_not_mixed(pictures, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "twice"
    create = projects.create_project
    inside: list[int] = []

    def meanwhile(*arguments, **options):
        if not inside:
            inside.append(0)
            inside[0] = cli.main(["new", str(folder), "--data", str(pictures)])
        return create(*arguments, **options)

    monkeypatch.setattr(projects, "create_project", meanwhile)
    assert cli.main(["new", str(folder), "--data", str(pictures)]) == 0
    assert inside == [2]
    assert "open in another window or command" in capsys.readouterr().err


def test_a_new_project_that_fails_leaves_nothing(tmp_path, capsys):
    assert cli.main(["new", str(tmp_path / "none"), "--data", str(tmp_path / "missing")]) == 2
    assert not (tmp_path / "none").exists()
    assert capsys.readouterr().err
    # What is known only after reading: nothing in the folder, a list that is refused.
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.csv").write_text("file,labels\n" + "".join(f"{i}.png,a|b\n" for i in range(20)), encoding="utf-8")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "notes.txt").write_text("x", encoding="utf-8")
    for data in ("empty", "list.csv"):
        for place in ("none", "kept"):
            assert cli.main(["new", str(tmp_path / place), "--data", str(tmp_path / data)]) == 2
        assert not (tmp_path / "none").exists()
        assert [path.name for path in (tmp_path / "kept").iterdir()] == ["notes.txt"]


def test_a_decision_of_several_parts_is_done_whole_or_not_at_all(folder, monkeypatch, capsys):
    """The index fails in the middle: no class without its split, and nothing printed as done."""
    def fail(*_arguments):
        raise sqlite3.OperationalError("disk I/O error")

    path = "cat/0.png"
    monkeypatch.setattr(decisions.Decisions, "accept", fail)
    assert cli.main(["decide", str(folder), path, "--class", "dog", "--split", "test", "--accept", "dark"]) == 2
    assert capsys.readouterr().out == ""
    index = open_index(folder)
    try:
        assert index.decisions([path])[path] == decisions.Decided()
    finally:
        index.close()
    monkeypatch.undo()
    assert cli.main(["decide", str(folder), path, "--class", "dog", "--split", "test"]) == 0
    index = open_index(folder)
    try:
        assert index.decisions([path])[path] == decisions.Decided("dog", "test", None)
    finally:
        index.close()


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
@pytest.mark.parametrize("command", [["set", "training.epochs=3"], ["decide", "cat/0.png", "--exclude"], ["measure"]])
def test_a_lock_that_is_a_link_never_empties_what_it_points_to(folder, tmp_path, command, capsys):
    precious = tmp_path / "precious.txt"
    precious.write_text("do not touch")
    (folder / LOCK_FILE).unlink(missing_ok=True)
    (folder / LOCK_FILE).symlink_to(precious)
    word, *rest = command
    assert cli.main([word, str(folder), *rest]) == 2
    assert precious.read_text() == "do not touch"
    assert "is a link" in capsys.readouterr().err


def test_a_transaction_within_another_is_a_part_of_it(folder):
    index = open_index(folder)
    try:
        ids = list(index.ids_of(["cat/0.png", "cat/1.png"]))
        with pytest.raises(ZeroDivisionError), index.transaction(durable=True):
            index.exclude(ids, True)
            1 / 0  # noqa: B018
        assert not any(picture.excluded for picture in index.pictures(ids))
        with index.transaction(durable=True):
            index.exclude(ids[:1], True)
            index.exclude(ids[1:], True)
        assert all(picture.excluded for picture in index.pictures(ids))
    finally:
        index.close()


def test_a_folder_without_a_project_gets_no_lock(tmp_path):
    assert cli.main(["set", str(tmp_path), "training.epochs=3"]) == 2
    assert list(tmp_path.iterdir()) == []


