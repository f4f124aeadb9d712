"""Scenarios: they hold contents, not paths; every change can be undone and is in the journal."""

from __future__ import annotations

import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import scan_folder
from cnnstudio.datasets.scenarios import (
    change_scenario,
    edit_scenario,
    find_scenario,
    list_scenarios,
    make_scenario,
    present_pictures,
    scenario_pictures,
)
from tests.datasets.test_decisions import collection, looked, picture


@pytest.fixture
def found(tmp_path):
    index = looked(Index(tmp_path / "dataset.sqlite"), collection(tmp_path / "p"))
    yield index, tmp_path / "p"
    index.close()


def three(found):
    index, root = found
    return scenario_pictures(index, root, index.ids()[:3])


def names(index):
    return [scenario.name for scenario in list_scenarios(index)]


def code(call) -> str:
    with pytest.raises(ProblemError) as caught:
        call()
    assert caught.value.problems[0].text.es != caught.value.problems[0].text.en
    return caught.value.problems[0].code


def test_it_is_made_changed_and_deleted_and_every_step_is_undone(found):
    index, root = found
    steps = [make_scenario(index, " night ", "why", three(found))]
    (scenario,) = list_scenarios(index)
    assert (scenario.name, scenario.note, len(scenario.pictures)) == ("night", "why", 3)
    steps.append(edit_scenario(index, scenario, name="at night", note="",
                               add=scenario_pictures(index, root, index.ids()[3:5]), remove=[scenario.pictures[0].hash]))
    (changed,) = list_scenarios(index)
    assert (changed.name, changed.note, len(changed.pictures)) == ("at night", "", 4)
    steps.append(change_scenario(index, changed, None))
    assert names(index) == []
    for step, there in zip(reversed(steps), (["at night"], ["night"], []), strict=True):
        step.undo()
        assert names(index) == there
    for step, there in zip(steps, (["night"], ["at night"], []), strict=True):
        step.redo()
        assert names(index) == there


def test_a_deleted_one_that_comes_back_does_not_meet_its_number(found):
    index, _root = found
    make_scenario(index, "first", "", three(found))
    deleted = change_scenario(index, find_scenario(index, "first"), None)
    make_scenario(index, "second", "", three(found))
    deleted.undo()
    assert sorted(names(index)) == ["first", "second"]
    assert len({scenario.id for scenario in list_scenarios(index)}) == 2


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 81])
def test_a_name_is_one_line_of_some_letters(found, name):
    assert code(lambda: make_scenario(found[0], name, "", three(found))) == "bad_scenario_name"


def test_a_name_is_given_once_whatever_its_case(found):
    index, _root = found
    make_scenario(index, "De noche & <b>%s{x}'\"", "", three(found))
    assert code(lambda: make_scenario(index, "DE NOCHE & <B>%S{X}'\"", "", three(found))) == "scenario_exists"
    (scenario,) = list_scenarios(index)
    edit_scenario(index, scenario, name="de noche & <b>%s{x}'\"")
    assert names(index) == ["de noche & <b>%s{x}'\""], "another case of its own name is no clash"


def test_a_picture_stays_in_it_when_it_moves_and_is_gone_when_it_is_deleted_or_excluded(found):
    index, root = found
    make_scenario(index, "three", "", three(found))
    (scenario,) = list_scenarios(index)
    paths = [item.path for item in scenario.pictures]
    (root / paths[0]).rename(root / "b" / "moved.png")
    (root / paths[1]).unlink()
    picture(root / paths[2], 999)
    looked(index, root)
    assert [path for path, _class in present_pictures(index, [scenario]).values()] == ["b/moved.png"]


def test_contents_that_no_scan_read_yet_are_read_and_files_that_are_gone_left_out(tmp_path):
    root, index = collection(tmp_path / "p", 4), Index(tmp_path / "dataset.sqlite")
    scan_folder(index, root, DatasetSpec())
    (root / "a" / "0.png").unlink()
    found = scenario_pictures(index, root, index.ids())
    index.close()
    assert sorted(item.path for item in found) == ["a/2.png", "b/1.png", "b/3.png"]
    assert len({item.hash for item in found}) == 3
