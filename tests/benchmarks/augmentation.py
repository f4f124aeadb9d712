"""Augmentation: the fused warp against Keras's four layers in a `tf.function`, one core each."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np

ROUNDS = 7
CASES = ((32, 512), (224, 32))

STEPS: list[dict[str, Any]] = [
    {"id": "flip", "type": "random_flip", "enabled": True, "params": {"mode": "horizontal"}},
    {"id": "rotation", "type": "random_rotation", "enabled": True, "params": {"factor": 0.1}},
    {"id": "zoom", "type": "random_zoom", "enabled": True, "params": {"height_factor": 0.1, "width_factor": None}},
    {"id": "translation", "type": "random_translation", "enabled": True,
     "params": {"height_factor": 0.1, "width_factor": 0.1}},
]

# Both sides run in one process that keeps to one core, so that they meet the same disturbances.
CHILD = "from tests.benchmarks.augmentation import measure; measure()"


def measure() -> None:
    """Time both sides in turn and print their pictures a second as JSON; runs in a child process."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import keras
    import tensorflow as tf

    from cnnstudio.catalog.augmenting import make_augmenter

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    results = []
    for side, count in CASES:
        pictures = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
        layers = [keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.1), keras.layers.RandomZoom(0.1),
                  keras.layers.RandomTranslation(0.1, 0.1)]

        @tf.function
        def script(batch: Any, layers: list[Any] = layers) -> Any:
            batch = tf.cast(batch, tf.float32)
            for layer in layers:
                batch = layer(batch, training=True)
            return batch

        tensor = tf.constant(pictures)
        augmenter = make_augmenter(STEPS, side, side, 3, workers=1)
        indices = np.arange(count)
        out = np.empty_like(pictures)

        def ours(epoch: int, augmenter: Any = augmenter, indices: Any = indices, pictures: Any = pictures,
                 out: Any = out) -> None:
            augmenter(pictures, augmenter.draw(0, epoch, indices), out)

        script(tensor).numpy()
        ours(0)
        mine, theirs = [], []
        for turn in range(ROUNDS):
            start = time.perf_counter()
            for epoch in range(8):
                ours(8 * turn + epoch)
            middle = time.perf_counter()
            script(tensor).numpy()
            mine.append(8 * count / (middle - start))
            theirs.append(count / (time.perf_counter() - middle))
        results.append((side, statistics.median(mine), statistics.median(theirs)))
    print(json.dumps(results))


def run() -> list[dict[str, Any]]:
    """A row for each size: pictures a second on one core."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True, env=environment)
    return [
        {"work": f"augmentation of {side}x{side} pictures, one core", "ours": f"{mine:,.0f} pictures/s",
         "script": f"{theirs:,.0f} pictures/s", "ratio": mine / theirs, "target": ">= 10"}
        for side, mine, theirs in json.loads(done.stdout.splitlines()[-1])
    ]


if __name__ == "__main__":
    for row in run():
        print(f"{row['work']}: {row['ours']} against {row['script']}: {row['ratio']:.1f} (target {row['target']})")
