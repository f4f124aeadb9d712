"""A run goes on for more epochs, and a new run begins with the weights of another."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from cnnstudio.core.edits import set_field
from cnnstudio.core.events import Epoch, Finished, Notice
from cnnstudio.core.item import Item, Step
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.training import Stage, with_settings
from cnnstudio.engine import models
from cnnstudio.workers.runs.origin import RunOrigin, write_origin
from cnnstudio.workers.runs.resuming import continued_job
from cnnstudio.workers.runs.weights import chosen_weights, copy_weights, kept_weights, weights_origin
from tests.engine.collections_of_pictures import augmented, dense_network, replace, small_network, small_project
from tests.engine.conftest import metrics_of, stop_at

PLATEAU = (Step(id="plateau", type="ReduceLROnPlateau", params={"factor": 0.5, "patience": 1, "min_delta": 0.5}),)


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def restless(epochs):
    project = augmented(small_project(epochs=epochs, callbacks=PLATEAU))
    return replace(project, network=small_network(dropout=0.3, batch_normalization=True))


def codes(recorder):
    return [event.problem.code for event in recorder.of(Notice) if event.problem.code != "seconds_at_risk"]


def weights_of(run):
    return [np.asarray(weight) for weight in models.load(run.folder).model.weights]


def go_on(run, more, train_run):
    """Continue a run, in this process."""
    assert continued_job(run, more).resume
    return train_run(run, resume=True)


def test_a_finished_run_that_goes_on_equals_an_unbroken_longer_one(new_run, train_run, unbroken):
    run = new_run(restless(3))
    train_run(run)
    last, recorder = go_on(run, 2, train_run)
    whole = unbroken(restless(5))
    assert isinstance(last, Finished)
    assert last.metrics == whole.metrics
    assert metrics_of(recorder) == whole.epochs[3:]
    assert all((one == other).all() for one, other in zip(weights_of(run), whole.arrays, strict=True))
    assert codes(recorder) == ["goes_on"]
    assert "random numbers" in recorder.of(Notice)[0].problem.text.en
    assert run.summary().epochs == run.summary().planned == 5


def test_a_run_stopped_within_an_epoch_goes_on_from_there(new_run, train_run, unbroken):
    run = new_run(restless(20))
    train_run(run, on_event=stop_at(2, 3))
    last, _recorder = go_on(run, 4, train_run)
    assert last.metrics == unbroken(restless(5)).metrics


def test_what_ended_a_training_early_does_not_end_it_again_at_once(new_run, train_run):
    stopping = Step(id="stop", type="EarlyStopping", params={"patience": 1, "min_delta": 10.0, "restore_best_weights": True})
    run = new_run(small_project(epochs=9, callbacks=(stopping,)))
    train_run(run)
    done = run.summary().epochs
    assert done < 9
    last, recorder = go_on(run, 1, train_run)
    assert [event.epoch for event in recorder.of(Epoch)] == [done + 1]
    assert isinstance(last, Finished)
    assert "count anew" in recorder.of(Notice)[0].problem.text.en


def test_a_schedule_over_the_stage_is_named_as_what_cannot_be_equal(new_run, train_run):
    project = small_project(epochs=2)
    project = replace(project, training=with_settings(project.training, schedule=Item(
        type="CosineDecay", params={"initial_learning_rate": 0.01})))
    run = new_run(project)
    train_run(run)
    _last, recorder = go_on(run, 2, train_run)
    assert "CosineDecay" in recorder.of(Notice)[0].problem.text.en
    assert recorder.of(Epoch)[-1].metrics["learning_rate"] == pytest.approx(0.0, abs=1e-6)


def test_runs_that_cannot_go_on_say_why(new_run, train_run):
    untrained = new_run(small_project())
    two = small_project(epochs=2)
    two = replace(two, training=replace(two.training, stages=(*two.training.stages, Stage(id="second", epochs=2))))
    stopped = new_run(two)
    train_run(stopped, on_event=stop_at(2, 1))
    for run, more, code in ((untrained, 1, "nothing_done"), (stopped, 1, "earlier_stage"), (stopped, 0, "bad_epochs")):
        with pytest.raises(ProblemError) as raised:
            continued_job(run, more)
        assert raised.value.problems[0].code == code
    train_run(stopped, resume=True)
    for path in stopped.checkpoints.iterdir():
        path.unlink()
    with pytest.raises(ProblemError) as raised:
        continued_job(stopped, 1)
    assert raised.value.problems[0].code == "no_checkpoint"


def test_a_model_is_not_thrown_away_for_want_of_a_checkpoint(new_run, train_run):
    run = new_run(small_project(epochs=2))
    train_run(run)
    continued_job(run, 1)
    for path in run.checkpoints.iterdir():
        path.write_bytes(path.read_bytes()[:200])
    kept = run.model_path.read_bytes()
    with pytest.raises(ProblemError) as raised:
        train_run(run, resume=True)
    assert raised.value.problems[0].code == "no_checkpoint"
    assert run.model_path.read_bytes() == kept


# Beginning with the weights of another run ----------------------------------------------------------


def branch(new_run, parent, project, epoch=None):
    """A new run with the weights of another."""
    chosen = chosen_weights(parent, epoch)
    run = new_run(project)
    write_origin(run.folder, weights_origin(parent, chosen))
    copy_weights(parent, chosen, run.folder)
    return run


def frozen(project):
    """With a learning rate of nothing: what was taken over stays."""
    return set_field(project, "training", "optimizer", Item(type="sgd", params={"learning_rate": 0.0}))


@pytest.mark.parametrize("kind", ["model", "checkpoint"])
def test_a_branch_begins_with_the_weights_of_its_parent(new_run, train_run, kind):
    parent = new_run(small_project(epochs=3))
    last, recorder = train_run(parent)
    recorder.emit(last)
    kept = kept_weights(parent)
    assert next((item.kind, item.epoch) for item in kept) == ("model", 3)
    if kind == "checkpoint":
        parent.model_path.unlink()
    expected = parent
    run = branch(new_run, parent, frozen(small_project(epochs=1)), 3)
    _last, recorder = train_run(run)
    assert codes(recorder) == ["weights_taken"]
    from cnnstudio.engine.run_models import load

    wanted = [np.asarray(weight) for weight in load(expected.folder).model.weights]
    assert all((one == other).all() for one, other in zip(weights_of(run), wanted, strict=True))


def test_what_does_not_fit_is_told_by_name(new_run, train_run):
    project = small_project(epochs=1)
    parent = new_run(replace(project, network=dense_network()))
    train_run(parent)
    nodes = tuple(msgspec.structs.replace(node, params={"units": 7}) if node.id == "dense_2" else node
                  for node in dense_network().nodes)
    run = branch(new_run, parent, replace(project, network=replace(dense_network(), nodes=nodes)))
    _last, recorder = train_run(run)
    text = recorder.of(Notice)[0].problem.text
    assert "layers taken over 1 of 3. Not taken over: other shapes: dense_2, output" in text.en
    assert "otras formas: dense_2, output" in text.es


def test_the_classifier_of_other_classes_is_not_taken_over(new_run, train_run):
    parent = new_run(small_project(epochs=1), classes=("round", "square"))
    train_run(parent)
    run = branch(new_run, parent, small_project(epochs=1))
    _last, recorder = train_run(run)
    assert "other classes: output" in recorder.of(Notice)[0].problem.text.en


def test_an_epoch_that_was_not_kept_lists_those_that_were(new_run, train_run):
    parent = new_run(small_project(epochs=5))
    train_run(parent)
    with pytest.raises(ProblemError) as raised:
        chosen_weights(parent, 1)
    problem = raised.value.problems[0]
    assert problem.code == "epoch_not_kept"
    assert problem.text.en.endswith("4, 5.")


def test_nothing_that_fits_is_a_problem(new_run, train_run):
    parent = new_run(small_project(epochs=1))
    train_run(parent)
    project = small_project(epochs=1)
    renamed = tuple(msgspec.structs.replace(node, id=f"new_{node.id}") for node in project.network.nodes)
    edges = tuple(msgspec.structs.replace(edge, source=f"new_{edge.source}", target=f"new_{edge.target}")
                  for edge in project.network.edges)
    run = branch(new_run, parent, replace(project, network=replace(project.network, nodes=renamed, edges=edges)))
    with pytest.raises(ProblemError) as raised:
        train_run(run)
    assert raised.value.problems[0].code == "nothing_fits"


def test_a_link_in_the_place_of_the_weights_is_refused(new_run, train_run, tmp_path):
    run = new_run(small_project(epochs=1))
    write_origin(run.folder, RunOrigin(kind="weights", parent="x"))
    (tmp_path / "elsewhere").mkdir()
    (run.folder / "start").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(ProblemError) as raised:
        train_run(run)
    assert raised.value.problems[0].code == "is_link"


def test_a_damaged_origin_is_none(new_run):
    run = new_run(small_project())
    write_origin(run.folder, RunOrigin(kind="weights", parent="x"))
    path = run.folder / "origin.json"
    path.write_bytes(path.read_bytes().replace(b'"x"', b'"y"'))
    assert run.summary().origin == RunOrigin()
