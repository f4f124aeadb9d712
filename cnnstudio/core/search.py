"""A hyperparameter search: what is varied, by what it is judged, and how it goes on; frozen in `searches/<id>/search.json`."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Direction = Literal["maximize", "minimize"]
TrialState = Literal["waiting", "running", "complete", "pruned", "failed"]
"""`waiting` is one whose turn has not come, or that goes on when the search is resumed."""
Ending = Literal["trials", "seconds", "no_more_to_gain", "all_tried", "stopped", "problem"]
"""Why a search is over: its number of trials, its time, its terminator, every combination of a grid was tried, the user, a
problem."""

MOST_TRIALS: Final = 10_000
MOST_PARALLEL: Final = 64


class Range(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="range"):
    """Numbers from `low` to `high`, both included; on a logarithmic scale with `log`, in steps of `step` where it is given.
    `whole` numbers only: what a key takes decides it, not the user."""

    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool = False


class Choices(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="choices"):
    """Values as texts, as `cnnstudio set` takes them."""

    values: tuple[str, ...]


class Varied(msgspec.Struct, frozen=True, kw_only=True):
    """A key of the project (see `core.keys`), or one of `workers.search.special_keys`, and what it is tried with."""

    key: str
    values: Range | Choices


class Objective(msgspec.Struct, frozen=True, kw_only=True):
    """What trials are judged by: an entry of `workers.search.objectives`, or a metric of the run as Keras's logs call it."""

    name: str
    direction: Direction = "maximize"


def tidy_number(value: float, low: float, high: float) -> float:
    """A number of a range with five digits, as trials are trained with and people read it."""
    return min(max(float(f"{value:.5g}"), low), high)


class SearchSpec(msgspec.Struct, frozen=True, kw_only=True):
    """`sampler`, `pruner` and `terminator` are entries of the registries in `workers.search`.

    `trials` counts all of them, failed ones too. `seconds` is the time that the search may work, over all its sessions (None:
    any). `parallel` is how many trials run at once, as far as the memory allows. `folds`: each trial is trained on that many
    folds of a cross-validation, and its value is their mean (0: once, on the project's own division). `present`: the first
    trial has the settings that the project has, so that the best one is never worse than they are.
    """

    varied: tuple[Varied, ...]
    objectives: tuple[Objective, ...] = (Objective(name="val_accuracy"),)
    sampler: str = "tpe"
    pruner: str = "none"
    terminator: str = "none"
    trials: int = 20
    seconds: float | None = None
    parallel: int = 1
    folds: int = 0
    seed: int = 0
    present: bool = True
