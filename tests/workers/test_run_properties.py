"""The properties of evaluated pictures: of their files, and of the columns of their list."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.runs.calibration import calibrated_answers
from cnnstudio.workers.runs.properties import property_values
from tests.workers.scenario_place import Place


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.index.close()


def answers_of(run):
    return calibrated_answers(run, "test")


def values_of(values, identifier):
    return next(item.data for item in values.values if item.id == identifier)


def test_every_property_has_a_value_for_each_answer(place):
    run = place.run()
    values = property_values(run, answers_of(run))
    assert all(len(item.data) == 6 for item in values.values)
    assert np.isfinite(values_of(values, "brightness")).all()
    assert set(values_of(values, "folder")) == {"cat", "dog"}
    assert set(values_of(values, "format")) == {"PNG"}
    assert values_of(values, "side").tolist() == [8.0] * 6
    assert (values.gone, values.problems) == (0, ())


def test_files_that_are_gone_are_counted_and_their_values_unknown(place):
    run = place.run()
    answers = answers_of(run)
    (place.root / "cat" / "3.png").unlink()
    (place.root / "dog" / "4.png").write_bytes(b"no picture")
    values = property_values(run, answers)
    assert values.gone == 1
    assert np.isnan(values_of(values, "bytes")).sum() == 1
    assert set(values_of(values, "folder")) == {"cat", "dog"}, "the folder is known without the file"


def test_a_property_that_does_not_exist_is_refused_with_those_that_do(place):
    run = place.run()
    with pytest.raises(ProblemError) as caught:
        property_values(run, answers_of(run), "weather")
    (problem,) = caught.value.problems
    assert problem.code == "unknown_property"
    assert "brightness" in problem.text.en and problem.text.es


def test_what_is_measured_can_be_cancelled(place):
    run = place.run()
    values = property_values(run, answers_of(run), cancelled=lambda: True)
    assert len(values_of(values, "folder")) == 6
