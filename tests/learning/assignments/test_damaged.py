"""Files from anywhere: cut off, with ways outside, bombs, and JSON of something else. They are refused as a whole."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.learning.assignments.capsule import is_capsule, read_capsule
from cnnstudio.learning.assignments.key import open_key, read_assignment
from cnnstudio.learning.assignments.opening import open_assignment
from cnnstudio.learning.assignments.weights import count_parameters, weights_digest
from tests.learning.assignments.conftest import Place


def _zip(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def _cut(path: Path, whole: Path) -> None:
    path.write_bytes(whole.read_bytes()[:-900])


def _upward(path: Path, whole: Path) -> None:
    shutil.copy(whole, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../outside.txt", b"x")


def _absolute(path: Path, whole: Path) -> None:
    shutil.copy(whole, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("/outside.txt", b"x")


def _bomb(path: Path, _whole: Path) -> None:
    _zip(path, {"assignment.json": b" " * (100 << 20)}, zipfile.ZIP_DEFLATED)


def _link(path: Path, whole: Path) -> None:
    shutil.copy(whole, path)
    with zipfile.ZipFile(path, "a") as archive:
        member = zipfile.ZipInfo("link")
        member.create_system, member.external_attr = 3, 0o120777 << 16
        archive.writestr(member, "/etc/passwd")


def _twice(path: Path, whole: Path) -> None:
    shutil.copy(whole, path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(archive.namelist()[0], b"{}")


NAMES = ("assignment.json", "capsule.json", "key.json")
DAMAGES: dict[str, Callable[[Path, Path], None]] = {
    "empty": lambda path, _whole: path.write_bytes(b"") and None,
    "text": lambda path, _whole: path.write_bytes(b"dear students") and None,
    "cut": _cut, "upward": _upward, "absolute": _absolute, "bomb": _bomb, "link": _link, "twice": _twice,
    "foreign": lambda path, _whole: _zip(path, {"assignment.json": b'{"name": 3}', "capsule.json": b"[]", "key.json": b"7"}),
    "no_json": lambda path, _whole: _zip(path, dict.fromkeys(NAMES, b"\xff\xfe")),
    "deep": lambda path, _whole: _zip(path, dict.fromkeys(NAMES, b"[" * 100_000)),
    "nothing": lambda path, _whole: _zip(path, {}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_and_leaves_nothing(place: Place, damage: str, tmp_path: Path) -> None:
    for number, (whole, read) in enumerate((
            (place.made.path, lambda path: open_assignment(path, tmp_path / "student")),
            (place.made.key, lambda path: open_key(path).__enter__()),
            (place.capsule, lambda path: read_capsule(path, tmp_path / "unpacked")))):
        path = tmp_path / f"{number}.zip"
        DAMAGES[damage](path, whole)
        with pytest.raises(ProblemError) as refused:
            read(path)
        assert refused.value.problems[0].text.es != refused.value.problems[0].text.en
    assert not (tmp_path / "student").exists() and not (tmp_path / "unpacked").exists()
    assert sorted(os.listdir(tmp_path)) == ["0.zip", "1.zip", "2.zip"] and not (tmp_path.parent / "outside.txt").exists()
    assert damage in ("upward", "absolute", "link", "twice") or not is_capsule(path) or damage in ("foreign", "no_json", "deep")


@pytest.mark.parametrize("change", [{"path": "../../x.png"}, {"path": "/x.png"}, {"path": "train\\x.png"}, {"path": ""}])
def test_a_picture_that_points_outside_is_refused(place: Place, change: dict[str, str], tmp_path: Path) -> None:
    with zipfile.ZipFile(place.made.path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    lines = [json.loads(line) for line in files["pictures.jsonl"].splitlines()]
    files["pictures.jsonl"] = b"\n".join(json.dumps(line | change).encode() for line in lines)
    _zip(tmp_path / "bad.zip", files)
    with pytest.raises(ProblemError):
        read_assignment(tmp_path / "bad.zip")


def test_a_changed_picture_or_list_is_noticed(place: Place, tmp_path: Path) -> None:
    for whole, name in ((place.made.path, "pictures/train/dark"), (place.made.key, "pictures/hidden/dark"),
                        (place.made.key, "key")):
        with zipfile.ZipFile(whole) as archive:
            files = {member: archive.read(member) for member in archive.namelist()}
        chosen = next(member for member in files if member.startswith(name))
        files[chosen] = files[chosen].replace(b'"hidden"', b'"train"') if name == "key" else files[chosen] + b"x"
        _zip(tmp_path / "changed.zip", files)
        with pytest.raises(ProblemError):
            if whole == place.made.path:
                open_assignment(tmp_path / "changed.zip", tmp_path / "student")
            else:
                open_key(tmp_path / "changed.zip").__enter__()


def test_an_assignment_of_a_newer_version_is_refused(place: Place, tmp_path: Path) -> None:
    with zipfile.ZipFile(place.made.path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["assignment.json"] = json.dumps(json.loads(files["assignment.json"]) | {"format": 99}).encode()
    _zip(tmp_path / "newer.zip", files)
    with pytest.raises(ProblemError) as refused:
        read_assignment(tmp_path / "newer.zip")
    assert refused.value.problems[0].code == "newer_format"


def test_weights_that_cannot_be_read_are_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    assert count_parameters(path) is None and weights_digest(path) == ""
    path.write_bytes(b"no zip")
    assert count_parameters(path) is None and len(weights_digest(path)) == 64
    _zip(path, {"model.weights.h5": b"no hdf5"})
    assert count_parameters(path) is None and len(weights_digest(path)) == 64


def test_a_key_that_was_unpacked_is_checked_too(place, tmp_path):
    folder = tmp_path / "key"
    with zipfile.ZipFile(place.made.key) as archive:
        archive.extractall(folder)
    with open_key(folder) as opened:
        picture = next(item for item in opened.key.pictures if item.split != "train")
    path = folder / "pictures" / picture.path
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(ProblemError, match="was changed"), open_key(folder):
        pass
    path.unlink()
    with pytest.raises(ProblemError, match="is missing"), open_key(folder):
        pass
