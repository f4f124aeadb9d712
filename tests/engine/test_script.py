"""The printed training scripts run as they stand, in Keras and in PyTorch."""

from __future__ import annotations

import runpy

import keras
import numpy as np
import pytest

from cnnstudio.catalog.script import keras_script
from cnnstudio.catalog.torch_code.script import torch_script
from cnnstudio.core.item import Step
from tests.engine.collections_of_pictures import CLASSES, augmented, draw, replace, small_project, write_manifest


def run(text, folder, monkeypatch, classes):
    entries = draw(folder / "pictures", classes, 10)
    write_manifest(folder / "manifest.jsonl", folder / "pictures", entries, classes)
    (folder / "train.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    return runpy.run_path(str(folder / "train.py"))


@pytest.mark.parametrize("mode", ["categorical", "binary"])
def test_the_keras_script_trains_and_saves(tmp_path, monkeypatch, mode):
    classes = CLASSES[:2] if mode == "binary" else CLASSES
    callbacks = (Step(id="early", type="EarlyStopping", params={"patience": 2}),
                 Step(id="off", type="ReduceLROnPlateau", enabled=False))
    project = augmented(replace(small_project(mode, epochs=1, callbacks=callbacks, class_weight="balanced"), name='a "b"'))
    text = keras_script(project, len(classes), 6 * len(classes))
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
    found = run(torch_script(project, len(classes)), tmp_path, monkeypatch, classes)
    told = capsys.readouterr().out
    losses = [float(line.split("val_loss ")[1].split(",")[0]) for line in told.splitlines() if "val_loss" in line]
    assert len(losses) == 6
    assert losses[-1] < losses[0]
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as archive:
        assert set(archive.files) == set(found["network"].state_dict())
    other = found["Network"]()
    found["load_weights"](other, tmp_path / "weights.npz")
    assert torch.equal(other.output.weight, found["network"].cpu().output.weight)
