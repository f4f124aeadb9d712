"""Training: the same twice, the same after a break, and what goes wrong."""

from __future__ import annotations

import os
import signal
import zipfile

import keras
import numpy as np
import pytest

from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.events import Batch, Epoch, Finished, Hello, Notice, Paused, Resumed, Stopped
from cnnstudio.core.item import Item, Step
from cnnstudio.core.jobs import Train
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine import models
from cnnstudio.engine.training.checkpoints import read_checkpoint
from tests.engine.collections_of_pictures import (
    CLASSES,
    augmented,
    dense_network,
    draw,
    replace,
    small_network,
    small_project,
)
from tests.engine.conftest import metrics_of, pause_at, stop_at

CALLBACKS = (
    Step(id="early_stopping", type="EarlyStopping", params={"patience": 2, "restore_best_weights": True}),
    Step(id="plateau", type="ReduceLROnPlateau", params={"factor": 0.5, "patience": 1, "min_delta": 0.5}),
)


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    """Batch events for every batch, so that a test can act at an exact one."""
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def restless():
    """A project with everything random in it: dropout, batch normalisation, augmentation, callbacks."""
    project = augmented(small_project(epochs=4, callbacks=CALLBACKS))
    return replace(project, network=small_network(dropout=0.3, batch_normalization=True))


def test_it_learns_and_leaves_a_complete_run(new_run, train_run):
    run = new_run(small_project(epochs=8))
    last, recorder = train_run(run)
    assert isinstance(last, Finished)
    assert last.metrics["val_accuracy"] > 0.8
    assert set(last.metrics) >= {"loss", "accuracy", "val_loss", "val_accuracy", "epoch"}
    assert [event.epoch for event in recorder.of(Epoch)] == list(range(1, 9))
    assert {event.batches for event in recorder.of(Batch)} == {5}
    assert len(list(run.checkpoints.iterdir())) == 2
    model = keras.saving.load_model(run.model_path)
    assert model.compiled
    answers = model.predict_on_batch(np.full((1, 12, 12, 3), 200.0, np.float32))
    assert answers[0, 1] > 0.5
    card = models.load(run.folder).card
    assert (card.class_names, card.label_mode, card.recipe.height) == (CLASSES[:2], "categorical", 12)


@pytest.mark.parametrize("mode", ["int", "categorical", "binary"])
def test_label_modes(new_run, train_run, mode):
    last, recorder = train_run(new_run(small_project(mode, epochs=15)))
    assert last.metrics["val_accuracy"] == 1.0
    assert recorder.of(Epoch)[-1].metrics["accuracy"] > 0.8


def test_mixed_labels_of_two_classes_have_an_accuracy(new_run, train_run):
    """The larger share counts; Keras's own metric would compare shares with 0 and 1."""
    mixing = AugmentationSpec(steps=(Step(id="mix", type="mix_up", params={"alpha": 4.0}),))
    run = new_run(replace(small_project("binary", epochs=12, optimizer=Item(
        type="adam", params={"learning_rate": 0.05})), augmentation=mixing))
    last, recorder = train_run(run)
    assert isinstance(last, Finished)
    # Of two pictures of one class the share stays whole: about half of them would count in any case.
    assert recorder.of(Epoch)[-1].metrics["accuracy"] > 0.75
    model = keras.saving.load_model(run.model_path, safe_mode=True)
    assert int(model.optimizer.iterations) > 0, "it can be trained further, without any code of ours"


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(new_run, train_run, unbroken):
    first = unbroken(restless()).epochs
    assert metrics_of(train_run(new_run(restless()))[1]) == first
    other = replace(restless(), training=replace(restless().training, seed=43))
    assert metrics_of(train_run(new_run(other))[1]) != first


def test_a_pause_changes_nothing(new_run, train_run, unbroken):
    last, recorder = train_run(new_run(restless()), on_event=pause_at(2, 3))
    assert recorder.of(Paused)
    assert recorder.of(Resumed)
    assert isinstance(last, Finished)
    assert metrics_of(recorder) == unbroken(restless()).epochs


@pytest.mark.parametrize("moment", [(1, 2), pytest.param((3, 1), marks=pytest.mark.nightly), (3, 4)])
def test_stopped_and_resumed_equals_unbroken(new_run, train_run, unbroken, moment):
    wanted = unbroken(restless())
    run = new_run(restless())
    last, first_part = train_run(run, on_event=stop_at(*moment))
    assert isinstance(last, Stopped)
    assert last.kept
    assert run.has_model
    assert len(first_part.of(Epoch)) == moment[0] - 1
    last, second_part = train_run(run, resume=True)
    assert metrics_of(first_part) + metrics_of(second_part) == wanted.epochs
    assert last.metrics == wanted.metrics


def test_stopped_and_kept_is_the_last_whole_epoch(new_run, train_run):
    run = new_run(small_project(epochs=5))
    last, recorder = train_run(run, on_event=stop_at(3, 2))
    assert last.metrics == recorder.of(Epoch)[1].metrics | {"epoch": 2.0}
    other = new_run(small_project(epochs=2))
    train_run(other)
    for mine, theirs in zip(models.load(run.folder).model.weights, models.load(other.folder).model.weights,
                            strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_stopped_and_discarded_leaves_no_model(new_run, train_run):
    run = new_run(small_project(epochs=5))
    last, _recorder = train_run(run, on_event=stop_at(2, 1, keep=False))
    assert last == Stopped(run=run.id, kept=False)
    with run.events_path.open("ab") as file:
        file.write(encode_event(last) + b"\n")
    assert run.has_checkpoints
    assert not run.has_model
    assert not run.summary().has_model


def test_early_stopping_keeps_the_best(new_run, train_run):
    steps = (Step(id="stop", type="EarlyStopping", params={"patience": 1, "restore_best_weights": True,
                                                           "monitor": "val_accuracy", "min_delta": 10.0}),)
    last, recorder = train_run(new_run(small_project(epochs=20, callbacks=steps)))
    assert len(recorder.of(Epoch)) == 2
    assert last.metrics["epoch"] == 1.0
    assert [(event.best, event.best_by) for event in recorder.of(Epoch)] == [(True, "val_accuracy"), (False, "val_accuracy")]


def test_a_finished_training_that_is_resumed_stays_finished(new_run, train_run):
    run = new_run(small_project())
    whole, _recorder = train_run(run)
    run.model_path.unlink()
    last, recorder = train_run(run, resume=True)
    assert last.metrics == whole.metrics
    assert not recorder.of(Epoch)
    assert run.has_model


def test_a_truncated_checkpoint_is_passed_over(new_run, train_run, unbroken):
    run = new_run(restless())
    train_run(run, on_event=stop_at(4, 1))
    newest = max(run.checkpoints.iterdir())
    newest.write_bytes(newest.read_bytes()[:1000])
    # Which one was written before depends on the time that writing takes.
    epoch = read_checkpoint(run.checkpoints)[0].epoch
    assert 1 <= epoch <= 3
    _last, recorder = train_run(run, resume=True)
    assert metrics_of(recorder) == unbroken(restless()).epochs[epoch:]


def test_without_any_whole_checkpoint_it_starts_again_and_says_so(new_run, train_run):
    run = new_run(small_project())
    (run.checkpoints / "epoch-00002-000000.ckpt").write_bytes(b"nonsense")
    _last, recorder = train_run(run, resume=True)
    assert "no_checkpoint" in [event.problem.code for event in recorder.of(Notice)]
    assert len(recorder.of(Epoch)) == 3


def test_a_loss_that_runs_away_is_explained_and_nothing_is_lost(new_run, train_run):
    optimizer = Item(type="sgd", params={"learning_rate": 1e18, "momentum": 0.9})
    project = small_project(optimizer=optimizer, epochs=30)
    run = new_run(replace(project, network=dense_network()))
    with pytest.raises(ProblemError) as fault:
        train_run(run)
    problem = fault.value.problems[0]
    assert problem.code == "nan_loss"
    assert "1e+18" in problem.text.en
    found = read_checkpoint(run.checkpoints)
    assert found is None or all(np.isfinite(array).all() for array in found[1]["model"])


def test_a_missing_class_is_told(new_run, train_run, pictures):
    _root, entries = pictures
    rows = [entry for entry in entries if entry["label"] == 0 or entry["split"] != "train"]
    last, recorder = train_run(new_run(small_project(), rows))
    assert isinstance(last, Finished)
    notice = next(event.problem for event in recorder.of(Notice) if event.problem.code == "missing_class")
    assert "light" in notice.text.en


def test_one_picture_of_one_pixel(new_run, train_run, tmp_path):
    rows = [{"path": "dark/000.png", "label": 0, "split": "train"}]
    draw(tmp_path / "tiny", CLASSES[:1], count=1, size=1)
    last, recorder = train_run(new_run(small_project(callbacks=CALLBACKS), rows, tmp_path / "tiny"))
    assert isinstance(last, Finished)
    assert "no_validation" in [event.problem.code for event in recorder.of(Notice)]


def test_vanished_and_broken_files_are_named_and_skipped(new_run, train_run, tmp_path):
    rows = draw(tmp_path / "bad", count=60)
    for row in rows[:27]:
        (tmp_path / "bad" / row["path"]).unlink()
    (tmp_path / "bad" / rows[27]["path"]).write_bytes(b"this is no picture")
    last, recorder = train_run(new_run(small_project(epochs=1), rows, tmp_path / "bad"))
    assert isinstance(last, Finished)
    codes = [event.problem.code for event in recorder.of(Notice)]
    assert codes.count("vanished") + codes.count("picture_not_a_picture") == 20
    assert codes[20] == "pictures_skipped"


def test_a_folder_that_was_renamed_is_named(new_run, train_run, tmp_path):
    rows = draw(tmp_path / "old")
    run = new_run(small_project(), rows, tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    with pytest.raises(ProblemError) as problem:
        train_run(run)
    assert problem.value.problems[0].code == "pictures_gone"


def test_balanced_class_weights_change_the_loss(new_run, train_run, pictures):
    _root, entries = pictures
    rows = [entry for entry in entries if entry["label"] == 0 or int(entry["path"][-7:-4]) < 5]
    plain = metrics_of(train_run(new_run(small_project(), rows))[1])
    balanced = metrics_of(train_run(new_run(small_project(class_weight="balanced"), rows))[1])
    assert plain[0]["loss"] != balanced[0]["loss"]


def test_a_model_that_cannot_be_written_says_so_and_the_checkpoint_stays(new_run, train_run, monkeypatch):
    import errno

    run = new_run(small_project())

    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "writestr", full)
        with pytest.raises(ProblemError) as problem:
            train_run(run)
    assert problem.value.problems[0].code == "no_space"
    assert not run.has_model_file
    assert not [path for path in run.folder.iterdir() if "writing" in path.name]
    last, _recorder = train_run(run, resume=True)
    assert isinstance(last, Finished)
    assert run.has_model


def test_problems_of_the_network_stop_it(new_run, train_run):
    project = small_project()
    broken = replace(project, network=replace(project.network, edges=project.network.edges[:-1]))
    with pytest.raises(ProblemError) as problem:
        train_run(new_run(broken))
    assert problem.value.problems[0].where.node == "output"


@pytest.mark.keras
@pytest.mark.nightly
def test_killed_and_resumed_equals_unbroken(new_run, unbroken, tmp_path):
    """A real child, killed in its third epoch; another one goes on."""
    from cnnstudio.core.events import Failed
    from cnnstudio.workers.supervisor import Supervisor

    run = new_run(restless())

    def kill(event):
        if isinstance(event, Epoch) and event.epoch == 2:
            os.kill(supervisor.pid, signal.SIGKILL)

    job = Train(run_folder=str(run.folder), cache=str(tmp_path / "cache"), backend=keras.backend.backend())
    supervisor = Supervisor(job, kill)
    last = supervisor.run()
    assert isinstance(last, Failed)
    assert last.problem.code == "child_killed"
    assert run.state() == "interrupted"
    events = []
    last = Supervisor(replace(job, resume=True), events.append).run()
    assert isinstance(last, Finished)
    assert isinstance(events[0], Hello)
    assert [event.metrics for event in run.epochs()] == unbroken(restless()).epochs
    assert run.state() == "finished"


@pytest.mark.parametrize("moment", [(2, 3)])
def test_with_xla_a_break_changes_nothing_either(new_run, train_run, moment):
    project = small_project(jit_compile="on")
    _last, whole = train_run(new_run(project))
    run = new_run(project)
    last, first = train_run(run, on_event=stop_at(*moment))
    assert isinstance(last, Stopped)
    _last, second = train_run(run, resume=True)
    assert metrics_of(first) + metrics_of(second) == metrics_of(whole)
    _last, plain = train_run(new_run(small_project()))
    for mine, theirs in zip(metrics_of(whole), metrics_of(plain), strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], rel=0.02)
