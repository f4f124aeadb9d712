"""Grading with recorded evaluations: what passes, what does not, and what somebody should look at."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import msgspec
import pytest

from cnnstudio.core.checksums import seal_line
from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.files import read_project
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.learning.assignments.capsule import write_capsule
from cnnstudio.learning.assignments.grading.grade import grade_folder
from cnnstudio.learning.assignments.grading.marks import Line
from cnnstudio.learning.assignments.grading.table import table_bytes
from cnnstudio.learning.assignments.key import open_key
from tests.learning.assignments.conftest import Place
from tests.learning.assignments.material import ANSWER, copy_project, evaluator, fake_model, rewrite, trained

OTHER = "Weights are shared between all positions, which is why so few of them are needed here."


def graded(place: Place, folder: Path, evaluate: Any = None) -> dict[str, Line]:
    with open_key(place.made.key) as key:
        return {line.file: line for line in grade_folder(folder, key, evaluate or evaluator())}


def wrong(line: Line) -> set[str]:
    return {mark.check for mark in line.marks if mark.level == "wrong"}


@pytest.fixture
def hand_ins(tmp_path: Path) -> Path:
    folder = tmp_path / "hand-ins"
    folder.mkdir()
    return folder


def test_honest_work_passes(place: Place, hand_ins: Path) -> None:
    shutil.copy(place.capsule, hand_ins / "ana.zip")
    line = graded(place, hand_ins)["ana.zip"]
    assert line.verdict == "passed" and not wrong(line), line.marks
    assert (line.student, line.value, line.validation, line.reported) == ("Ana", 1.0, 1.0, 1.0)
    assert line.interval is not None and line.interval[0] < 0.9
    assert line.answers == ((Text("Why convolution?", "¿Por qué convolución?"), ANSWER),)
    assert {mark.check for mark in line.marks if mark.level == "note"} == {"goal", "answers"}


def test_a_model_that_is_not_good_enough_does_not_pass(place: Place, hand_ins: Path) -> None:
    shutil.copy(place.capsule, hand_ins / "ana.zip")
    line = graded(place, hand_ins, evaluator(0.25))["ana.zip"]
    # Its validation accuracy was reported as 1.
    assert wrong(line) == {"goal", "reported"} and line.value == 0.25, (line.validation, line.marks)


def test_limits_count_what_the_model_has(place: Place, hand_ins: Path, tmp_path: Path) -> None:
    student = copy_project(place.student, tmp_path / "bob")
    run = trained(student, seed=2, accuracy=1.0, epochs=9)
    fake_model(run.model_path, 2_000_000, 2)
    write_capsule(student, hand_ins / "bob.zip", run.id, "Bob", {"q1": OTHER})
    line = graded(place, hand_ins)["bob.zip"]
    assert wrong(line) == {"limits", "network"} and line.verdict == "suspect"
    assert (line.parameters, line.epochs) == (2_000_000, 9)


def test_moved_splits_are_found(place: Place, hand_ins: Path, tmp_path: Path) -> None:
    student = copy_project(place.student, tmp_path / "bob")
    index = open_index(student)
    try:
        with index.transaction() as connection:
            connection.execute("UPDATE pictures SET split = 'train' WHERE id IN (SELECT id FROM pictures WHERE"
                               " split = 'validation' LIMIT 2)")
            connection.execute("DELETE FROM pictures WHERE id IN (SELECT id FROM pictures WHERE split = 'validation' LIMIT 1)")
    finally:
        index.close()
    run = trained(student, seed=2, accuracy=1.0)
    write_capsule(student, hand_ins / "bob.zip", run.id, "Bob", {"q1": OTHER})
    line = graded(place, hand_ins)["bob.zip"]
    assert wrong(line) == {"splits"} and line.verdict == "suspect"
    texts = [mark.text.en for mark in line.marks if mark.check == "splits"]
    assert texts == ["2 pictures given as “Validation” were used as “Training”.",
                     "1 of the given validation pictures were left out."]


def test_hidden_pictures_among_those_of_the_run_are_found(place: Place, hand_ins: Path, tmp_path: Path) -> None:
    student = copy_project(place.student, tmp_path / "bob")
    with open_key(place.made.key) as key:
        first, second = key.key.split("hidden")[:2]
        target = student / "pictures/train/dark"
        shutil.copy(key.root / first.path, target / "exact.png")
        cv2.imwrite(str(target / "near.jpg"), cv2.resize(cv2.imread(str(key.root / second.path)), (40, 40)),
                    (cv2.IMWRITE_JPEG_QUALITY, 80))
    project, index = read_project(student), open_index(student)
    try:
        scan_folder(index, student / "pictures", project.dataset)
        inspect_pictures(index, student / "pictures")
    finally:
        index.close()
    run = trained(student, seed=2, accuracy=1.0)
    write_capsule(student, hand_ins / "bob.zip", run.id, "Bob", {"q1": OTHER})
    line = graded(place, hand_ins)["bob.zip"]
    assert wrong(line) == {"own_pictures", "leaks"} and line.verdict == "suspect"
    texts = [mark.text.en for mark in line.marks if mark.check == "leaks"]
    assert texts == ["1 hidden pictures are among the pictures of the run: train/dark/exact.png",
                     "1 pictures of the run are nearly the same as hidden ones: train/dark/near.jpg"]


def test_the_same_work_under_another_name_is_found(place: Place, hand_ins: Path, tmp_path: Path) -> None:
    shutil.copy(place.capsule, hand_ins / "ana.zip")
    rewrite(place.capsule, hand_ins / "bob.zip", lambda info, _files: info.update(student="Bob"))
    student = copy_project(place.student, tmp_path / "carla")
    run = trained(student, seed=3, accuracy=1.0)
    write_capsule(student, hand_ins / "carla.zip", run.id, "Carla", {"q1": OTHER})
    lines = graded(place, hand_ins)
    assert {name: line.verdict for name, line in lines.items()} == {
        "ana.zip": "suspect", "bob.zip": "suspect", "carla.zip": "passed"}
    assert wrong(lines["bob.zip"]) == {"identical"}
    texts = [mark.text.en for mark in lines["bob.zip"].marks if mark.check == "identical"]
    assert texts == ["The same weights as Ana (ana.zip)", "The same course of the training as Ana (ana.zip)",
                     "The same answers in words as Ana (ana.zip)",
                     "The files do not tell which of them is the original: whoever made it is marked as well"]


def test_handing_in_twice_is_only_noted(place: Place, hand_ins: Path) -> None:
    for name in ("ana.zip", "ana again.zip"):
        shutil.copy(place.capsule, hand_ins / name)
    assert {line.verdict for line in graded(place, hand_ins).values()} == {"passed"}


def _reseal(info: dict[str, Any], files: dict[str, bytes]) -> None:
    info["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def _flatter(info: dict[str, Any], files: dict[str, bytes]) -> None:
    """Another validation accuracy, in whatever says it, with every checksum as it should be."""
    name = next(name for name in files if name.endswith("events.jsonl"))
    files[name] = files[name].replace(b'"val_accuracy":1.0', b'"val_accuracy":0.5')
    info["reported"] = {"accuracy": 0.5}
    _reseal(info, files)


def _relabel(info: dict[str, Any], files: dict[str, bytes]) -> None:
    """Says that a validation picture was one for training."""
    name = next(name for name in files if name.endswith("manifest.jsonl"))
    lines = [json.loads(line) for line in files[name].splitlines()]
    entry = next(line for line in lines if line.get("split") == "validation")
    entry["split"] = "train"
    files[name] = b"\n".join(seal_line(json.dumps({key: value for key, value in line.items() if key != "crc"},
                                                  separators=(",", ":")).encode()) for line in lines) + b"\n"
    _reseal(info, files)


CHANGES = {
    "flattered": (_flatter, {"reported"}),
    "relabelled": (_relabel, {"splits"}),
    "edited": (lambda _info, files: files.update(
        {name: data + b" " for name, data in files.items() if name.endswith("spec.json")}), {"files"}),
    "no_model": (lambda _info, files: files.pop(next(name for name in files if name.endswith("model.keras"))) and None,
                 {"goal", "files"}),
    "no_manifest": (lambda _info, files: files.pop(next(name for name in files if name.endswith("manifest.jsonl"))) and None,
                    {"files"}),
    "extra": (lambda _info, files: files.update({"run.sh": b"rm"}), {"files"}),
    "no_answer": (lambda info, _files: info.update(answers={}), {"answers"}),
    "other_assignment": (lambda info, _files: info.update(assignment="another"), {"assignment"}),
    "forged_hashes": (lambda info, _files: info.update(files={}), {"files"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_found(place: Place, hand_ins: Path, name: str) -> None:
    change, expected = CHANGES[name]
    rewrite(place.capsule, hand_ins / "bob.zip", change)
    line = graded(place, hand_ins)["bob.zip"]
    assert wrong(line) >= expected and wrong(line) <= expected | {"files"}, [mark.text.en for mark in line.marks]
    assert line.verdict != "passed"


@pytest.mark.parametrize("run", ["../../x", "/etc", "", "a/b", ".hidden"])
def test_a_run_that_points_outside_is_refused(place: Place, hand_ins: Path, run: str) -> None:
    rewrite(place.capsule, hand_ins / "bob.zip", lambda info, _files: info.update(run=run))
    line = graded(place, hand_ins)["bob.zip"]
    assert line.verdict == "unreadable"


def test_what_cannot_be_read_is_a_line_too(place: Place, hand_ins: Path) -> None:
    shutil.copy(place.capsule, hand_ins / "ana.zip")
    (hand_ins / "cut.zip").write_bytes(place.capsule.read_bytes()[:500])
    (hand_ins / "Bob" / "deep").mkdir(parents=True)
    (hand_ins / "Bob/deep/empty.zip").write_bytes(b"")
    shutil.copy(place.made.path, hand_ins / "lamps.assignment.zip")
    lines = graded(place, hand_ins)
    assert {name: line.verdict for name, line in lines.items()} == {
        "ana.zip": "passed", "cut.zip": "unreadable", "Bob/deep/empty.zip": "unreadable"}
    with pytest.raises(ProblemError):
        graded(place, hand_ins / "nowhere")


def test_a_model_that_cannot_be_evaluated_does_not_pass(place: Place, hand_ins: Path) -> None:
    shutil.copy(place.capsule, hand_ins / "ana.zip")
    problem = error("hostile", Text("It has code.", "Tiene código."), "run")
    line = graded(place, hand_ins, lambda _job: (None, Failed(problem=problem)))["ana.zip"]
    assert line.verdict == "not_passed" and line.value is None
    assert "It has code." in next(mark.text.en for mark in line.marks if mark.check == "goal")
    line = graded(place, hand_ins, lambda _job: (None, Finished()))["ana.zip"]
    assert line.verdict == "not_passed"


def test_the_model_is_evaluated_on_the_teachers_pictures(place: Place, hand_ins: Path) -> None:
    shutil.copy(place.capsule, hand_ins / "ana.zip")
    seen: list[Any] = []
    graded(place, hand_ins, evaluator(seen=seen))
    # One job for both splits, and nothing of it stays.
    assert len(seen) == 1 and seen[0].split == "all"
    assert not Path(seen[0].run_folder).exists() and not Path(seen[0].manifest).exists()


def test_the_table_has_a_line_for_every_hand_in(place: Place, hand_ins: Path) -> None:
    rewrite(place.capsule, hand_ins / "ana.zip", lambda info, _files: info.update(student="=cmd()"))
    (hand_ins / "cut.zip").write_bytes(b"PK")
    rows = list(csv.DictReader(table_bytes(list(graded(place, hand_ins).values())).decode().splitlines()))
    assert [row["verdict"] for row in rows] == ["passed", "unreadable"]
    # A spreadsheet must not compute a name.
    assert rows[0]["student"] == "'=cmd()" and rows[0]["Why convolution?"] == ANSWER and float(rows[0]["Accuracy"]) == 1.0
    assert msgspec.json.decode(msgspec.json.encode(rows)) == rows


def test_nothing_is_handed_in_without_name_answers_or_assignment(place: Place, tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as refused:
        write_capsule(place.student, tmp_path / "a.zip", None, " ", {})
    assert [problem.code for problem in refused.value.problems] == ["no_student", "no_answer"]
    _created, index = create_project(tmp_path / "plain", place.teacher.parent / "all")
    index.close()
    with pytest.raises(ProblemError) as refused:
        write_capsule(tmp_path / "plain", tmp_path / "a.zip", None, "Ana", {})
    assert refused.value.problems[0].code == "not_an_assignment" and not (tmp_path / "a.zip").exists()
