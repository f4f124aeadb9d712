"""Several devices of one computer that share every batch of a training.

On JAX, Keras's `DataParallel` lays each batch out over the devices, and the step is that of the whole batch. On TensorFlow,
`MirroredStrategy` keeps a copy of the network on each device, gives each a part of the batch, and sums the gradients.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import msgspec
import numpy as np

from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.core.training import TrainingSpec
from cnnstudio.engine import environment
from cnnstudio.network.device_checks import ONE_DEVICE, too_many_problem, uneven_problem


def count_devices(training: TrainingSpec) -> int:
    """How many devices share each batch. Raises ProblemError where there are not as many, or the batch cannot be shared."""
    if training.devices == 1:
        return 1
    there = environment.device_names()
    wanted = len(there) if training.devices == "all" else training.devices
    if wanted > len(there) or len(there) == 1:
        raise ProblemError(too_many_problem(training.devices, there))
    if training.batch_size % wanted:
        raise ProblemError(uneven_problem(training, wanted))
    return wanted


@contextmanager
def sharing(count: int) -> Iterator[None]:
    """Models that are made within share their batches among so many devices, and are to be trained within."""
    if count == 1:
        yield
    elif keras.backend.backend() == "tensorflow":
        with _mirrored(count).scope():
            yield
    else:
        with _laid_out(count):
            yield


@functools.cache
def _mirrored(count: int) -> Any:
    """One in a process: a second one would meet the first under the same keys when devices exchange gradients."""
    import tensorflow as tf

    kind = "GPU" if environment.on_gpu() else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{number}" for number in range(count)])


@contextmanager
def _laid_out(count: int) -> Iterator[None]:
    """Keras lays all batches out as the first one of an epoch, which a last one that the devices do not divide does not
    allow. Such a batch goes to all devices, each of which then computes it whole: nothing is left out or filled up."""
    from keras.src.backend.jax import distribution_lib

    distribution = keras.distribution.DataParallel(devices=keras.distribution.list_devices()[:count])
    lay_out, before = distribution_lib.distribute_data_input, keras.distribution.distribution()

    def lay_out_any(batch: Any, layout: Any, batch_dim_name: str) -> Any:
        if batch is None:
            return None
        if len(batch) % count:
            layout = keras.distribution.TensorLayout([None] * len(batch.shape), distribution.device_mesh)
        return lay_out(batch, layout, batch_dim_name)

    distribution_lib.distribute_data_input = lay_out_any
    keras.distribution.set_distribution(distribution)
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)
        distribution_lib.distribute_data_input = lay_out


def parts() -> int:
    """Into how many parts TensorFlow takes each batch here; on JAX a batch stays whole."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def answers(model: Any, pictures: Any) -> Any:
    """`predict_on_batch`: on TensorFlow each device answers for the whole batch, and Keras puts all answers in a row."""
    outputs = model.predict_on_batch(pictures)
    if parts() == 1:
        return outputs
    if isinstance(outputs, list | tuple):
        return [output[:len(pictures)] for output in outputs]
    return outputs[:len(pictures)]


def validation_batch(pictures: int, batch_size: int) -> int:
    """The largest size of batches, at most `batch_size`, of which the last has a picture for every device."""
    count = parts()
    return next((size for size in range(batch_size, count - 1, -1) if not 0 < pictures % size < count), batch_size)


def check_pictures(train: int, validation: int) -> None:
    """Raises ProblemError where a device would have no picture."""
    count = parts()
    for number, name in ((train, Text("training", "entrenamiento")), (validation, Text("validation", "validación"))):
        if 0 < number < count or (not number and name.en == "training"):
            text = Text("There are fewer {name} pictures ({n}) than devices ({m}): some would have nothing to compute. Use one "
                        "device.",
                        "Hay menos imágenes de {name} ({n}) que dispositivos ({m}): algunos no tendrían nada que calcular. Use "
                        "un solo dispositivo.")
            raise ProblemError(error("devices_few_pictures", text.fill(name=name, n=number, m=count), "training",
                                     field="devices", fixes=(ONE_DEVICE,)))


def remainder_problem(pictures: int) -> Problem | None:
    """What the user should know where the devices cannot share `pictures` equally; None where they can."""
    count = parts()
    if not pictures % count:
        return None
    text = Text("In each epoch, pictures left out: {n} of {pictures}, others each time, so that the last batch is shared "
                "equally among {count} devices.",
                "Imágenes que quedan fuera en cada época: {n} de {pictures}, otras cada vez, para que el último lote se "
                "reparta por igual entre {count} dispositivos.")
    problem = warning("devices_remainder", text.fill(n=pictures % count, pictures=pictures, count=count), "training",
                      field="devices")
    return msgspec.structs.replace(problem, severity="info")


def normalize_together(model: Any) -> None:
    """Let batch normalisation take its statistics from the whole batch. On JAX it does so anyway; on TensorFlow each device
    would take its own, and the copies of the moving averages would drift apart."""
    if parts() > 1:
        for layer in _normalizations(model):
            layer.synchronized = True


@contextmanager
def outside_of_steps(model: Any) -> Iterator[None]:
    """Within, the model may be called for training by the program itself: no other device takes part in its statistics."""
    together = [layer for layer in _normalizations(model) if layer.synchronized]
    for layer in together:
        layer.synchronized = False
    try:
        yield
    finally:
        for layer in together:
            layer.synchronized = True


def _normalizations(model: Any) -> list[Any]:
    """Those outside of a base, which stays in inference mode."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def shares_of(batch: tuple[np.ndarray, ...], count: int) -> Iterator[tuple[np.ndarray, ...]]:
    """The parts of a batch for each device, the first ones larger by a picture where it cannot be divided."""
    yield from zip(*(np.array_split(part, count) for part in batch), strict=True)
