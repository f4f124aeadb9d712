"""Decisions follow the content, survive kills at random moments, and can be undone; splits keep twins together."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.core.dataset import DatasetSpec, SplitSpec
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import same
from cnnstudio.datasets import findings, schema
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Decided, Filter, Index
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.splits import burst_of, divide

HERE = Path(__file__).resolve().parents[2]


def picture(path: Path, number: int) -> None:
    """A picture with content of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _done, data = cv2.imencode(".png", np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8))
    path.write_bytes(data.tobytes())


def collection(root: Path, number: int = 12) -> Path:
    for item in range(number):
        picture(root / "ab"[item % 2] / f"{item}.png", item)
    return root


def looked(index: Index, root: Path) -> Index:
    scan_folder(index, root, DatasetSpec())
    inspect_pictures(index, root)
    return index


@pytest.fixture
def found(tmp_path):
    index = looked(Index(tmp_path / "dataset.sqlite"), collection(tmp_path / "p"))
    yield index, tmp_path / "p"
    index.close()


def by_path(index: Index) -> dict[str, tuple[str, str, bool]]:
    return {item.path: (item.class_name, item.split, item.excluded) for item in index.pictures(index.ids())}


def one(index: Index, path: str) -> list[int]:
    return list(index.ids(Filter(text=path)))


def test_a_moved_file_keeps_its_decisions_and_undo_finds_it(found):
    index, root = found
    effect = index.relabel(one(index, "a/0.png"), "b")
    index.exclude(one(index, "a/2.png"), True)
    index.accept("blurry", ["a/0.png"])
    (root / "b" / "far" / "away").mkdir(parents=True)
    (root / "a" / "0.png").rename(root / "b" / "far" / "away" / "zero.png")
    (root / "a" / "2.png").rename(root / "a" / "two.png")
    looked(index, root)
    now = by_path(index)
    assert now["a/two.png"][2]
    assert "a/0.png" not in now
    assert index.decisions(["b/far/away/zero.png"])["b/far/away/zero.png"].class_name == "b"
    assert index.rows("SELECT kind, path FROM accepted") == [("blurry", "b/far/away/zero.png")]
    effect.undo()
    assert index.decisions(["b/far/away/zero.png"])["b/far/away/zero.png"] == Decided()
    assert by_path(index)["a/two.png"][2]


def test_files_that_change_places_change_their_decisions(found):
    index, root = found
    index.exclude(one(index, "a/0.png"), True)
    index.relabel(one(index, "a/2.png"), "b")
    time.sleep(0.01)
    (root / "a" / "0.png").rename(root / "a" / "wait")
    (root / "a" / "2.png").rename(root / "a" / "0.png")
    (root / "a" / "wait").rename(root / "a" / "2.png")
    # A rename keeps size and time; what tells the two apart here is the time.
    for name in ("0.png", "2.png"):
        (root / "a" / name).touch()
    looked(index, root)
    now = by_path(index)
    assert (now["a/2.png"][2], now["a/0.png"][2]) == (True, False)
    assert (now["a/0.png"][0], now["a/2.png"][0]) == ("b", "a")


def test_a_copy_that_was_there_all_the_time_inherits_nothing(tmp_path):
    root = collection(tmp_path / "p")
    (root / "a" / "copy.png").write_bytes((root / "a" / "0.png").read_bytes())
    index = looked(Index(tmp_path / "dataset.sqlite"), root)
    index.exclude(one(index, "a/copy.png"), True)
    (root / "a" / "copy.png").unlink()
    looked(index, root)
    assert not by_path(index)["a/0.png"][2]


def test_an_edited_file_keeps_its_decision_and_a_returning_one_gets_it_back(found):
    index, root = found
    index.exclude(one(index, "a/0.png") + one(index, "a/2.png"), True)
    kept = (root / "a" / "2.png").read_bytes()
    picture(root / "a" / "0.png", 99)
    (root / "a" / "2.png").unlink()
    looked(index, root)
    assert by_path(index)["a/0.png"][2]
    (root / "a" / "2.png").write_bytes(kept)
    looked(index, root)
    assert by_path(index)["a/2.png"][2]


def test_measures_and_findings_go_with_a_changed_file(found):
    index, root = found
    identifier = one(index, "a/0.png")[0]
    with index.transaction() as connection:
        connection.execute("INSERT INTO measures (picture, version) VALUES (?, 1)", (identifier,))
    findings.store(index, [Finding(kind="dark", path="a/0.png", picture=identifier, text=same("dark"))], ["dark"])
    assert index.pictures([identifier])[0].findings == ("dark",)
    picture(root / "a" / "0.png", 77)
    scan_folder(index, root, DatasetSpec())
    assert index.rows("SELECT * FROM measures") == []
    assert findings.counts(index) == {}


def test_findings_are_filters_and_can_be_accepted(found):
    index, _root = found
    ids = one(index, "a/0.png") + one(index, "b/1.png")
    findings.store(index, [
        Finding(kind="dark", path=item.path, picture=item.id, others=("x\n.png",), score=0.5, text=same("dark"),
                data={"keep": "ñ"}) for item in index.pictures(ids)], ["dark"])
    assert index.count(Filter(findings=("dark",))) == 2
    assert index.count(Filter(findings=("any",))) == 2
    assert index.count(Filter(findings=("bright",))) == 0
    effect = index.accept("dark", ["a/0.png"])
    assert findings.counts(index) == {"dark": 1}
    assert index.count(Filter(findings=("dark",))) == 1
    assert findings.of_picture(index, "b/1.png")[0].data == {"keep": "ñ"}
    effect.undo()
    assert findings.counts(index) == {"dark": 2}
    findings.store(index, [], ["dark"])
    assert findings.all_findings(index) == []


def test_filters_combine(found):
    index, _root = found
    ids = list(index.ids())
    with index.transaction() as connection:
        connection.executemany("INSERT INTO predictions VALUES ('r', ?, 'a', ?, ?)", [
            (identifier, number / 12, 1 - number / 12) for number, identifier in enumerate(ids)])
    assert index.count(Filter(run="r", correct="right")) == 6
    assert index.count(Filter(run="r", correct="wrong", confidence=(0.75, None))) == 3
    assert index.count(Filter(run="other", correct="wrong")) == 0
    assert list(index.ids(Filter(run="r"), "confidence")) == ids
    assert list(index.ids(Filter(run="r"), "loss")) == ids
    assert index.count(Filter(folder="a", side=(8, 8), ratio=(1.3, 1.4), not_classes=("b",))) == 6
    assert index.count(Filter(text="a/ 1")) == 1
    assert sorted(index.ids(sort="random")) == sorted(ids)


KILLED = """
import os, sys
from pathlib import Path
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
index, root = Index(Path(sys.argv[1])), Path(sys.argv[2])
for number in range(200):
    step = number % 4
    ids = [1 + number % 12]
    path = index.pictures(ids)[0].path if index.pictures(ids) else None
    if path is None:
        continue
    if step == 0: index.relabel(ids, f"class {number}"); change = ["class", f"class {number}"]
    elif step == 1: index.exclude(ids, bool(number % 8 == 1)); change = ["excluded", str(number % 8 == 1)]
    elif step == 2: index.assign_split(ids, "test"); change = ["split", "test"]
    else: index.accept("dark", [path]); scan_folder(index, root, DatasetSpec()); change = ["accepted", "yes"]
    print("\\t".join([path, *change]), flush=True)
"""


def test_a_process_killed_at_any_moment_loses_no_decision(tmp_path):
    root = collection(tmp_path / "p")
    rng = random.Random(4)
    reported: dict[tuple[str, str], str] = {}
    looked(Index(tmp_path / "dataset.sqlite"), root).close()
    lines = 0
    for _round in range(6):
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "dataset.sqlite"), str(root)], cwd=HERE,
                                 stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        wanted = rng.randrange(1, 60)
        for number, line in enumerate(child.stdout):
            path, what, value = line.rstrip("\n").split("\t")
            reported[path, what] = value
            lines += 1
            if number == wanted:
                time.sleep(rng.random() * 0.004)
                child.kill()
        child.wait()
    index = Index(tmp_path / "dataset.sqlite")
    assert lines > 60
    assert index.rows("PRAGMA integrity_check") == [("ok",)]
    looked(index, root)
    now = by_path(index)
    # The step under way when the process died may have happened or not; what was told has.
    differing = []
    for (path, what), value in reported.items():
        label, split, excluded = now[path]
        accepted = bool(index.rows("SELECT 1 FROM accepted WHERE path = ?", (path,)))
        is_now = {"class": label, "split": split, "excluded": str(excluded), "accepted": "yes" if accepted else "no"}
        if is_now[what] != value:
            differing.append((path, what))
    assert len(differing) <= 1, differing
    index.close()


def test_an_index_of_format_1_is_brought_up_to_date(tmp_path):
    connection = sqlite3.connect(tmp_path / "dataset.sqlite")
    connection.executescript(schema._FIRST)
    connection.execute("INSERT INTO pictures (path, folder_class, size, modified_ns, hash, class_name)"
                       " VALUES ('a/0.png', 'a', 1, 1, 'b2:x', 'b')")
    connection.execute("INSERT INTO decisions VALUES ('a/0.png', 'b', NULL, NULL)")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    index = Index(tmp_path / "dataset.sqlite")
    assert index.decisions(["a/0.png"])["a/0.png"].class_name == "b"
    assert index.rows("SELECT hash FROM decisions") == [("b2:x",)]
    assert index.pictures([1])[0].class_name == "b"
    index.close()


def test_a_newer_index_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "dataset.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ProblemError) as caught:
        Index(tmp_path / "dataset.sqlite")
    assert caught.value.problems[0].code == "newer_format"


# Splits ------------------------------------------------------------------------------------------

NAMES = [(f"{label}/{number}.jpg", label, None) for label in ("x", "y") for number in range(100)]


@given(st.dictionaries(st.sampled_from([name for name, _label, _split in NAMES]), st.sampled_from("ABCDEFGHIJ"),
                       max_size=60), st.integers(0, 3), st.sampled_from([0, 2, 5]))
def test_groups_stay_on_one_side(groups, seed, folds):
    spec = SplitSpec(seed=seed, folds=folds)
    drawn = divide(NAMES, spec, groups)
    assert len(drawn) == len(NAMES)
    sizes = {name: sum(1 for item in groups.values() if item == name) for name in set(groups.values())}
    for name, size in sizes.items():
        if size <= 33:
            assert len({drawn[path] for path, group in groups.items() if group == name}) == 1
    for split, share in (("test", 0.15), ("validation", 0.15)):
        if not folds:
            assert abs(sum(1 for item in drawn.values() if item == split) - 200 * share) <= 8


def test_a_group_moves_few_others():
    before = divide(NAMES, SplitSpec())
    after = divide(NAMES, SplitSpec(), {"x/1.jpg": "g", "x/2.jpg": "g"})
    assert sum(before[path] != after[path] for path in before) <= 4


def test_twins_follow_a_pinned_picture_and_nothing_else_moves():
    groups = {"x/1.jpg": "g", "x/2.jpg": "g"}
    before, after = divide(NAMES, SplitSpec(), groups), divide(NAMES, SplitSpec(), groups, {"x/1.jpg": "test"})
    assert (after["x/1.jpg"], after["x/2.jpg"]) == ("test", "test")
    assert {path for path in before if before[path] != after[path]} <= {"x/1.jpg", "x/2.jpg"}


def test_folds_are_a_partition_with_the_same_test():
    folds = [divide(NAMES, SplitSpec(folds=4, fold=number)) for number in range(4)]
    held = [{path for path, split in fold.items() if split == "validation"} for fold in folds]
    tests = [{path for path, split in fold.items() if split == "test"} for fold in folds]
    assert all(item == tests[0] for item in tests)
    assert len(tests[0]) == 30
    assert set.union(*held) == {path for path, _label, _split in NAMES} - tests[0]
    assert sum(len(item) for item in held) == 170
    for item in held:
        assert abs(sum(path[0] == "x" for path in item) - len(item) / 2) <= 1


def test_bursts_are_known_by_names_that_say_so():
    assert burst_of("a/IMG_20240501_120000_BURST001.jpg") == burst_of("a/IMG_20240501_120000_BURST002_COVER.jpg") != ""
    assert burst_of("a/00000IMG_00000_BURST20190101120000001.jpg") != ""
    assert burst_of("a/cat_frame_0001.png") == burst_of("a/cat_frame_0002.png")
    assert burst_of("a/cat_frame_0001.png") != burst_of("b/cat_frame_0001.png")
    assert burst_of("a/0001.jpg") == burst_of("a/IMG_0001.jpg") == burst_of("a/cat (1).jpg") == ""
