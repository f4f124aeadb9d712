"""The two scripts to beat, as data for `fit`: a course's and a careful one. Both read class folders with Keras's own loader
and augment with Keras's layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def augmentation_layers() -> list[Any]:
    """Keras's form of `material.STEPS`."""
    from keras import layers

    return [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.1),
            layers.RandomTranslation(0.1, 0.1)]


def course_data(root: Path, size: int) -> Any:
    """Pictures are decoded again in every epoch; the augmentation is part of the model (`augmentation_layers` in front)."""
    import keras

    data = keras.utils.image_dataset_from_directory(root, image_size=(size, size), batch_size=32, seed=1, verbose=False)
    return data.map(lambda batch, labels: (batch, labels))


def careful_data(root: Path, size: int, augment: bool) -> Any:
    """Decoded pictures are kept in memory, augmented in parallel, and fetched while the model works."""
    import keras
    import tensorflow as tf

    data = keras.utils.image_dataset_from_directory(root, image_size=(size, size), batch_size=32, seed=1, verbose=False)
    data = data.cache()
    if augment:
        front = keras.Sequential(augmentation_layers())
        data = data.map(lambda batch, labels: (front(batch, training=True), labels), num_parallel_calls=tf.data.AUTOTUNE)
    return data.prefetch(tf.data.AUTOTUNE)
