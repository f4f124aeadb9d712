"""How many trials fit into the memory at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cnnstudio.core.events import Event, GpuLoad, Resources
from cnnstudio.core.trial_jobs import Forecasted, Measured
from cnnstudio.workers.memory import MEGABYTE, available_memory, process_memory
from cnnstudio.workers.telemetry import gpu_loads

_ASSUMED: Final = 1_200 * MEGABYTE
"""What a training is taken to need until one was seen: Keras with TensorFlow alone takes half of it."""
_RESERVE: Final = 0.1
"""The share of the free memory that is left to other programs."""
_GROWTH: Final = 1.15
"""A trial may be larger than those before it."""


class Capacity:
    """What a trial needs by the forecast of the project, and by what the trials before it took."""

    def __init__(self, forecast: Forecasted | None = None, gpu: bool = True) -> None:
        self._need = 0.0 if forecast is None else forecast.memory_mb * MEGABYTE
        self._gpu_need = 0.0 if forecast is None else (forecast.gpu_memory_mb or 0.0) * MEGABYTE
        self._gpu = gpu

    @property
    def need(self) -> float:
        """Bytes that the next trial is taken to need."""
        return self._need * _GROWTH if self._need else _ASSUMED

    def learn(self, event: Event) -> None:
        """Take over what a trial says that it takes."""
        if isinstance(event, Resources | Measured):
            self._need = max(self._need, event.memory_mb * MEGABYTE)
        if isinstance(event, Measured) and event.gpu_memory_mb:
            self._gpu_need = max(self._gpu_need, event.gpu_memory_mb * MEGABYTE)

    def allows_another(self, pids: Iterable[int | None]) -> bool:
        """Whether one more fits beside those that run, of which each still grows to what one needs. The first always may."""
        running = list(pids)
        if not running:
            return True
        still = sum(max(0.0, self.need - (process_memory(pid) if pid is not None else 0)) for pid in running)
        if (1 - _RESERVE) * available_memory() - still < self.need:
            return False
        loads = gpu_loads() if self._gpu and self._gpu_need else ()
        return not loads or _fits_on_card(loads[0], self._gpu_need * _GROWTH)


def _fits_on_card(load: GpuLoad, need: float) -> bool:
    return (load.memory_total_mb - load.memory_mb) * MEGABYTE * (1 - _RESERVE) >= need
