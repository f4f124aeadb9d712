"""Pictures and frames in batches, read ahead of the engine, and their answers in order; bounded, whatever their number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple

import numpy as np

from cnnstudio.core.problems import Problem
from cnnstudio.imaging.frames import Frame


class Origin(NamedTuple):
    """Where the pixels come from: a file, or a frame of a video with its number and seconds."""

    path: str
    frame: int | None = None
    seconds: float | None = None


Batch = list[tuple[Origin, np.ndarray | Problem]]
"""Pixels, or why there are none."""
Answers = Iterator[np.ndarray | Problem]
"""The probabilities of each readable picture of a batch, or its problem."""
_AHEAD: Final = 3
"""Batches that are read ahead of the engine."""
_BEGUN: Final = 2
"""Batches that are submitted to the engine at once."""
_FRAMES: Final = 16
"""Frames of a batch: their answers should come while the video is read."""


def picture_batches(paths: tuple[str, ...], read: Callable[[str], np.ndarray | Problem], pool: ThreadPoolExecutor,
                    batch: int) -> Iterator[Batch]:
    """Read pictures in threads some batches ahead of the engine."""
    waiting: list[tuple[str, Future[np.ndarray | Problem]]] = []
    coming = iter(paths)
    first = True
    while True:
        while len(waiting) < _AHEAD * batch and (path := next(coming, None)) is not None:
            waiting.append((path, pool.submit(read, path)))
        if not waiting:
            return
        size = batch if not first or len(paths) > 8 else 1
        first = False
        yield [(Origin(path), job.result()) for path, job in waiting[:size]]
        del waiting[:size]


def frame_batches(path: str, frames: Iterator[Frame], prepare: Callable[[Frame], np.ndarray], batch: int) -> Iterator[Batch]:
    """Frames, prepared one by one as they are decoded: only the small prepared ones are kept. The first comes alone."""
    size, items = 1, Batch()
    for frame in frames:
        items.append((Origin(path, frame.number, frame.seconds), prepare(frame)))
        if len(items) >= size:
            yield items
            size, items = min(batch, _FRAMES), Batch()
    if items:
        yield items


def answer_batches(batches: Iterator[Batch], answer: Callable[[Batch], Answers]) -> Iterator[tuple[Batch, Answers]]:
    """Each batch with its answers; the next one starts before the current one is done, so that no core waits."""
    begun: deque[tuple[Batch, Future[Answers]]] = deque()
    with ThreadPoolExecutor(_BEGUN, thread_name_prefix="batch") as pool:
        for batch in batches:
            begun.append((batch, pool.submit(answer, batch)))
            if len(begun) == _BEGUN or len(batch) == 1:
                first, answers = begun.popleft()
                yield first, answers.result()
        while begun:
            first, answers = begun.popleft()
            yield first, answers.result()
