"""Every installed backend on every device: the jobs, and what their numbers say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from cnnstudio.catalog.backends import BACKENDS
from cnnstudio.core.jobs import Benchmark, Benchmarked
from cnnstudio.core.places import cache_folder
from cnnstudio.core.text import Text, language
from cnnstudio.workers.devices import Machine

SECONDS: Final = 6.0
"""Of training on one device; the answers take half as long."""
_AGREES: Final = 1e-4
"""Sums in 32-bit floats whose order differs from backend to backend."""
_ROUGHLY: Final = 1e-2
"""Cards that multiply with fewer digits (TF32)."""


class Compared(NamedTuple):
    """A measurement, its largest differences from the first one (None: it is the first), and the verdict."""

    measured: Benchmarked
    outputs: float | None
    step: float | None
    verdict: Text


def benchmark_jobs(machine: Machine) -> list[Benchmark]:
    """A job for every installed backend, on the device that it chooses by itself."""
    return [_job(backend.id, "auto") for backend in BACKENDS if machine.installed(backend.id)]


def on_processor(measured: Benchmarked) -> Benchmark | None:
    """What else there is to measure: a backend that computed on a card computes on the processor, too."""
    return _job(measured.backend, "cpu") if measured.gpu else None


def _job(backend: str, device: str) -> Benchmark:
    return Benchmark(backend=backend, device=device, seconds=SECONDS, cache=str(cache_folder()), language=language())


def compare(measured: Sequence[Benchmarked]) -> list[Compared]:
    """Each with the first one: the largest difference of an output, and of a weight after one step."""
    if not measured:
        return []
    first = measured[0]
    rows = [Compared(first, None, None, Text("The others are compared with it.", "Los demás se comparan con él."))]
    for other in measured[1:]:
        outputs, step = _largest(first.outputs, other.outputs), _largest(first.step, other.step)
        rows.append(Compared(other, outputs, step, _verdict(max(outputs, step))))
    return rows


def _largest(first: Sequence[float], second: Sequence[float]) -> float:
    """The largest difference; infinite where the numbers are not as many, or not numbers."""
    if len(first) != len(second):
        return float("inf")
    differences = [abs(one - other) for one, other in zip(first, second, strict=True)]
    return float("inf") if any(map(math.isnan, differences)) else max(differences, default=0.0)


def _verdict(difference: float) -> Text:
    if difference <= _AGREES:
        return Text("Agrees: only rounding differs.", "Coincide: solo difiere el redondeo.")
    if difference <= _ROUGHLY:
        return Text("Agrees roughly: the device multiplies with fewer digits.",
                    "Coincide a grandes rasgos: el dispositivo multiplica con menos cifras.")
    return Text("Differs: do not trust this backend on this device; update its library or the driver of the card.",
                "Difiere: no se fíe de este motor en este dispositivo; actualice su biblioteca o el controlador de la tarjeta.")
