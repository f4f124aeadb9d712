"""A model file of Keras with known weights, written without Keras."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np


def write_model(path: Path, kernels: list[np.ndarray], biases: list[np.ndarray]) -> Path:
    """A chain of convolution layers."""
    layers = [{"class_name": "InputLayer", "module": "keras.layers", "registered_name": None,
               "config": {"batch_shape": [None, 28, 28, kernels[0].shape[2]], "dtype": "float32", "name": "input"}}]
    file = io.BytesIO()
    with h5py.File(file, "w") as weights:
        for number, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
            suffix = f"_{number}" if number else ""
            layers.append({"class_name": "Conv2D", "module": "keras.layers", "registered_name": None, "config": {
                "name": f"convolution_{number + 1}", "dtype": "float32", "filters": kernel.shape[3],
                "kernel_size": list(kernel.shape[:2]), "strides": [1, 1], "padding": "valid", "use_bias": True}})
            group = weights.create_group(f"layers/conv2d{suffix}/vars")
            group.create_dataset("0", data=kernel.astype(np.float32))
            group.create_dataset("1", data=bias.astype(np.float32))
    config = {"class_name": "Sequential", "module": "keras", "registered_name": None,
              "config": {"name": "sequential", "layers": layers}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("model.weights.h5", file.getvalue())
    return path
