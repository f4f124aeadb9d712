"""A look inside the layers while a network trains: what is told is right, small, and changes nothing."""

from __future__ import annotations

import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.core.commands import ObserveLayers
from cnnstudio.core.events import Finished, LayersObserved
from cnnstudio.core.jobs import MeasureLayers, Train
from cnnstudio.core.messages import encode_event
from cnnstudio.engine import models
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.gradients import loss_gradients
from cnnstudio.engine.layer_look import measure_layers
from cnnstudio.engine.training import layer_measures, snapshots
from cnnstudio.engine.training.layer_measures import LayerMeasures, histogram, update_ratio
from cnnstudio.engine.training.layer_rows import Part, Row, grouped
from cnnstudio.workers.supervisor import Supervisor
from tests.engine.collections_of_pictures import augmented, replace, small_network, small_project
from tests.engine.conftest import Recorder, metrics_of
from tests.engine.training.test_stages import based, stage
from tests.engine.training.test_steering import at


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def restless(**training):
    project = augmented(small_project(epochs=3, **training))
    return replace(project, network=small_network(dropout=0.3, batch_normalization=True))


def test_the_layers_are_told_at_once_and_after_every_epoch(new_run, train_run):
    run = new_run(restless())
    _last, recorder = train_run(run, on_event=at(1, 2, ObserveLayers()))
    told = recorder.of(LayersObserved)
    assert [(event.epoch, event.batch) for event in told] == [(1, 2), (1, 0), (2, 0), (3, 0)]
    assert all(state.update_ratio is None for state in told[0].layers), "no step was measured yet"
    for event in told[1:]:
        conv, normalization, output = event.layers
        assert (conv.kind, normalization.kind, output.kind) == ("Conv2D", "BatchNormalization", "Dense")
        for state in event.layers:
            assert state.gradient_norm > 0 and 0 < state.update_ratio < 1 and 0 <= state.dead <= 1
            assert len(state.weights.shares) == len(state.activations.shares) == 32
            assert abs(sum(state.activations.shares) - 1000) < 33
        assert conv.parameters == 3 * 3 * 3 * 4 + 4
    kept = [event.layers for event in run.events() if isinstance(event, LayersObserved)]
    assert kept == [event.layers for event in told], "they stay with the run"


def test_the_look_changes_nothing(new_run, train_run, unbroken):
    project = restless()
    run = new_run(project)
    _last, recorder = train_run(run, on_event=at(1, 1, ObserveLayers()))
    whole = unbroken(project)
    assert metrics_of(recorder) == whole.epochs
    for mine, theirs in zip(models.load(run.folder).model.weights, whole.arrays, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), theirs)


def test_nothing_is_measured_unless_it_is_wished(new_run, train_run, monkeypatch):
    def never(*_arguments):
        raise AssertionError("measured")

    for name in ("states", "__init__"):
        monkeypatch.setattr(layer_measures.LayerMeasures, name, never)
    _last, recorder = train_run(new_run(restless()))
    assert not recorder.of(LayersObserved)


def test_it_ends_when_the_user_wishes_so(new_run, train_run):
    def both(recorder, event):
        at(1, 1, ObserveLayers())(recorder, event)
        at(2, 1, ObserveLayers(rows=0))(recorder, event)

    _last, recorder = train_run(new_run(restless()), on_event=both)
    assert [(event.epoch, event.batch) for event in recorder.of(LayersObserved)] == [(1, 1), (1, 0)]


def test_with_accumulated_gradients_one_change_of_the_weights_is_measured(new_run, train_run):
    project = restless(accumulation=3)
    _last, recorder = train_run(new_run(project), on_event=at(1, 1, ObserveLayers()))
    assert all(state.update_ratio > 0 for event in recorder.of(LayersObserved)[1:] for state in event.layers)


def test_a_head_on_kept_features_and_then_the_whole_network(new_run, train_run):
    stages = (stage("head", trainable_from="none", epochs=1), stage("whole", trainable_from="all", epochs=1, rate=0.001))
    project = based(*stages)
    _last, recorder = train_run(new_run(project), on_event=at(1, 1, ObserveLayers()))
    first, *_same, second = recorder.of(LayersObserved)
    assert [state.name for state in first.layers] == ["output"], "the base is not trained, and not in the head"
    assert (first.stage, second.stage) == (0, 1)
    assert all(state.activations is not None for state in second.layers), "of the base too"
    (conv, normalization, activation), output = second.layers[:3], second.layers[-1]
    assert [state.kind for state in (conv, normalization, activation)] == ["Conv2D", "BatchNormalization", "ReLU"]
    assert conv.name.startswith("base") and output.name == "output"
    assert all(state.gradient_norm > 0 and state.update_ratio > 0 for state in (conv, output))
    assert normalization.gradient_norm is None, "a base is called in inference mode, and its normalisation stays frozen"
    assert (activation.parameters, activation.weights, activation.gradient_norm) == (0, None, None)


def test_the_finished_model_has_the_layers_of_its_last_epoch(new_run, train_run, tmp_path):
    run = new_run(restless())
    _last, recorder = train_run(run, on_event=at(1, 1, ObserveLayers()))
    told = recorder.of(LayersObserved)[-1]
    measuring = Recorder()
    measure_layers(MeasureLayers(run_folder=str(run.folder), cache=str(tmp_path / "cache")), measuring)
    (measured,) = measuring.of(LayersObserved)
    assert (measured.epoch, measured.pictures) == (3, told.pictures)
    for mine, theirs in zip(measured.layers, told.layers, strict=True):
        assert mine.update_ratio is None
        assert (mine.name, mine.parameters, mine.weights, mine.dead) == (
            theirs.name, theirs.parameters, theirs.weights, theirs.dead)
        assert mine.activations.high == pytest.approx(theirs.activations.high, rel=1e-3)


@pytest.mark.keras
@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_the_look_changes_nothing_on_other_backends(new_run, tmp_path, backend):
    """In real children: one looks inside its layers from the first batch on, the other does not."""
    pytest.importorskip(backend)
    runs = [new_run(restless(backend=backend)) for _ in range(2)]
    for run, commands in zip(runs, ((), (ObserveLayers(),)), strict=True):
        events = []
        job = Train(run_folder=str(run.folder), cache=str(tmp_path / "cache"), backend=backend)
        supervisor = Supervisor(job, events.append)
        for command in commands:
            supervisor.send(command)
        assert isinstance(supervisor.run(), Finished), events[-1]
    plain, looked = runs
    assert [event.metrics for event in looked.epochs()] == [event.metrics for event in plain.epochs()]
    for mine, theirs in zip(models.load(looked.folder).model.weights, models.load(plain.folder).model.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))
    told = [event for event in looked.events() if isinstance(event, LayersObserved) and not event.batch]
    assert [event.epoch for event in told] == [1, 2, 3]
    assert all(state.gradient_norm > 0 and state.update_ratio > 0 for state in told[-1].layers)


def _model():
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(5, 3, activation="relu"),
                              keras.layers.BatchNormalization(), keras.layers.Dropout(0.4), keras.layers.Flatten(),
                              keras.layers.Dense(2, activation="softmax", kernel_regularizer="l2")])
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _batch():
    dice = np.random.default_rng(1)
    return dice.random((16, 8, 8, 1)).astype(np.float32), dice.integers(0, 2, 16).astype(np.int32), None


def test_the_gradient_is_that_of_the_next_step_and_leaves_no_trace():
    model, batch = _model(), _batch()
    model.train_on_batch(*batch[:2])
    everything = [*model.variables, *model.optimizer.variables]
    before = [np.array(numpy_of(variable)) for variable in everything]
    generators = snapshots.generators()
    gradients = loss_gradients(model, batch)
    for mine, variable in zip(before, everything, strict=True):
        np.testing.assert_array_equal(mine, numpy_of(variable))
    after = snapshots.generators()
    for name, arrays in generators.items():
        for mine, theirs in zip(arrays, after[name], strict=True):
            np.testing.assert_array_equal(mine, theirs)
    weights = [np.array(numpy_of(variable)) for variable in model.trainable_variables]
    model.train_on_batch(*batch[:2])
    for old, gradient, variable in zip(weights, gradients, model.trainable_variables, strict=True):
        np.testing.assert_allclose(numpy_of(variable), old - 0.1 * gradient, atol=1e-6)


def _measures(model, pictures, batch):
    part = Part(model.inputs)
    rows = [Row(layer.name, (layer,), layer.output, part) for layer in model.layers if layer.weights]
    return LayerMeasures(model, rows, pictures, [batch])


def test_dead_units_are_those_that_never_answer(monkeypatch):
    model, batch = _model(), _batch()
    kernel, bias = model.layers[0].get_weights()
    bias[:2] = -1000.0
    model.layers[0].set_weights([kernel, bias])
    states = _measures(model, batch[0], batch).states()
    assert states[0].dead == pytest.approx(0.4)
    assert states[-1].dead == 0
    monkeypatch.setattr(layer_measures, "_MOST_VALUES", 1)
    assert [state.dead for state in _measures(model, batch[0], batch).states()] == [state.dead for state in states]


def test_the_gradient_of_parts_is_that_of_the_whole():
    model, batch = _model(), _batch()
    for layer in model.layers[1:3]:
        # Their answers depend on the batch, and on chance.
        layer.trainable = False
        layer.rate = 0.0
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    part = Part(model.inputs)
    rows = [Row(layer.name, (layer,), layer.output, part) for layer in model.layers if layer.weights]
    whole = LayerMeasures(model, rows, batch[0], [batch])
    parts = LayerMeasures(model, rows, batch[0], [(batch[0][place], batch[1][place], None)
                                                  for place in (slice(0, 5), slice(5, 16))])
    assert parts.pictures == whole.pictures == 16
    for mine, theirs in zip(parts.states(), whole.states(), strict=True):
        if mine.gradient_norm is not None:
            assert mine.gradient_norm == pytest.approx(theirs.gradient_norm, rel=1e-5)


def test_a_frozen_layer_has_no_gradient():
    model, batch = _model(), _batch()
    model.layers[0].trainable = False
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    first, *others = _measures(model, batch[0], batch).states()
    assert first.gradient_norm is None and first.weights is not None and first.activations is not None
    assert all(state.gradient_norm is not None for state in others)


def test_the_ratio_is_that_of_the_norms():
    assert update_ratio([np.array([3.0, 4.0])], [np.array([3.0, 4.5])]) == pytest.approx(0.1)
    assert update_ratio([np.zeros(2)], [np.ones(2)]) is None
    assert update_ratio([np.ones(1)], [np.array([np.nan])]) is None


def test_histograms_of_odd_values():
    assert histogram(np.array([np.nan, np.inf])) is None
    same = histogram(np.full(10, 2.0))
    assert sum(same.shares) == 1000 and same.high > same.low
    spread = histogram(np.concatenate([np.random.default_rng(0).normal(size=100_000), [1e9]]))
    assert spread.high < 10, "one value does not squeeze all others into a bin"


def test_many_layers_are_put_together_and_the_last_ones_are_not():
    rows = [Row(f"base/{number}", (number,), number, None) for number in range(500)]
    made = grouped(rows, 50)
    assert len(made) == 50
    assert [layer for row in made for layer in row.layers] == list(range(500)), "none is lost"
    assert [row.name for row in made[-20:]] == [f"base/{number}" for number in range(480, 500)]
    assert made[0].name == "base/0 … 15" and made[0].tensor == 15
    assert len(grouped(rows, 3)) == 3
    assert grouped(rows[:5], 50) == rows[:5]


def test_an_event_of_fifty_layers_is_small():
    model, batch = _model(), _batch()
    state = _measures(model, batch[0], batch).states()[0]
    event = LayersObserved(epoch=100, batch=0, layers=tuple(msgspec.structs.replace(state, update_ratio=0.00123456789)
                                                            for _ in range(50)))
    assert len(encode_event(event)) < 25_000
