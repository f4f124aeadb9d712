"""Scenarios survive the rescue of a damaged index: from the journal, else from their tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cnnstudio.datasets.index import FILE, open_index
from cnnstudio.datasets.rescue import replace_index
from cnnstudio.datasets.scenarios import (
    Scenario,
    ScenarioPicture,
    change_scenario,
    edit_scenario,
    list_scenarios,
    make_scenario,
)


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Scenario, ...]:
    """The scenarios of an index in `tmp_path`, after one was edited and another deleted."""
    index = open_index(tmp_path)
    try:
        make_scenario(index, "at night", "lamps", [ScenarioPicture("a" * 32, "ñandú/1.png"),
                                                   ScenarioPicture("b" * 32, "2.png")])
        make_scenario(index, "gone", "", [ScenarioPicture("c" * 32, "3.png")])
        night, gone = list_scenarios(index)
        edit_scenario(index, night, name="by night", remove=["b" * 32])
        change_scenario(index, gone, None)
        return list_scenarios(index)
    finally:
        index.close()


def _change(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.mark.parametrize("damage", [
    "UPDATE journal SET change = change",
    "UPDATE journal SET change = 'garbled' WHERE id = 1",
    "DROP TABLE scenario_pictures",
], ids=["nothing", "journal", "table"])
def test_they_are_rescued_from_the_journal_or_the_tables(tmp_path: Path, kept: tuple[Scenario, ...], damage: str) -> None:
    _change(tmp_path, damage)
    _aside, salvaged = replace_index(tmp_path)
    assert salvaged.scenarios == kept
    assert salvaged.complete
    index = open_index(tmp_path)
    try:
        assert list_scenarios(index) == kept
    finally:
        index.close()
    # What the new index says by its journal is what its tables say.
    assert replace_index(tmp_path)[1].scenarios == kept


def test_a_scenario_that_neither_tells_whole_is_said_to_be_lost(tmp_path: Path, kept: tuple[Scenario, ...]) -> None:
    assert kept
    _change(tmp_path, "UPDATE journal SET change = 'garbled'")
    _change(tmp_path, "DROP TABLE scenarios")
    _aside, salvaged = replace_index(tmp_path)
    assert not salvaged.complete
    assert salvaged.scenarios == ()
