"""Trainings with classes of different sizes: weights and oversampling, after a break and in both scripts."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Batch, Stopped
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.torch.script import torch_script
from tests.engine.collections_of_pictures import CLASSES, small_project
from tests.engine.test_script import run as run_script
from tests.engine.training.test_training import metrics_of, stop_at


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


@pytest.fixture
def rows(pictures):
    """Of the second class every third training picture only."""
    _, entries = pictures
    rare = [entry for entry in entries if entry["label"] and entry["split"] == "train"][1::3]
    return [entry for entry in entries if not entry["label"] or entry["split"] != "train" or entry in rare]


def test_oversampling_shows_more_and_a_break_changes_nothing(new_run, train_run, rows):
    project = small_project(oversampling=1.0)
    common = sum(entry["split"] == "train" and not entry["label"] for entry in rows)
    _last, whole = train_run(new_run(project, rows))
    assert whole.of(Batch)[-1].batches == -(-2 * common // 5)
    run = new_run(project, rows)
    stopped, first = train_run(run, on_event=stop_at(2, 3))
    assert isinstance(stopped, Stopped)
    _last, second = train_run(run, resume=True)
    assert metrics_of(first) + metrics_of(second) == metrics_of(whole)


def test_weights_change_the_loss_by_their_strength(new_run, train_run, rows):
    losses = {}
    for name, settings in {"none": {}, "zero": {"class_weight": "balanced", "class_weight_strength": 0.0},
                           "half": {"class_weight": "balanced", "class_weight_strength": 0.5},
                           "whole": {"class_weight": "balanced"},
                           "hand": {"class_weight": "custom", "class_weights": {CLASSES[1]: 4.0}},
                           "both": {"class_weight": "balanced", "oversampling": 1.0},
                           "over": {"oversampling": 1.0}}.items():
        losses[name] = metrics_of(train_run(new_run(small_project(epochs=1, **settings), rows))[1])[0]["loss"]
    assert losses["zero"] == pytest.approx(losses["none"], rel=1e-5)
    assert losses["both"] == pytest.approx(losses["over"], rel=1e-5), "what is shown is even already"
    assert len({round(value, 6) for name, value in losses.items() if name not in ("zero", "both")}) == 5


@pytest.mark.parametrize("settings", [
    {"oversampling": 1.0, "class_weight": "balanced", "class_weight_strength": 0.5},
    {"class_weight": "custom", "class_weights": {CLASSES[0]: 2.0}}], ids=str)
@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_the_scripts_do_it_too(tmp_path, monkeypatch, framework, settings):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    project = small_project("int", epochs=2, **settings)
    context = context_of(project, len(CLASSES), BUILT_IN)
    text = keras_script(project, context, 30) if framework == "keras" else torch_script(project, context)
    found = run_script(text, tmp_path, monkeypatch, CLASSES)
    weights = found["class_weight"]
    listed = [float(weights[number]) for number in range(len(CLASSES))]
    if settings["class_weight"] == "custom":
        assert listed == [2.0, 1.0, 1.0]
        return
    assert listed == pytest.approx([1.0] * 3, rel=1e-5)
    if framework == "keras":
        counts = np.bincount(found["learned"][1])
    else:
        counts = np.bincount(np.concatenate([labels.numpy() for _, labels in found["train"]]))
    assert len(set(counts.tolist())) == 1
