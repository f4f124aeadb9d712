"""The printed PyTorch network beside the Keras model whose weights it was given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnstudio.catalog.context import Context
from cnnstudio.core.network import NetworkSpec
from cnnstudio.engine.building import build
from cnnstudio.engine.weight_transfer import save_state, torch_state
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.script import torch_code
from cnnstudio.network.shapes import report


def with_other_weights(model: keras.Model) -> None:
    """Weights that leave nothing the same, and under which no value runs away."""
    drawn = np.random.default_rng(3)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            with_other_weights(layer)
            continue
        arrays = []
        for weight in layer.weights:
            size = tuple(weight.shape)
            if weight.name in ("gamma", "moving_variance"):
                arrays.append(drawn.uniform(0.8, 1.2, size))
            elif weight.name in ("beta", "bias", "moving_mean", "alpha", "scale", "concat_score_weight"):
                arrays.append(drawn.uniform(0.1, 0.3, size))
            else:
                arrays.append(drawn.normal(0, 1, size) * np.std(weight) if np.std(weight) else drawn.normal(0, 0.1, size))
        layer.set_weights(arrays)


def printed_network(spec: NetworkSpec, context: Context, model: keras.Model, path: Path) -> Any:
    """The printed network, in evaluation mode, with the weights of the Keras model."""
    names: dict[str, Any] = {}
    exec(torch_code(spec, context), names)  # our own text, printed a moment ago
    network = names["Network"]()
    save_state(torch_state(model, torch_model(spec, context)), path)
    names["load_weights"](network, path)
    return network.eval()


def same_in_torch(spec: NetworkSpec, context: Context, path: Path, headless: bool = False, tolerance: float = 1e-4) -> None:
    """Builds the network in Keras, gives it other weights, and compares."""
    keras.utils.set_random_seed(1)
    model = build(spec, context, weights=False, headless=headless).model
    with_other_weights(model)
    pictures = np.random.default_rng(1).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
    compare(spec, context, model, pictures, path, tolerance)
    trainable = sum(weight.numel() for weight in printed_network(spec, context, model, path).parameters()
                    if weight.requires_grad)
    assert trainable == report(spec, context, headless=headless).trainable


def compare(spec: NetworkSpec, context: Context, model: keras.Model, pictures: np.ndarray, path: Path, tolerance: float = 1e-4
            ) -> None:
    """The printed network answers as the Keras model whose weights it was given."""
    import torch

    answers = model.predict_on_batch(pictures)
    network = printed_network(spec, context, model, path)
    with torch.no_grad():
        found = network(torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())).numpy()
    if found.ndim == 4:
        found = found.transpose(0, 2, 3, 1)
    assert found.shape == answers.shape
    scale = max(1.0, float(np.abs(answers).max()))
    np.testing.assert_allclose(found / scale, answers / scale, atol=tolerance)
