"""The calibration of a run: kept with it, for the model it was found for, and shown in its evaluations."""

from __future__ import annotations

import os

import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.evaluation.rejection import REJECTIONS
from cnnstudio.workers.runs.answers import evaluation_rows
from cnnstudio.workers.runs.calibration import (
    calibrate,
    calibrated_answers,
    has_answers,
    keep_calibration,
    kept_answers,
    present_calibration,
    read_calibration,
    remove_rejection,
    remove_temperature,
)
from cnnstudio.workers.runs.side_by_side import answers_side_by_side
from tests.evaluation.material import draw
from tests.workers.calibrated_runs import BEFORE, CLASSES, answered_run, keep
from tests.workers.evaluated_runs import evaluated_run, result


@pytest.fixture
def run(tmp_path):
    return answered_run(tmp_path)


def test_a_temperature_is_kept_and_shown_in_every_evaluation(run):
    raw, before = kept_answers(run, "test"), run.evaluation("test")
    calibration = calibrate(run)
    assert calibration.temperature > 1 and read_calibration(run) == calibration
    after = run.evaluation("test")
    assert (after.accuracy, after.temperature) == (before.accuracy, calibration.temperature)
    assert after.loss < before.loss
    answers = calibrated_answers(run, "test")
    assert [row.probability for row in evaluation_rows(run, "test")] == answers.probabilities.max(axis=1).tolist()
    assert (kept_answers(run, "test").probabilities == raw.probabilities).all()
    # A second time it is found on the answers themselves again, not on calibrated ones.
    assert calibrate(run) == calibration
    keep_calibration(run, None)
    assert run.evaluation("test") == before and read_calibration(run) is None


def test_a_reject_option_stays_with_a_new_temperature_until_it_is_taken_away(run):
    option = REJECTIONS["conformal"]
    alone = calibrate(run, temperature=False, reject=(option, 0.2))
    assert alone.temperature == 1.0 and alone.rejection.level == 0.2
    both = calibrate(run)
    assert both.temperature > 1 and both.rejection.kind == "conformal"
    assert both.rejection.threshold != alone.rejection.threshold
    kept = calibrate(run, temperature=False, reject=(REJECTIONS["confidence"], 0.6))
    assert (kept.temperature, kept.fit, kept.rejection.threshold) == (both.temperature, both.fit, 0.6)
    assert calibrate(run, keep_rejection=False).rejection is None


def test_one_part_is_removed_and_the_other_stays(run):
    both = calibrate(run, reject=(REJECTIONS["conformal"], 0.2))
    remove_temperature(run)
    left = read_calibration(run)
    assert left.temperature == 1.0 and left.fit is None and left.model == both.model
    assert left.rejection == calibrate(run, temperature=False).rejection, "fitted to answers without the temperature"
    calibrate(run)
    remove_rejection(run)
    left = read_calibration(run)
    assert (left.temperature, left.fit, left.rejection) == (both.temperature, both.fit, None)
    remove_temperature(run)
    assert read_calibration(run) is None


def test_a_calibration_that_says_nothing_leaves_no_file(run):
    calibrate(run, temperature=False, reject=(REJECTIONS["confidence"], 0.6))
    assert run.calibration_path.exists()
    calibrate(run, temperature=False, keep_rejection=False)
    assert not run.calibration_path.exists()


def test_a_model_that_was_trained_further_is_not_calibrated_any_more(run):
    calibrate(run)
    facts = run.evaluation("test")
    run.model_path.write_bytes(b"another model")
    assert present_calibration(run)[0] is None
    assert [problem.code for problem in present_calibration(run)[1]] == ["outdated_calibration"]
    # Its evaluations are those of the model before.
    assert not has_answers(run, "test")
    keep_calibration(run, None)
    assert run.evaluation("test") == facts
    with pytest.raises(ProblemError) as raised:
        calibrate(run)
    assert raised.value.problems[0].code == "no_answers"


def test_answers_older_than_the_table_of_an_earlier_version_do_not_count(run):
    """An earlier version evaluates anew without answers: those that lie there are of the model before."""
    os.utime(run.answers_path("test"), (10**8, 10**8))
    assert not has_answers(run, "test") and has_answers(run, "validation")


def test_too_few_pictures_change_nothing(tmp_path):
    run = answered_run(tmp_path, count=20)
    with pytest.raises(ProblemError) as raised:
        calibrate(run, reject=(REJECTIONS["confidence"], 0.5))
    assert raised.value.problems[0].code == "too_few_pictures"
    assert read_calibration(run) is None
    assert calibrate(run, temperature=False, reject=(REJECTIONS["confidence"], 0.5)).rejection is not None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"temperature": 0}', b'{"temperature": 1e999}', b"\xff" * 9])
def test_a_damaged_file_is_told_and_replaced(run, data):
    run.calibration_path.write_bytes(data)
    with pytest.raises(ProblemError) as raised:
        present_calibration(run)
    assert raised.value.problems[0].code == "damaged_calibration"
    assert calibrate(run).temperature > 1
    assert present_calibration(run)[0] is not None


def test_damaged_answers_lead_to_another_evaluation(run):
    run.answers_path("validation").write_bytes(b"PK")
    with pytest.raises(ProblemError) as raised:
        calibrate(run)
    assert raised.value.problems[0].code == "damaged_answers"
    run.answers_path("validation").unlink()
    with pytest.raises(ProblemError) as raised:
        calibrate(run)
    assert "Evaluate it again" in raised.value.problems[0].text.en
    assert np.isfinite(kept_answers(run, "test").probabilities).all()


def test_runs_stand_side_by_side_on_the_same_files_alone(tmp_path):
    def hashed_run(content):
        run = evaluated_run(tmp_path, [result("0.png", 0, label=0)], classes=CLASSES, hashes={"0.png": content})
        run.model_path.write_bytes(b"model")
        os.utime(run.model_path, (BEFORE, BEFORE))
        keep(run, "test", draw(np.random.default_rng(1), 30, 3))
        return run

    first, same, changed = hashed_run("aa"), hashed_run("aa"), hashed_run("bb")
    assert [answers.run for answers in answers_side_by_side([first, same], "test")] == [first.id, same.id]
    with pytest.raises(ProblemError) as raised:
        answers_side_by_side([first, same, changed], "test")
    problem, = raised.value.problems
    assert problem.code == "unlike_evaluations" and changed.id in problem.text.en and "(1)" in problem.text.en
