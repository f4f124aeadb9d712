"""Which metrics and monitors are refused, and what mends it."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.params import params_of
from cnnstudio.catalog.training import METRICS
from cnnstudio.core import edits
from cnnstudio.core.item import Step
from cnnstudio.core.keys import get_value, set_value
from cnnstudio.core.problems import ProblemError
from cnnstudio.network.checks import check_training
from cnnstudio.network.fixes import apply_fix
from cnnstudio.network.new_project import Facts, new_project

PROJECT = new_project("x", "/pictures", Facts(classes=("a", "b", "c")))


def problems(project, count=3):
    return check_training(project, BUILT_IN, count)


def mended(project, fix):
    return problems(apply_fix(project, fix))


@pytest.mark.parametrize("entry", list(METRICS), ids=lambda entry: entry.id)
def test_metrics_and_their_parameters_are_set_by_key(entry):
    project = set_value(PROJECT, "training.metrics", f"accuracy, {entry.id}", params_of)
    assert [step.type for step in project.training.metrics] == list(dict.fromkeys(["accuracy", entry.id])) or (
        entry.id == "accuracy")
    for param in entry.params:
        assert get_value(project, f"training.metrics.{entry.id}.{param.name}", params_of) == param.default
    assert [problem.code for problem in problems(project)] in ([], ["metric_always_one"])


def test_a_metric_without_meaning_for_the_labels_is_refused():
    project = edits.set_field(PROJECT, "dataset", "label_mode", "binary")
    project = edits.with_steps(project, edits.METRICS, (Step(id="best", type="top_k_accuracy"),))
    (problem,) = problems(project)
    assert (problem.code, problem.where.node) == ("metric_unfit", "metrics.best")
    assert mended(project, problem.fixes[0]) == ()


@pytest.mark.parametrize(("step", "code"), [
    (Step(id="x", type="of_another_version"), "unknown_metric"), (Step(id="val_x", type="recall"), "metric_id"),
    (Step(id="a b", type="recall"), "metric_id"), (Step(id="loss", type="recall"), "metric_id"),
    (Step(id="accuracy", type="recall"), "metric_twice"),
    (Step(id="recall", type="recall", params={"thresholds": 2.0}), "value"),
    (Step(id="recall", type="recall", params={"class_id": 3}), "value"),
    (Step(id="best", type="top_k_accuracy", params={"k": 3}), "metric_always_one")])
def test_a_wrong_metric_is_told_and_every_fix_mends_it(step, code):
    project = edits.with_steps(PROJECT, edits.METRICS, (*PROJECT.training.metrics, step))
    (problem,) = problems(project)
    assert (problem.code, problem.where.node) == (code, f"metrics.{step.id}")
    if code != "metric_twice":  # Of two with one id the fix cannot know which.
        assert all(mended(project, fix) == () for fix in problem.fixes)


def test_what_is_not_measured_cannot_be_monitored():
    project = edits.with_steps(PROJECT, edits.METRICS, (Step(id="accuracy", type="accuracy", enabled=False),))
    project = edits.set_step_param(project, "training", "early_stopping", "monitor", "val_accuracy")
    (problem,) = problems(project)
    assert (problem.code, problem.where.node, problem.where.field) == ("unknown_monitor", "early_stopping", "monitor")
    assert len(problem.fixes) == 2
    assert all(mended(project, fix) == () for fix in problem.fixes)


def test_callbacks_are_listed_by_their_types_too():
    project = set_value(PROJECT, "training.callbacks", "EarlyStopping", params_of)
    assert project.training.last_stage.callbacks == PROJECT.training.last_stage.callbacks[:1]
    assert set_value(PROJECT, "training.callbacks", "none", params_of).training.last_stage.callbacks == ()
    with pytest.raises(ProblemError):
        set_value(PROJECT, "training.callbacks", "[nonsense", params_of)
