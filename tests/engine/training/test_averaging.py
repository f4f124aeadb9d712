"""Averages of the weights (use_ema) and exemptions from weight decay: in the training, on resume and in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Epoch, Stopped
from cnnstudio.core.item import Item
from cnnstudio.engine import models
from cnnstudio.interchange.printing.torch.script import torch_script
from tests.engine.collections_of_pictures import CLASSES, small_project
from tests.engine.test_script import run as run_script
from tests.engine.training.test_training import metrics_of, stop_at


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def averaged(**params):
    return small_project(epochs=3, optimizer=Item(type="adam", params={
        "learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.9} | params))


def arrays_of(run):
    return [np.array(weight) for weight in models.load(run.folder).model.weights]


def test_the_averages_are_the_weights_at_the_end_and_not_before(new_run, train_run):
    plain, mean = new_run(small_project(epochs=3)), new_run(averaged())
    _last, first = train_run(plain)
    _last, second = train_run(mean)
    assert metrics_of(first) == metrics_of(second), "averaging changes no step"
    assert any((one != other).any() for one, other in zip(arrays_of(plain), arrays_of(mean), strict=True))


@pytest.mark.parametrize(("moment", "params"), [
    ((1, 2), {}), ((3, 4), {"ema_overwrite_frequency": 3}),
    *(pytest.param(*rest, marks=pytest.mark.nightly) for rest in (
        ((3, 1), {}), ((3, 4), {}), ((1, 2), {"ema_overwrite_frequency": 3}), ((3, 1), {"ema_overwrite_frequency": 3})))],
    ids=str)
def test_stopped_and_resumed_equals_unbroken(new_run, train_run, unbroken, moment, params):
    wanted = unbroken(averaged(**params))
    run = new_run(averaged(**params))
    stopped, first = train_run(run, on_event=stop_at(*moment))
    assert isinstance(stopped, Stopped)
    last, second = train_run(run, resume=True)
    assert metrics_of(first) + metrics_of(second) == wanted.epochs
    assert last.metrics == wanted.metrics
    for one, other in zip(arrays_of(run), wanted.arrays, strict=True):
        np.testing.assert_array_equal(one, other)


def test_stopped_and_kept_has_the_averages_of_the_last_whole_epoch(new_run, train_run):
    run = new_run(averaged())
    train_run(run, on_event=stop_at(3, 2))
    other = averaged()
    other = new_run(small_project(epochs=2, optimizer=other.training.last_stage.optimizer))
    _last, recorder = train_run(other)
    assert len(recorder.of(Epoch)) == 2
    for one, expected in zip(arrays_of(run), arrays_of(other), strict=True):
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("kind", ["adamw", "sgd"])
def test_biases_and_normalisation_are_exempt(kind):
    import keras

    from cnnstudio.core.training import Stage
    from cnnstudio.engine.building import optimizer_of

    stage = Stage(id="one", optimizer=Item(type=kind, params={
        "learning_rate": 0.1, "weight_decay": 0.5, "exclude_bias_and_norm": True}))
    weights = [keras.Variable(np.ones((2, 2), "float32"), name="kernel"),
               *(keras.Variable(np.ones(2, "float32"), name=name) for name in ("bias", "gamma", "beta"))]
    optimizer = optimizer_of(stage)
    optimizer.build(weights)
    optimizer.apply([keras.ops.zeros(weight.shape) for weight in weights], weights)
    assert [bool((np.asarray(weight) < 1).all()) for weight in weights] == [True, False, False, False]


@pytest.mark.parametrize("kind", ["adamw", "sgd"])
def test_the_pytorch_script_averages_and_exempts(tmp_path, monkeypatch, kind):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    project = small_project("categorical", epochs=2, optimizer=Item(type=kind, params={
        "learning_rate": 0.01, "weight_decay": 0.01, "exclude_bias_and_norm": True, "use_ema": True}))
    text = torch_script(project, context_of(project, len(CLASSES), BUILT_IN))
    found = run_script(text, tmp_path, monkeypatch, CLASSES)
    mean = dict(found["average"].module.named_parameters())
    assert all(torch.equal(value, mean[name]) for name, value in found["network"].named_parameters())
    assert ("parameter.ndim > 1" in text) == (kind == "sgd") or kind == "adamw"
    assert ('"weight_decay": 0.0' in text) == (kind == "adamw")


def test_pytorch_averages_as_keras_does():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    import keras

    from cnnstudio.core.training import Stage
    from cnnstudio.engine.building import optimizer_of

    params = {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3}
    theirs = optimizer_of(Stage(id="one", optimizer=Item(type="sgd", params=params)))
    weight = keras.Variable(np.ones((1, 3), "float32"))
    theirs.build([weight])
    names: dict = {"torch": torch, "network": torch.nn.Linear(3, 1, bias=False)}
    with torch.no_grad():
        names["network"].weight.fill_(1.0)
    from cnnstudio.catalog.optimizers.common import averaging_lines
    from cnnstudio.catalog.training import OPTIMIZERS
    from cnnstudio.core.params import with_defaults
    from cnnstudio.interchange.printing.torch.optimizers import TAKE_AVERAGE

    exec(TAKE_AVERAGE, names)  # our own text
    names["average"] = torch.optim.swa_utils.AveragedModel(
        names["network"], multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.7))
    lines = "\n".join(averaging_lines(with_defaults(OPTIMIZERS["sgd"].params, params)))
    for step in range(8):
        gradient = np.random.default_rng(step).normal(size=(1, 3)).astype("float32")
        theirs.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        with torch.no_grad():
            names["network"].weight.sub_(0.1 * torch.tensor(gradient))
        exec(lines, names)
        np.testing.assert_allclose(np.asarray(weight), names["network"].weight.detach().numpy(), rtol=1e-5)
