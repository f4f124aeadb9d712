"""The jobs of a hyperparameter search that are no trainings: what needs PyTorch or a trained model, and so a child."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec


class StudyTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial as a child gets it: `values` of a complete one, none of one that runs; each parameter with its distribution as
    Optuna writes it."""

    values: tuple[float, ...] | None
    params: dict[str, Any]
    distributions: dict[str, str]


class Proposed(Event, frozen=True, kw_only=True):
    """The parameters of the next trial; those that are missing are drawn at random."""

    params: dict[str, Any]


class ProposeTrial(JobSpec, frozen=True, kw_only=True):
    """Propose the next trial by a Gaussian process through `trials`, of which one at least is complete."""

    function: ClassVar[str] = "search_proposals:propose"
    needs_keras: ClassVar[bool] = False

    trials: tuple[StudyTrial, ...]
    directions: tuple[str, ...]
    seed: int = 0


class RegretBounded(Event, frozen=True, kw_only=True):
    """By how much better than the best trial any other could be, at most, in the unit of the objective (with a probability of
    0.9 by the fitted Gaussian process)."""

    bound: float


class BoundRegret(JobSpec, frozen=True, kw_only=True):
    """Bound what more trials could bring, by a Gaussian process through the complete `trials` (Makarova et al., 2022)."""

    function: ClassVar[str] = "search_proposals:bound_regret"
    needs_keras: ClassVar[bool] = False

    trials: tuple[StudyTrial, ...]
    directions: tuple[str, ...]
    seed: int = 0


class LatencyMeasured(Event, frozen=True, kw_only=True):
    """How long the answer for one picture takes, in milliseconds: the fastest of `tries`. `engine` is "litert" or "keras"."""

    run: str
    milliseconds: float
    engine: str
    tries: int


class MeasureLatency(JobSpec, frozen=True, kw_only=True):
    """Time the answers of a run's model for one picture at a time, for `seconds`."""

    function: ClassVar[str] = "latency:measure_latency"

    run_folder: str
    seconds: float = 1.5
