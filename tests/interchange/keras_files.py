"""`.keras` and `.h5` files written without Keras, for tests that need no more than a small one."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def layer(kind: str, name: str, *sources: str, module: str = "keras.layers", **config: Any) -> dict[str, Any]:
    """A layer as Keras 3 describes it in a functional model."""
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [source, 0, 0]}} for source in sources]
    return {"module": module, "class_name": kind, "name": name, "config": {"name": name, **config},
            "inbound_nodes": [{"args": tensors, "kwargs": {}}] if sources else []}


def chain(*layers: tuple[str, dict[str, Any]], shape: tuple[int | None, ...] = (16, 16, 3)) -> list[dict[str, Any]]:
    """An input of that shape and layers behind each other, called "one", "two", ..."""
    result = [layer("InputLayer", "in", batch_shape=[None, *shape])]
    names = ("one", "two", "three", "four", "five", "six")
    for (kind, config), name in zip(layers, names, strict=False):
        result.append(layer(kind, name, result[-1]["name"], **config))
    return result


CONV = {"filters": 4, "kernel_size": [3, 3], "padding": "same"}
PLAIN = (("Conv2D", CONV), ("MaxPooling2D", {"pool_size": [2, 2]}), ("Conv2D", CONV), ("Flatten", {}),
         ("Dense", {"units": 8, "activation": "relu"}), ("Dense", {"units": 3}))


def _described(layers: list[dict[str, Any]]) -> str:
    return json.dumps({"class_name": "Functional", "config": {
        "layers": layers, "input_layers": ["in", 0, 0], "output_layers": [layers[-1]["name"], 0, 0]}})


def write_h5(path: Path, layers: list[dict[str, Any]] | None = None, described: bool = True, weights: bool = True) -> Path:
    """A whole model in HDF5; its weights are a few numbers, which nothing here reads."""
    with h5py.File(path, "w") as file:
        if described:
            file.attrs["model_config"] = _described(chain(*PLAIN) if layers is None else layers)
        if weights:
            file["model_weights/one/one/kernel"] = np.zeros((3, 3, 3, 4), "f4")
            file["model_weights/one"].attrs["weight_names"] = ["one/kernel"]
    return path


def write_model(path: Path, layers: list[dict[str, Any]] | None = None, weights: bool = True, **members: bytes) -> Path:
    """A model of these layers; its weights are a few numbers, which nothing here reads."""
    layers = chain(*PLAIN) if layers is None else layers
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file["layers/conv2d/vars/0"] = np.zeros((3, 3, 3, 4), "f4")
        # As large as if all were there.
        file["optimizer"] = np.zeros(5000, "f4")
    content = path.with_suffix(".h5").read_bytes()
    path.with_suffix(".h5").unlink()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", _described(layers))
        if weights:
            archive.writestr("model.weights.h5", content)
        for name, data in members.items():
            archive.writestr(name, data)
    return path
