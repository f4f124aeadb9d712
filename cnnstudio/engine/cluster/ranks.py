"""Processes on several hosts that train one network together, by `jax.distributed`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import keras
import numpy as np

from cnnstudio.core.jobs import Group
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text

JOIN_SECONDS: Final = int(os.environ.get("CNNSTUDIO_JOIN_SECONDS", "180"))
"""How long the ranks wait for each other."""
HEARTBEAT_SECONDS: Final = 60
"""After so long without a sign of life a process counts as lost."""
_LOST_SIGNS: Final = ("gloo ", "nccl", "coordination service", "heartbeat", "barrier timed out")


def join_group(group: Group) -> None:
    """Become rank `group.rank`: before anything is computed. Raises ProblemError (group_lost) where the others do not come."""
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(coordinator_address=group.coordinator, num_processes=group.world, process_id=group.rank,
                                   initialization_timeout=JOIN_SECONDS, heartbeat_timeout_seconds=HEARTBEAT_SECONDS)
    except (RuntimeError, ValueError) as err:
        raise ProblemError(group_lost(str(err))) from err


def check_group(group: Group) -> None:
    """Whether all processes compute together: each one has the number of all, and the sum of a number that each gives is
    right. Without it, ranks that do not find each other would train alone and report success. Raises ProblemError."""
    import jax
    from jax.experimental import multihost_utils

    own = np.asarray([group.rank + 1, jax.process_count()])
    numbers = np.asarray(multihost_utils.process_allgather(own)).reshape(-1, 2)
    total, expected = int(numbers[:, 0].sum()), group.world * (group.world + 1) // 2
    counts = {int(count) for count in numbers[:, 1]}
    if jax.process_index() != group.rank or counts != {group.world} or total != expected:
        text = Text("The hosts do not compute together: {n} should, host {rank} sees {seen}, and their sum is {total} instead "
                    "of {expected}. Nothing was trained.",
                    "Los nodos no calculan juntos: deberían ser {n}, el nodo {rank} ve {seen}, y su suma es {total} en lugar "
                    "de {expected}. No se entrenó nada.")
        raise ProblemError(error("group_alone", text.fill(
            n=group.world, rank=group.rank, seen=", ".join(map(str, counts)), total=total, expected=expected), "machine"))


def local_devices() -> int:
    """How many devices this process has of all."""
    import jax

    return int(jax.local_device_count())


@contextmanager
def sharing_with_group() -> Iterator[None]:
    """Models that are made within share their batches among all devices of all hosts; every process feeds its own part."""
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=keras.distribution.list_devices(),
                                                                        auto_shard_dataset=False))
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


@contextmanager
def on_own_devices() -> Iterator[None]:
    """Models that are made within are of this process alone: the others need not compute what it computes."""
    before = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


def is_group_lost(exception: BaseException) -> bool:
    """Whether an exception tells that another process of the group is gone."""
    message = str(exception).lower()
    # JAX's own kinds are RuntimeErrors; some of its checks between hosts raise ValueError.
    return isinstance(exception, RuntimeError | ValueError) and any(sign in message for sign in _LOST_SIGNS)


def group_lost(details: str) -> Problem:
    text = Text("Another host of the training was lost.", "Se perdió otro nodo del entrenamiento.")
    return error("group_lost", text, "machine", details=details)
