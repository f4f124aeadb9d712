"""The jobs of a search that need PyTorch or a trained model."""

from __future__ import annotations

import math

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution, distribution_to_json

from cnnstudio.core.events import Finished
from cnnstudio.core.search_jobs import (
    BoundRegret,
    LatencyMeasured,
    MeasureLatency,
    Proposed,
    ProposeTrial,
    RegretBounded,
    StudyTrial,
)
from cnnstudio.engine.latency import measure_latency
from cnnstudio.engine.search_proposals import bound_regret, propose
from tests.engine.conftest import Recorder

SPACE = {"rate": FloatDistribution(1e-4, 1e-1, log=True), "batch": IntDistribution(8, 128),
         "kind": CategoricalDistribution(("a", "b"))}
DISTRIBUTIONS = {key: distribution_to_json(item) for key, item in SPACE.items()}


def trials(count):
    """The best rate is 0.01, and kind b is a little better."""
    found = []
    for number in range(count):
        rate = 10 ** (-4 + 3 * ((number * 0.618) % 1))
        kind = "ab"[number % 2]
        value = 0.9 - 0.1 * abs(math.log10(rate / 0.01)) + 0.02 * (kind == "b")
        found.append(StudyTrial(values=(value,), params={"rate": rate, "batch": 8 + number, "kind": kind},
                                distributions=DISTRIBUTIONS))
    return found


def test_a_gaussian_process_proposes_near_the_best():
    running = StudyTrial(values=None, params={"rate": 0.02, "batch": 20, "kind": "a"}, distributions=DISTRIBUTIONS)
    link = Recorder()
    assert isinstance(propose(ProposeTrial(trials=(*trials(24), running), directions=("maximize",), seed=1), link), Finished)
    proposed, = (event for event in link.events if isinstance(event, Proposed))
    assert set(proposed.params) == set(SPACE)
    for key, value in proposed.params.items():
        assert SPACE[key]._contains(SPACE[key].to_internal_repr(value))
    assert 0.002 < proposed.params["rate"] < 0.05 and proposed.params["kind"] == "b"


def test_several_objectives_are_proposed_for():
    several = [StudyTrial(values=(*trial.values, trial.params["batch"] / 10), params=trial.params,
                          distributions=trial.distributions) for trial in trials(12)]
    link = Recorder()
    propose(ProposeTrial(trials=tuple(several), directions=("maximize", "minimize"), seed=1), link)
    assert any(isinstance(event, Proposed) and set(event.params) == set(SPACE) for event in link.events)


def test_the_regret_is_bounded_less_with_more_trials():
    bounds = []
    for count in (20, 60):
        link = Recorder()
        bound_regret(BoundRegret(trials=tuple(trials(count)), directions=("maximize",)), link)
        bounds += [event.bound for event in link.events if isinstance(event, RegretBounded)]
    assert len(bounds) == 2 and bounds[1] < bounds[0] and all(math.isfinite(bound) for bound in bounds)


def test_the_latency_is_that_of_the_engine_that_answers(trained, tmp_path):
    run, _pictures = trained
    link = Recorder()
    job = MeasureLatency(run_folder=str(run.folder), cache=str(tmp_path), seconds=0.05)
    assert isinstance(measure_latency(job, link), Finished)
    measured, = (event for event in link.events if isinstance(event, LatencyMeasured))
    assert measured.run == run.id and measured.tries >= 10 and measured.engine in ("litert", "keras")
    assert 0 < measured.milliseconds < 1e4
