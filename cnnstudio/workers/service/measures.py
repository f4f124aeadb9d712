"""What the service counts and measures, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128)


class Measures:
    """The measures of one service, in a registry of its own."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)
        self.requests = Counter("cnnstudio_requests", "Requests by address and HTTP status.", ("path", "status"),
                                registry=registry)
        self.pictures = Counter("cnnstudio_pictures", "Pictures by outcome: answered, or the code of the problem.",
                                ("outcome",), registry=registry)
        self.seconds = Histogram("cnnstudio_answer_seconds", "From the last byte of a request to its answer.",
                                 registry=registry, buckets=_SECONDS)
        self.batches = Histogram("cnnstudio_batch_pictures", "Pictures that were computed together.", registry=registry,
                                 buckets=_SIZES)
        self._waiting = Gauge("cnnstudio_waiting_pictures", "Pictures that wait for the network.", registry=registry)
        self._held = Gauge("cnnstudio_held_bytes", "Bytes of requests that are received or wait.", registry=registry)
        self._ready = Gauge("cnnstudio_model_ready", "1 while the model takes pictures.", registry=registry)
        self._restarts = Gauge("cnnstudio_engine_restarts", "How often the process with the model was started again.",
                               registry=registry)
        self._memory = Gauge("cnnstudio_engine_resident_memory_bytes", "Memory of the process with the model.",
                             registry=registry)

    def watch(self, *, waiting: Callable[[], float], held: Callable[[], float], ready: Callable[[], float],
              restarts: Callable[[], float], memory: Callable[[], float]) -> None:
        """What is asked for when the measures are read."""
        for gauge, function in ((self._waiting, waiting), (self._held, held), (self._ready, ready),
                                (self._restarts, restarts), (self._memory, memory)):
            gauge.set_function(function)

    def text(self) -> bytes:
        """All measures in the text format."""
        return generate_latest(self._registry)


def process_memory(pid: int | None) -> float:
    """Resident bytes of a process; 0 where there is none."""
    import psutil

    try:
        return float(psutil.Process(pid).memory_info().rss) if pid is not None else 0.0
    except psutil.Error:
        return 0.0
