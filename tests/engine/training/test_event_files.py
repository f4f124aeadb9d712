"""Event files for TensorBoard: what is in them, whole after a break, and the same in the scripts."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Epoch, Notice, Stopped
from cnnstudio.core.item import Step
from cnnstudio.engine.training.event_files import read_events
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.torch.script import torch_script
from tests.engine.collections_of_pictures import CLASSES, small_project
from tests.engine.conftest import metrics_of, stop_at
from tests.engine.training.test_stages import planned, stage

pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def board(**params):
    return Step(id="board", type="TensorBoard", params=params)


def scalars(folder):
    """{part: {tag: {step: value}}}; a step that is there twice fails."""
    found = {}
    for part in ("train", "validation"):
        files = list((folder / "tensorboard" / "board" / part).glob("events.out.tfevents.*"))
        assert len(files) == 1
        tags = found.setdefault(part, {})
        for event in read_events(files[0]):
            for value in event.summary.value:
                steps = tags.setdefault(value.tag, {})
                assert event.step not in steps
                steps[event.step] = value.simple_value if value.WhichOneof("value") == "simple_value" else value.histo
    return found


def test_epochs_are_written_as_keras_names_them(new_run, train_run):
    run = new_run(small_project(epochs=3, callbacks=(board(),)))
    _last, recorder = train_run(run)
    found = scalars(run.folder)
    epochs = recorder.of(Epoch)
    assert found["train"]["epoch_loss"] == pytest.approx({n: event.metrics["loss"] for n, event in enumerate(epochs)})
    assert found["validation"]["epoch_accuracy"] == pytest.approx(
        {n: event.metrics["val_accuracy"] for n, event in enumerate(epochs)})
    assert list(found["train"]["epoch_learning_rate"]) == [0, 1, 2]
    assert not [tag for tag in found["train"] if tag.startswith("batch_")]


def test_batches_and_histograms_on_request(new_run, train_run):
    run = new_run(small_project(epochs=2, callbacks=(board(update_freq=2, histogram_freq=2),)))
    train_run(run)
    train = scalars(run.folder)["train"]
    steps = list(train["batch_loss"])
    assert steps == [1, 3, 6, 8], "the second and fourth of five batches"
    assert set(train["batch_learning_rate"]) == set(steps)
    histograms = {tag: values for tag, values in train.items() if not tag.startswith(("epoch_", "batch_"))}
    assert histograms
    assert all(list(values) == [1] for values in histograms.values())
    assert all(sum(histogram.bucket) == histogram.num for values in histograms.values() for histogram in values.values())


@pytest.mark.parametrize("moment", [pytest.param((1, 2), marks=pytest.mark.nightly), (3, 1),
                                    pytest.param((3, 4), marks=pytest.mark.nightly),
                                    pytest.param((4, 2), marks=pytest.mark.nightly)])
def test_a_break_changes_nothing_and_every_step_is_there_once(new_run, train_run, unbroken, moment):
    project = planned(stage("a", 2, callbacks=(board(update_freq=1),)), stage("b", 2, callbacks=(board(update_freq=1),)))
    wanted = unbroken(planned(stage("a", 2), stage("b", 2)))
    whole = new_run(project)
    _last, recorder = train_run(whole)
    assert metrics_of(recorder) == wanted.epochs, "writing changes no number"
    run = new_run(project)
    last, first = train_run(run, on_event=stop_at(*moment))
    assert isinstance(last, Stopped)
    _last, second = train_run(run, resume=True)
    assert metrics_of(first) + metrics_of(second) == wanted.epochs
    assert not [event for event in [*first.of(Notice), *second.of(Notice)] if event.problem.code == "state_not_kept"]
    for part, tags in scalars(whole.folder).items():
        again = scalars(run.folder)[part]
        assert set(again) == set(tags)
        for tag, steps in tags.items():
            assert again[tag] == pytest.approx(steps), tag
    assert list(scalars(run.folder)["train"]["epoch_loss"]) == [0, 1, 2, 3]


def test_a_file_that_a_crash_cut_off_is_read_up_to_there(new_run, train_run):
    run = new_run(small_project(epochs=2, callbacks=(board(),)))
    train_run(run)
    path = next((run.folder / "tensorboard" / "board" / "train").iterdir())
    whole = list(read_events(path))
    data = path.read_bytes()
    for cut in range(0, len(data), 7):
        path.write_bytes(data[:cut])
        assert list(read_events(path)) == whole[:len(list(read_events(path)))]
    path.write_bytes(np.random.default_rng(1).bytes(500))
    assert isinstance(list(read_events(path)), list)


def test_the_scripts_write_them_with_the_library_of_the_framework():
    project = planned(stage("a", 1, callbacks=(board(histogram_freq=1),)), stage("b", 1, callbacks=(board(update_freq=5),)),
                      project=small_project("categorical"))
    context = context_of(project, len(CLASSES), BUILT_IN)
    text = keras_script(project, context, 24)
    assert 'keras.callbacks.TensorBoard(log_dir="tensorboard/board", histogram_freq=1)' in text
    assert 'keras.callbacks.TensorBoard(log_dir="tensorboard/board-b", update_freq=5)' in text
    text = torch_script(project, context, 24)
    assert 'TensorBoard("board", histogram_freq=1)' in text
    assert 'TensorBoard("board-b")' in text
    assert "from torch.utils.tensorboard import SummaryWriter" in text
