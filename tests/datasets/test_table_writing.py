"""Tables in every format, written row by row."""

from __future__ import annotations

import csv
import json

import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.sources.table_writing import TableColumn
from cnnstudio.datasets.sources.tables import TABLE_FORMATS, read_table, write_table

COLUMNS = [TableColumn("path"), TableColumn("share", "number"), TableColumn("frame", "integer"), TableColumn("sure", "boolean")]
ROWS = [["a ñ.png", 0.1, 3, True], ["=b\udcff.png", None, None, None], ["c,\n\"d\"", 1.0, 0, False]]


@pytest.mark.parametrize("form", TABLE_FORMATS.ids())
def test_every_format_is_written_and_read_back(tmp_path, form):
    path = tmp_path / f"t.{form}"
    with write_table(path, COLUMNS) as add:
        for row in ROWS:
            add(row)
    if form == "json":
        rows = json.loads(path.read_text("utf-8"))
        assert [list(row) for row in rows] == [["path", "share", "frame", "sure"]] * 3
        assert rows[0] == {"path": "a ñ.png", "share": 0.1, "frame": 3, "sure": True}
        assert rows[1]["path"] == "=b\udcff.png", "JSON escapes what is no Unicode"
    elif form == "parquet":
        from pyarrow import parquet

        table = parquet.read_table(path)
        assert [str(kind) for kind in table.schema.types] == ["string", "double", "int64", "bool"]
        assert table.to_pylist()[2] == {"path": "c,\n\"d\"", "share": 1.0, "frame": 0, "sure": False}
    else:
        assert [fields for _line, fields in read_table(path).rows] == [
            ["path", "share", "frame", "sure"], ["a ñ.png", "0.1", "3", "true"], ["=b\\udcff.png", "", "", ""],
            ["c,\n\"d\"", "1.0", "0", "false"]]
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("form", TABLE_FORMATS.ids())
def test_a_table_without_rows(tmp_path, form):
    path = tmp_path / f"t.{form}"
    with write_table(path, COLUMNS):
        pass
    if form == "json":
        assert json.loads(path.read_text()) == []
    else:
        assert len(read_table(path).rows) == 1


@pytest.mark.parametrize("form", TABLE_FORMATS.ids())
def test_a_full_disk_leaves_the_earlier_table(tmp_path, form):
    path = tmp_path / f"t.{form}"
    path.write_text("earlier")

    def write() -> None:
        with write_table(path, COLUMNS) as add:
            add(ROWS[0])
            raise OSError(28, "No space left on device")

    with pytest.raises(ProblemError) as caught:
        write()
    assert caught.value.problems[0].code == "no_space"
    assert path.read_text() == "earlier" and len(list(tmp_path.iterdir())) == 1


def test_parquet_tells_that_its_place_is_full():
    path = "/dev/full/t.parquet"
    with pytest.raises(ProblemError), write_table(__import__("pathlib").Path(path), COLUMNS) as add:
        add(ROWS[0])


def test_an_unknown_ending_and_a_missing_library_are_told(tmp_path, monkeypatch):
    with pytest.raises(ProblemError, match=r"\.csv, \.tsv, \.parquet, \.json"), write_table(tmp_path / "t.xls", COLUMNS):
        pass
    monkeypatch.setattr("cnnstudio.datasets.sources.tables.is_available", lambda _library: False)
    with pytest.raises(ProblemError) as caught, write_table(tmp_path / "t.parquet", COLUMNS):
        pass
    (problem,) = caught.value.problems
    assert problem.code == "library_missing" and [fix.action for fix in problem.fixes] == ["install_library"]


def test_csv_is_rfc_4180(tmp_path):
    with write_table(tmp_path / "t.csv", COLUMNS) as add:
        add(["=1+1", 0.5, None, None])
    assert (tmp_path / "t.csv").read_bytes() == b"path,share,frame,sure\r\n'=1+1,0.5,,\r\n"
    with open(tmp_path / "t.csv", newline="") as file:
        assert next(csv.reader(file)) == ["path", "share", "frame", "sure"]
