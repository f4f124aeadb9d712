"""An assignment is made and opened: what the students get, what they do not, and the split that is fixed."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from cnnstudio.core.files import read_project
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import open_index
from cnnstudio.learning.assignments.encryption import decrypt, encrypt
from cnnstudio.learning.assignments.key import open_key, read_assignment
from cnnstudio.learning.assignments.making import draft_problems
from cnnstudio.learning.assignments.opening import assignment_of, open_assignment
from cnnstudio.learning.assignments.standing import find_standing
from tests.learning.assignments.conftest import DRAFT, Place
from tests.learning.assignments.material import make, teacher_project

replace = msgspec.structs.replace


def codes(problem_error: ProblemError) -> list[str]:
    return [problem.code for problem in problem_error.problems]


def test_the_students_file_has_no_hidden_picture(place: Place) -> None:
    with open_key(place.made.key) as key:
        hidden = {picture.sha256 for picture in key.key.split("hidden")}
        classes = Counter(picture.class_name for picture in key.key.split("hidden"))
        for picture in (*key.key.split("hidden"), *key.key.split("validation")):
            assert hashlib.sha256((key.root / picture.path).read_bytes()).hexdigest() == picture.sha256
    assert classes == {"dark": 6, "light": 6}
    with zipfile.ZipFile(place.made.path) as archive:
        everything = [archive.read(name) for name in archive.namelist()]
    assert hidden.isdisjoint(hashlib.sha256(data).hexdigest() for data in everything)
    # Not even by its name or hash.
    assert not any(digest.encode() in data for digest in hidden for data in everything)


def test_the_project_has_the_given_split(place: Place) -> None:
    assignment, listed = read_assignment(place.made.path)
    given = {item.path: item.split for item in listed}
    index = open_index(place.student)
    try:
        used = {picture.path: picture.split for picture in index.usable(("dark", "light"))}
    finally:
        index.close()
    assert used == given and set(given.values()) == {"train", "validation"}
    assert assignment_of(place.student) == assignment
    assert read_project(place.student).name == "Lamps"


def test_the_standing_is_that_of_the_validation_pictures(place: Place) -> None:
    run = find_standing(place.student).runs[0]
    assert run.value == 1.0 and run.reaches and run.keeps_limits
    assert run.interval is not None and run.interval[0] < 0.9
    assert [outcome.id for outcome in run.limits] == ["parameters", "epochs", "bases"]


def test_a_hidden_set_in_the_students_file_needs_the_passphrase(tmp_path: Path) -> None:
    teacher = teacher_project(tmp_path, count=20)
    made = make(teacher, DRAFT, key=False, passphrase="correct horse")
    assert made.key is None
    with open_key(made.path, "correct horse") as key:
        assert len(key.key.split("hidden")) == made.hidden
    for wrong in ("", "correct horses"):
        with pytest.raises(ProblemError) as refused, open_key(made.path, wrong):
            pass
        assert codes(refused.value) == ["wrong_passphrase"]
    open_assignment(made.path, tmp_path / "student")


def test_what_was_encrypted_is_not_changed_unnoticed(tmp_path: Path) -> None:
    data = encrypt(b"hidden" * 100, "correct horse")
    assert decrypt(data, "correct horse", tmp_path) == b"hidden" * 100
    for broken in (data[:-1], data[:-40] + b"x" + data[-39:], data.replace(b'"lanes":1', b'"lanes":2'),
                   data.replace(b'"cost":131072', b'"cost":1099511627776'), b"", b"{}\n", b"\xff" * 50, b"[1]\nx"):
        with pytest.raises(ProblemError):
            decrypt(broken, "correct horse", tmp_path)


def test_pictures_from_elsewhere_are_known_by_their_content(tmp_path: Path) -> None:
    teacher = teacher_project(tmp_path, count=20)
    made = make(teacher, replace(DRAFT, inside=False, source=Text("From the library", "De la biblioteca")))
    with zipfile.ZipFile(made.path) as archive:
        assert archive.namelist() == ["assignment.json", "pictures.jsonl"]
    with pytest.raises(ProblemError) as asked:
        open_assignment(made.path, tmp_path / "student")
    assert codes(asked.value) == ["needs_pictures"]
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for number, path in enumerate(sorted((tmp_path / "all").rglob("*.png"))):
        shutil.copy(path, mixed / f"{number}.png")
    open_assignment(made.path, tmp_path / "student", mixed)
    listed = read_assignment(made.path)[1]
    assert all(hashlib.sha256((tmp_path / "student/pictures" / item.path).read_bytes()).hexdigest() == item.sha256
               for item in listed)
    for path in sorted(mixed.iterdir())[:10]:
        path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ProblemError) as missing:
        open_assignment(made.path, tmp_path / "other", mixed)
    assert codes(missing.value) == ["pictures_missing"] and not (tmp_path / "other").exists()


def test_copies_of_a_picture_stay_on_one_side(tmp_path: Path) -> None:
    teacher = teacher_project(tmp_path, count=20)
    assert make(teacher, DRAFT).leaked == 0
    # Every hidden picture is also given out: the teacher is told.
    made = make(teacher, replace(DRAFT, hidden_by="folder", folder=str(tmp_path / "all")))
    assert made.leaked == made.hidden == 20


def test_everything_wrong_with_a_draft_is_told() -> None:
    wrong = replace(DRAFT, title=Text("", ""), threshold=3.0, hidden_by="folder", inside=False)
    assert {problem.code for problem in draft_problems(wrong, "short")} == {
        "no_title", "wrong_threshold", "no_hidden_folder", "no_source", "weak_passphrase"}
    assert [problem.code for problem in draft_problems(replace(DRAFT, metric="beauty"))] == ["no_figure"]
    assert not draft_problems(DRAFT)


def test_without_test_pictures_nothing_is_made(tmp_path: Path) -> None:
    teacher = teacher_project(tmp_path, count=12)
    project = read_project(teacher)
    index = open_index(teacher)
    try:
        index.apply(replace(project.dataset, splits=replace(project.dataset.splits, test=0.0)))
    finally:
        index.close()
    with pytest.raises(ProblemError) as refused:
        make(teacher, replace(DRAFT, hidden_by="test"))
    assert codes(refused.value) == ["no_hidden_pictures"]
    assert not (tmp_path / "lamps.assignment.zip").exists() and not (tmp_path / "lamps.key.zip").exists()
