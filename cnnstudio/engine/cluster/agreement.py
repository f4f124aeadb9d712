"""Commands reach rank 0 alone, and every rank must heed them after the same batch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from cnnstudio.core.commands import Command
from cnnstudio.core.jobs import Group
from cnnstudio.core.messages import decode_command, encode_command

SECONDS: Final = 0.5
"""About as often the ranks agree: each time costs an exchange of two numbers."""
_MOST_BATCHES: Final = 1000


class Agreement:
    """Called by every rank after every batch; now and then, after the same batch everywhere, rank 0 tells all of them the
    commands that it has heard."""

    def __init__(self, group: Group) -> None:
        self._leads = group.rank == 0
        self._heard: list[Command] = []
        self._calls, self._every = 0, 1
        self._last = time.monotonic()

    def __call__(self, heard: Sequence[Command], at_once: bool = False) -> list[Command]:
        """The commands that all ranks heed now. `at_once`: whatever the rhythm is, on all ranks."""
        self._heard += heard
        self._calls += 1
        if not at_once and self._calls < self._every:
            return []
        now = time.monotonic()
        pace = (now - self._last) / self._calls
        every = int(min(_MOST_BATCHES, max(1, SECONDS / max(pace, 1e-6))))
        lines = b"\n".join(map(encode_command, self._heard)) if self._leads else b""
        self._heard = []
        length, self._every = (int(number) for number in _broadcast(np.asarray([len(lines), every], np.int32)))
        self._calls, self._last = 0, time.monotonic()
        if not length:
            return []
        text = np.frombuffer(lines, np.uint8) if self._leads else np.zeros(length, np.uint8)
        return [decode_command(line) for line in np.asarray(_broadcast(text)).astype(np.uint8).tobytes().split(b"\n")]


def _broadcast(numbers: np.ndarray) -> np.ndarray:
    """Those of rank 0, on every rank."""
    from jax.experimental import multihost_utils

    return np.asarray(multihost_utils.broadcast_one_to_all(numbers))
