"""Children that start and end a thousand times: no process, thread, file handle or memory stays behind."""

from __future__ import annotations

import gc
import logging
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from cnnstudio.core.events import Event, Hello
from cnnstudio.core.jobs import Diagnose
from cnnstudio.workers.supervisor import Supervisor

_WARM_UP: Final = 12
"""Starts before the first count: imports and caches are no leak."""


class Held(NamedTuple):
    """What this process holds: children of it (one of them is Python's own tracker), threads, file handles, and its memory in
    MB."""

    processes: int
    threads: int
    handles: int
    megabytes: float


class _End(NamedTuple):
    """A scripted child of `tests.workers.children`, and what is done to it once it has said hello."""

    target: str
    act: Callable[[Supervisor], object] | None = None


ENDS: Final = (_End("good"), _End("obeys", lambda supervisor: supervisor.stop()), _End("dies"),
               _End("obeys", lambda supervisor: supervisor.cancel()), _End("hangs", lambda supervisor: supervisor.kill()),
               _End("leaves_silently"))
"""In turn: finished, stopped, died, cancelled, killed, gone without a word."""


def sweep_starts(number: int, log: Path, told: Callable[[int, Held], object] | None = None) -> tuple[Held, Held]:
    """What is held after the warm-up, and after so many more starts and ends. `told` hears of every hundredth."""
    for place in range(_WARM_UP):
        _start(ENDS[place % len(ENDS)], log)
    before = held()
    for place in range(1, number + 1):
        _start(ENDS[place % len(ENDS)], log)
        if told is not None and place % 100 == 0:
            told(place, held())
    return before, held()


def _start(end: _End, log: Path) -> None:
    def heard(event: Event) -> None:
        if isinstance(event, Hello) and end.act is not None:
            end.act(supervisor)

    supervisor = Supervisor(Diagnose(), heard, log, f"tests.workers.children:{end.target}")
    supervisor.run()


def held() -> Held:
    """What this process holds now."""
    gc.collect()
    # The thread that writes commands, and the timer of a cancelled job, end by themselves.
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
        if thread is not threading.current_thread() and (thread.name == "cnnstudio-commands" or isinstance(
                thread, threading.Timer)):
            thread.join(10)
    process = psutil.Process()
    handles = process.num_handles() if sys.platform == "win32" else process.num_fds()
    return Held(len(process.children(recursive=True)), threading.active_count(), handles, process.memory_info().rss / 1e6)


def main() -> int:
    """Print the table; exit code 1 where something stayed."""
    logging.disable()
    with tempfile.TemporaryDirectory() as place:
        print("| starts | processes | threads | file handles | memory in MB |\n|---|---|---|---|---|")

        def tell(count: int, now: Held) -> None:
            print(f"| {count} | " + " | ".join(f"{value:.1f}" if isinstance(value, float) else str(value) for value in now)
                  + " |", flush=True)

        before, after = sweep_starts(1000, Path(place) / "log", tell)
        tell(0, before)
    return 0 if clean(before, after) else 1


def clean(before: Held, after: Held) -> bool:
    """Whether nothing stayed. Some handles are closed a little later than the child ends, and 10 MB may be a matter of the
    allocator."""
    return after[:2] == before[:2] and after.handles <= before.handles + 10 and after.megabytes < before.megabytes + 10


if __name__ == "__main__":
    sys.exit(main())
