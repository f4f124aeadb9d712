"""predict.py of an exported bundle names the file of its folder that is damaged."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from cnnstudio.engine.exporting import bundle_predict as source
from cnnstudio.engine.exporting.runtimes import keras_runtime


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch):
    """The script as a module of its own, beside a model."""
    spec = importlib.util.spec_from_file_location("predict_of_a_bundle", source.__file__)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.HERE = tmp_path
    shutil.copyfile(keras_runtime.__file__, tmp_path / "runtime.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "runtime", raising=False)
    keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]).save(tmp_path / "model.keras")
    (tmp_path / "classes.json").write_text(json.dumps({"class_names": ["a", "b", "c"], "label_mode": "int"}))
    return module


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"class_names": 3, "label_mode": "int"}'])
def test_a_damaged_description_is_named(bundle, data, monkeypatch, capsys):
    (bundle.HERE / "classes.json").write_bytes(data)
    monkeypatch.setattr(bundle, "classify", lambda: bundle.read_json("classes.json", {"class_names": list}))
    assert bundle.main() == 2
    assert "classes.json is damaged" in capsys.readouterr().err


def test_a_damaged_model_and_too_few_classes_are_named(bundle):
    assert bundle.load_model("model.keras", 3, "int")(np.zeros((1, 2, 2, 1), np.float32)).shape == (1, 3)
    with pytest.raises(bundle.DamagedBundle) as damaged:
        bundle.load_model("model.keras", 2, "int")
    assert damaged.value.name == "classes.json"
    whole = (bundle.HERE / "model.keras").read_bytes()
    for data in (b"", whole[:200], whole[:-50], whole.replace(b"config.json", b"c0nfig.json")):
        (bundle.HERE / "model.keras").write_bytes(data)
        with pytest.raises(bundle.DamagedBundle) as damaged:
            bundle.load_model("model.keras", 3, "int")
        assert damaged.value.name == "model.keras" and "damaged" in damaged.value.text()


def test_a_reader_that_has_enough_is_no_fault(tmp_path):
    """As in `python predict.py FOLDER | head`: the reading end is closed before the answers are written."""
    reading, writing = os.pipe()
    os.close(reading)
    call = ("import sys; from cnnstudio.engine.exporting import bundle_predict as script; "
            "script.classify = lambda: print('an answer', flush=True) or 0; sys.exit(script.main())")
    done = subprocess.run([sys.executable, "-c", call], stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
