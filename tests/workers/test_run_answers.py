"""Answers of a run beside the pictures of the index, and what twins add to its accuracy."""

from __future__ import annotations

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.jobs import PictureResult
from cnnstudio.core.text import same
from cnnstudio.datasets import findings
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Filter, Index
from cnnstudio.datasets.manifest import Entry, Header, write_manifest
from cnnstudio.datasets.refresh import scan_folder
from cnnstudio.workers.runs.answers import enter_answers, evaluation_rows, leakage_price
from cnnstudio.workers.runs.folder import RunFolder

PATHS = ("a/0.png", "a/1.png", "b/2.png", "b/3.png")


@pytest.fixture
def measured(tmp_path):
    """An index of four pictures, and a run that learned one and was measured on the others."""
    for number, path in enumerate(PATHS):
        (tmp_path / "p" / path).parent.mkdir(parents=True, exist_ok=True)
        _done, data = cv2.imencode(".png", np.full((4, 4), number * 40, np.uint8))
        (tmp_path / "p" / path).write_bytes(data.tobytes())
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, tmp_path / "p", DatasetSpec())
    run = RunFolder(tmp_path / "runs" / "one")
    run.folder.mkdir(parents=True)
    write_manifest(run.manifest_path, Header(root=str(tmp_path / "p"), class_names=("a", "b"), label_mode="int"), [
        Entry(path=path, label=int(path[0] == "b"), split="train" if path == "a/0.png" else "test") for path in PATHS])
    rows = [PictureResult(path="a/1.png", label=0, predicted=0, probability=0.9, loss=0.1),
            PictureResult(path="b/2.png", label=1, predicted=0, probability=0.6, loss=0.9),
            PictureResult(path="b/3.png", label=1, predicted=1, probability=0.8, loss=0.2)]
    run.table_path("test").parent.mkdir(parents=True, exist_ok=True)
    run.table_path("test").write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows))
    yield index, run
    index.close()


def test_answers_stand_beside_the_pictures(measured):
    index, run = measured
    assert enter_answers(index, run) == 3
    wrong = index.pictures(index.ids(Filter(run="one", correct="wrong")))
    assert [item.path for item in wrong] == ["b/2.png"]
    assert index.count(Filter(run="one", predicted=("a",), confidence=(0.7, None))) == 1
    index.relabel([wrong[0].id], "a")
    assert index.count(Filter(run="one", correct="wrong")) == 0


def test_the_price_of_leakage_is_that_of_the_runs_own_pictures(measured):
    index, run = measured
    assert leakage_price(index, run, "test").leaked == 0
    findings.store(index, [Finding(kind="near_duplicate", path="a/1.png", others=("a/0.png",), text=same("x"))],
                   ["near_duplicate"])
    price = leakage_price(index, run, "test")
    assert (price.leaked, price.pictures) == (1, 3)
    assert price.accuracy == pytest.approx(2 / 3)
    assert price.without == pytest.approx(1 / 2)
    assert leakage_price(index, run, "validation") is None


def test_damaged_tables_are_no_answers(measured):
    index, run = measured
    Path(run.table_path("test")).write_bytes(b"{nonsense\n")
    assert evaluation_rows(run, "test") == []
    assert enter_answers(index, run) == 0
    run.manifest_path.unlink()
    assert enter_answers(index, run) == 0
