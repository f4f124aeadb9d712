"""The Verify job: an export answers picture files by its own runtime, in a process that has nothing else."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import psutil

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core.events import Event, Finished, Progress
from cnnstudio.core.export_jobs import Verified, Verify
from cnnstudio.engine.exporting.reopened import Reopened
from cnnstudio.workers.link import Link

_WARM: Final = 3
_LEAST, _MOST, _SECONDS = 10, 200, 2.0
"""One picture is answered so many times, as long as that takes no more than these seconds."""


def verify(job: Verify, link: Link) -> Event:
    """Write the answers, and send Verified."""
    cv2.setNumThreads(1)
    # An export is not to hold what Python keeps of its modules.
    sys.dont_write_bytecode = True
    process = psutil.Process()
    before = process.memory_info().rss
    entry = EXPORTERS[job.format]
    opened: Reopened = resolve(entry.opener)(Path(job.path))
    pictures = [Path(picture) for picture in job.pictures]

    def on_batch(done: int) -> None:
        link.check()
        link.emit(Progress(done=done, total=len(pictures)))

    answers = opened.answers(pictures, on_batch)
    memory = max(0, process.memory_info().rss - before)
    times = latencies(opened, pictures[0])
    np.save(job.answers, answers, allow_pickle=False)
    link.emit(Verified(runtime=opened.runtime, latency_ms=float(np.median(times)) * 1000,
                       latency_p95_ms=float(np.percentile(times, 95)) * 1000, memory_bytes=memory))
    return Finished()


def latencies(opened: Reopened, picture: Path) -> np.ndarray:
    """Seconds for one prepared picture, measured many times."""
    pixels = opened.prepare([picture])
    for _ in range(_WARM):
        opened.predict(pixels)
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < _LEAST or (len(times) < _MOST and time.perf_counter() - begin < _SECONDS):
        start = time.perf_counter()
        opened.predict(pixels)
        times.append(time.perf_counter() - start)
    return np.array(times)


def resolve(name: str) -> Callable[..., Any]:
    """The function of the engine that an entry names as "module:function"."""
    module, _, function = name.partition(":")
    resolved: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return resolved
