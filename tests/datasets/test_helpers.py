"""Processes that measure beside the one that asks: the same answers, whatever becomes of them."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.audit import helpers as module
from cnnstudio.datasets.audit.file_measures import measure_file
from cnnstudio.datasets.audit.helpers import Helpers
from cnnstudio.datasets.audit.measuring import measure, waiting
from cnnstudio.datasets.audit.memory import keep_memory
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import scan_folder

from .audit_material import paint, save
from .dying import serve

NAMES = ("plain.jpg", "señor niño.png", "two\nlines.jpg", "😀.bmp", "broken.jpg")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for number, name in enumerate(NAMES):
        save(folder / "cat" / f"x{Path(name).suffix}", paint(number, 48, 64)).rename(folder / "cat" / name)
    (folder / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    for number in range(40):
        save(folder / "dog" / f"{number}.jpg", paint(100 + number, 48, 64))
    return folder


def rows(root: Path, base: Path, **how) -> list[tuple]:
    base.mkdir()
    index = Index(base / "dataset.sqlite")
    scan_folder(index, root, DatasetSpec())
    assert measure(index, root, **how) == index.count()
    assert waiting(index) == 0
    result = index.rows("SELECT p.path, p.width, p.hash, p.problem, m.brightness, m.sharpness, m.signature"
                        " FROM pictures p JOIN measures m ON m.picture = p.id ORDER BY p.path")
    index.close()
    return result


def test_they_answer_what_the_thread_answers(root, tmp_path):
    alone = rows(root, tmp_path / "alone", helpers=0)
    assert len(alone) == 45
    assert rows(root, tmp_path / "beside", helpers=2, here=False) == alone
    assert rows(root, tmp_path / "both", helpers=1) == alone


def test_a_file_that_kills_them_is_named_and_the_others_are_measured(root):
    (root / "dog" / "0.jpg").rename(root / "dog" / "deadly.jpg")
    pictures = [(number, str(path.relative_to(root))) for number, path in enumerate(sorted(root.rglob("*.*")))]
    result = []
    with Helpers(1, root, serve) as helpers:
        helpers.give(pictures[:20])
        helpers.give(pictures[20:])
        assert not helpers.room
        while helpers.busy:
            result += helpers.collect(1.0)
        assert helpers.there
    deadly = next(number for number, path in pictures if "deadly" in path)
    wanted = {number: measure_file(root, number, path) for number, path in pictures}
    assert sorted(item.row[0] for item in result) == [number for number, _path in pictures]
    for item in result:
        if item.row[0] == deadly:
            assert item.inspected[4] == "corrupt"
            assert "cannot be decoded" in item.inspected[5].en
        else:
            assert item == wanted[item.row[0]]


def test_where_no_process_can_be_had_the_thread_does_all(root, tmp_path, monkeypatch):
    context = multiprocessing.get_context("spawn")

    class Refusing(context.Process):
        def start(self) -> None:
            raise OSError("no more processes")

    wanted = rows(root, tmp_path / "alone", helpers=0)
    monkeypatch.setattr(context, "Process", Refusing)
    assert rows(root, tmp_path / "refused", helpers=2, here=False) == wanted


def test_cancelled_they_leave_at_once(root, tmp_path):
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, root, DatasetSpec())
    assert measure(index, root, cancelled=lambda: True, helpers=2, here=False) == 0
    assert waiting(index) == index.count()
    assert not [item for item in multiprocessing.active_children() if item.name == "measuring"]
    index.close()


def test_those_that_were_started_before_are_used_and_left_alone(root, tmp_path):
    wanted = rows(root, tmp_path / "alone", helpers=0)
    with Helpers(1) as beside:
        assert rows(root, tmp_path / "few", beside=beside) == wanted, "too few to be handed over"
        assert rows(root, tmp_path / "started", beside=beside, here=False) == wanted
        assert beside.there
        assert not beside.busy
        assert rows(root, tmp_path / "again", beside=beside, here=False) == wanted


def test_memory_is_kept_without_complaint():
    keep_memory()


def test_numpy_starts_no_threads_where_they_stand_in_the_way(monkeypatch):
    """And what the user has set for every program stands."""
    name = "OPENBLAS_NUM_THREADS"
    monkeypatch.delenv(name, raising=False)
    with module.one_thread_for_algebra():
        assert os.environ[name] == "1"
    assert name not in os.environ
    monkeypatch.setenv(name, "3")
    with module.one_thread_for_algebra():
        assert os.environ[name] == "3"
    assert os.environ[name] == "3"
