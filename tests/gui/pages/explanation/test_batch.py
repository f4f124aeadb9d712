"""Several pictures at once: quick methods begin at once, slow ones wait for the user, what came stays."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject

from cnnstudio.gui.pages.explanation.batch import Batch, Task
from cnnstudio.gui.state.explainer import Question


@pytest.fixture
def batch(session, model):
    assert model
    owner = QObject(session)
    result = Batch(session, owner)
    yield result
    result.close()


def ended(qtbot, batch):
    qtbot.waitUntil(lambda: not batch.busy, timeout=20_000)


def test_a_quick_method_begins_at_once_and_names_what_cannot_be_read(qtbot, batch, model, files):
    batch.show(Task(model, tuple(files), Question()))
    assert batch.busy
    ended(qtbot, batch)
    assert set(batch.maps) == set(files[:2]) and set(batch.problems) == {files[2]}
    assert not batch.missing and batch.problem is None


def test_known_maps_come_at_once_and_only_the_others_are_asked_for(qtbot, batch, model, files):
    batch.show(Task(model, (files[0],), Question()))
    ended(qtbot, batch)
    first = batch.maps[files[0]]
    batch.show(Task(model, tuple(files[:2]), Question()))
    assert batch.missing == 1
    ended(qtbot, batch)
    assert len(batch.maps) == 2
    assert batch.maps[files[0]].values.tolist() == first.values.tolist()
    requests = batch.explainer.server._requests
    batch.show(Task(model, tuple(files[1::-1]), Question()))
    assert not batch.missing and batch.explainer.server._requests == requests


def test_a_slow_method_waits_and_cancelling_keeps_what_came(qtbot, batch, model, files):
    task = Task(model, tuple(files[:2]), Question("occlusion"))
    batch.show(task)
    assert not batch.busy and batch.missing == 2
    batch.start()
    qtbot.waitUntil(lambda: len(batch.maps) == 1 and batch.progress is not None, timeout=20_000)
    batch.cancel()
    assert batch.cancelled and len(batch.maps) == 1 and batch.missing == 1
    batch.show(task)
    assert not batch.busy, "what the user cancelled does not begin again by itself"


def test_the_mean_is_kept_while_other_things_are_shown(qtbot, batch, model, files):
    task = Task(model, tuple(files[:2]), Question(class_name="cat"), mean=True)
    batch.show(task)
    ended(qtbot, batch)
    mean = batch.mean
    assert mean is not None and mean.pictures == 2 and mean.picture.shape == (8, 8, 3)
    batch.show(Task(model, (files[0],), Question()))
    ended(qtbot, batch)
    assert batch.mean is None
    batch.show(task)
    assert batch.mean is mean and not batch.busy


def test_a_model_that_is_gone_is_said(batch, files, tmp_path):
    batch.show(Task((str(tmp_path / "gone.keras"), ""), (files[0],), Question()))
    assert batch.problem is not None and not batch.busy


def test_what_failed_is_not_asked_again_by_itself(qtbot, batch, dense, files):
    task = Task(dense, (files[0],), Question())
    batch.show(task)
    qtbot.waitUntil(lambda: batch.problem is not None, timeout=20_000)
    requests = batch.explainer.server._requests
    batch.show(task)
    assert not batch.busy and batch.explainer.server._requests == requests
    batch.show(Task(dense, (files[0],), Question("smoothgrad")))
    batch.start()
    ended(qtbot, batch)
    assert batch.problem is None and batch.maps
