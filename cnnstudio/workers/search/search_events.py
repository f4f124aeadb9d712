"""What a search tells while it goes on, in the order in which it happens; the same for the window and for `--json`."""

from __future__ import annotations

import msgspec

from cnnstudio.core.problems import Problem
from cnnstudio.core.search import Ending
from cnnstudio.workers.search.reading import ParamValue, Trial


class SearchEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """Anything that a search tells."""


class SearchBegan(SearchEvent, frozen=True, kw_only=True, tag="search"):
    """The search begins or goes on: `done` of `trials` are over already."""

    search: str
    trials: int
    done: int = 0


class TrialBegan(SearchEvent, frozen=True, kw_only=True, tag="trial_began"):
    """A trial is trained now, or goes on; with folds, one event for each of them."""

    number: int
    run: str
    params: dict[str, ParamValue]


class TrialMoved(SearchEvent, frozen=True, kw_only=True, tag="trial_epoch"):
    """A trial has done an epoch of its run; `value` is that of the first objective, None where no epoch tells it."""

    number: int
    run: str
    epoch: int
    epochs: int
    value: float | None = None


class TrialEnded(SearchEvent, frozen=True, kw_only=True, tag="trial"):
    """A trial is over. `best`: it is the best one so far by the first objective."""

    trial: Trial
    best: bool = False


class SearchNotice(SearchEvent, frozen=True, kw_only=True, tag="notice"):
    """Something the user should know that does not stop the search."""

    problem: Problem


class SearchEnded(SearchEvent, frozen=True, kw_only=True, tag="finished"):
    """The last event. `problem` says why it ended where that is more than its number of trials, its time or the user."""

    search: str
    ending: Ending
    problem: Problem | None = None
