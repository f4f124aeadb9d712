"""Another scan of a folder writes only what changed: a million files that are as before cost no write and no division."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.dataset import DatasetSpec, SplitSpec
from cnnstudio.datasets.index import Filter, Index
from cnnstudio.datasets.refresh import scan_folder
from cnnstudio.datasets.scan import Listing


def make_files(root: Path, count: int = 20) -> None:
    for number in range(count):
        place = root / "ab"[number % 2] / f"{number:02}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x" * (number + 1))



def test_files_that_are_as_before_are_not_written(tmp_path):
    root = tmp_path / "pictures"
    make_files(root)
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, root, DatasetSpec())
    with index.transaction() as connection:
        connection.execute("CREATE TEMP TABLE written (path TEXT)")
        connection.execute("CREATE TEMP TRIGGER noted AFTER UPDATE ON pictures BEGIN"
                           " INSERT INTO written VALUES (new.path); END")
    scan_folder(index, root, DatasetSpec())
    assert index.rows("SELECT * FROM written") == []
    (root / "a" / "02.png").write_bytes(b"another length")
    result = scan_folder(index, root, DatasetSpec())
    assert {path for path, in index.rows("SELECT path FROM written")} == {"a/02.png"}
    assert (result.new, result.changed, result.gone) == (0, 1, 0)
    index.close()


def test_nothing_is_divided_again_without_a_change(tmp_path, monkeypatch):
    root = tmp_path / "pictures"
    make_files(root)
    index = Index(tmp_path / "dataset.sqlite")
    divisions = []
    divide = Index._divide
    monkeypatch.setattr(Index, "_divide", lambda self, *rest: (divisions.append(1), divide(self, *rest))[1])
    scan_folder(index, root, DatasetSpec())
    scan_folder(index, root, DatasetSpec())
    assert len(divisions) == 1
    scan_folder(index, root, DatasetSpec(splits=SplitSpec(seed=5)))
    (root / "a" / "02.png").unlink()
    scan_folder(index, root, DatasetSpec(splits=SplitSpec(seed=5)))
    (root / "a" / "new.png").write_bytes(b"y")
    scan_folder(index, root, DatasetSpec(splits=SplitSpec(seed=5)))
    assert len(divisions) == 4
    index.close()


def test_pictures_of_a_scan_that_was_killed_are_divided_by_the_next(tmp_path):
    root = tmp_path / "pictures"
    make_files(root, 40)
    index = Index(tmp_path / "dataset.sqlite")
    scan = index.begin_scan()
    for chunk in Listing(root, DatasetSpec()):
        index.add(chunk, scan)
    index.close()
    index = Index(tmp_path / "dataset.sqlite")
    assert index.count(Filter(splits=("test",))) == 0
    scan_folder(index, root, DatasetSpec())
    assert index.count(Filter(splits=("test",))) > 0
    index.close()


def test_files_are_gone_after_a_scan_that_was_begun_twice(tmp_path):
    root = tmp_path / "pictures"
    make_files(root)
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, root, DatasetSpec())
    scan = index.begin_scan()
    for chunk in Listing(root, DatasetSpec()):
        index.add(chunk, scan)
    # That scan is cancelled here; what it saw must not count for the next one.
    (root / "a" / "02.png").unlink()
    assert scan_folder(index, root, DatasetSpec()).gone == 1
    assert index.count() == 19
    index.close()


def test_another_split_in_a_list_is_followed(tmp_path):
    root = tmp_path / "pictures"
    make_files(root, 4)
    place = root / "list.csv"
    spec = DatasetSpec(source=str(place))
    rows = [f"{path.relative_to(root).as_posix()},{path.parent.name}" for path in sorted(root.rglob("*.png"))]
    place.write_text("path,label,split\n" + "\n".join(f"{row},train" for row in rows), "utf-8")
    (tmp_path / "project").mkdir()
    index = Index(tmp_path / "project" / "dataset.sqlite")
    scan_folder(index, root, spec)
    assert index.split_counts(["a", "b"])["test"] == 0
    place.write_text("path,label,split\n" + "\n".join(f"{row},test" for row in rows), "utf-8")
    scan_folder(index, root, spec)
    assert index.split_counts(["a", "b"])["test"] == 4
    index.close()
