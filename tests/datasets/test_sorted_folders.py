"""Pictures are copied into folders by label, and exactly the unchanged copies are taken back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.sorted_folders import RECORD, SortedFolders, last_sort, undo_sort


@pytest.fixture
def pictures(tmp_path):
    root = tmp_path / "pictures"
    for name in ("a/1.png", "b/1.png", "b/2.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != RECORD}


def sort_all(pictures: Path, target: Path, **options: object) -> SortedFolders:
    result = SortedFolders(target, **options)
    for name, share in (("a/1.png", 0.9), ("b/1.png", 0.8), ("b/2.png", 0.4)):
        result.add(str(pictures / name), "cat", share)
    return result


def test_equal_names_are_numbered_and_originals_stay(tmp_path, pictures):
    before, target = tree(pictures), tmp_path / "out"
    done = sort_all(pictures, target, min_probability=0.5)
    assert tree(target) == {"cat/1.png": b"a/1.png", "cat/1 (2).png": b"b/1.png", "not sure/2.png": b"b/2.png"}
    assert {plan.name: (plan.count, plan.first) for plan in done.folders.values()} == {
        "cat": (2, ["1.png", "1 (2).png"]), "not sure": (1, ["2.png"])}
    assert tree(pictures) == before
    assert (target / "cat/1.png").stat().st_mtime == (pictures / "a/1.png").stat().st_mtime


def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path, pictures):
    planned = sort_all(pictures, tmp_path / "out", min_probability=0.5, dry=True)
    assert not (tmp_path / "out").exists()
    done = sort_all(pictures, tmp_path / "out", min_probability=0.5)
    assert planned.folders == done.folders


def test_undo_removes_what_is_unchanged_and_nothing_else(tmp_path, pictures):
    target = tmp_path / "out"
    (target / "cat").mkdir(parents=True)
    (target / "cat" / "1.png").write_bytes(b"somebody's own")
    sort_all(pictures, target)
    (target / "cat" / "2.png").write_bytes(b"edited since")
    undone = undo_sort(target)
    assert (undone.removed, undone.changed, undone.gone) == (2, ("cat/2.png",), 0)
    assert tree(target) == {"cat/1.png": b"somebody's own", "cat/2.png": b"edited since"}
    assert last_sort(target) is None
    with pytest.raises(ProblemError, match="nothing to undo"):
        undo_sort(target)


def test_undo_goes_back_one_sort_at_a_time_and_removes_its_folders(tmp_path, pictures):
    target = tmp_path / "out"
    sort_all(pictures, target)
    sort_all(pictures, target)
    assert len(tree(target)) == 6
    assert undo_sort(target).removed == 3 and len(tree(target)) == 3
    assert undo_sort(target).removed == 3
    assert not target.exists()


def test_labels_that_would_share_a_folder_get_their_own(tmp_path, pictures):
    done = SortedFolders(tmp_path / "out")
    for label in ("a/b", "a:b", "Cat", "cat", "not sure", "..", "con"):
        done.add(str(pictures / "a/1.png"), label, 1.0)
    done.add(str(pictures / "a/1.png"), "cat", 1.0, not_sure=True)
    names = sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir())
    assert names == sorted(["a_b", "a_b (2)", "Cat", "cat (2)", "not sure", "_", "_con", "not sure (2)"])


def test_what_cannot_be_copied_is_named_and_the_others_are_copied(tmp_path, pictures):
    done = SortedFolders(tmp_path / "out")
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", tmp_path / "gone.png", pictures / "a/1.png"):
        done.add(str(path), "cat", 1.0)
    done.add(str(pictures / "b/1.png"), None, 0.0)
    assert [problem.code for problem in done.problems] == ["not_copied"] * 2
    assert tree(tmp_path / "out") == {"cat/1.png": b"a/1.png"} and done.left_out == 1


def test_a_full_disk_is_told_and_what_was_copied_can_be_taken_back(tmp_path, pictures, monkeypatch):
    target = tmp_path / "out"
    done = SortedFolders(target)
    done.add(str(pictures / "a/1.png"), "cat", 1.0)

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(ProblemError) as caught:
        patch.setattr("cnnstudio.datasets.sorted_folders._copy_content", full)
        done.add(str(pictures / "b/1.png"), "cat", 1.0)
    assert caught.value.problems[0].code == "no_space"
    assert tree(target) == {"cat/1.png": b"a/1.png"}
    assert undo_sort(target).removed == 1 and not target.exists()


@pytest.mark.parametrize("line", [b'{"copy":"../pictures/a/1.png","hash":"x"}', b'{"copy":"/etc/passwd","hash":"x"}',
                                  b"nonsense"])
def test_a_record_that_points_elsewhere_is_refused(tmp_path, pictures, line):
    target = tmp_path / "out"
    target.mkdir()
    (target / RECORD).write_bytes(line + b"\n")
    with pytest.raises(ProblemError, match="damaged"):
        undo_sort(target)
    assert tree(pictures)


def test_a_target_that_is_a_file_is_refused(pictures):
    with pytest.raises(ProblemError):
        SortedFolders(pictures / "a" / "1.png")
