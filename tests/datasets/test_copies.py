"""Pictures with the same bytes stay in one split without an audit."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.core.dataset import DatasetSpec, SplitSpec
from cnnstudio.datasets.index import Index, open_index
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder


def write(root: Path, count: int = 20) -> None:
    rng = np.random.default_rng(3)
    for class_name in ("a", "b"):
        (root / class_name).mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(root / class_name / f"{number:02d}.png"), rng.integers(0, 256, (8, 8), np.uint8))


def splits_of_copies(index: Index) -> list[set[str]]:
    """The splits of each content that several files have."""
    splits: dict[str, set[str]] = {}
    for digest, split in index.rows("SELECT hash, split FROM pictures WHERE hash IN (SELECT hash FROM pictures"
                                    " GROUP BY hash HAVING COUNT(*) > 1)"):
        splits.setdefault(digest, set()).add(split)
    return list(splits.values())


@pytest.mark.parametrize("across", [False, True], ids=["in a class", "across classes"])
def test_copies_are_drawn_as_one(tmp_path: Path, across: bool) -> None:
    write(tmp_path / "data")
    for number in range(12):
        target = tmp_path / "data" / ("b" if across else "a") / f"copy{number}.png"
        shutil.copy(tmp_path / "data" / "a" / f"{number:02d}.png", target)
    _created, index = create_project(tmp_path / "project", tmp_path / "data", template="small_cnn")
    with closing(index):
        copies = splits_of_copies(index)
    assert len(copies) == 12
    assert all(len(splits) == 1 for splits in copies)
    assert len(set().union(*copies)) > 1, "all in one split would prove nothing"


def test_copies_that_come_later_follow(tmp_path: Path) -> None:
    write(tmp_path / "data")
    created, index = create_project(tmp_path / "project", tmp_path / "data", template="small_cnn")
    spec = created.project.dataset
    with closing(index):
        before = dict(index.rows("SELECT path, split FROM pictures"))
        for number in range(20):
            shutil.copy(tmp_path / "data" / "a" / f"{number:02d}.png", tmp_path / "data" / "a" / f"later{number}.png")
        scan_folder(index, tmp_path / "data", spec)
        inspect_pictures(index, tmp_path / "data")
        assert all(len(splits) == 1 for splits in splits_of_copies(index))
        moved = [path for path, split in index.rows("SELECT path, split FROM pictures WHERE path LIKE 'b/%'")
                 if before[path] != split]
    assert moved == []


def test_a_copy_joins_the_group_of_the_audit(tmp_path: Path) -> None:
    write(tmp_path / "data")
    shutil.copy(tmp_path / "data" / "a" / "00.png", tmp_path / "data" / "a" / "copy.png")
    _created, index = create_project(tmp_path / "project", tmp_path / "data", template="small_cnn")
    with closing(index):
        ids = dict(index.rows("SELECT path, id FROM pictures"))
        index.set_groups({ids["a/00.png"]: "twins:x", ids["a/05.png"]: "twins:x"})
        splits = dict(index.rows("SELECT path, split FROM pictures"))
        assert splits["a/00.png"] == splits["a/05.png"] == splits["a/copy.png"]


def test_who_does_not_want_it_is_obeyed(tmp_path: Path) -> None:
    write(tmp_path / "data")
    for number in range(20):
        shutil.copy(tmp_path / "data" / "a" / f"{number:02d}.png", tmp_path / "data" / "a" / f"copy{number}.png")
    folder = tmp_path / "index"
    folder.mkdir()
    with closing(open_index(folder)) as index:
        scan_folder(index, tmp_path / "data", DatasetSpec(splits=SplitSpec(keep_together=False)))
        inspect_pictures(index, tmp_path / "data")
        assert any(len(splits) > 1 for splits in splits_of_copies(index))
