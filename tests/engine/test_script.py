"""The printed training scripts run as they stand, in Keras and in PyTorch."""

from __future__ import annotations

import runpy

import keras
import numpy as np
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.catalog.training import CALLBACKS
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.item import Item, Step
from cnnstudio.engine.building import build, compile_model
from cnnstudio.engine.exporting.keras_writers import state
from cnnstudio.engine.weight_transfer import save_state, torch_state
from cnnstudio.interchange.printing.keras.script import keras_script, keras_source
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.script import torch_script
from cnnstudio.network.new_project import with_base
from cnnstudio.workers.printed_scripts import write_script
from tests.engine.collections_of_pictures import CLASSES, augmented, draw, replace, small_project, write_manifest


def run(text, folder, monkeypatch, classes, without=""):
    """What the script leaves behind, without a split. In this process, which has TensorFlow, it may not start others."""
    if "import tensorflow" in text:
        pytest.importorskip("tensorflow", reason="scripts of Keras read the pictures with tf.data")
    entries = [entry for entry in draw(folder / "pictures", classes, 10) if entry["split"] != without]
    write_manifest(folder / "manifest.jsonl", folder / "pictures", entries, classes)
    (folder / "train.py").write_text(text.replace("WORKERS = 2", "WORKERS = 0"), encoding="utf-8")
    monkeypatch.chdir(folder)
    return runpy.run_path(str(folder / "train.py"), run_name="__main__")


@pytest.mark.parametrize("mode", ["categorical", "binary"])
def test_the_keras_script_trains_and_saves(tmp_path, monkeypatch, mode):
    classes = CLASSES[:2] if mode == "binary" else CLASSES
    callbacks = (Step(id="early", type="EarlyStopping", params={"patience": 2}),
                 Step(id="off", type="ReduceLROnPlateau", enabled=False))
    project = augmented(replace(small_project(mode, epochs=1, callbacks=callbacks, class_weight="balanced"), name='a "b"'))
    text = keras_script(project, context_of(project, len(classes), BUILT_IN), 6 * len(classes))
    assert "EarlyStopping" in text and "ReduceLROnPlateau" not in text
    found = run(text, tmp_path, monkeypatch, classes)
    assert len(found["history"].history["val_accuracy"]) == 1
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.count_params() == found["model"].count_params()


@pytest.mark.parametrize("mode", ["int", "binary"])
def test_the_pytorch_script_trains_and_saves(tmp_path, monkeypatch, capsys, mode):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    classes = CLASSES[:2] if mode == "binary" else CLASSES
    project = small_project(mode, epochs=6)
    found = run(torch_script(project, context_of(project, len(classes), BUILT_IN)), tmp_path, monkeypatch, classes)
    told = capsys.readouterr().out
    assert "test: loss" in told
    losses = [float(line.split("val_loss ")[1].split(",")[0]) for line in told.splitlines() if "val_loss" in line]
    assert len(losses) == 6
    assert losses[-1] < losses[0]
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as archive:
        assert set(archive.files) == set(found["network"].state_dict())
        other = found["Network"]()
        other.load_state_dict({name: torch.from_numpy(archive[name]) for name in archive.files})
    assert torch.equal(other.output.weight, found["network"].cpu().output.weight)


@pytest.mark.parametrize("changed", [True, False])
def test_opencv_has_no_threads_of_its_own_beside_workers(changed):
    """A worker is a copy of the process in which the thread that holds a lock is missing: it once waited for ever."""
    project = augmented(small_project()) if changed else small_project()
    text = torch_script(project, context_of(project, 2, BUILT_IN), 24)
    before, _call, after = text.partition("cv2.setNumThreads(0)")
    assert ("num_workers=" in text) == bool(after) == changed
    assert "cv2.resize" not in before or not changed


STOPPING = (Step(id="early", type="EarlyStopping", params={"patience": 1}),
            Step(id="plateau", type="ReduceLROnPlateau", params={"patience": 1}))


def test_the_keras_script_without_pictures_for_validation(tmp_path, monkeypatch):
    project = small_project(epochs=3, callbacks=STOPPING)
    text = keras_script(project, context_of(project, 3, BUILT_IN), 18)
    assert "validation_data=validation if len(validation) else None," in text
    found = run(text, tmp_path, monkeypatch, CLASSES, "validation")
    assert len(found["history"].history["loss"]) == 3
    assert "val_loss" not in found["history"].history


def test_the_pytorch_script_without_pictures_for_validation(tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    project = small_project(epochs=3, callbacks=STOPPING)
    run(torch_script(project, context_of(project, 3, BUILT_IN)), tmp_path, monkeypatch, CLASSES, "validation")
    told = capsys.readouterr().out
    assert "epoch 3: loss" in told and "val_loss" not in told


@pytest.mark.parametrize("base", ["efficientnet_lite0", pytest.param("mobilenet_v3_small", marks=pytest.mark.nightly)])
def test_the_printed_network_with_a_base_takes_the_weights_of_the_trained_one(base, tmp_path):
    context = Context(height=64, width=64, channels=3, class_count=4, normalization="base")
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("PretrainedBase", base=base, trainable_from=BASES[base].blocks[-1])
    drawing.add("Dense", units=8, activation="relu")
    drawing.add("Output")
    network = drawing.network()
    keras.utils.set_random_seed(1)
    trained = build(network, context, weights=base == "efficientnet_lite0").model
    names = {}
    keras.utils.set_random_seed(2)
    exec(keras_source(network, context), names)  # our own text
    save_state(state(trained, names["model"]), tmp_path / "weights.npz")
    names["load_weights"](names["model"], tmp_path / "weights.npz")
    pictures = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3)).astype("float32")
    np.testing.assert_allclose(names["model"].predict_on_batch(pictures), trained.predict_on_batch(pictures), atol=1e-5)


@pytest.mark.parametrize(("base", "params"), [
    ("efficientnet_lite0", {}), ("efficientnet_lite0", {"ends_at": "block5", "trainable_from": "block4", "pooling": "none"})])
def test_the_pytorch_script_loads_the_weights_of_the_base(base, params, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    project = with_base(small_project(), BASES[base])
    nodes = tuple(replace(node, params=node.params | params) if node.type == "PretrainedBase" else node
                  for node in project.network.nodes)
    if params.get("pooling") == "none":
        nodes = tuple(replace(node, type="GlobalAveragePooling2D", params={}) if node.type == "Dropout" else node
                      for node in nodes)
    project = replace(project, network=replace(project.network, nodes=nodes),
                      recipe=replace(project.recipe, height=64, width=64))
    context = context_of(project, 4, BUILT_IN)
    written = write_script(tmp_path / "w.py", "torch", project, context, 8, lambda path: write_manifest(
        path, tmp_path, [], ("a", "b", "c", "d")))
    assert written.problems == ()
    names = runpy.run_path(str(tmp_path / "w.py"))
    # Everything else of the network has Keras's weights, so that the answers can be compared.
    model = build(project.network, context).model
    state = torch_state(model, torch_model(project.network, context))
    network = names["Network"]()
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in state.items()
                             if not name.startswith("base.")}, strict=False)
    names["load_weights"](network.base, tmp_path / "w.base.npz")
    assert 'load_weights(network.base, Path(__file__).with_name("w.base.npz"))' in (tmp_path / "w.py").read_text()
    pictures = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3)).astype("float32")
    with torch.no_grad():
        logits = network.eval()(torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy()))
    np.testing.assert_allclose(torch.softmax(logits, 1).numpy(), model.predict_on_batch(pictures), atol=1e-4)


@pytest.mark.nightly
def test_the_keras_script_reads_the_weights_of_the_base_beside_it(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow", reason="scripts of Keras read the pictures with tf.data")
    project = with_base(small_project(epochs=1), BASES["efficientnet_lite0"])
    project = replace(project, recipe=replace(project.recipe, height=32, width=32))
    entries = draw(tmp_path / "pictures", CLASSES, 10)
    context = context_of(project, 3, BUILT_IN)
    written = write_script(tmp_path / "w.py", "keras", project, context, 18, lambda path: write_manifest(
        path, tmp_path / "pictures", entries, CLASSES))
    assert [path.name for path in written.files] == ["w.pictures.jsonl", "w.base.npz"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = runpy.run_path(str(tmp_path / "w.py"))
    trained = build(project.network, context).model.get_layer("base")
    for name in ("stem", "block7_depthwise_bn", "head"):
        arrays, wanted = (model.get_layer(name).get_weights() for model in (found["model"], trained))
        for array, other in zip(arrays, wanted, strict=True):
            np.testing.assert_array_equal(array, other)


def test_the_keras_script_gives_the_same_numbers_again(tmp_path, monkeypatch):
    project = replace(small_project(epochs=2), augmentation=steps("random_flip", "random_rotation", "mix_up"))
    text = keras_script(project, context_of(project, len(CLASSES), BUILT_IN), 18)
    first = run(text, tmp_path, monkeypatch, CLASSES)
    again = run(text, tmp_path, monkeypatch, CLASSES)
    assert first["history"].history == again["history"].history
    for one, other in zip(first["model"].get_weights(), again["model"].get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    epochs = [np.concatenate([batch for batch, _ in first["train"].as_numpy_iterator()]) for _ in range(2)]
    assert not np.array_equal(np.sort(epochs[0], axis=0), np.sort(epochs[1], axis=0)), "every epoch draws anew"
    assert len(first["train"]) == 4, "fit knows how many steps there are"


def steps(*kinds):
    return AugmentationSpec(steps=tuple(Step(id=kind, type=kind) for kind in kinds))


@pytest.mark.parametrize("mode", ["int", "binary", "categorical"])
def test_the_pytorch_script_does_all_that_the_training_does(tmp_path, monkeypatch, capsys, mode):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    classes = CLASSES[:2] if mode == "binary" else CLASSES
    callbacks = (Step(id="early", type="EarlyStopping", params={"monitor": "val_accuracy", "patience": 1,
                                                                "restore_best_weights": True}),
                 Step(id="slower", type="ReduceLROnPlateau", params={"monitor": "loss", "patience": 1, "min_delta": 5.0}))
    project = small_project(mode, epochs=12, callbacks=callbacks, class_weight="balanced", optimizer=Item(
        type="sgd", params={"learning_rate": 0.05, "weight_decay": 0.001, "clipnorm": 1.0, "momentum": 0.9}))
    project = replace(project, augmentation=steps("random_flip", "random_rotation", "random_brightness",
                                                  "random_erasing", "mix_up", "cut_mix"))
    text = torch_script(project, context_of(project, len(classes), BUILT_IN))
    assert "leaves out" not in text and "cannot print" not in text
    found = run(text, tmp_path, monkeypatch, classes)
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert len(told) == found["epoch"] + 1 < 12, "it stopped early"
    # Five is no improvement ever: after the first epoch every one makes the rate smaller.
    assert found["optimizer"].param_groups[0]["lr"] == pytest.approx(0.05 * 0.1 ** (len(told) - 1), rel=1e-3)
    best = found["stops"][0].weights
    assert all(torch.equal(value, best[name]) for name, value in found["network"].state_dict().items())


@pytest.mark.parametrize("values", [
    {"patience": 2}, {"patience": 0, "min_delta": 0.05}, {"monitor": "val_accuracy", "patience": 1},
    {"patience": 1, "baseline": 0.5}, {"patience": 1, "start_from_epoch": 3}, {"mode": "max", "patience": 3}])
def test_the_printed_early_stopping_is_that_of_keras(values):
    names = {}
    exec(CALLBACKS["EarlyStopping"].torch.helper.code, names)  # our own text
    monitor, mode = values.get("monitor", "val_loss"), values.get("mode", "auto")
    sign = -1 if mode == "max" or (mode == "auto" and monitor == "val_accuracy") else 1
    for seed in range(40):
        drawn = np.random.default_rng(seed).random(12)
        theirs = keras.callbacks.EarlyStopping(**{"monitor": monitor, "mode": "max" if sign < 0 else "min", **{
            name: value for name, value in values.items() if name not in ("monitor", "mode")}})
        theirs.set_model(keras.Sequential())
        theirs.model.stop_training = False
        theirs.on_train_begin()
        mine = names["EarlyStopping"](monitor, sign, **{name: value for name, value in values.items()
                                                        if name not in ("monitor", "mode")})
        ends = []
        for epoch, value in enumerate(drawn):
            theirs.on_epoch_end(epoch, {monitor: value})
            ends.append((mine.is_over(epoch, {monitor: value}), theirs.model.stop_training))
            if any(ends[-1]):
                break
        assert all(one == other for one, other in ends), (seed, ends)


@pytest.mark.parametrize(("optimizer", "tolerance"), [
    (Item(type="adam", params={"learning_rate": 0.01, "weight_decay": 0.02}), 0.05),
    (Item(type="sgd", params={"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}), 2e-3),
    (Item(type="sgd", params={"learning_rate": 0.5, "clipnorm": 0.05}), 2e-3),
    (Item(type="rmsprop", params={"learning_rate": 0.01, "rho": 0.8, "momentum": 0.5, "weight_decay": 0.01}), 0.05)],
    ids=["adam", "sgd", "clipnorm", "rmsprop"])
def test_the_pytorch_loop_takes_the_steps_of_keras(optimizer, tolerance, tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    project = small_project("categorical", epochs=4, batch_size=64, optimizer=optimizer, class_weight="balanced")
    entries = [each for each in draw(tmp_path / "pictures", CLASSES, 10) if each["label"] or each["path"] < "dark/004"]
    write_manifest(tmp_path / "manifest.jsonl", tmp_path / "pictures", entries, CLASSES)
    learned = [each for each in entries if each["split"] == "train"]
    pixels = np.stack([prepare_file(tmp_path / "pictures" / each["path"], project.recipe.as_dictionary())
                       for each in learned]).astype("float32")
    labels = np.array([each["label"] for each in learned])
    context = context_of(project, len(CLASSES), BUILT_IN)
    keras.utils.set_random_seed(1)
    model = build(project.network, context).model
    printed = torch_model(project.network, context)
    save_state(torch_state(model, printed), tmp_path / "start.npz")
    compile_model(model, project, context)
    weights = {number: len(labels) / (len(CLASSES) * (labels == number).sum()) for number in range(len(CLASSES))}
    model.fit(pixels, np.eye(len(CLASSES))[labels], batch_size=64, epochs=4, verbose=0, class_weight=weights)
    text = torch_script(project, context_of(project, len(CLASSES), BUILT_IN)).replace(
        "    network.to(DEVICE)", "    with np.load('start.npz') as start:\n        network.load_state_dict("
        "{name: torch.from_numpy(start[name]) for name in start.files})\n    network.to(DEVICE)")
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(tmp_path / "train.py"), run_name="__main__")
    with np.load("start.npz") as start, np.load("weights.npz") as archive:
        for name, wanted in torch_state(model, printed).items():
            # Where a gradient is almost nothing Adam and RMSprop divide by it, and each library rounds by itself.
            assert np.linalg.norm(archive[name] - wanted) < tolerance * np.linalg.norm(wanted - start[name]), name


@pytest.mark.parametrize(("setting", "line"), [("auto", None), ("on", "jit_compile=True,"), ("off", "jit_compile=False,")])
def test_the_keras_script_compiles_as_the_setting_says(setting, line):
    project = small_project(jit_compile=setting)
    text = keras_script(project, context_of(project, len(CLASSES), BUILT_IN), 20)
    assert ("jit_compile" in text) == (line is not None)
    assert line is None or line in text
    printed = torch_script(project, context_of(project, len(CLASSES), BUILT_IN))
    assert ("XLA" in printed) == (setting == "on")
