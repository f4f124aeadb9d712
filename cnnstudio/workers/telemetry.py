"""The load of this process and of the computer's GPUs, measured in a thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, Final

import psutil

from cnnstudio.core.events import GpuLoad, Resources

SECONDS: Final = 1.0
"""Between two measurements at the start of a job."""
_MOST_SECONDS: Final = 30.0
_KEPT: Final = 600
"""Measurements at the same interval; then it doubles, so that a training of days keeps a few thousand."""
_MEGABYTE: Final = 1e6


class Sampler:
    """Calls `emit` with Resources about once a second, and less often in a long job, until `close`."""

    def __init__(self, emit: Callable[[Resources], None]) -> None:
        self._emit = emit
        self._ended = threading.Event()
        self._process = psutil.Process()
        self._gpus = _Gpus()
        self._thread = threading.Thread(target=self._work, daemon=True, name="telemetry")
        self._process.cpu_percent()
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join(5.0)
        self._gpus.close()

    def _work(self) -> None:
        seconds, count = SECONDS, 0
        while not self._ended.wait(seconds):
            with contextlib.suppress(psutil.Error, OSError):
                self._emit(self.sample())
            count += 1
            if count == _KEPT:
                seconds, count = min(_MOST_SECONDS, 2 * seconds), 0

    def sample(self) -> Resources:
        """One measurement; the processor's share since the one before."""
        share = self._process.cpu_percent() / 100 / (psutil.cpu_count() or 1)
        memory = self._process.memory_info().rss / _MEGABYTE
        return Resources(cpu=min(1.0, share), memory_mb=memory, gpus=self._gpus.sample())


def gpu_loads() -> tuple[GpuLoad, ...]:
    """One measurement of NVIDIA's GPUs; none where there is no driver."""
    gpus = _Gpus()
    try:
        return gpus.sample()
    finally:
        gpus.close()


class _Gpus:
    """NVIDIA's GPUs by the driver's own library; none where there is no driver."""

    def __init__(self) -> None:
        self._library: Any = None
        self._handles: list[Any] = []
        with contextlib.suppress(Exception):  # a border: whatever a driver's library raises means "no figures"
            import pynvml

            pynvml.nvmlInit()
            self._library = pynvml
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]

    def sample(self) -> tuple[GpuLoad, ...]:
        loads = []
        for handle in self._handles:
            with contextlib.suppress(Exception):  # a GPU that was removed, or does not tell
                loads.append(self._one(handle))
        return tuple(loads)

    def _one(self, handle: Any) -> GpuLoad:
        library = self._library
        memory = library.nvmlDeviceGetMemoryInfo(handle)
        temperature = None
        with contextlib.suppress(library.NVMLError):
            temperature = float(library.nvmlDeviceGetTemperature(handle, library.NVML_TEMPERATURE_GPU))
        name = library.nvmlDeviceGetName(handle)
        return GpuLoad(name=name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name),
                       load=library.nvmlDeviceGetUtilizationRates(handle).gpu / 100,
                       memory_mb=memory.used / _MEGABYTE, memory_total_mb=memory.total / _MEGABYTE, temperature=temperature)

    def close(self) -> None:
        if self._library is not None:
            with contextlib.suppress(Exception):
                self._library.nvmlShutdown()
