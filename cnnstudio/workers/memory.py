"""Memory of this computer and of this process, in bytes."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

_CGROUPS: Final = Path("/sys/fs/cgroup")
_SAMPLE_SECONDS: Final = 0.01
MEGABYTE: Final = 1_000_000


def available_memory() -> int:
    """What programs may still take: the free memory of the computer, or less where a container limits it."""
    free = int(psutil.virtual_memory().available)
    limited = _left_in_container()
    return free if limited is None else max(0, min(free, limited))


def _left_in_container() -> int | None:
    """The limit of the control group less its use; file pages, which are given up on demand, do not count as used."""
    for folder in _own_groups():
        try:
            limit = int((folder / "memory.max").read_text())
            used = int((folder / "memory.current").read_text())
            facts = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):
            continue
        return limit - used + int(facts.get("inactive_file", 0)) + int(facts.get("active_file", 0))
    with contextlib.suppress(OSError, ValueError):
        limit = int((_CGROUPS / "memory" / "memory.limit_in_bytes").read_text())
        used = int((_CGROUPS / "memory" / "memory.usage_in_bytes").read_text())
        # Without a limit the file holds the largest number.
        return limit - used if limit < 1 << 60 else None
    return None


def _own_groups() -> list[Path]:
    """The control group of this process, then those that hold it."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            number, _, name = line.split(":", 2)
            if number == "0":
                group = _CGROUPS / name.lstrip("/")
                return [folder for folder in (group, *group.parents) if folder.is_relative_to(_CGROUPS)]
    return [_CGROUPS]


def resident_memory() -> int:
    """The memory of this process that is in the computer's memory now."""
    return int(psutil.Process().memory_info().rss)


def process_memory(pid: int) -> int:
    """The memory of another process that is in the computer's memory now; 0 where it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def peak_memory() -> int:
    """The greatest resident memory since this process started."""
    facts = psutil.Process().memory_info()
    if hasattr(facts, "peak_wset"):
        return int(facts.peak_wset)
    with contextlib.suppress(OSError, ValueError, IndexError):
        # The number of `resource` begins with that of the process that started this one.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return int(facts.rss)
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


class PeakWatch:
    """The greatest resident memory while it watches, seen by looking a hundred times a second."""

    def __init__(self) -> None:
        self.peak = 0

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Inside, `peak` grows with the memory; it starts from what is taken now."""
        self.peak = resident_memory()
        over = threading.Event()

        def look() -> None:
            while not over.wait(_SAMPLE_SECONDS):
                self.peak = max(self.peak, resident_memory())

        thread = threading.Thread(target=look, daemon=True, name="memory")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.peak = max(self.peak, resident_memory())
