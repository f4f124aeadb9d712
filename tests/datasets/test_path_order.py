"""Filters put ids in the order of the paths without sorting: the result is that of SQLite's ORDER BY, whatever changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets import path_order
from cnnstudio.datasets.index import Filter, Index
from cnnstudio.datasets.query import ids_sql, where_sql
from cnnstudio.datasets.refresh import scan_folder
from cnnstudio.datasets.sample_ranges import sample_groups

FILTERS = (Filter(), Filter(classes=("b",)), Filter(splits=("train",)), Filter(text="1"), Filter(folder="a"),
           Filter(excluded="only"), Filter(bytes=(5.0, 20.0)), Filter(not_classes=("a",), splits=("train", "test")))


def make_files(root: Path, names) -> None:
    for number, name in enumerate(names):
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x" * (number % 37 + 1))


@pytest.fixture
def index(tmp_path):
    make_files(tmp_path / "pictures", [f"{'cab'[number % 3]}/{number * 7919 % 1000:03}.png" for number in range(90)])
    result = Index(tmp_path / "dataset.sqlite")
    scan_folder(result, tmp_path / "pictures", DatasetSpec())
    yield result
    result.close()


def sorted_by_sqlite(index: Index, wanted: Filter) -> list[int]:
    return [row[0] for row in index.rows(*ids_sql(wanted, "path"))]


def check_all(index: Index) -> None:
    for wanted in FILTERS:
        assert list(index.ids(wanted)) == sorted_by_sqlite(index, wanted), wanted


@pytest.mark.parametrize("few", [0, 1_000_000])
def test_the_order_is_that_of_sqlite(index, monkeypatch, few):
    monkeypatch.setattr(path_order, "_FEW", few)
    check_all(index)
    ids = index.ids(Filter(classes=("b",)))
    index.exclude(ids[:5], True)
    index.assign_split(ids[5:9], "test")
    index.relabel(ids[9:12], "new")
    check_all(index)


def test_the_order_follows_new_and_vanished_files(index, tmp_path):
    root = tmp_path / "pictures"
    check_all(index)
    (root / "b" / "000.png").write_bytes(b"new, and first of its folder")
    scan_folder(index, root, DatasetSpec())
    check_all(index)
    # The one with the highest id goes, and another one gets that id.
    last = index.pictures([index.last_id()])[0]
    (root / last.path).unlink()
    scan_folder(index, root, DatasetSpec())
    (root / "c" / "zz.png").write_bytes(b"another")
    scan_folder(index, root, DatasetSpec())
    assert index.last_id() == last.id
    check_all(index)
    index.clear()
    assert list(index.ids()) == []


def test_another_process_is_followed_too(index, tmp_path):
    before = index.ids()
    other = Index(tmp_path / "dataset.sqlite")
    make_files(tmp_path / "pictures", ["a/0000.png"])
    scan_folder(other, tmp_path / "pictures", DatasetSpec())
    other.close()
    assert len(index.ids()) == len(before) + 1
    check_all(index)


def test_a_filter_sorts_nothing_and_reads_narrow_indexes(index):
    for wanted, index_name in ((Filter(splits=("test",)), "pictures_split"), (Filter(bytes=(None, 9.0)), "pictures_measured"),
                               (Filter(folder="a"), "sqlite_autoindex_pictures_1")):
        where, values = where_sql(wanted)
        plan = " ".join(str(row[3]) for row in index.rows(f"EXPLAIN QUERY PLAN SELECT id FROM pictures {where}", values))
        assert f"COVERING INDEX {index_name}" in plan and "SCAN" not in plan, plan


def test_counts_of_few_decisions_and_samples_do_not_read_every_picture(index):
    asked = []
    rows = index.rows
    index.rows = lambda sql, values=(): (asked.append(sql), rows(sql, values))[1]
    index.pinned_classes()
    sample_groups(index)
    assert index.all_class_names(DatasetSpec()) == ("a", "b", "c")
    for sql in asked:
        plan = [str(row[3]) for row in rows(f"EXPLAIN QUERY PLAN {sql}")]
        assert not any(step.startswith(("SCAN p", "SCAN pictures")) for step in plan), (sql, plan)


def test_a_folder_is_not_one_that_begins_alike(index, tmp_path):
    make_files(tmp_path / "pictures", ["a-b/1.png", "a0/1.png", "a/inside/1.png"])
    scan_folder(index, tmp_path / "pictures", DatasetSpec())
    paths = {picture.path for picture in index.pictures(index.ids(Filter(folder="a/")))}
    assert "a/inside/1.png" in paths and all(path.startswith("a/") for path in paths)
