"""The state of a pipeline at a moment: what each card holds, and what has come out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnnstudio.learning.benches.pipeline.trace import Moment


class State(NamedTuple):
    """`held` by card; `out` is how many elements have left the last card; `moment` is what happens now, None before the
    first."""

    held: tuple[tuple[str, ...], ...]
    out: int
    moment: Moment | None


def state_at(moments: Sequence[Moment], position: int, cards: int) -> State:
    """The state after `position` moments."""
    held: list[tuple[str, ...]] = [()] * cards
    out = 0
    for moment in moments[:position]:
        held[moment.card] = moment.held
        out += moment.action == "leave" and moment.card == cards - 1
    return State(tuple(held), out, moments[position - 1] if 0 < position <= len(moments) else None)
