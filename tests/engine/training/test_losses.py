"""Every loss of the registry with other parameters: its PyTorch form gives the loss of Keras, and a training uses it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnstudio.catalog.training import LOSSES
from cnnstudio.core.item import Item
from cnnstudio.core.params import Bool, with_defaults
from cnnstudio.engine.names import resolve
from tests.engine.collections_of_pictures import small_project
from tests.engine.training.test_training import metrics_of


def variants(entry) -> list[dict]:
    """The defaults, every parameter with another value, and all of them."""
    others = {param.name: True if isinstance(param, Bool) else {"gamma": 1.5, "alpha": 0.4}.get(param.name, 0.2)
              for param in entry.params}
    return [{}, *({name: value} for name, value in others.items()), others]


CASES = [(entry.id, values) for entry in LOSSES for values in variants(entry)]


@pytest.mark.parametrize(("kind", "params"), CASES, ids=str)
def test_pytorch_gives_the_loss_of_keras(kind, params):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    entry = LOSSES[kind]
    values = with_defaults(entry.params, params)
    drawn = np.random.default_rng(3)
    logits = drawn.normal(0, 2, (16, 1 if entry.label_mode == "binary" else 4)).astype("float32")
    numbers = drawn.integers(0, 4, 16)
    answers = 1 / (1 + np.exp(-logits)) if entry.activation == "sigmoid" else np.asarray(keras.ops.softmax(logits))
    labels = (drawn.random((16, 1)) > 0.5).astype("float32") if entry.label_mode == "binary" else np.eye(
        4, dtype="float32")[numbers]
    theirs = entry.call.build(values, resolve)(numbers if entry.label_mode == "int" else labels, answers)
    names = {"torch": torch, "F": torch.nn.functional, "labels": torch.tensor(labels)}
    forms = [(entry.torch.shares, answers, labels)]
    if entry.torch.logits is not None:
        forms.append((entry.torch.logits, logits, labels))
    if entry.torch.numbers is not None:
        forms += [(entry.torch.numbers, answers, numbers), (entry.torch.logits, logits, numbers)]
    for form, given, truth in forms:
        names |= {"answers": torch.tensor(given), "labels": torch.tensor(truth)}
        mine = eval(form(values).format(probable="answers.clamp(1e-7, 1 - 1e-7)"), names)  # our own text
        assert float(mine.mean()) == pytest.approx(float(theirs), rel=1e-4), form(values)


@pytest.mark.parametrize(("mode", "loss"), [
    ("categorical", Item(type="categorical_crossentropy", params={"label_smoothing": 0.3})),
    ("categorical", Item(type="categorical_focal_crossentropy")),
    ("binary", Item(type="binary_focal_crossentropy", params={"gamma": 1.0}))], ids=str)
def test_a_training_uses_the_loss_and_its_parameters(new_run, train_run, pictures, mode, loss):
    _, rows = pictures
    plain, other = (metrics_of(train_run(new_run(small_project(mode, epochs=1, loss=item), rows))[1])[0]["loss"]
                    for item in (Item(type="auto"), loss))
    assert np.isfinite(other)
    assert plain != other
