"""Schedules: what Keras gives, in training, in the printed scripts and in PyTorch's formula."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.keras_parts import short_name
from cnnstudio.catalog.schedules import SCHEDULES, learning_rate_of, rates
from cnnstudio.core import stage_edits
from cnnstudio.core.events import Batch, Epoch, Stopped
from cnnstudio.core.item import Item, Step
from cnnstudio.core.training import Stage
from cnnstudio.engine import models
from cnnstudio.engine.names import resolve
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.torch.optimizers import schedule_lines
from cnnstudio.interchange.printing.torch.script import torch_script
from tests.engine.collections_of_pictures import CLASSES, small_project
from tests.engine.conftest import metrics_of
from tests.engine.test_script import run
from tests.engine.training.test_training import stop_at

CASES = (
    ("CosineDecay", {}), ("CosineDecay", {"alpha": 0.1, "decay_steps": 7}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "warmup_target": 0.02, "warmup_steps": 6, "alpha": 0.05}),
    ("CosineDecayRestarts", {}), ("CosineDecayRestarts", {"t_mul": 1.0, "m_mul": 0.5, "first_decay_steps": 4}),
    ("CosineDecayRestarts", {"t_mul": 1.5, "m_mul": 0.9, "alpha": 0.1}),
    ("ExponentialDecay", {}), ("ExponentialDecay", {"staircase": True, "decay_rate": 0.5}),
    ("PolynomialDecay", {}), ("PolynomialDecay", {"power": 2.0, "cycle": True, "decay_steps": 6}),
    ("OneCycle", {}), ("OneCycle", {"total_steps": 11, "pct_start": 0.0, "div_factor": 2.0}),
    ("InverseTimeDecay", {}), ("InverseTimeDecay", {"staircase": True, "decay_rate": 2.0}),
    ("PiecewiseConstantDecay", {}), ("PiecewiseConstantDecay", {"boundaries": (3, 9), "values": (0.5, 0.25, 0.125)}),
)


def test_every_schedule_is_a_case():
    assert {kind for kind, _params in CASES} == set(SCHEDULES.ids())


@pytest.mark.parametrize(("kind", "params"), CASES)
def test_the_formula_is_keras_s_at_every_step(kind, params):
    stage = Stage(id="x", epochs=4, schedule=Item(type=kind, params=params))
    call = learning_rate_of(stage, 0.001, 5)
    assert isinstance(call, Call)
    theirs = call.build({}, resolve)
    names = {}
    exec("import math\n" + "\n".join(schedule_lines(stage, 5)), names)  # our own text
    for step in range(40):
        expected = float(keras.ops.convert_to_numpy(theirs(keras.ops.convert_to_tensor(step))))
        assert names["rate"](step) == pytest.approx(expected, rel=2e-4, abs=1e-8), step
        assert rates(stage, 0.001, 5, [step]) == [pytest.approx(expected, rel=2e-4, abs=1e-8)], "as it is drawn"
    # The printed call makes the same object.
    again = eval(call.code({}, short_name), {"keras": keras, "OneCycle": resolve("own.OneCycle")})  # our own text
    assert again.get_config() == theirs.get_config()


@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=() if kind in ("CosineDecay", "PiecewiseConstantDecay") else pytest.mark.nightly)
    for kind in SCHEDULES.ids()])
def test_a_training_has_the_rate_of_its_schedule(new_run, train_run, kind):
    schedule = Item(type=kind)
    project = small_project(epochs=3, schedule=schedule)
    theirs = learning_rate_of(project.training.last_stage, 0.0, 5).build({}, resolve)
    _last, recorder = train_run(run := new_run(project))
    assert [event.metrics["learning_rate"] for event in recorder.of(Epoch)] == pytest.approx(
        [float(keras.ops.convert_to_numpy(theirs(5 * epoch))) for epoch in (1, 2, 3)], rel=1e-5)
    config = keras.saving.load_model(run.model_path).optimizer.get_config()["learning_rate"]
    assert config["class_name"] == kind


def staged(**training):
    off = (Step(id="early", type="EarlyStopping", params={"patience": 9, "restore_best_weights": True}),)
    stages = (
        Stage(id="first", epochs=2, optimizer=Item(type="sgd", params={"learning_rate": 0.05, "clipnorm": 1.0})),
        Stage(id="second", epochs=3, callbacks=off, optimizer=Item(type="adam"),
              schedule=Item(type="CosineDecay", params={"initial_learning_rate": 0.02})))
    return stage_edits.with_stages(small_project("int", **training), stages)


def test_the_keras_script_of_two_stages_runs(tmp_path, monkeypatch):
    text = keras_script(staged(accumulation=2), context_of(staged(accumulation=2), len(CLASSES), BUILT_IN), 18)
    assert text.count("model.compile(") == text.count("model.fit(") == 2
    assert text.count("gradient_accumulation_steps=2") == 2
    assert "keras.optimizers.schedules.CosineDecay(initial_learning_rate=0.02, decay_steps=12)" in text
    found = run(text, tmp_path, monkeypatch, CLASSES)
    assert len(found["history"].history["val_loss"]) == 3
    assert found["model"].optimizer.gradient_accumulation_steps == 2


def test_the_pytorch_script_of_two_stages_runs(tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    project = staged(accumulation=2, precision="mixed_float16")
    text = torch_script(project, context_of(project, len(CLASSES), BUILT_IN), 18)
    assert text.count("# Not in PyTorch: ") == 1
    found = run(text, tmp_path, monkeypatch, CLASSES)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert [line.split(":")[0] for line in lines] == ["epoch 1", "epoch 2", "epoch 1", "epoch 2", "epoch 3"]
    assert found["optimizer"].param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-9), "twelve steps of twelve"


def test_accumulated_gradients_of_the_pytorch_script_are_those_of_the_larger_batch(tmp_path, monkeypatch, capsys):
    """As in the program."""
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")

    def losses(**training):
        project = small_project("int", **training)
        run(torch_script(project, context_of(project, len(CLASSES), BUILT_IN), 18), tmp_path, monkeypatch, CLASSES)
        return [float(line.split("val_loss ")[1].split(",")[0]) for line in capsys.readouterr().out.splitlines()
                if line.startswith("epoch")]

    schedule = Item(type="PiecewiseConstantDecay", params={"boundaries": (4,), "values": (0.1, 0.02)})
    sgd = Item(type="sgd", params={"global_clipnorm": 0.5, "momentum": 0.9})
    half = losses(batch_size=3, accumulation=2, epochs=4, optimizer=sgd, schedule=schedule)
    whole = losses(batch_size=6, epochs=4, optimizer=sgd,
                   schedule=Item(type="PiecewiseConstantDecay", params={"boundaries": (1,), "values": (0.1, 0.02)}))
    alone = losses(batch_size=3, epochs=4, optimizer=sgd, schedule=schedule)
    assert half == pytest.approx(whole, rel=1e-3)
    odd = small_project("int", batch_size=4, accumulation=2, epochs=2, optimizer=sgd, schedule=schedule)
    found = run(torch_script(odd, context_of(odd, len(CLASSES), BUILT_IN), 18), tmp_path, monkeypatch, CLASSES)
    assert (len(found["train"]), found["schedule"].last_epoch) == (5, 5), "a step reaches from one epoch into the next"
    assert alone != pytest.approx(whole, rel=1e-3)


def test_a_mixed_precision_script_computes_its_probabilities_in_float32(tmp_path, monkeypatch):
    project = small_project("int", precision="mixed_bfloat16", epochs=1)
    text = keras_script(project, context_of(project, len(CLASSES), BUILT_IN), 18)
    try:
        model = run(text, tmp_path, monkeypatch, CLASSES)["model"]
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.layers[-1].dtype_policy.name == "float32"
    assert model.get_layer("conv").dtype_policy.name == "mixed_bfloat16"


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains_and_saves_a_model_in_float32(new_run, train_run, precision):
    run_folder = new_run(small_project(epochs=20, precision=precision))
    last, recorder = train_run(run_folder)
    assert last.metrics["val_loss"] < 0.7 * recorder.of(Epoch)[0].metrics["val_loss"]
    loaded = models.load(run_folder.folder).model
    assert {layer.dtype_policy.name for layer in loaded.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
    answers = loaded.predict_on_batch(np.full((1, 12, 12, 3), 200.0, np.float32))
    assert answers[0, 1] > 0.5


def test_accumulated_gradients_are_those_of_the_larger_batch(new_run, train_run):
    """Without anything random two batches of 4 in one step are a batch of 8: 24 pictures have no rest."""
    first = metrics_of(train_run(new_run(small_project(batch_size=8, epochs=3)))[1])
    both = metrics_of(train_run(new_run(small_project(batch_size=4, accumulation=2, epochs=3)))[1])
    alone = metrics_of(train_run(new_run(small_project(batch_size=4, epochs=3)))[1])
    for mine, theirs in zip(both, first, strict=True):
        assert mine["val_loss"] == pytest.approx(theirs["val_loss"], rel=1e-4)
    assert alone[-1]["val_loss"] != pytest.approx(first[-1]["val_loss"], rel=1e-4)


def test_determinism_is_an_option(monkeypatch):
    pytest.importorskip("tensorflow", reason="other backends have no such setting")
    from cnnstudio.engine import environment

    asked = []
    monkeypatch.setattr("tensorflow.config.experimental.enable_op_determinism", lambda: asked.append(True))
    for gpu, setting, expected in ((False, "auto", True), (True, "auto", False), (True, "on", True), (False, "off", False)):
        monkeypatch.setattr(environment, "on_gpu", lambda gpu=gpu: gpu)
        asked.clear()
        environment.set_up("auto", setting)
        assert bool(asked) == expected, (gpu, setting)


def test_a_run_without_determinism_says_so(new_run, train_run, monkeypatch):
    from cnnstudio.core.events import Notice

    def notices():
        return [event.problem.code for event in train_run(new_run(small_project(epochs=1)))[1].of(Notice)]

    assert "not_deterministic" not in notices()
    monkeypatch.setattr("cnnstudio.engine.environment.is_deterministic", lambda: False)
    assert "not_deterministic" in notices()


def test_batches_tell_their_stage(new_run, train_run):
    _last, recorder = train_run(new_run(staged(), classes=CLASSES[:2]))
    assert {event.stage for event in recorder.of(Batch)} == {0, 1}


def test_a_model_of_one_cycle_is_loaded_anywhere_and_a_break_changes_nothing(new_run, train_run, unbroken, monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)
    project = small_project(epochs=3, schedule=Item(type="OneCycle", params={"max_learning_rate": 0.05}))
    wanted = unbroken(project)
    highest = max(event["learning_rate"] for event in wanted.epochs)
    assert highest > wanted.epochs[-1]["learning_rate"] > 0
    cycle = new_run(project)
    last, first = train_run(cycle, on_event=stop_at(2, 2))
    assert isinstance(last, Stopped)
    _last, second = train_run(cycle, resume=True)
    assert metrics_of(first) + metrics_of(second) == wanted.epochs
    monkeypatch.setattr("keras.src.saving.object_registration.GLOBAL_CUSTOM_OBJECTS", {})
    model = keras.saving.load_model(cycle.model_path, safe_mode=True)
    assert int(model.optimizer.iterations) > 0
    assert 0 < float(model.optimizer.learning_rate) <= wanted.epochs[-1]["learning_rate"]
