"""The state that the next training step depends on, as arrays, and its restoration."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.environment import numpy_of, random_state, restore_random_state
from cnnstudio.engine.training.checkpoints import Arrays


def weights_of(model: Any) -> list[Any]:
    """The model's variables without those of its metrics; the seeds of random layers are among them."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics]


def copy_weights(variables: Sequence[Any]) -> list[np.ndarray]:
    """The current values of the variables, independent of later training; read-only."""
    if keras.backend.backend() == "tensorflow":
        return [_tensorflow_value(variable) for variable in variables]
    return [np.array(numpy_of(variable)) for variable in variables]


def _tensorflow_value(variable: Any) -> np.ndarray:
    """On a processor nothing is copied: a value that was read never changes, since TensorFlow gives the variable new
    memory at the next step while the value is referenced. From a GPU it is copied."""
    import tensorflow as tf

    tensor = tf.convert_to_tensor(variable.value)
    if tensor.dtype == tf.bfloat16 or "GPU" in tensor.device:
        return np.asarray(tensor.numpy())
    return np.asarray(memoryview(tensor))


def assign(variables: Sequence[Any], arrays: Sequence[np.ndarray], group: str) -> None:
    """Set the variables. Raises ProblemError (checkpoint_unfit) where number or shapes differ."""
    if not fits(variables, arrays):
        raise ProblemError(unfit_problem(group))
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def unfit_problem(part: str) -> Problem:
    """The problem of a checkpoint of another network, or a modified one."""
    text = Text("The checkpoint does not match the network of this run ({group}). Start a new run.",
                "El punto de control no corresponde a la red de este entrenamiento ({group}). Empiece un entrenamiento "
                "nuevo.")
    return error("checkpoint_unfit", text.fill(group=part), "run")


def fits(variables: Sequence[Any], arrays: Sequence[np.ndarray]) -> bool:
    return [tuple(variable.shape) for variable in variables] == [array.shape for array in arrays]


def generators() -> dict[str, list[np.ndarray]]:
    """State of every random generator outside the model: the backend's, NumPy's and Python's."""
    _, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    _, state, python_gauss = random.getstate()
    return {"random": random_state(),
            "host_random": [np.array(keys), np.array([position, has_gauss]), np.array([gauss]),
                            np.array(state, np.uint64), np.array([np.nan if python_gauss is None else python_gauss])]}


def restore_generators(arrays: Arrays) -> None:
    """Restore the state of `generators`."""
    restore_random_state(arrays.get("random", []))
    host = arrays.get("host_random", [])
    if len(host) != 5:
        return
    keys, position, gauss, state, python_gauss = host
    np.random.set_state(("MT19937", keys, int(position[0]), int(position[1]), float(gauss[0])))
    random.setstate((3, tuple(int(number) for number in state),
                     None if np.isnan(python_gauss[0]) else float(python_gauss[0])))


def running_metrics(model: Any, totals: dict[str, float], pictures: int) -> None:
    """Set the means of an epoch from sums over `pictures`, as an earlier version kept them on PyTorch and JAX."""
    for metric in _flat(model.metrics):
        if metric.name in totals and len(metric.variables) == 2:
            for variable, value in zip(metric.variables, (totals[metric.name], pictures), strict=True):
                variable.assign(value)


def mean_metrics(model: Any) -> list[str]:
    """Names of the metrics, the loss among them, that are means over pictures; the model must have been called."""
    return [metric.name for metric in _flat(model.metrics)
            if isinstance(getattr(metric, "metric", metric), keras.metrics.Mean)]


def _flat(metrics: Sequence[Any]) -> list[Any]:
    """Metrics, those in the container that `compile` makes too."""
    return [inner for metric in metrics for inner in (_flat(metric.metrics) if hasattr(metric, "metrics") else [metric])]
