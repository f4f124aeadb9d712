"""Scores of classes and their gradients by the pixels or by the output of a layer, on every backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np

from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.explaining.network import PIXELS, OpenNetwork

BATCH: Final = 8
"""Pictures that go through the network at once."""
GRADIENT: Final = 3
"""A gradient takes about as long as so many passes forward."""


@dataclass(frozen=True)
class Gradient:
    """For a batch: the scores (n, outputs), the output of the layer and the gradient of the score by it, both (n, ...)."""

    scores: np.ndarray
    output: np.ndarray
    gradient: np.ndarray


class ClassScores:
    """The scores of the classes of a network. The score of a class is its logit, what its softmax or sigmoid gets; the
    output itself where there is none. Of a single output z the second class has z and the first -z."""

    def __init__(self, network: OpenNetwork, class_count: int) -> None:
        self.network = network
        self.class_count = class_count
        self.outputs = int(network.model.output_shape[-1])
        self.on_work: Callable[[int], None] = lambda _passes: None
        """Called after every batch with the number of pictures that were computed, a gradient counting threefold; it may
        raise, to end the work."""
        self._compiled: dict[tuple[str, ...], Callable[[Any], tuple[Any, dict[str, Any]]]] = {}

    def select(self, classes: np.ndarray) -> np.ndarray:
        """float32 (n, outputs): what the outputs are multiplied by to give the score of each picture's class."""
        if self.outputs == 1:
            return np.where(np.asarray(classes) == 1, 1.0, -1.0).astype(np.float32)[:, None]
        return np.asarray(np.eye(self.outputs, dtype=np.float32)[np.asarray(classes)])

    def outputs_of(self, pictures: np.ndarray) -> np.ndarray:
        """float32 (n, outputs) for pictures (n, height, width, channels) of any number."""
        forward = self._forward(())
        parts = []
        for begin in range(0, len(pictures), BATCH):
            batch = pictures[begin:begin + BATCH]
            parts.append(numpy_of(forward(_tensor(batch))[0]))
            self.on_work(len(batch))
        return np.concatenate(parts).astype(np.float32)

    def scores_of(self, pictures: np.ndarray, label: int) -> np.ndarray:
        """float32 (n,): the score of one class."""
        return np.asarray((self.outputs_of(pictures) * self.select(np.asarray([label]))).sum(axis=1))

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """(n, classes) of the scores, as the model's own last activation gives them."""
        values = np.asarray(outputs, np.float64)
        if self.network.final_activation == "softmax":
            values = np.exp(values - values.max(axis=1, keepdims=True))
            values /= values.sum(axis=1, keepdims=True)
        elif self.network.final_activation == "sigmoid":
            values = 1 / (1 + np.exp(-np.clip(values, -700, 700)))
        if self.outputs == 1:
            values = np.concatenate([1 - values, values], axis=1)
        return values.astype(np.float32)

    def gradient(self, pictures: np.ndarray, classes: np.ndarray, layer: str = PIXELS) -> Gradient:
        """The gradient of each picture's score by the output of a layer, or by its pixels, all as one batch."""
        return self.unit_gradient(pictures, layer, self.select(classes))

    def unit_gradient(self, pictures: np.ndarray, layer: str, weights: np.ndarray, of: str | None = None) -> Gradient:
        """The gradient of the sum of `weights` times the scores, or times the output of the layer `of`, by the output of
        `layer`. `weights` has the shape of what it weighs."""
        delta = np.zeros((len(pictures), *self._shape(layer)), np.float32)
        network = self.network

        def compute(shift: Any) -> tuple[Any, Any, Any]:
            kept: dict[str, Any] = {}

            def hook(name: str, value: Any) -> Any:
                if name == layer:
                    value = value + keras.ops.cast(shift, value.dtype)
                if name in (layer, of):
                    kept[name] = value
                return value

            scores = network.scores(_tensor(pictures), hook)
            weighed = scores if of is None else kept[of]
            total = keras.ops.sum(keras.ops.cast(weighed, "float32") * _tensor(weights))
            return total, scores, kept[layer]

        backend = {"tensorflow": _by_tensorflow, "torch": _by_torch, "jax": _by_jax}[keras.backend.backend()]
        scores, output, gradient = backend(compute, delta)
        found = np.zeros_like(delta) if gradient is None else np.asarray(numpy_of(gradient), np.float32)
        self.on_work(GRADIENT * len(pictures))
        return Gradient(np.asarray(numpy_of(scores), np.float32), np.asarray(numpy_of(output), np.float32), found)

    def output_of(self, pictures: np.ndarray, layer: str) -> np.ndarray:
        """float32 (n, ...): the output of a layer."""
        return self.outputs_of_layers(pictures, (layer,))[layer]

    def outputs_of_layers(self, pictures: np.ndarray, layers: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The outputs of several layers by their names, from one pass."""
        forward = self._forward(layers)
        parts = [forward(_tensor(pictures[begin:begin + BATCH]))[1] for begin in range(0, len(pictures), BATCH)]
        return {name: np.concatenate([np.asarray(numpy_of(part[name]), np.float32) for part in parts]) for name in layers}

    def forget(self) -> None:
        """The weights of the network changed: what was compiled with the earlier ones is compiled again."""
        if keras.backend.backend() == "jax":
            self._compiled.clear()

    def _forward(self, layers: tuple[str, ...]) -> Callable[[Any], tuple[Any, dict[str, Any]]]:
        if layers not in self._compiled:
            self._compiled[layers] = _compiled(self.network, layers)
        return self._compiled[layers]

    def _shape(self, layer: str) -> tuple[int, ...]:
        if layer == PIXELS:
            return self.network.input_shape
        found = self.network.find(layer)
        assert found is not None
        return found.shape


def _tensor(array: np.ndarray) -> Any:
    return keras.ops.convert_to_tensor(np.asarray(array, np.float32))


def _compiled(network: OpenNetwork, layers: tuple[str, ...]) -> Callable[[Any], tuple[Any, dict[str, Any]]]:
    """The forward pass, compiled where the backend does that: the scores, and the outputs of layers by their names."""
    def compute(pictures: Any) -> tuple[Any, dict[str, Any]]:
        kept: dict[str, Any] = {}

        def hook(name: str, value: Any) -> Any:
            if name in layers:
                kept[name] = value
            return value

        return network.scores(pictures, hook), kept

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        shape = tf.TensorSpec((None, *network.input_shape), tf.float32)
        compiled: Callable[[Any], tuple[Any, dict[str, Any]]] = tf.function(compute, input_signature=(shape,))
        return compiled
    if backend == "jax":
        import jax

        traced: Callable[[Any], tuple[Any, dict[str, Any]]] = jax.jit(compute)
        return traced

    import torch

    def without_gradient(pictures: Any) -> tuple[Any, dict[str, Any]]:
        with torch.no_grad():
            return compute(pictures)

    return without_gradient


_Compute = Callable[[Any], tuple[Any, Any, Any]]
"""The total, the scores and the output of the layer, for what is added to that output."""


def _by_tensorflow(compute: _Compute, delta: np.ndarray) -> tuple[Any, Any, Any]:
    import tensorflow as tf

    shift = tf.constant(delta)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(shift)
        total, scores, output = compute(shift)
    return scores, output, tape.gradient(total, shift)


def _by_torch(compute: _Compute, delta: np.ndarray) -> tuple[Any, Any, Any]:
    import torch

    shift = keras.ops.convert_to_tensor(delta).detach().requires_grad_(True)
    with torch.enable_grad():
        total, scores, output = compute(shift)
        if not total.requires_grad:
            return scores, output, None
        (gradient,) = torch.autograd.grad(total, (shift,), allow_unused=True)
    return scores, output, gradient


def _by_jax(compute: _Compute, delta: np.ndarray) -> tuple[Any, Any, Any]:
    import jax

    def total(shift: Any) -> tuple[Any, tuple[Any, Any]]:
        value, scores, output = compute(shift)
        return value, (scores, output)

    (_value, (scores, output)), gradient = jax.value_and_grad(total, has_aux=True)(jax.numpy.asarray(delta))
    return scores, output, gradient
