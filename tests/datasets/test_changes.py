"""The folder changes while the program runs; pictures go to the trash and come back; what leakage costs."""

from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import same
from cnnstudio.datasets import findings
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Filter, Index
from cnnstudio.datasets.leakage import duplicates_of, leakage_cost, leaked_paths, split_shares
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.trash import HELD, TrashEffect, forget_deleted
from cnnstudio.datasets.watcher import FolderWatch


def draw(path: Path, number: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    _done, data = cv2.imencode(".png", np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8))
    path.write_bytes(data.tobytes())
    return path


def test_new_changed_and_vanished_files_are_counted(tmp_path):
    root = tmp_path / "p"
    for number in range(5):
        draw(root / "a" / f"{number}.png", number)
    index = Index(tmp_path / "dataset.sqlite")
    first = scan_folder(index, root, DatasetSpec())
    inspect_pictures(index, root)
    assert (first.new, first.changed, first.gone) == (5, 0, 0)
    draw(root / "a" / "new.png", 9)
    draw(root / "a" / "1.png", 10)
    os.utime(root / "a" / "1.png", (1, 1))
    (root / "a" / "2.png").unlink()
    second = scan_folder(index, root, DatasetSpec())
    assert (second.new, second.changed, second.gone) == (1, 1, 1)
    assert {item.name for item in index.pictures(index.ids(Filter(added=second.scan)))} == {"new.png", "1.png"}
    third = scan_folder(index, root, DatasetSpec())
    assert (third.new, third.changed, third.gone) == (0, 0, 0)
    index.close()


def test_an_emptied_folder_forgets_nothing_until_another_is_chosen(tmp_path):
    root, spec = tmp_path / "p", DatasetSpec(source="p")
    draw(root / "a" / "1.png", 1)
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, root, spec)
    (root / "a" / "1.png").rename(tmp_path / "kept.png")
    result = scan_folder(index, root, spec)
    assert [problem.code for problem in result.problems] == ["folder_emptied"]
    assert not result.complete
    assert index.count() == 1
    (tmp_path / "other").mkdir()
    assert scan_folder(index, tmp_path / "other", DatasetSpec(source="other")).gone == 1
    assert index.count() == 0
    index.close()


def test_a_watch_tells_of_changes_and_ends(tmp_path):
    reported = threading.Event()
    watch = FolderWatch([tmp_path], reported.set)
    watch._start()
    assert watch.watching
    draw(tmp_path / "deep" / "er" / "1.png", 1)
    assert reported.wait(5)
    watch.stop()
    assert not watch.watching


def test_a_folder_that_is_not_there_is_waited_for(tmp_path):
    reported = threading.Event()
    watch = FolderWatch([tmp_path / "drive"], reported.set)
    watch._start()
    assert watch.watching
    (tmp_path / "other").mkdir()
    (tmp_path / "drive").mkdir()
    assert reported.wait(5)
    watch.stop()
    nowhere = FolderWatch([tmp_path / "no" / "thing"], reported.set)
    nowhere._start()
    assert not nowhere.watching
    nowhere.stop()


def test_a_folder_that_is_renamed_is_noticed(tmp_path):
    reported = threading.Event()
    (tmp_path / "pictures").mkdir()
    watch = FolderWatch([tmp_path / "pictures"], reported.set)
    watch._start()
    (tmp_path / "pictures").rename(tmp_path / "away")
    assert reported.wait(5)
    watch.stop()


@pytest.fixture
def bin_of(tmp_path):
    """A trash like the system's: files go into a folder."""
    (tmp_path / "bin").mkdir()
    numbers = itertools.count()
    return lambda path: os.rename(path, tmp_path / "bin" / f"{next(numbers)} {Path(path).name}")


def test_deleted_pictures_come_back(tmp_path, bin_of):
    paths = [draw(tmp_path / "p" / "a" / f"é {number}.png", number) for number in range(3)]
    content = [path.read_bytes() for path in paths]
    effect = TrashEffect(tmp_path / HELD, paths, bin_of)
    effect.redo()
    assert not any(path.exists() for path in paths)
    assert len(list((tmp_path / "bin").iterdir())) == 3
    effect.undo()
    assert [path.read_bytes() for path in paths] == content
    effect.redo()
    assert not any(path.exists() for path in paths)
    forget_deleted(tmp_path)
    assert not (tmp_path / HELD).exists()
    with pytest.raises(ProblemError):
        effect.undo()


def test_what_cannot_be_deleted_is_named_and_nothing_is(tmp_path, bin_of):
    paths = [draw(tmp_path / "p" / f"{number}.png", number) for number in range(3)]

    def trash(path: str) -> None:
        if path.endswith("1.png"):
            raise PermissionError(13, "Permission denied")
        bin_of(path)

    with pytest.raises(ProblemError) as caught:
        TrashEffect(tmp_path / HELD, paths, trash).redo()
    assert "1.png" in caught.value.problems[0].text.en
    assert all(path.exists() for path in paths)


def test_a_deletion_that_is_cancelled_deletes_nothing(tmp_path, bin_of):
    paths = [draw(tmp_path / "p" / f"{number}.png", number) for number in range(4)]
    reported = []

    def tell(done: int, total: int) -> None:
        reported.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    effect = TrashEffect(tmp_path / HELD, paths, bin_of)
    with pytest.raises(KeyboardInterrupt):
        effect.redo(tell)
    assert reported == [(0, 4), (1, 4), (2, 4)]
    assert all(path.exists() for path in paths)


def test_an_undo_that_is_cancelled_can_be_taken_up_again(tmp_path, bin_of):
    paths = [draw(tmp_path / "p" / f"{number}.png", number) for number in range(4)]

    def tell(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    effect = TrashEffect(tmp_path / HELD, paths, bin_of)
    effect.redo()
    with pytest.raises(KeyboardInterrupt):
        effect.undo(tell)
    assert [path.exists() for path in paths] == [True, True, False, False]
    effect.undo()
    assert all(path.exists() for path in paths)


def test_leakage_has_a_price(tmp_path):
    for number in range(6):
        draw(tmp_path / "p" / ("train" if number < 3 else "test") / "a" / f"{number}.png", number)
    draw(tmp_path / "p" / "train" / "b" / "9.png", 9)
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, tmp_path / "p", DatasetSpec())
    learned = index.pictures(index.ids(Filter(splits=("train",), classes=("a",))))[0].path
    findings.store(index, [Finding(kind="leakage", path="test/a/3.png", others=(learned,), text=same("x"))], ["leakage"])
    index.accept("leakage", ["test/a/3.png"])
    twins = duplicates_of(index)
    assert twins[learned] == {"test/a/3.png"}
    assert split_shares(index)["test"] == (1, 3)
    right = {"test/a/3.png": True, "test/a/4.png": False, "test/a/5.png": True}
    gone = leaked_paths(twins, right, [learned])
    result = leakage_cost(right, gone)
    assert (result.leaked, result.pictures) == (1, 3)
    assert result.accuracy == pytest.approx(2 / 3)
    assert result.without == pytest.approx(1 / 2)
    assert leakage_cost({"x": True}, {"x"}).without is None
    index.close()
