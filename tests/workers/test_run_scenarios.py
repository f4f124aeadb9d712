"""Runs on scenarios: from kept answers, learned pictures apart, what waits, and how runs compare."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnstudio.core.jobs import Evaluate
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.workers.runs.scenarios import best_runs, compare_measured, scenarios_job
from tests.datasets.test_decisions import picture
from tests.workers.scenario_place import Place


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.index.close()


def test_learned_pictures_are_counted_apart_and_what_was_not_evaluated_waits(place):
    run = place.run(wrong=("cat/3.png", "cat/0.png"), splits=("test", "train"))
    scenario = place.scenario("all kinds", "cat/0.png", "cat/1.png", "cat/2.png", "cat/3.png", "dog/4.png", "dog/5.png")
    measured = place.measure(run, scenario)[scenario.id]
    assert (measured.pictures, measured.right, len(measured.learned), len(measured.waiting)) == (3, 2, 2, 1)
    assert measured.accuracy == pytest.approx(2 / 3)
    assert measured.learned_accuracy == 0.5
    low, high = measured.interval
    assert 0 < low < 2 / 3 < high < 1
    assert [(answer.path, answer.learned) for answer in measured.wrong()] == [("cat/3.png", False), ("cat/0.png", True)]


def test_without_pictures_or_answers_there_is_no_accuracy(place):
    run = place.run(splits=())
    empty, waiting = place.scenario("empty"), place.scenario("waiting", "cat/3.png")
    measured = place.measure(run, empty, waiting)
    assert measured[empty.id].accuracy is None and measured[empty.id].interval is None
    assert measured[waiting.id].accuracy is None and len(measured[waiting.id].waiting) == 1


def test_pictures_of_other_classes_and_those_that_are_gone_are_told_apart(place):
    run = place.run(splits=())
    picture(place.root / "fox" / "1.png", 99)
    place.look()
    scenario = place.scenario("odd", "fox/1.png", "cat/3.png", "cat/4.png")
    (place.root / "cat" / "3.png").unlink()
    place.look()
    measured = place.measure(run, scenario)[scenario.id]
    assert (measured.unknown, measured.gone, len(measured.waiting)) == (1, 1, 1)


def test_an_answer_of_a_picture_that_is_gone_still_counts_and_one_of_an_older_model_does_not(place):
    run = place.run()
    scenario = place.scenario("one", "cat/3.png")
    (place.root / "cat" / "3.png").unlink()
    place.look()
    assert place.measure(run, scenario)[scenario.id].pictures == 1
    later = run.answers_path("test").stat().st_mtime + 10
    run.model_path.write_bytes(b"trained further")
    os.utime(run.model_path, (later, later))
    assert place.measure(run, scenario)[scenario.id].accuracy is None


def test_runs_are_compared_on_what_neither_learned_from(place):
    paths = [f"{name}/{number}.png" for name in ("cat", "dog") for number in (3, 4, 5)]
    one, other = place.run(), place.run(wrong=("cat/3.png", "dog/4.png"))
    taught = place.run(learned=("test", "test", "validation", "train", "test", "test"))
    scenario = place.scenario("six", *paths)
    measured = {run.id: place.measure(run, scenario)[scenario.id] for run in (one, other, taught)}
    difference = compare_measured(measured[other.id], measured[one.id])
    assert (difference.pictures, difference.difference, difference.p_value) == (6, pytest.approx(-1 / 3), 0.5)
    assert compare_measured(measured[taught.id], measured[one.id]).pictures == 4
    assert best_runs(measured) == {one.id}, "a run that learned from some was measured on fewer: it is not in the order"
    assert best_runs({one.id: measured[one.id]}) == set(), "nothing to be better than"


def test_the_job_evaluates_what_waits_and_keeps_what_an_earlier_job_measured(place):
    run = place.run()
    scenario = place.scenario("some", "cat/0.png", "cat/2.png", "cat/3.png")
    job = scenarios_job(run, [scenario], place.index, place.root)
    assert isinstance(job, Evaluate)
    entries = read_manifest(Path(job.manifest)).entries
    assert sorted(entry.path for entry in entries) == ["cat/0.png", "cat/2.png"]
    done = place.scenario("known", "cat/3.png")
    assert scenarios_job(run, [done], place.index, place.root) is None
    run.model_path.unlink()
    with pytest.raises(ProblemError) as caught:
        scenarios_job(run, [scenario], place.index, place.root)
    assert caught.value.problems[0].code == "no_model"
