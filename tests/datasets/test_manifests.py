"""Manifests as people and programs write them, and every way they can be wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.sources.manifests import read_rows
from tests.datasets.test_datasets import draw


def rows(path: Path) -> dict[str, tuple[str, str | None]]:
    return {row.path: (row.label, row.split) for row in read_rows(path).rows}


def written(tmp_path: Path, words: str | bytes, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(words.encode() if isinstance(words, str) else words)
    return path


WANTED = {"a/1.png": ("cat", "train"), "a/2.png": ("dog", "test")}


@pytest.mark.parametrize("words", [
    "path,label,split\na/1.png,cat,train\na/2.png,dog,test\n",
    "File Name;Class;Subset\r\na/1.png;cat;Training\r\na/2.png;dog;TEST\r\n",
    "ruta\tetiqueta\tpartición\na/1.png\tcat\tentrenamiento\na/2.png\tdog\tPrueba\n",
    "id,split,CATEGORY,image\n7,train,cat,a/1.png\n8,test,dog,a/2.png\n",
    '\ufeff"filename","species","set"\n"a/1.png","cat","train"\n\n"./a/../a/2.png","dog","test"',
    "a/1.png,cat,train\na/2.png,dog,test\n",
    "train|cat|a/1.png\ntest|dog|a/2.png\n",
    "a\\1.png,cat,train\na\\2.png,dog,test\n",
])
def test_columns_are_found_however_they_are_called(tmp_path, words):
    draw(tmp_path, "a/1.png", "a/2.png")
    path = written(tmp_path, words)
    assert rows(path) == WANTED
    assert not read_rows(path).problems


def test_two_columns_without_names(tmp_path):
    assert rows(written(tmp_path, "1.png,cat\n2.png,dog\n")) == {"1.png": ("cat", None), "2.png": ("dog", None)}


def test_paths_alone_take_the_folder_for_the_class(tmp_path):
    assert rows(written(tmp_path, "path\ncat/1.png\ndeep/dog/2.png\n")) == {
        "cat/1.png": ("cat", None), "deep/dog/2.png": ("dog", None)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(tmp_path, encoding):
    path = written(tmp_path, "archivo;clase\naño/é.png;niño\n".encode(encoding))
    assert rows(path) == {"año/é.png": ("niño", None)}
    assert [problem.code for problem in read_rows(path).problems] == (["wrong_encoding"] if encoding == "cp1252" else [])


def test_quotes_commas_and_line_ends_in_names(tmp_path):
    path = written(tmp_path, 'path,label\n"a ""b"", c.png",x\n"new\nline.png",y\nz.png,y\n')
    reading = read_rows(path)
    assert [(row.path, row.line) for row in reading.rows] == [('a "b", c.png', 2), ("new\nline.png", 3), ("z.png", 5)]


def test_pictures_in_a_folder_that_the_list_leaves_away(tmp_path):
    draw(tmp_path, "images/7.jpg", "images/8.jpg")
    path = written(tmp_path, "id,breed\n7,pug\n8,collie\n")
    assert rows(path) == {"images/7.jpg": ("pug", None), "images/8.jpg": ("collie", None)}
    assert [problem.severity for problem in read_rows(path).problems] == ["info"]


def test_every_trouble_is_told_at_once_with_its_lines(tmp_path):
    draw(tmp_path, "1.png", "2.png", "3.png")
    lines = ["path,label,split", "1.png,cat,train", "2.png,dog,holdout", "3.png,,test", ",cat,train", "1.png,cat,train",
             "1.png,dog,train", "gone.png,cat,train", *(f"more{number}.png,cat,extra" for number in range(20))]
    path = written(tmp_path, "\n".join(lines))
    listing = Listing(tmp_path, DatasetSpec(source=str(path)), folder=tmp_path)
    result = [item.path for chunk in listing for item in chunk]
    assert result == ["1.png", "2.png"]
    texts = {problem.code: problem.text.en for problem in listing.problems}
    assert set(texts) == {"unknown_split", "no_label", "no_path", "named_twice", "named_twice_differently",
                          "missing_files"}
    assert not any(problem.blocks for problem in listing.problems)
    assert "nor test: 21;" in texts["unknown_split"]
    assert "“extra” × 20, “holdout” × 1" in texts["unknown_split"]
    assert "line 4: 3.png" in texts["no_label"]
    assert "line 7" in texts["named_twice_differently"]
    assert "pictures not found: 21 of 23 " in texts["missing_files"]
    assert "16 more" in texts["missing_files"]


@pytest.mark.parametrize(("words", "code"), [
    ("", "no_pictures"), ("\n\n", "no_pictures"), ("path,label\n", "no_pictures"), ("a,b,c\n1,2,3\n", "no_path_column"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no_path_column")])
def test_what_is_no_list_of_pictures(tmp_path, words, code):
    (problem,) = (item for item in read_rows(written(tmp_path, words)).problems if item.blocks)
    assert problem.code == code


def test_nothing_there_blocks(tmp_path):
    path = written(tmp_path, "path,label\n/mnt/away/1.png,cat\n/mnt/away/2.png,cat\n")
    listing = Listing(tmp_path, DatasetSpec(source="list.csv"), folder=tmp_path)
    assert list(listing) == []
    assert [(problem.code, problem.blocks) for problem in listing.problems] == [("folder_missing", True)]
    path.unlink()
    listing = Listing(tmp_path, DatasetSpec(source="list.csv"), folder=tmp_path)
    assert list(listing) == []
    assert [(problem.code, problem.blocks) for problem in listing.problems] == [("folder_missing", True)]


def test_parquet(tmp_path):
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table({"thumbnail": [b"1", b"2", b"3"], "File": ["a/1.png", "a/2.png", None],
                           "label": ["cat", "dog", "x"], "split": ["train", "test", "train"]})
    parquet.write_table(table, tmp_path / "list.parquet")
    assert rows(tmp_path / "list.parquet") == WANTED
    assert [problem.code for problem in read_rows(tmp_path / "list.parquet").problems] == ["no_path"]
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing")
    for name in ("bad.parquet", "gone.parquet"):
        (problem,) = read_rows(tmp_path / name).problems
        assert problem.code == "damaged_list"


def test_without_the_library_parquet_is_refused_with_what_helps(tmp_path, monkeypatch):
    (tmp_path / "list.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (problem,) = read_rows(tmp_path / "list.parquet").problems
    assert problem.code == "library_missing"
    assert "doctor --install pyarrow" in problem.text.en and "CSV" in problem.text.es
    assert [fix.arguments for fix in problem.fixes] == [{"library": "pyarrow"}]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
                      st.lists(st.sampled_from(["path", "label", ",", ";", "\t", "\n", '"', "1.png", "cat", "\0", "é"]),
                               max_size=40).map(lambda parts: "".join(parts).encode())))
def test_no_bytes_make_it_raise(tmp_path, data):
    reading = read_rows(written(tmp_path, data))
    assert reading.rows or reading.problems
