"""The curated collection written elsewhere: decisions applied, names that collide, full disks, nothing overwritten."""

from __future__ import annotations

import csv
import os
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.core.dataset import DatasetSpec, SplitSpec
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.index import Filter, Index
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.sources import collect as collect_module
from cnnstudio.datasets.sources import staging
from cnnstudio.datasets.sources.archives import unpack_archive
from cnnstudio.datasets.sources.collect import collect
from cnnstudio.datasets.sources.manifests import read_rows
from tests.datasets.test_archives import files
from tests.datasets.test_datasets import draw

SPEC = DatasetSpec(splits=SplitSpec(train=0.5, validation=0.25, test=0.25))


@pytest.fixture
def collection(tmp_path: Path):
    """Eight cats and eight dogs; two cats are dogs by decision, one dog is left out, and one file is broken."""
    root = tmp_path / "root"
    for number in range(8):
        for name in ("cat", "dog"):
            (root / name).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / name / f"{number}.png"), np.full((8, 9 + number, 3), number, np.uint8))
    draw(root, "bird/1.png")
    (root / "dog" / "broken.png").write_bytes(b"no picture")
    index = Index(tmp_path / "index.sqlite")
    scan_folder(index, root, SPEC)
    inspect_pictures(index, root)
    by_path = {picture.path: picture.id for picture in index.pictures(list(index.ids()))}
    index.relabel([by_path["cat/0.png"], by_path["cat/1.png"]], "dog")
    index.exclude([by_path["dog/5.png"]], True)
    yield index, root
    index.close()


CLASSES = ("cat", "dog")


def written(index: Index) -> set[tuple[str, str]]:
    return {(picture.class_name, picture.split) for picture in index.usable(CLASSES)}


def test_class_folders_with_decisions_applied(collection, tmp_path):
    index, root = collection
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    done = collect(index, root, CLASSES, tmp_path / "out", "folders")
    assert done.images == 15
    assert done.classes == ("cat", "dog")
    assert done.splits == index.split_counts(CLASSES)
    result = files(tmp_path / "out") - {"pictures.csv"}
    assert len(result) == 15
    assert {tuple(name.split("/")[1::-1]) for name in result} == written(index)
    assert sum("/dog/" in name for name in result) == 9
    with (tmp_path / "out" / "pictures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["path"] for row in rows} == result
    assert all(row["hash"] and row["width"] and row["height"] == "8" for row in rows)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    assert len(read_rows(tmp_path / "out" / "pictures.csv").rows) == 15


def test_hard_links_share_the_file(collection, tmp_path):
    index, root = collection
    collect(index, root, CLASSES, tmp_path / "out", "folders", links=True)
    linked = {path.stat().st_ino for path in (tmp_path / "out").rglob("*.png")}
    assert linked <= {path.stat().st_ino for path in root.rglob("*.png")}


def test_lists_and_archives(collection, tmp_path):
    index, root = collection
    done = collect(index, root, CLASSES, tmp_path / "list", "csv")
    assert (done.path, done.images) == (str(tmp_path / "list.csv"), 15)
    reading = read_rows(tmp_path / "list.csv")
    assert not reading.problems
    assert {row.path for row in reading.rows} == {f"root/{picture.path}" for picture in index.usable(CLASSES)}
    assert all((tmp_path / row.path).is_file() for row in reading.rows)
    (tmp_path / "deep").mkdir()
    collect(index, root, CLASSES, tmp_path / "deep" / "list.csv", "csv")
    assert all(os.path.isabs(row.path) for row in read_rows(tmp_path / "deep" / "list.csv").rows)
    done = collect(index, root, CLASSES, tmp_path / "all.zip", "zip")
    assert done.images == 15
    assert zipfile.ZipFile(done.path).testzip() is None
    assert len(files(unpack_archive(Path(done.path), tmp_path / "again"))) == 16


def test_names_that_collide(tmp_path):
    root = draw(tmp_path / "root", "cat/a/1.png", "cat/b/1.png", "cat/c/1.PNG", "Cat/1.png", "a:b/1.png", "con/1.png")
    index = Index(tmp_path / "i.sqlite")
    scan_folder(index, root, DatasetSpec(splits=SplitSpec(train=1, validation=0, test=0)))
    inspect_pictures(index, root)
    done = collect(index, root, ("cat", "Cat", "a:b", "con"), tmp_path / "out", "folders")
    assert done.images == 6
    assert files(tmp_path / "out") == {"pictures.csv", "train/Cat/1.png", "train/cat (2)/1.png", "train/cat (2)/1 (2).png",
                                       "train/cat (2)/1 (3).PNG", "train/a_b/1.png", "train/_con/1.png"}
    index.close()


def code(*arguments, **values) -> str:
    with pytest.raises(ProblemError) as problem:
        collect(*arguments, **values)
    return problem.value.problems[0].code


def test_nothing_is_overwritten(collection, tmp_path):
    index, root = collection
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").write_text("x")
    (tmp_path / "mine.csv").write_text("x")
    assert code(index, root, CLASSES, tmp_path / "mine", "folders") == "target_exists"
    assert code(index, root, CLASSES, tmp_path / "mine.csv", "csv") == "target_exists"
    assert code(index, root, CLASSES, root, "folders") == "target_exists"
    assert code(index, root, CLASSES, tmp_path / "x", "pdf") == "unknown_format"
    assert code(index, root, (), tmp_path / "x", "folders") == "no_pictures"
    assert (tmp_path / "mine.csv").read_text() == "x"


@pytest.mark.parametrize("form", ["folders", "zip", "csv"])
def test_a_full_disk_and_cancelling_leave_nothing(collection, tmp_path, monkeypatch, form):
    index, root = collection
    before = set(os.listdir(tmp_path))

    def full(*_values):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(collect_module, "_list_bytes", full)
        assert code(index, root, CLASSES, tmp_path / "out", form) == "no_space"
    if form != "csv":
        with monkeypatch.context() as patched:
            patched.setattr(staging.shutil, "disk_usage", lambda _place: type("Usage", (), {"free": 10}))
            assert code(index, root, CLASSES, tmp_path / "out", form) == "no_space"

        def stop():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            collect(index, root, CLASSES, tmp_path / "out", form, check=stop)
    assert set(os.listdir(tmp_path)) == before


def test_pictures_that_went_away_are_told(collection, tmp_path):
    index, root = collection
    (root / "cat" / "7.png").unlink()
    for number, form in enumerate(("folders", "zip", "csv")):
        done = collect(index, root, CLASSES, tmp_path / f"out{number}", form)
        assert done.images == 14
        assert [problem.code for problem in done.problems] == ["vanished"]
    root.rename(tmp_path / "away")
    for form in ("folders", "zip", "csv"):
        assert code(index, root, CLASSES, tmp_path / "gone", form) == "vanished"
    assert not list(tmp_path.glob("*gone*"))
    assert index.count(Filter(excluded="only")) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("form", ["folders", "zip"])
def test_a_picture_that_became_a_pipe_is_not_waited_for(collection, tmp_path, form):
    index, root = collection
    path = "cat/7.png"
    (root / path).unlink()
    os.mkfifo(root / path)
    done = collect(index, root, CLASSES, tmp_path / "out", form)
    assert ["not a regular file" in problem.text.en for problem in done.problems] == [True]
