"""Every metric of the registry: Keras builds it for its labels, PyTorch gives the same, a training reports it."""

from __future__ import annotations

import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.training import METRICS
from cnnstudio.catalog.training.metrics import metric_call, values_of_metric
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.events import Batch, Epoch, Stopped
from cnnstudio.core.item import Item, Step
from cnnstudio.core.params import Bool, Choice
from cnnstudio.engine.names import resolve
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.torch.script import torch_script
from tests.engine.collections_of_pictures import CLASSES, small_project
from tests.engine.test_script import run as run_script
from tests.engine.training.test_training import metrics_of, stop_at

OTHERS = {"k": 2, "thresholds": 0.3, "top_k": 2, "class_id": 1, "threshold": 0.4, "num_thresholds": 11}
ALL = tuple(Step(id=f"my_{entry.id}", type=entry.id) for entry in METRICS)


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def variants(entry) -> list[dict]:
    found: list[dict] = [{}]
    for param in entry.params:
        if isinstance(param, Choice):
            found += [{param.name: option.value} for option in param.options if option.value != param.default]
        else:
            found.append({param.name: True if isinstance(param, Bool) else OTHERS[param.name]})
    return [*found, *([{"top_k": 2, "thresholds": 0.3}] if "top_k" in OTHERS and len(found) > 3 else [])]


CASES = [(entry.id, mode, params) for entry in METRICS for mode in entry.targets for params in variants(entry)
         if not (mode == "binary" and {"top_k", "class_id", "multi_label"} & set(params))
         and set(params) <= {param.name for param in entry.params}]


@pytest.mark.parametrize(("kind", "mode", "params"), CASES, ids=str)
def test_pytorch_gives_the_number_of_keras_and_one_hot_labels_the_same(kind, mode, params):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    entry, step = METRICS[kind], Step(id="it", type=kind, params=params)
    drawn = np.random.default_rng(5)
    count = 1 if mode == "binary" else 4
    answers = drawn.random((60, count)).astype("float32")
    answers = answers if mode == "binary" else answers / answers.sum(1, keepdims=True)
    numbers = drawn.integers(0, 2 if mode == "binary" else 4, 60)
    truth = numbers[:, None].astype("float32") if mode == "binary" else np.eye(4, dtype="float32")[numbers]
    call = metric_call(step, mode)
    metric = call.build({}, resolve)
    assert metric.name == "it"
    labels = numbers.astype("int32") if mode == "int" else truth
    for part in (slice(0, 32), slice(32, 60)):
        metric.update_state(labels[part], answers[part])
    names: dict = {"torch": torch}
    exec("\n".join(helper.code for helper in entry.torch), names)  # our own text
    given = [values_of_metric(step)[name] for name in entry.torch_arguments]
    mine = names[entry.torch[-1].name](torch.tensor(answers), torch.tensor(truth), *given)
    assert 0 < float(metric.result()) <= 1
    assert mine == pytest.approx(float(metric.result()), abs=2e-6)
    metric.reset_state()
    shares = metric_call(step, mode, shares=True).build({}, resolve)
    if mode != "int":
        # Of mixed pictures the class with the larger share counts.
        shares.update_state(np.where(truth > 0.5, 0.7, 0.3 / max(1, count - 1)).astype("float32"), answers)
        assert float(shares.result()) == pytest.approx(mine, abs=2e-6)


@pytest.mark.parametrize("mode", [
    *(pytest.param(mode, marks=pytest.mark.nightly) for mode in ("binary", "categorical")), "int"])
def test_a_training_reports_them_and_resumes_equal(new_run, train_run, unbroken, mode):
    steps = tuple(step for step in ALL if mode in METRICS[step.type].targets)
    project = small_project(mode, metrics=steps)
    whole = unbroken(project)
    assert set(whole.epochs[0]) == {"loss", "val_loss", "learning_rate", *(
        f"{split}{step.id}" for step in steps for split in ("", "val_"))}
    run = new_run(project)
    last, first = train_run(run, on_event=stop_at(2, 2))
    assert isinstance(last, Stopped)
    _last, second = train_run(run, resume=True)
    assert metrics_of(first) + metrics_of(second) == whole.epochs
    assert all(0 <= value <= 1 for event in first.of(Batch) for name, value in event.metrics.items() if name != "loss")
    assert keras.saving.load_model(run.model_path, safe_mode=True) is not None, "without any class of ours"


def test_a_metric_of_the_project_is_monitored(new_run, train_run):
    stop = Step(id="stop", type="EarlyStopping", params={"monitor": "val_f1", "patience": 1, "min_delta": 10.0})
    project = small_project("int", epochs=9, metrics=(Step(id="f1", type="f1_score"),), callbacks=(stop,))
    _last, recorder = train_run(new_run(project))
    assert len(recorder.of(Epoch)) == 2


def test_mixed_pictures_count_as_one_class(new_run, train_run):
    project = small_project("categorical", epochs=12, optimizer=Item(type="adam", params={"learning_rate": 0.05}), metrics=(
        Step(id="accuracy", type="accuracy"), Step(id="f1", type="f1_score", params={"average": "micro"}),
        Step(id="hits", type="recall")))
    project = msgspec.structs.replace(project, augmentation=AugmentationSpec(steps=(
        Step(id="mix_up", type="mix_up", params={"alpha": 4.0}),)))
    _last, recorder = train_run(new_run(project))
    metrics = recorder.of(Epoch)[-1].metrics
    assert metrics["f1"] == pytest.approx(metrics["accuracy"], abs=1e-5)
    assert metrics["hits"] == pytest.approx(metrics["accuracy"], abs=1e-6), "of two classes one is above a half"


@pytest.mark.parametrize("mode", ["binary", "categorical", "int"])
@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_the_scripts_measure_them(tmp_path, monkeypatch, capsys, mode, framework):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    classes = CLASSES[:2] if mode == "binary" else CLASSES
    steps = tuple(step for step in ALL if mode in METRICS[step.type].targets)
    project, context = small_project(mode, epochs=2, metrics=steps), None
    context = context_of(project, len(classes), BUILT_IN)
    text = keras_script(project, context, 30) if framework == "keras" else torch_script(project, context)
    found = run_script(text, tmp_path, monkeypatch, classes)
    names = set(found["history"].history) if framework == "keras" else set(found["logs"])
    assert names >= {f"{split}{step.id}" for step in steps for split in ("", "val_")}
    assert "test:" in capsys.readouterr().out
