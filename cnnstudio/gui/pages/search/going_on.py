"""Whether a search can go on, how, and what a click on it says."""

from __future__ import annotations

from typing import Final, NamedTuple

from cnnstudio.core.text import tr
from cnnstudio.workers.search.reading import Search

MORE: Final = 10
"""Trials that are added to a search that has done all of its own."""


class GoingOn(NamedTuple):
    """`trials` and `seconds` are the new bounds, None where the old ones stay; `text` is that of the button, `why` says above
    the views why the search stands still."""

    text: str
    trials: int | None = None
    seconds: float | None = None
    why: str = ""


def going_on(search: Search) -> GoingOn | None:
    """How a search that nobody drives goes on; None where it cannot."""
    if search.running or not search.spec.varied or (search.why is not None and search.why.code == "damaged_search"):
        return None
    over = sum(trial.state in ("complete", "pruned", "failed") for trial in search.trials)
    if search.ending == "all_tried":
        return None
    if search.ending == "seconds" and search.spec.seconds is not None:
        return GoingOn(tr("Go on as long again", "Continuar otro tanto"), seconds=search.spec.seconds)
    if over >= search.spec.trials or search.ending == "no_more_to_gain":
        return GoingOn(tr("{n} more trials", "{n} ensayos más", n=MORE), trials=max(search.spec.trials, over + MORE))
    words = (tr("This search was interrupted before its end. Nothing of it is lost: trials that are over stay, and one in the "
                "middle goes on from its last epoch.",
                "Esta búsqueda se interrumpió antes de terminar. No se ha perdido nada: los ensayos terminados se conservan y "
                "uno a medias continúa desde su última época.") if search.ending is None else "")
    return GoingOn(tr("Go on", "Continuar"), why=words)
