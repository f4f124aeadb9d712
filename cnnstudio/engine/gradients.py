"""The gradient of a model's loss, on every backend, with nothing of the model changed by it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from cnnstudio.engine.devices import outside_of_steps, parts
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.training import snapshots

Batch = tuple[np.ndarray, np.ndarray, np.ndarray | None]
"""(pictures or features, labels, sample weights or None)."""


def loss_gradients(model: Any, batch: Batch) -> list[np.ndarray]:
    """For each trainable variable of a compiled model the gradient of its loss as a training step computes it: dropout and
    batch normalisation in training mode, regularisation included, nothing clipped. Zeros where the loss does not depend on
    a variable. No variable of the model, the optimizer or the metrics changes, and no random generator."""
    if not model.trainable_variables:
        return []
    trainable = {id(variable) for variable in model.trainable_variables}
    others = [variable for variable in snapshots.weights_of(model) if id(variable) not in trainable]
    before, generators = snapshots.copy_weights(others), snapshots.generators()
    try:
        compute = {"tensorflow": _by_tensorflow, "torch": _by_torch, "jax": _by_jax}[keras.backend.backend()]
        found = compute(model, *batch)
    finally:
        snapshots.assign(others, before, "model")
        snapshots.restore_generators(generators)
    scale = _loss_scale(model)
    return [np.zeros(variable.shape, np.float32) if gradient is None else np.asarray(numpy_of(gradient), np.float32) / scale
            for variable, gradient in zip(model.trainable_variables, found, strict=True)]


def _loss_scale(model: Any) -> float:
    """By how much the optimizer enlarges the loss, so that small gradients in 16 bits do not vanish."""
    return float(numpy_of(model.optimizer.scale_loss(keras.ops.convert_to_tensor(1.0))))


def _by_tensorflow(model: Any, pictures: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> list[Any]:
    import tensorflow as tf

    # Where several devices have a copy of each variable, outside of their steps that of the first one computes.
    copies = tf.distribute.get_strategy().experimental_local_results
    variables = [copies(variable.value)[0] for variable in model.trainable_variables]
    with tf.GradientTape() as tape, outside_of_steps(model):
        # Keras divides the loss by the number of parts, of which this is the only one.
        loss = _loss(model, pictures, labels, weights) * parts()
    found = tape.gradient(loss, variables)
    return [tf.convert_to_tensor(gradient) if isinstance(gradient, tf.IndexedSlices) else gradient for gradient in found]


def _by_torch(model: Any, pictures: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> list[Any]:
    import torch

    variables = [variable.value for variable in model.trainable_variables]
    with torch.enable_grad():
        # Not `backward`, which would add to the gradients that the next step uses.
        return list(torch.autograd.grad(_loss(model, pictures, labels, weights), variables, allow_unused=True))


def _by_jax(model: Any, pictures: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> list[Any]:
    import jax

    def loss(trainable: list[Any]) -> Any:
        found, _updates = model.compute_loss_and_updates(
            trainable, [variable.value for variable in model.non_trainable_variables],
            [variable.value for variable in model.metrics_variables], _tensor(pictures), _tensor(labels),
            None if weights is None else _tensor(weights), training=True,
            optimizer_variables=[variable.value for variable in model.optimizer.variables])
        return found

    return list(jax.grad(loss)([variable.value for variable in model.trainable_variables]))


def _loss(model: Any, pictures: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> Any:
    answers = model(_tensor(pictures), training=True)
    loss = model.compute_loss(x=None, y=_tensor(labels), y_pred=answers, training=True,
                              sample_weight=None if weights is None else _tensor(weights))
    return model.optimizer.scale_loss(loss)


def _tensor(array: np.ndarray) -> Any:
    return keras.ops.convert_to_tensor(array)
