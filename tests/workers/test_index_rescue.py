"""A damaged index: what can still be read of it is taken over, it is kept, and what was lost is told."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets import schema
from cnnstudio.datasets.index import FILE, Filter, open_index
from cnnstudio.datasets.opening import create_project, open_project
from cnnstudio.datasets.rescue import is_damaged
from cnnstudio.workers.index_rescue import rescue_index
from cnnstudio.workers.job_setup import prepare_training, refresh_index


@pytest.fixture
def decided(tmp_path: Path) -> Path:
    """A project with a picture of another class, one in another split, one left out, and an accepted finding."""
    root = tmp_path / "pictures"
    for label in ("cat", "dog"):
        (root / label).mkdir(parents=True)
        for number in range(20):
            cv2.imwrite(str(root / label / f"{number}.png"), np.full((30, 30, 3), number * 9, np.uint8))
    created, index = create_project(tmp_path / "p", root, template="lenet5")
    index.relabel(index.ids_of(["cat/1.png"]), "dog")
    run, _job = prepare_training(tmp_path / "p", created.project, index)
    assert run.manifest_path.is_file()
    index.assign_split(index.ids_of(["cat/2.png"]), "test")
    index.exclude(index.ids_of(["dog/3.png"]), True)
    index.exclude(index.ids_of(["dog/4.png"]), True)
    index.exclude(index.ids_of(["dog/4.png"]), False)
    index.accept("dark", ["cat/0.png"])
    index.close()
    return tmp_path / "p"


def damage(folder: Path, *tables: str) -> bytes:
    """Zeros where these tables begin; answers what the file is then."""
    path = folder / FILE
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    pages = [connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
             for table in tables]
    connection.close()
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(bytes(size))
    return path.read_bytes()


def in_force(folder: Path) -> dict[str, tuple[str, str, bool]]:
    project, index = open_project(folder)
    assert not [item for item in refresh_index(folder, project, index) if item.blocks]
    result = {item.path: (item.class_name, item.split, item.excluded)
              for item in index.pictures(list(index.ids(Filter())))}
    index.close()
    return result


@pytest.mark.parametrize("tables", [("pictures",), ("decisions",), ("accepted",), ("journal",),
                                    ("decisions", "accepted", "pictures")])
def test_decisions_are_taken_over_from_what_can_be_read(decided, tables):
    before = in_force(decided)
    damaged = damage(decided, *tables)
    assert is_damaged(decided)
    reported = rescue_index(decided)
    assert reported is not None
    assert reported.code == "index_set_aside"
    assert "No decision was lost" in reported.text.en
    assert Path(reported.where.path).read_bytes() == damaged
    assert in_force(decided) == before
    index = open_index(decided)
    assert index.rows("SELECT kind, path FROM accepted") == [("dark", "cat/0.png")]
    index.close()
    # The journal leads to these decisions again, whatever it lacked: it is believed where the tables cannot be read.
    damage(decided, "decisions", "accepted")
    assert rescue_index(decided) is not None
    assert in_force(decided) == before
    assert not is_damaged(decided)
    assert rescue_index(decided) is None


def replaced(folder: Path, old: bytes, new: bytes) -> None:
    """Other bytes of the same number wherever these stand, without the journal of SQLite."""
    path = folder / FILE
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def test_words_that_are_none_any_more_are_damage_that_nothing_is_taken_from(decided):
    replaced(decided, b"cat/1.png", b"cat/1\xff\xffng")
    assert is_damaged(decided)
    with pytest.raises(ProblemError) as caught:
        in_force(decided)
    assert caught.value.problems[0].fixes[0].action == "set_index_aside"
    reported = rescue_index(decided)
    assert reported is not None
    assert "could not be read" in reported.text.en
    # It is in no table and no line of the journal any more, but in the list of the training.
    after = in_force(decided)
    assert after["cat/1.png"][0] == "dog"
    assert after["dog/3.png"][2]
    assert all("\ufffd" not in path for path in after)


def test_a_file_whose_damage_sqlite_quotes_is_told_as_damaged(decided):
    replaced(decided, b"CREATE TABLE pictures", b"CREATE \xa1\xa1\xa1\xa1\xa1 pictures")
    with pytest.raises(ProblemError) as caught:
        open_index(decided)
    assert caught.value.problems[0].code == "damaged_index"
    assert rescue_index(decided) is not None


def test_where_nothing_can_be_read_the_newest_training_knows_the_classes(decided):
    before = in_force(decided)
    (decided / FILE).write_bytes(b"not a database" * 100)
    for end in ("-wal", "-shm"):
        (decided / f"{FILE}{end}").unlink(missing_ok=True)
    reported = rescue_index(decided)
    assert reported is not None
    assert "recovered from the run" in reported.text.en
    assert "could not be read" in reported.text.en
    assert "no se pudo leer" in reported.text.es
    after = in_force(decided)
    assert after["cat/1.png"][0] == "dog"
    assert not after["dog/3.png"][2]
    assert {path for path in before if before[path][0] != after[path][0]} == set()


def test_no_decision_follows_a_copy_that_was_there_all_the_time(decided):
    (decided.parent / "pictures" / "dog" / "copy.png").write_bytes(
        (decided.parent / "pictures" / "dog" / "3.png").read_bytes())
    in_force(decided)
    damage(decided, "pictures")
    (decided.parent / "pictures" / "dog" / "3.png").unlink()
    assert rescue_index(decided) is not None
    assert not in_force(decided)["dog/copy.png"][2]


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


@pytest.mark.parametrize("sql", [
    f"CREATE TRIGGER foreign_one BEFORE INSERT ON pictures BEGIN {ENDLESS} COUNT(*) FROM n; END",
    f"ALTER TABLE decisions RENAME TO x; CREATE VIEW decisions AS {ENDLESS} 'a' path, 'b' class_name, 'c' split, 0 excluded,"
    " 'd' hash, 0 scan FROM n",
    "CREATE VIEW foreign_one AS SELECT 1", "CREATE TABLE foreign_one (a)", "DROP TRIGGER picture_gone",
    "CREATE INDEX foreign_one ON pictures (abs(size))", "ALTER TABLE journal ADD COLUMN foreign_one",
], ids=["trigger", "view", "other view", "table", "dropped", "index", "column"])
def test_an_index_with_foreign_triggers_or_views_is_refused_and_can_be_set_aside(decided, sql):
    with sqlite3.connect(decided / FILE) as connection:
        connection.executescript(sql)
    connection.close()
    with pytest.raises(ProblemError) as raised:
        open_index(decided)
    problem, = raised.value.problems
    assert problem.code == "damaged_index" and problem.fixes
    assert is_damaged(decided)
    assert rescue_index(decided) is not None
    assert in_force(decided)["cat/1.png"][0] == "dog"


@pytest.mark.parametrize("version", range(1, schema.VERSION + 1))
def test_indexes_of_every_version_are_as_they_are_declared(tmp_path, version):
    with sqlite3.connect(tmp_path / FILE, isolation_level=None) as connection:
        for step in schema._STEPS[:version]:
            connection.executescript(step)
        connection.execute(f"PRAGMA user_version = {version}")
        assert schema.foreign_objects(connection) == []
    connection.close()
    open_index(tmp_path).close()
    open_index(tmp_path).close()


def test_a_damaged_cell_of_the_index_is_a_problem(decided):
    with sqlite3.connect(decided / FILE) as connection:
        connection.execute("UPDATE facts SET value = '[' WHERE name = 'spec'")
    connection.close()
    index = open_index(decided)
    try:
        with pytest.raises(ProblemError) as raised:
            index.spec_in_force()
        assert raised.value.problems[0].code == "damaged_index"
    finally:
        index.close()
