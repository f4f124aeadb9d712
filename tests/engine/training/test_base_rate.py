"""The learning rate of the base as a part of that of its stage: steps, state, breaks, the saved model and the scripts."""

from __future__ import annotations

import runpy
import subprocess
import sys

import keras
import numpy as np
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.keras_parts import PREFIX, SLOW_DOWN
from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.catalog.training import OPTIMIZERS
from cnnstudio.core.events import Epoch, Stopped
from cnnstudio.core.item import Item, Step
from cnnstudio.core.training import Stage
from cnnstudio.engine.building import build, compile_model, optimizer_of, set_trainable
from cnnstudio.engine.names import resolve
from cnnstudio.engine.weight_transfer import save_state, torch_state
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.script import torch_script
from tests.engine.collections_of_pictures import CLASSES, draw, write_manifest
from tests.engine.conftest import metrics_of, stop_at
from tests.engine.test_script import run as run_script
from tests.engine.training.test_stages import arrays_of, based, equal, learning_layers, replace, stage

FACTOR = 0.25
EMA = {"use_ema": True, "ema_momentum": 0.9}


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def slowed(kind="adam", factor=FACTOR, **settings):
    params = {"learning_rate": 0.01, **settings.pop("params", {})}
    return replace(stage("whole", 2, trainable_from="all", **settings), optimizer=Item(type=kind, params=params),
                   base_rate_factor=factor)


@pytest.mark.parametrize("more", [{}, {"weight_decay": 0.1}, {"clipnorm": 0.3}], ids=str)
@pytest.mark.parametrize("kind", OPTIMIZERS.ids())
def test_every_optimizer_takes_the_step_of_the_lower_rate(kind, more):
    """A weight of the base moves as under an optimizer with the lower rate, the other one as under the plain one."""
    if not set(more) <= {param.name for param in OPTIMIZERS[kind].params}:
        pytest.skip(f"{kind} has no {more}")
    start = np.random.default_rng(1).normal(size=(2, 4, 3)).astype("float32")

    def steps(rate, slow):
        optimizer = optimizer_of(Stage(id="x", optimizer=Item(type=kind, params={"learning_rate": rate, **more})))
        layers = [keras.layers.Dense(3, use_bias=False) for _ in range(2)]
        for layer, kernel in zip(layers, start, strict=True):
            layer.build((None, 4))
            layer.set_weights([kernel])
        if slow:
            resolve(PREFIX + SLOW_DOWN.name)(optimizer, layers[:1], FACTOR)
        weights = [layer.kernel for layer in layers]
        for number in range(4):
            gradients = np.random.default_rng(number).normal(size=start.shape).astype("float32")
            optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in gradients], weights)
        assert float(optimizer.learning_rate) == pytest.approx(rate), "what is shown and changed is the stage's own"
        return [np.array(keras.ops.convert_to_numpy(weight)) for weight in weights]

    mixed, plain, lower = steps(0.02, True), steps(0.02, False), steps(0.02 * FACTOR, False)
    np.testing.assert_allclose(mixed[1], plain[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(mixed[0], lower[0], rtol=1e-5, atol=1e-6)
    assert not np.allclose(plain[0], lower[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("moment", [(1, 1), pytest.param((2, 2), marks=pytest.mark.nightly)])
@pytest.mark.parametrize("params", [pytest.param({}, marks=pytest.mark.nightly),
                                    {"weight_decay": 0.1, "global_clipnorm": 1.0, **EMA}], ids=str)
def test_a_break_changes_nothing(new_run, train_run, unbroken, moment, params):
    project = based(slowed(params=params))
    wanted = unbroken(project)
    run = new_run(project)
    last, first = train_run(run, on_event=stop_at(*moment))
    assert isinstance(last, Stopped)
    last, second = train_run(run, resume=True)
    assert metrics_of(first) + metrics_of(second) == wanted.epochs
    assert equal(arrays_of(run), wanted.arrays)


def test_the_model_is_one_of_keras_and_the_rate_can_be_reduced(new_run, train_run):
    plateau = Step(id="plateau", type="ReduceLROnPlateau", params={"patience": 1, "factor": 0.5, "min_delta": 10.0})
    run = new_run(based(replace(slowed(callbacks=(plateau,)), epochs=4)))
    _last, recorder = train_run(run)
    assert [event.metrics["learning_rate"] for event in recorder.of(Epoch)] == pytest.approx([0.01, 0.01, 0.005, 0.0025])
    loaded = keras.saving.load_model(run.model_path)
    assert type(loaded.optimizer) is keras.optimizers.Adam
    assert float(loaded.optimizer.learning_rate) == pytest.approx(0.00125)


@pytest.mark.parametrize("precision", ["float32", pytest.param("mixed_bfloat16", marks=pytest.mark.nightly), "mixed_float16"])
def test_it_moves_the_base_less_in_any_precision(precision):
    moved = {}
    for factor in (1.0, 0.01):
        project = based(slowed("sgd", factor))
        project = replace(project, training=replace(project.training, precision=precision))
        context = context_of(project, 2, BUILT_IN)
        keras.utils.set_random_seed(3)
        built = build(project.network, context, precision=precision)
        set_trainable(built, project.network, BUILT_IN, "all")
        compile_model(built.model, project, context)
        base = built.model.get_layer("base")
        before = [np.array(keras.ops.convert_to_numpy(weight)) for weight in base.trainable_variables]
        built.model.fit(np.random.default_rng(1).integers(0, 255, (8, 32, 32, 3)).astype("float32"),
                        np.eye(2)[np.arange(8) % 2], batch_size=8, epochs=1, verbose=0)
        after = [np.array(keras.ops.convert_to_numpy(weight)) for weight in base.trainable_variables]
        moved[factor] = sum(float(np.abs(one - other).sum()) for one, other in zip(after, before, strict=True))
    assert moved[0.01] == pytest.approx(0.01 * moved[1.0], rel=0.05)
    assert moved[1.0] > 0


SCRIPTS = [pytest.param("adam", {}, marks=pytest.mark.nightly), ("sgd", {"momentum": 0.9, "weight_decay": 0.5}),
           ("adamw", {"weight_decay": 0.5, "exclude_bias_and_norm": True})]
"""Adam takes the way of AdamW, with less on it."""


def bare(project):
    """Without dropout, and all pictures in one batch: nothing is drawn."""
    network = project.network
    nodes = tuple(node for node in network.nodes if node.type != "Dropout")
    edges = tuple(replace(edge, target="output") for edge in network.edges if edge.target == "dropout")
    kept = tuple(edge for edge in network.edges if "dropout" not in (edge.source, edge.target))
    return replace(project, network=replace(network, nodes=nodes, edges=(*kept, *edges)),
                   training=replace(project.training, batch_size=64))


@pytest.mark.parametrize(("kind", "params"), SCRIPTS, ids=["adam", "sgd", "adamw"])
def test_the_pytorch_script_takes_the_steps_of_the_program(kind, params, tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    project = bare(based(replace(slowed(kind, params=params), epochs=3)))
    context = context_of(project, 2, BUILT_IN)
    entries = draw(tmp_path / "pictures", CLASSES[:2], 8)
    write_manifest(tmp_path / "manifest.jsonl", tmp_path / "pictures", entries, CLASSES[:2])
    learned = [each for each in entries if each["split"] == "train"]
    pixels = np.stack([prepare_file(tmp_path / "pictures" / each["path"], project.recipe.as_dictionary())
                       for each in learned]).astype("float32")
    labels = np.eye(2)[[each["label"] for each in learned]]
    keras.utils.set_random_seed(1)
    built = build(project.network, context)
    set_trainable(built, project.network, BUILT_IN, "all")
    printed = torch_model(project.network, context)
    save_state(torch_state(built.model, printed), tmp_path / "start.npz")
    compile_model(built.model, project, context)
    built.model.fit(pixels, labels, batch_size=64, epochs=3, verbose=0)
    text = torch_script(project, context, len(learned)).replace(
        "    network.to(DEVICE)", "    with np.load('start.npz') as start:\n        network.load_state_dict("
        "{name: torch.from_numpy(start[name]) for name in start.files})\n    network.to(DEVICE)")
    assert f'"lr": {FACTOR} * 0.01' in text
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = runpy.run_path(str(tmp_path / "train.py"), run_name="__main__")
    assert len(found["optimizer"].param_groups) == (4 if kind == "adamw" else 2)
    with np.load("start.npz") as start, np.load("weights.npz") as archive:
        for name, wanted in torch_state(built.model, printed).items():
            moved = np.linalg.norm(wanted - start[name])
            # Where a gradient is almost nothing Adam divides by it, and each library rounds by itself: the way is as long.
            assert np.linalg.norm(archive[name] - start[name]) == pytest.approx(moved, rel=0.35, abs=1e-6), name
            if kind == "sgd":
                assert np.linalg.norm(archive[name] - wanted) <= 0.05 * moved + 1e-6, name


@pytest.mark.parametrize(("kind", "params"), SCRIPTS[:1] + SCRIPTS[2:], ids=["adam", "adamw"])
def test_the_keras_script_slows_the_base_and_saves_a_plain_model(kind, params, tmp_path, monkeypatch):
    project = based(stage("head", 1, trainable_from="none"), replace(slowed(kind, params=params), epochs=1))
    text = keras_script(project, context_of(project, 2, BUILT_IN), 24)
    assert f"slow_down(optimizer, keras.Model(model.input, base).layers, {FACTOR})" in text
    assert text.count("slow_down(") == 2, "its source, and the stage in which the base learns"
    run_script(text, tmp_path, monkeypatch, CLASSES[:2])
    assert type(keras.saving.load_model(tmp_path / "model.keras").optimizer).__module__.startswith("keras.")


_TORCH = """
import os
os.environ["KERAS_BACKEND"] = "torch"
import keras, numpy as np, torch
from cnnstudio.catalog.training import OPTIMIZERS
from cnnstudio.core.item import Item
from cnnstudio.core.training import Stage
from cnnstudio.engine.building import optimizer_of
from cnnstudio.engine.names import resolve
start = np.random.default_rng(1).normal(size=(2, 4, 3)).astype("float32")

def steps(kind, rate, slow, more):
    optimizer = optimizer_of(Stage(id="x", optimizer=Item(type=kind, params={"learning_rate": rate, **more})))
    layers = [keras.layers.Dense(3, use_bias=False) for _ in range(2)]
    for layer, kernel in zip(layers, start):
        layer.build((None, 4))
        layer.set_weights([kernel])
    if slow:
        resolve("own.slow_down")(optimizer, layers[:1], 0.25)
    weights = [layer.kernel for layer in layers]
    for number in range(4):
        gradients = np.random.default_rng(number).normal(size=start.shape).astype("float32")
        with torch.no_grad():
            optimizer.apply([keras.ops.convert_to_tensor(each) for each in gradients], weights)
    return [np.array(keras.ops.convert_to_numpy(weight)) for weight in weights]

for kind in OPTIMIZERS.ids():
    for more in ({}, {"weight_decay": 0.1}):
        if set(more) <= {param.name for param in OPTIMIZERS[kind].params}:
            mixed, plain, lower = steps(kind, 0.02, True, more), steps(kind, 0.02, False, more), steps(kind, 0.005, False, more)
            np.testing.assert_allclose(mixed[1], plain[1], rtol=1e-5, atol=1e-6, err_msg=kind)
            np.testing.assert_allclose(mixed[0], lower[0], rtol=1e-5, atol=1e-6, err_msg=kind)
print("equal", keras.backend.backend())
"""


@pytest.mark.nightly
def test_every_optimizer_takes_that_step_on_pytorch_too():
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    done = subprocess.run([sys.executable, "-c", _TORCH], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "equal torch", done.stderr[-2000:]


@pytest.mark.parametrize(("base", "line", "ends_at"), [
    pytest.param("mobilenet", "last:9", "conv_3", marks=pytest.mark.nightly), ("mobilenet", "last:4", "conv_2")])
def test_both_scripts_let_the_last_layers_learn(base, line, ends_at, tmp_path, monkeypatch):
    """In a later stage and in the network itself, what learns in the scripts is what learns here; read back it is the same."""
    from cnnstudio.catalog.bases import BASES
    from cnnstudio.core import edits
    from cnnstudio.interchange.printing.keras.script import keras_source
    from cnnstudio.interchange.source_code import read_code

    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    wanted = {name for name in BASES[base].trainable_layers(line, ends_at) if name.startswith("conv")
              and not name.endswith(("relu", "bn"))}
    assert wanted
    staged = based(stage("head", 1, trainable_from="none"), stage("last", 1, trainable_from=line), ends_at=ends_at)
    plain = based(stage("one", 1), ends_at=ends_at)
    plain = edits.set_node_param(plain, "base", "trainable_from", line)
    for project in (staged, plain):
        context = context_of(project, 2, BUILT_IN)
        model = run_script(keras_script(project, context, 24), tmp_path, monkeypatch, CLASSES[:2])["model"]
        found = {layer.name for layer in model.layers if layer.trainable_variables}
        assert found == wanted | {"output"}
        network = run_script(torch_script(project, context, 24), tmp_path, monkeypatch, CLASSES[:2])["network"]
        assert learning_layers(network, project) == wanted | {"output"}
    node = next(node for node in read_code(keras_source(plain.network, context_of(plain, 2, BUILT_IN))).network.nodes
                if node.type == "PretrainedBase")
    assert BASES[base].trainable_layers(node.params["trainable_from"], ends_at) & wanted == wanted


def test_branches_are_named_in_the_pytorch_script():
    """The last layers of a base with branches are not the last modules: printed by their names, each as Keras counts."""
    from cnnstudio.catalog.bases import BASES
    from cnnstudio.interchange.printing.torch.bases import learning_lines

    base = BASES["resnet50"]
    paths = {node.id: node.id for node in base.graph().nodes if node.type == "Conv2D"}
    learning = base.trainable_layers("last:27")
    text = "\n".join(learning_lines("network.base", base, learning, paths))
    assert "requires_grad_(name in (" in text
    assert {name for name in paths if f'"{name}"' in text} == learning & paths.keys()
    assert "learns = learns or" in "\n".join(learning_lines("network.base", base, base.trainable_layers("conv5"), paths))
