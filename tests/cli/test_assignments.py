"""`assignment` and `grade` in the terminal; the model's evaluation is recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnstudio.cli import grading, main
from cnnstudio.core.events import Finished
from cnnstudio.core.jobs import Evaluate
from tests.learning.assignments.material import ANSWER, evaluator, teacher_project, trained


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    teacher = teacher_project(tmp_path, count=30)
    (tmp_path / "secret").write_text("correct horse\nnot this\n")
    assert main(["assignment", "new", str(teacher), str(tmp_path / "lamps.assignment.zip"), "--passphrase-file",
                 str(tmp_path / "secret"), "--title", "Lamps", "Lámparas", "--question", "Why?", "¿Por qué?", "--share", "0.3",
                 "--epochs", "5", "--bases"]) == 0
    return tmp_path


def test_from_the_teacher_to_the_table(made: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    assignment, student = made / "lamps.assignment.zip", made / "ana"
    capsys.readouterr()
    assert main(["assignment", "show", str(assignment), "--json"]) == 0
    found = lines(capsys)[0]["assignment"]
    assert found["hidden"] == "inside" and found["limits"]["bases"] == [] and found["questions"][0]["text"] == "Why?"
    assert main(["assignment", "open", str(assignment), str(student)]) == 0
    trained(student, accuracy=1.0)
    capsys.readouterr()
    assert main(["assignment", "show", str(student), "--json"]) == 0
    assert lines(capsys)[1]["reaches"] is True
    (made / "in").mkdir()
    assert main(["assignment", "hand-in", str(student), str(made / "in/ana.zip"), "--name", "Ana"]) == 2
    hand_in = ["assignment", "hand-in", str(student), str(made / "in/ana.zip"), "--name", "Ana", "--answer", ANSWER]
    assert main(hand_in) == 0
    assert main(hand_in) == 2 and main([*hand_in, "--force"]) == 0

    def run_job(job: Evaluate, _output, on_event, *_commands):
        result, _last = evaluator()(job)
        on_event(result)
        return Finished()

    monkeypatch.setattr(grading, "run_job", run_job)
    grade = ["grade", str(made / "in"), "--key", str(assignment), "--passphrase-file", str(made / "secret"), "--to",
             str(made / "table.csv"), "--json"]
    capsys.readouterr()
    assert main(grade) == 0
    line = lines(capsys)[0]
    assert (line["verdict"], line["student"], line["value"]) == ("passed", "Ana", 1.0)
    assert {mark["check"] for mark in line["marks"]} >= {"goal", "limits", "answers"}
    (made / "in/cut.zip").write_bytes(b"PK\x03\x04")
    # The table was written by this command, so it may be replaced.
    assert main(grade) == 1
    assert (made / "table.csv").read_text().count("\n") == 3


def test_a_wrong_passphrase_and_wrong_files_are_told(made: Path, capsys) -> None:
    (made / "in").mkdir()
    (made / "wrong").write_text("another\n")
    for key, secret in (("lamps.assignment.zip", "wrong"), ("secret", "secret"), ("nowhere.zip", "secret"),
                        ("lamps.assignment.zip", "nowhere")):
        assert main(["grade", str(made / "in"), "--key", str(made / key), "--passphrase-file", str(made / secret)]) == 2
    assert main(["grade", str(made / "in"), "--key", str(made / "lamps.assignment.zip"), "--passphrase-file",
                 str(made / "secret")]) == 2
    assert "no hand-ins" in capsys.readouterr().err
    # Nothing is overwritten, and a folder with a project is no place for another.
    assert main(["assignment", "open", str(made / "lamps.assignment.zip"), str(made / "teacher")]) == 2
    assert main(["assignment", "show", str(made / "teacher")]) == 2
    assert main(["assignment", "new", str(made / "teacher"), str(made / "lamps.assignment.zip"), "--key",
                 str(made / "k.zip"), "--title", "A", "A"]) == 2
