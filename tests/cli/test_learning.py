"""`cnnstudio learn`: listing, starting, checking, answering, forgetting."""

from __future__ import annotations

import json

import pytest

from cnnstudio import cli
from cnnstudio.__main__ import is_for_terminal, lesson_to_open
from cnnstudio.core.files import read_project
from cnnstudio.learning.course.progress import progress_path, read_progress
from cnnstudio.learning.course.reading import course


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_lessons_are_listed_with_what_was_done(capsys):
    assert cli.main(["learn", "--list", "--json"]) == 0
    told = lines(capsys)
    assert [line["lesson"] for line in told] == [lesson.id for lesson in course()]
    assert all(line["done"] == [] and line["tasks"] and line["minutes"] for line in told)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_list_is_in_the_language_that_was_chosen(capsys, language):
    assert cli.main(["learn", "--list", "--language", language]) == 0
    written = capsys.readouterr().out
    assert all(lesson.title.in_language(language) in written for lesson in course())


def test_a_lesson_is_started_checked_answered_and_forgotten(tmp_path, capsys):
    folder = tmp_path / "lesson"
    assert cli.main(["learn", "--start", "1", str(folder)]) == 0
    assert read_project(folder).training.epochs == 25
    assert read_progress("what-a-cnn-is").project == str(folder)
    capsys.readouterr()
    assert cli.main(["learn", "--check", "1", str(folder), "--json"]) == 1
    told = {line["task"]: line for line in lines(capsys)}
    assert list(told) == ["first-training", "dense-count", "fewer-parameters"]
    assert set(told["dense-count"]) >= {"lesson", "task", "done", "measured", "missing"}
    assert cli.main(["learn", "--check", "1", str(folder), "--json", "--answer", "dense-count=50240"]) == 1
    assert {line["task"]: line["done"] for line in lines(capsys)} == {
        "first-training": False, "dense-count": True, "fewer-parameters": False}
    assert list(read_progress("what-a-cnn-is").done) == ["dense-count"]
    capsys.readouterr()
    assert cli.main(["learn", "--reset", "1", "--json"]) == 0
    assert lines(capsys) == [{"lesson": "what-a-cnn-is", "reset": True}]
    assert not progress_path("what-a-cnn-is").exists() and (folder / "project.cnnstudio").is_file()


def test_what_is_done_in_another_folder_is_not_kept(tmp_path):
    for name in ("mine", "theirs"):
        assert cli.main(["learn", "--start", "6", str(tmp_path / name)]) == 0
    assert cli.main(["set", str(tmp_path / "mine"), "dataset.label_mode=int"]) == 0
    assert cli.main(["learn", "--check", "6", str(tmp_path / "mine")]) == 1
    assert "label-mode" not in read_progress("building-and-compiling").done


def test_the_text_says_what_is_still_to_do(tmp_path, capsys):
    assert cli.main(["learn", "--start", "6", str(tmp_path / "lesson")]) == 0
    capsys.readouterr()
    cli.main(["learn", "--check", "6", str(tmp_path / "lesson")])
    written = capsys.readouterr().out
    assert "· repair: Repair the network" in written and "still to do: mend the problems of the network" in written


@pytest.mark.parametrize(("arguments", "word"), [
    (["learn", "--start", "poetry", "x"], "no lesson called poetry"),
    (["learn", "--check", "1", "nowhere"], "no project"),
    (["learn", "poetry", "--list"], "no lesson called poetry"),
])
def test_wrong_input_is_told(tmp_path, monkeypatch, capsys, arguments, word):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    assert word in capsys.readouterr().err


def test_an_answer_to_no_task_is_refused(tmp_path, capsys):
    assert cli.main(["learn", "--start", "1", str(tmp_path / "lesson")]) == 0
    assert cli.main(["learn", "--check", "1", str(tmp_path / "lesson"), "--answer", "beauty=7"]) == 2
    assert "beauty=7 is no answer to a task" in capsys.readouterr().err


def test_a_lesson_is_not_made_over_another_project(tmp_path):
    folder = tmp_path / "lesson"
    assert cli.main(["learn", "--start", "1", str(folder)]) == 0
    before = sorted(path.name for path in folder.rglob("*"))
    assert cli.main(["learn", "--start", "5", str(folder)]) == 2
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_a_lesson_is_not_made_among_other_files(tmp_path, capsys):
    folder = tmp_path / "homework"
    folder.mkdir()
    (folder / "essay.txt").write_text("mine", encoding="utf-8")
    assert cli.main(["learn", "--start", "1", str(folder)]) == 2
    assert "is not empty: essay.txt" in capsys.readouterr().err
    assert [path.name for path in folder.rglob("*")] == ["essay.txt"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert cli.main(["learn", "--start", "1", str(empty)]) == 0


def test_damaged_progress_is_told_and_begins_anew(capsys):
    path = progress_path("what-a-cnn-is")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{")
    assert cli.main(["learn", "1", "--list", "--json"]) == 0
    assert "cannot be read" in capsys.readouterr().err


def test_a_lesson_alone_opens_the_window():
    assert lesson_to_open(["learn"]) == "" and lesson_to_open(["learn", "3"]) == "3"
    assert lesson_to_open(["learn", "--list"]) is None and lesson_to_open(["learn", "3", "--json"]) is None
    assert lesson_to_open(["train"]) is None and is_for_terminal("learn")


@pytest.mark.parametrize("option", ["--start", "--check"])
def test_an_empty_name_is_not_the_folder_where_one_stands(option, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["learn", option, "1", "", "--json"]) == 2
    assert lines(capsys)[-1]["problem"]["code"] == "no_folder"
    assert not list(tmp_path.iterdir())
