"""The answer of a search for the largest batch, also where the system ended it in the last attempt."""

from __future__ import annotations

from collections.abc import Sequence

from cnnstudio.core.problems import Problem
from cnnstudio.core.trial_jobs import BatchFound, BatchTried

_KILLED = ("child_killed", "out_of_memory")


def found_in(tried: Sequence[BatchTried], limit: str, budget_mb: float | None) -> BatchFound | None:
    """The largest and the fastest of the batches that fit; None where none does."""
    fitting = [item for item in tried if item.fits]
    if not fitting:
        return None
    largest = max(item.batch_size for item in fitting)
    fastest = max(fitting, key=lambda item: item.pictures_per_second).batch_size
    return BatchFound(batch_size=largest, fastest=fastest, limit=limit, budget_mb=budget_mb, tried=tuple(tried))


def best_of(tried: Sequence[BatchTried], problem: Problem) -> BatchFound | None:
    """The result if the process died for want of memory; None for any other problem."""
    return found_in(tried, "memory", None) if problem.code in _KILLED else None
