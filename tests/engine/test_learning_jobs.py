"""The jobs of the Learn page."""

from __future__ import annotations

import contextlib
import io

import keras
import numpy as np
import pytest

from cnnstudio.core.commands import Stop
from cnnstudio.core.learning_jobs import (
    CompareRemedies,
    LossSliced,
    PipelineRan,
    Remedy,
    RemedyEpoch,
    RunPipeline,
    SliceLoss,
)
from cnnstudio.core.messages import decode_event, encode_event
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import models
from cnnstudio.engine.learning.loss_slice import Plane, filter_direction, slice_loss
from cnnstudio.engine.learning.pipeline import run_pipeline
from cnnstudio.engine.learning.remedies import compare_remedies
from cnnstudio.engine.pixels import prepare_pictures
from cnnstudio.learning.benches.optimisation.slices import slice_surface
from cnnstudio.learning.benches.regularisation.code import program
from cnnstudio.learning.benches.regularisation.pictures import digit_pictures, write_pictures
from cnnstudio.workers.link import StopRequested
from tests.engine.conftest import Recorder

REMEDIES = (Remedy(dropout=0.5, l2=0.01), Remedy(batch_normalization=True, augmentation=True, batch_size=8))


def test_a_direction_is_as_long_as_the_kernel_filter_by_filter() -> None:
    drawn = np.random.default_rng(3)
    for shape in ((3, 3, 2, 5), (7, 4)):
        kernel = drawn.normal(0, 2, shape).astype(np.float32)
        direction = filter_direction(kernel, drawn)
        axes = tuple(range(len(shape) - 1))
        assert np.sqrt((direction ** 2).sum(axes)) == pytest.approx(np.sqrt((kernel ** 2).sum(axes)), rel=1e-5)
    kernel = np.ones((2, 3), np.float32)
    assert Plane([kernel], 1).at(0, 0)[0].tolist() == kernel.tolist()


def test_the_slice_is_the_loss_around_the_trained_weights(trained, tmp_path) -> None:
    run, _folder = trained
    recorder = Recorder()
    slice_loss(SliceLoss(run_folder=str(run.folder), points=5, span=0.5, cache=str(tmp_path)), recorder)
    (event,) = recorder.of(LossSliced)
    losses = np.asarray(event.losses)
    assert losses.shape == (5, 5) and np.isfinite(losses).all()
    # The middle is the trained network itself, on the pictures that it learned.
    loaded = models.load(run.folder).model
    manifest = read_located(run.manifest_path, run.project_folder)
    entries = manifest.split("train")
    pixels = prepare_pictures([manifest.path(entry) for entry in entries], run.spec().recipe, tmp_path).take(
        np.arange(len(entries)))
    answers = np.asarray(loaded.predict_on_batch(pixels))
    own = -np.log(np.clip(answers[np.arange(len(entries)), [entry.label for entry in entries]], 1e-7, 1)).mean()
    assert losses[2, 2] == pytest.approx(own, rel=1e-4)
    assert losses[2, 2] < losses[[0, 0, -1, -1], [0, -1, 0, -1]].min()
    surface = slice_surface(event.losses, event.span)
    assert float(surface.loss(0, 0)) == pytest.approx(losses[2, 2], abs=1e-5)
    assert decode_event(encode_event(event)) == event


def test_every_network_learns_by_the_program_that_is_shown(tmp_path) -> None:
    path = write_pictures(digit_pictures(5, 20), tmp_path / "digits.npz")
    recorder = Recorder()
    compare_remedies(CompareRemedies(data=str(path), remedies=REMEDIES, epochs=2), recorder)
    events = recorder.of(RemedyEpoch)
    assert [(event.epoch, event.place) for event in events] == [(epoch, place) for epoch in (1, 2) for place in range(2)]
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        for remedy in REMEDIES:
            keras.backend.clear_session()
            exec(program(remedy, str(path), 0.001, 2, 1), {})  # our own text
    printed = [[float(part) for part in line.split()] for line in stdout.getvalue().splitlines()]
    for line, event in zip(printed, sorted(events, key=lambda event: (event.place, event.epoch)), strict=True):
        assert line == pytest.approx([event.epoch, event.loss, event.accuracy, event.val_loss, event.val_accuracy],
                                     rel=1e-3, abs=1e-3)


def test_a_comparison_can_be_stopped(tmp_path) -> None:
    path = write_pictures(digit_pictures(5, 20), tmp_path / "digits.npz")
    recorder = Recorder(lambda link, event: link.command(Stop(keep=False)) if isinstance(event, RemedyEpoch) else None)
    with pytest.raises(StopRequested):
        compare_remedies(CompareRemedies(data=str(path), remedies=(Remedy(),), epochs=50), recorder)
    assert len(recorder.of(RemedyEpoch)) == 1


def test_tensorflow_runs_the_cards_or_says_why_not() -> None:
    recorder = Recorder()
    run_pipeline(RunPipeline(cards=({"kind": "range", "values": {"stop": 5}}, {"kind": "batch", "values": {"batch_size": 2}})),
                 recorder)
    assert recorder.of(PipelineRan)[0].lines == ("[0, 1]", "[2, 3]", "[4]")
    recorder = Recorder()
    run_pipeline(RunPipeline(cards=({"kind": "range"}, {"kind": "batch"}, {"kind": "batch"})), recorder)
    (event,) = recorder.of(PipelineRan)
    assert not event.lines and "InvalidArgumentError" in event.error
