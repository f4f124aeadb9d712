"""CSV that a spreadsheet shows and never computes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.core.csv_text import csv_bytes, with_guard, without_guard
from cnnstudio.core.jobs import Prediction, Ranked
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.sources.tables import read_table
from cnnstudio.workers.answer_tables import write_all_answers

FORMULAS = ("=1+1", "+1", "-cat", "@SUM(A1)", "\tx", "\r=x", "'=1", "''-x")


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_is_guarded_and_comes_back(text):
    assert with_guard(text) == "'" + text
    assert without_guard(with_guard(text)) == text


@pytest.mark.parametrize("text", ["", "cat", "a=b", "1", "'tis", "é", "0.5"])
def test_other_text_stays_as_it_is(text):
    assert with_guard(text) == without_guard(text) == text


@given(st.text())
def test_any_text_comes_back(text):
    assert without_guard(with_guard(text)) == text
    assert not with_guard(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_numbers_stay_numbers_and_odd_names_are_written():
    data = csv_bytes([("=x", -1.5), ("bad\udcff.png", 2)])
    assert list(csv.reader(io.StringIO(data.decode()))) == [["'=x", "-1.5"], ["bad\\udcff.png", "2"]]


def test_the_list_of_a_collection_is_read_back_as_it_was(tmp_path):
    rows = [("path", "label"), *((f"{number}.png", name) for number, name in enumerate(FORMULAS))]
    (tmp_path / "list.csv").write_bytes(csv_bytes(rows))
    assert [tuple(fields) for _line, fields in read_table(tmp_path / "list.csv").rows] == rows


def test_answers_replace_an_earlier_file_only_when_all_are_written(tmp_path, monkeypatch):
    target = tmp_path / "answers.csv"
    target.write_text("earlier")
    answers = [Prediction(request=1, path="=evil.png", top=(Ranked(label="@cat", probability=0.75),))]

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(ProblemError) as caught:
            write_all_answers(target, answers, ["@cat"], with_doubt=False)
    assert caught.value.problems[0].code == "no_space"
    assert target.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["answers.csv"]
    write_all_answers(target, answers, ["@cat"], with_doubt=False)
    assert target.read_text() == "path,label,probability,problem,'@cat\n'=evil.png,'@cat,0.75,,0.75\n"
