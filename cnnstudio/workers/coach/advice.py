"""Advice, and the type of a rule that gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text
from cnnstudio.network.fixes import set_values_fix
from cnnstudio.workers.coach.evidence import Evidence

Plot = Literal["loss", "accuracy", "classes", "layers", "steps", "splits"]
"""What shows it: curves, recalls by class, dead units by layer, accuracies by augmentation, pictures by split."""


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the evidence says of a run.

    `advice` is the id of its rule, `confidence` from 0 to 1, `evidence` the numbers by which it was found, `text` says why
    and what to do. `change` are values by keys as `cnnstudio set` takes them; empty where only the pictures can be changed.
    """

    advice: str
    confidence: float
    evidence: dict[str, Any]
    text: Text
    change: dict[str, Any] = {}

    @property
    def fix(self) -> Fix | None:
        """The change as one edit of the project."""
        return set_values_fix(self.change) if self.change else None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: what it is called, how it is shown, and how it is found.

    `find` gives the advice, or None where the evidence does not suffice. `explains` are the ids of rules whose advice says
    nothing new beside this one. `promise` names the figure (`outcomes.FIGURES`) that the change should make better.
    """

    id: str
    label: Text
    plot: Plot
    find: Callable[[Evidence], Advice | None]
    explains: tuple[str, ...] = ()
    promise: str = "val_loss"


def sure(value: float) -> float:
    """A confidence: two digits from 0 to 0.99."""
    return round(min(0.99, max(0.0, value)), 2)
