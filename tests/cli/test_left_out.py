"""What is not taken, patterns, links and columns, from the command line."""

from __future__ import annotations

import json
import zipfile

import pytest

from cnnstudio.cli import main
from cnnstudio.core.files import read_project
from tests.datasets.test_datasets import PNG, draw


@pytest.fixture
def pictures(tmp_path):
    root = draw(tmp_path / "pics", *(f"{label}/{number}.png" for label in ("cat", "dog") for number in range(12)),
                "cat/@eaDir/0.png/t.jpg", "loose.png", "cat/0_mask.png")
    (root / "cat" / "notes.txt").write_text("text")
    (root / "dog" / "noending").write_bytes(PNG)
    (root / "husky").mkdir()
    draw(tmp_path / "elsewhere", *(f"{number}.png" for number in range(12)))
    (root / "beagle").symlink_to(tmp_path / "elsewhere")
    return root


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def reasons(problems: list[dict]) -> dict[str, int]:
    return {problem["left_out"]["reason"]: problem["left_out"]["number"] for problem in problems if "left_out" in problem}


WANTED = {"linked_folder": 1, "empty_class": 1, "no_class": 1, "system": 1, "other_kind": 1, "by_content": 1}


def test_new_check_and_audit_name_the_same(tmp_path, pictures, capsys):
    project = str(tmp_path / "p")
    assert main(["new", project, "--data", str(pictures), "--template", "lenet5", "--json"]) == 0
    (created,) = lines(capsys)
    assert reasons(created["problems"]) == WANTED
    assert main(["check", project, "--json"]) == 0
    assert reasons([line["problem"] for line in lines(capsys) if "problem" in line]) == WANTED
    assert main(["check", project]) == 0
    shown = capsys.readouterr()
    assert "One linked folder was not followed: beagle." in shown.err and "--follow-links" in shown.err
    assert main(["audit", project, "--only", "tiny_class", "--json"]) == 0
    summary = lines(capsys)[-1]
    assert {entry["reason"]: entry["number"] for entry in summary["left_out"]} == WANTED


def test_links_are_followed_and_patterns_ignored_from_the_first_scan_on(tmp_path, pictures, capsys):
    project = tmp_path / "p"
    assert main(["new", str(project), "--data", str(pictures), "--template", "lenet5", "--follow-links", "--ignore",
                 "*_mask.png", "--set", "dataset.ignore=husky/", "--json"]) == 0
    (created,) = lines(capsys)
    assert created["classes"] == ["beagle", "cat", "dog"]
    assert created["images"] == 37
    assert reasons(created["problems"])["ignored"] == 2
    dataset = read_project(project).dataset
    assert (dataset.follow_links, dataset.ignore) == (True, ("husky/", "*_mask.png"))


def test_a_list_is_refused_and_its_columns_named(tmp_path, capsys):
    draw(tmp_path, *(f"pics/{number}.png" for number in range(24)))
    path = tmp_path / "list.csv"
    path.write_text("file,room,state\n" + "".join(
        f"pics/{number}.png,{'bath' if number % 2 else 'hall'},{'old' if number % 3 else 'new'}\n" for number in range(24)))
    arguments = ["new", str(tmp_path / "p"), "--data", str(path), "--template", "lenet5"]
    assert main(arguments) == 2
    shown = capsys.readouterr().err
    assert "room (2" in shown and "state (2" in shown and "--label-column" in shown
    assert "no pictures" not in shown
    assert main([*arguments, "--label-column", "state", "--json"]) == 0
    assert lines(capsys)[0]["classes"] == ["new", "old"]
    assert main(["check", str(tmp_path / "p")]) == 0


def test_import_names_what_an_archive_brings_along(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("cat/1.png", "dog/2.png", "__MACOSX/cat/._1.png", "dog/readme.txt"):
            archive.writestr(name, PNG if name.endswith("png") else b"text")
    assert main(["import", str(tmp_path / "a.zip"), str(tmp_path / "out"), "--json"]) == 0
    assert reasons(lines(capsys)[0]["problems"]) == {"system": 1, "other_kind": 1}
