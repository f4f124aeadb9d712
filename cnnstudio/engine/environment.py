"""The backend of this process: reproducibility, threads and devices."""

from __future__ import annotations

import contextlib
import gc
import os
import platform
from importlib import metadata
from typing import Any, Final

import cv2
import keras
import numpy as np

from cnnstudio import __version__
from cnnstudio.core.training import Devices

_PACKAGES = {"numpy": "numpy", "opencv": "opencv-python-headless", "litert": "ai-edge-litert", "torch": "torch",
             "jax": "jax"}
LOGICAL_DEVICES: Final = "CNNSTUDIO_TEST_LOGICAL_DEVICES"
"""For tests alone: into how many devices TensorFlow takes the processor apart. For JAX, XLA_FLAGS says it."""
_XLA_DETERMINISM: Final = "--xla_gpu_deterministic_ops=true"


def set_up(device: str, determinism: str = "auto", devices: Devices = 1) -> None:
    """Configure the process: OpenCV uses one thread, the GPU is used only if wanted, and equal seeds give equal
    numbers.

    `determinism` "on" and "off" decide that; "auto" is on for a processor, where it costs little (record 45),
    and off on a GPU, where many operations have no quick deterministic form. With several `devices`, TensorFlow's may wait
    for each other, so that operations go on at once.
    """
    # What the libraries made at their import stays: a collection that goes through it takes half a second.
    gc.freeze()
    cv2.setNumThreads(1)
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        if device == "cpu":
            tf.config.set_visible_devices([], "GPU")
        if _wants_determinism(determinism):
            tf.config.experimental.enable_op_determinism()
            if devices == 1:
                _one_operation_at_a_time(tf)
        if count := os.environ.get(LOGICAL_DEVICES):
            tf.config.set_logical_device_configuration(
                tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * int(count))
    elif backend == "torch":
        import torch

        if _wants_determinism(determinism):
            torch.use_deterministic_algorithms(True, warn_only=True)
        if device == "cpu" and torch.cuda.is_available():
            torch.set_default_device("cpu")
    elif determinism == "on":
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_XLA_DETERMINISM}".strip()


def _one_operation_at_a_time(tf: Any) -> None:
    """Let TensorFlow begin an operation when the one before it is done; each still uses all cores.

    On a processor, `enable_op_determinism` is not enough: with operations at once, a training step of a base that learns
    differed in the last digits in up to 11 of 40 repetitions on a busy computer, and in none of 40 with this.
    """
    threading = tf.config.threading
    if threading.get_inter_op_parallelism_threads() != 1:
        # TensorFlow refuses it once it has computed something.
        with contextlib.suppress(RuntimeError):
            threading.set_inter_op_parallelism_threads(1)


def _wants_determinism(setting: str) -> bool:
    return setting == "on" or (setting == "auto" and not on_gpu())


def is_deterministic() -> bool:
    """Whether the same seed gives exactly the same numbers."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from tensorflow.python.framework import config

        return bool(config.is_op_determinism_enabled())
    if backend == "torch":
        import torch

        return bool(torch.are_deterministic_algorithms_enabled())
    return not on_gpu() or _XLA_DETERMINISM in os.environ.get("XLA_FLAGS", "")


def on_gpu() -> bool:
    """Whether Keras computes on a graphics card."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.get_visible_devices("GPU"))
    if backend == "torch":
        import torch

        return bool(torch.cuda.is_available() or torch.backends.mps.is_available())
    import jax

    return bool(jax.default_backend() != "cpu")


def device_names() -> tuple[str, ...]:
    """The name of every device that Keras can compute on, such as "GPU: NVIDIA T4"; of processors "CPU: 2 cores"."""
    backend = keras.backend.backend()
    if not on_gpu():
        return (f"CPU: {os.cpu_count() or 1} cores",) * _processors()
    if backend == "tensorflow":
        import tensorflow as tf

        cards = tf.config.get_visible_devices("GPU")
        names = [tf.config.experimental.get_device_details(card).get("device_name", card.name) for card in cards]
    elif backend == "torch":
        import torch

        names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())] or ["Apple"]
    else:
        import jax

        names = [device.device_kind for device in jax.devices()]
    return tuple(f"GPU: {name}" for name in names)


def _processors() -> int:
    """1, or as many as tests take the processor apart into."""
    if keras.backend.backend() == "tensorflow":
        return int(os.environ.get(LOGICAL_DEVICES, "1"))
    if keras.backend.backend() == "jax":
        import jax

        return int(jax.device_count())
    return 1


def device_name(devices: Devices = 1) -> str:
    """The name of the first device, such as "GPU: NVIDIA T4" or "CPU: 2 cores"; of several "GPU: 2 × NVIDIA T4"."""
    names = device_names()
    count = len(names) if devices == "all" else min(devices, len(names))
    if count == 1:
        return names[0]
    kind, _colon, name = names[0].partition(": ")
    return f"{kind}: {count} × {name}"


def backend_version() -> str:
    """The version of the library that computes."""
    return str(__import__(keras.backend.backend()).__version__)


def versions() -> dict[str, str]:
    """Versions of the libraries that compute."""
    versions_by_name = {"cnnstudio": __version__, "python": platform.python_version(), "keras": keras.__version__,
                        "backend": keras.backend.backend()}
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        versions_by_name["tensorflow"] = tf.__version__
    for name, package in _PACKAGES.items():
        try:
            versions_by_name[name] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions_by_name


def random_state() -> list[np.ndarray]:
    """State of the backend's own generators, which Keras's Dropout uses on PyTorch; empty on other backends."""
    if keras.backend.backend() != "torch":
        return []
    import torch

    states = [torch.get_rng_state(), *(torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [])]
    return [np.array(state.numpy()) for state in states]


def restore_random_state(states: list[np.ndarray]) -> None:
    """Restore the state of `random_state`."""
    if keras.backend.backend() != "torch" or not states:
        return
    import torch

    torch.set_rng_state(torch.from_numpy(states[0]))
    if torch.cuda.is_available() and len(states) == 1 + torch.cuda.device_count():
        torch.cuda.set_rng_state_all([torch.from_numpy(state) for state in states[1:]])


def numpy_of(tensor: Any) -> Any:
    """A backend's tensor as a NumPy array."""
    return keras.ops.convert_to_numpy(tensor)
