"""The columns of a list as properties of its pictures."""

from __future__ import annotations

import math

import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.list_columns import read_list_columns, source_lists, to_number


def write(tmp_path, header, rows):
    path = tmp_path / "list.csv"
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def columns(path):
    found, problems = read_list_columns([path], DatasetSpec(source=str(path)))
    assert problems == ()
    return {column.name: column for column in found}


def test_columns_beside_path_and_class_are_found_with_their_values(tmp_path):
    path = write(tmp_path, "path,label,weather,weight",
                 [f"{number}.png,{'ab'[number % 2]},{'rain' if number % 3 else ''},{number}.5" for number in range(20)])
    found = columns(path)
    assert sorted(found) == ["weather", "weight"]
    assert (found["weather"].numeric, found["weight"].numeric) == (False, True)
    assert len(found["weather"].values) == 13, "an empty cell is no value"
    assert found["weight"].values[str(tmp_path / "3.png")] == "3.5"


def test_few_different_numbers_are_categories(tmp_path):
    path = write(tmp_path, "path,label,floor", [f"{number}.png,{'ab'[number % 2]},{number % 4}" for number in range(40)])
    assert not columns(path)["floor"].numeric


def test_a_list_that_is_gone_is_a_problem_and_the_others_are_read(tmp_path):
    path = write(tmp_path, "path,label,weather", [f"{number}.png,{'ab'[number % 2]},rain" for number in range(20)])
    found, problems = read_list_columns([tmp_path / "gone.csv", path], DatasetSpec(source=str(path)))
    assert [column.name for column in found] == ["weather"]
    assert [problem.text.es != problem.text.en for problem in problems] == [True]


def test_a_list_without_a_header_or_without_rows_has_no_columns(tmp_path):
    assert columns(write(tmp_path, "path,label", [])) == {}
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert read_list_columns([empty], DatasetSpec(source=str(empty)))[0] == []


def test_only_lists_among_the_sources_are_read(tmp_path):
    assert source_lists(DatasetSpec(source="pictures"), tmp_path) == []
    assert source_lists(DatasetSpec(source="list.csv", joined=("more",)), tmp_path) == [(tmp_path / "list.csv").resolve()]


@pytest.mark.parametrize(("text", "number"), [("1.5", 1.5), ("1,5", 1.5), ("-3", -3.0), ("1e3", 1000.0)])
def test_numbers_may_have_a_decimal_comma(text, number):
    assert to_number(text) == number


@pytest.mark.parametrize("text", ["", "1,5,0", "rain", "1.5 kg"])
def test_other_texts_are_no_numbers(text):
    assert math.isnan(to_number(text))
